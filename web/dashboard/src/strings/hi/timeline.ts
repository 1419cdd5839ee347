// The words for what happened with a contact, on its page and in the inbox.
import type { Words } from "../pack";

export default {
  kinds: {
    message_received: "मैसेज मिला",
    message_sent: "मैसेज भेजा",
    conversation_opened: "बातचीत शुरू हुई",
    conversation_resolved: "बातचीत हल हुई",
    conversation_assigned: "बातचीत असाइन हुई",
    opt_in: "सहमत हुए",
    opt_out: "असहमत हुए",
    tag_added: "टैग जुड़ा",
    tag_removed: "टैग हटा",
    csat: "रेटिंग",
    ctwa: "विज्ञापन से आए",
    broadcast: "ब्रॉडकास्ट",
    payment: "भुगतान",
    note_added: "नोट जुड़ा",
    ticket_created: "टिकट बना",
    contact_created: "संपर्क बना",
    contact_updated: "संपर्क अपडेट हुआ",
    audit: "बदलाव",
  },
  actors: {
    contact: "संपर्क",
    key: "API कुंजी",
    owner: "मालिक",
    user: "सहकर्मी",
    bot: "बॉट",
    auto_tagging: "टैग नियम",
    gateway: "गेटवे",
  },
  by: (actor) => `${actor} द्वारा`,
} satisfies Words["timeline"];
