// The words for what happened with a contact, on its page and in the inbox.
import type { Words } from "../pack";

export default {
  kinds: {
    message_received: "Nachricht empfangen",
    message_sent: "Nachricht gesendet",
    conversation_opened: "Konversation eröffnet",
    conversation_resolved: "Konversation gelöst",
    conversation_assigned: "Konversation zugewiesen",
    opt_in: "Zugestimmt",
    opt_out: "Abgemeldet",
    tag_added: "Tag hinzugefügt",
    tag_removed: "Tag entfernt",
    csat: "Bewertung",
    ctwa: "Über eine Anzeige gekommen",
    broadcast: "Broadcast",
    payment: "Zahlung",
    note_added: "Notiz hinzugefügt",
    ticket_created: "Ticket erstellt",
    contact_created: "Kontakt erstellt",
    contact_updated: "Kontakt aktualisiert",
    audit: "Geändert",
  },
  actors: {
    contact: "dem Kontakt",
    key: "einem API-Schlüssel",
    owner: "dem Inhaber",
    user: "einem Teammitglied",
    bot: "einem Bot",
    auto_tagging: "einer Tag-Regel",
    gateway: "dem Gateway",
  },
  by: (actor) => `von ${actor}`,
} satisfies Words["timeline"];
