// The words for what happened with a contact, on its page and in the inbox.
import type { Words } from "../pack";

export default {
  kinds: {
    message_received: "وصلت رسالة",
    message_sent: "أُرسلت رسالة",
    conversation_opened: "بدأت محادثة",
    conversation_resolved: "حُلّت المحادثة",
    conversation_assigned: "أُسندت المحادثة",
    opt_in: "وافق",
    opt_out: "ألغى الموافقة",
    tag_added: "أُضيف وسم",
    tag_removed: "أُزيل وسم",
    csat: "تقييم",
    ctwa: "جاء عن طريق إعلان",
    broadcast: "بث",
    payment: "دفعة",
    note_added: "أُضيفت ملاحظة",
    ticket_created: "أُنشئت تذكرة",
    contact_created: "أُنشئت جهة الاتصال",
    contact_updated: "حُدّثت جهة الاتصال",
    audit: "تغيير",
  },
  actors: {
    contact: "جهة الاتصال",
    key: "مفتاح API",
    owner: "المالك",
    user: "زميل",
    bot: "بوت",
    auto_tagging: "قاعدة وسوم",
    gateway: "البوابة",
  },
  by: (actor) => `بواسطة ${actor}`,
} satisfies Words["timeline"];
