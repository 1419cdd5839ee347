// Advice and explanations that depend on more than a code.
import type { Words } from "../pack";
import { seconds as inSeconds } from "./count";

export default {
  session: {
    scan: "أعد تشغيلها للحصول على رمز جديد، واجعل الهاتف جاهزًا.",
    slow:
      "أعد تشغيلها. هاتف دون اتصال أو حساب كبير جدًا يبطئها: ارفع قيمة "
      + "sessions.auth_timeout_seconds إذا تكرر ذلك.",
    overloaded: "ربما يكون الجهاز مثقلاً. نفّذ wagate doctor لاختبار المتصفح.",
    engine: "أزل الجلسة وأنشئها من جديد بالمحرك الآخر.",
    proxy: "تحقق من عنوان الوكيل وكلمة مروره.",
    crash: "تعطل المتصفح، وغالبًا بسبب نفاد الذاكرة. راجع مخطط الذاكرة في النظرة العامة.",
    network: "لا يصل الجهاز إلى واتساب. نفّذ wagate doctor لمعرفة التفاصيل.",
    other: "أعد تشغيلها. إذا فشلت من جديد فراجع سجلها.",
  },
  tooMany: (seconds) => ({
    title: "طلبات كثيرة جدًا",
    advice: seconds === null ? "حاول بعد لحظة." : `حاول من جديد بعد ${inSeconds(seconds)}.`,
  }),
  role: {
    title: "دورك لا يسمح بذلك",
    advice: "يمكن لمشرف تغيير دورك في صفحة الفريق.",
  },
  scope: (scope) => ({
    title: `ينقص مفتاحك الإذن ${scope}`,
    advice: "سجّل الدخول بمفتاح لديه هذا الإذن. يمكن لمشرف (الإذن admin) إنشاء مفاتيح كهذه في "
      + "الإعدادات.",
  }),
  oneSession: {
    title: "مفتاحك لجلسة واحدة فقط",
    advice: "تحتاج البيانات المشتركة، مثل الوسوم، إلى مفتاح لكل الجلسات: اطلب من مشرف مفتاحًا "
      + "كهذا، أو التغيير نفسه.",
  },
  notAllowed: "مفتاحك لا يسمح بذلك",
  unknown: "حدث خطأ ما",
  again: "حاول من جديد.",
} satisfies Words["reasons"];
