// The words of the list of keyboard shortcuts.
import type { Words } from "../pack";

export default {
  keys: {
    control: "Ctrl", shift: "Shift", enter: "Enter", escape: "Esc", home: "Home", end: "End",
  },
  or: "أو",
  everywhere: "في كل مكان",
  list: "في قائمة المحادثات",
  writing: "أثناء الكتابة",
  forms: "في مربع حوار",
  help: "عرض اختصارات لوحة المفاتيح",
  search: "البحث في المحادثات",
  close: "إغلاق مربع حوار أو قائمة",
  move: "التنقل في القائمة",
  ends: "الانتقال إلى الأولى أو الأخيرة",
  open: "فتح المحادثة",
  send: "إرسال الرسالة",
  line: "بدء سطر جديد",
  last: "تعديل رسالتك الأخيرة عندما يكون الحقل فارغًا",
  reply: "إدراج رد سريع في بداية الرسالة",
  mention: "الإشارة إلى عضو في المجموعة",
  paste: "إرفاق صورة من الحافظة",
  leave: "إلغاء رد أو تعديل، ثم العودة إلى القائمة",
  submit: "إرسال نص من عدة أسطر",
} satisfies Words["shortcuts"];
