// The words of the templates.
import { number } from "../language";
import type { Words } from "../pack";
import { count } from "./count";

export default {
  title: "القوالب",
  lead: "نصوص تُرسل كثيرًا: قوالب لرسائل البث، وردود سريعة للمحادثات.",
  tabs: { templates: "القوالب", replies: "الردود السريعة" },
  about: "أنواع النصوص",
  create: "قالب جديد",
  import: "استيراد",
  list: "القوالب",
  empty: "لا قوالب بعد",
  emptyText: "القالب رسالة فيها متغيرات، مثل اسم أو رقم طلب.",
  column: { name: "الاسم", category: "الفئة", language: "اللغة", status: "الحالة" },
  status: { APPROVED: "جاهز للإرسال", DRAFT: "مسودة" },
  category: { MARKETING: "تسويق", UTILITY: "خدمات", AUTHENTICATION: "مصادقة" },
  actions: (name) => `إجراءات ${name}`,
  removeTitle: (name) => `حذف ${name}؟`,
  removeText: "لا تستطيع رسائل البث التي لم تبدأ إرساله بعد الآن.",
  saved: (name) => `حُفظ ${name}`,
  draft: {
    name: "الاسم",
    nameHint: "حروف لاتينية صغيرة وأرقام و_.",
    language: "اللغة",
    languageHint: "مثل ar أو en_US.",
    category: "الفئة",
    header: "الرأس",
    headerFile: (kind) => `الرأس ملف (${kind}).`,
    body: "النص",
    bodyHint: "المتغيرات هي {{1}} و{{2}} وهكذا.",
    footer: "التذييل",
    isDraft: "الإبقاء كمسودة",
    buttons: "الأزرار",
    addReply: "إضافة رد سريع",
    addLink: "إضافة رابط",
    addCall: "إضافة رقم",
    button: (place) => `نص الزر ${place}`,
    url: (place) => `عنوان الزر ${place}`,
    phone: (place) => `رقم الزر ${place}`,
    removeButton: (place) => `إزالة الزر ${place}`,
  },
  preview: "معاينة",
  importTitle: "استيراد قوالب من Meta",
  importLead: "ألصق الرد الكامل من message_templates لدى Meta.",
  importField: "JSON",
  importFault: "هذا ليس JSON.",
  importAction: "استيراد",
  imported: (created, updated) =>
    `أُنشئ ${count(created, "قالب واحد", "قالبان", "قوالب", "قالبًا", "قالب")}، `
    + `وحُدّث ${number.format(updated)}`,
  importFailed: "لم تُقبل",
} satisfies Words["templates"];
