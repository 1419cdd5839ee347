// The words for what happened with a contact, on its page and in the inbox.
import type { Words } from "../pack";

export default {
  kinds: {
    message_received: "Mensaje recibido",
    message_sent: "Mensaje enviado",
    conversation_opened: "Conversación iniciada",
    conversation_resolved: "Conversación resuelta",
    conversation_assigned: "Conversación asignada",
    opt_in: "Aceptó",
    opt_out: "Se dio de baja",
    tag_added: "Etiqueta agregada",
    tag_removed: "Etiqueta quitada",
    csat: "Calificación",
    ctwa: "Llegó por un anuncio",
    broadcast: "Difusión",
    payment: "Pago",
    note_added: "Nota agregada",
    ticket_created: "Ticket creado",
    contact_created: "Contacto creado",
    contact_updated: "Contacto actualizado",
    audit: "Modificado",
  },
  actors: {
    contact: "el contacto",
    key: "una clave de API",
    owner: "el propietario",
    user: "un colega",
    bot: "un bot",
    auto_tagging: "una regla de etiquetas",
    gateway: "la pasarela",
  },
  by: (actor) => `por ${actor}`,
} satisfies Words["timeline"];
