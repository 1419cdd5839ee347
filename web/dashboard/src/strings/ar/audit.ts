// The words of the audit log.
import type { Words } from "../pack";

export default {
  lead: "من غيّر ماذا في هذه البوابة. لا يُحفَظ المحتوى المكتوب.",
  list: "التغييرات",
  column: {
    at: "متى",
    actor: "من",
    action: "العملية",
    outcome: "النتيجة",
    address: "المصدر",
  },
  filter: {
    actor: "من",
    everybody: "الجميع",
    key: (name) => `مفتاح: ${name}`,
    action: "العملية",
    anyAction: "كل العمليات",
    from: "من تاريخ",
    to: "إلى تاريخ",
  },
  gateway: "على جهاز البوابة",
  goneKey: "مفتاح لم يعد موجودًا",
  gonePerson: "حساب لم يعد موجودًا",
  outcome: { done: "تمّ", refused: "مرفوض", failed: "فشل", unknown: "غير معروف" },
  empty: "لا توجد تغييرات بعد",
  emptyText: "يظهر هنا كل تغيير في الإعدادات أو المفاتيح أو الحسابات أو الجلسات.",
  noMatch: "لا يوجد تغيير مطابق",
  noMatchText: "اختر عوامل تصفية أخرى.",
} satisfies Words["audit"];
