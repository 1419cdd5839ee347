// The words of the event log.
import { number } from "../language";
import type { Words } from "../pack";
import { count } from "./count";

const newEvents = (value: number): string =>
  count(value, "حدث جديد", "حدثان جديدان", "أحداث جديدة", "حدثًا جديدًا", "حدث جديد");

export default {
  lead: "كل ما يحدث في الجلسات، مباشرة ومن السجل.",
  list: "الأحداث، الأحدث أولاً",
  filters: "عوامل التصفية",
  session: "الجلسة",
  allSessions: "كل الجلسات",
  name: "الحدث",
  allNames: "كل الأحداث",
  chat: "الدردشة",
  chatHint: "جزء من معرّفها",
  text: "النص",
  textHint: "أي شيء في الحدث",
  clear: "مسح عوامل التصفية",
  shown: (value) =>
    count(value, "حدث معروض", "حدثان معروضان", "أحداث معروضة", "حدثًا معروضًا", "حدث معروض"),
  pause: "إيقاف مؤقت",
  resume: "استئناف",
  paused: (value) =>
    value === 0
      ? "متوقف مؤقتًا. لا أحداث جديدة."
      : `متوقف مؤقتًا. ${newEvents(value)}.`,
  past: "أنت تعرض جزءًا أقدم من السجل.",
  toPresent: "العودة إلى المباشر",
  newer: "تحميل الأحدث",
  older: "تحميل الأقدم",
  toNewest: "إلى الأحدث",
  jump: "الرقم",
  jumpAction: "انتقال",
  jumpFault: "أدخل رقمًا، 1 أو أكثر.",
  notThere: (seq) => `الرقم ${number.format(seq)} ليس في السجل، أو تخفيه عوامل التصفية.`,
  start: "هنا يبدأ السجل.",
  reset: (seq) => `أُزيلت الأحداث قبل الرقم ${number.format(seq)} عند انتهاء مدة حفظها.`,
  nothing: "لا أحداث مطابقة",
  nothingText: "تظهر هنا الأحداث الجديدة المطابقة. حمّل الأقدم لمتابعة البحث.",
  empty: "لا أحداث بعد",
  emptyText: "اربط جلسة: يظهر هنا رمز QR الخاص بها وحالتها وكل رسالة مباشرة.",
  newEvents,
  detail: (seq) => `الحدث ${number.format(seq)}`,
  choose: "اختر حدثًا لرؤية تفاصيله.",
  copyJson: "نسخ بصيغة JSON",
  onlyChat: "هذه الدردشة فقط",
  onlyName: "هذا الحدث فقط",
  terminal: "من سطر الأوامر",
  terminalLead:
    "تتابع هذه الأوامر التدفق نفسه. يعمل عاملا تصفية الدردشة والنص في هذه الصفحة فقط.",
  terminalKey: "ضع أولاً مفتاح API في WAGATE_KEY: لا يُكتب المفتاح نفسه هنا أبدًا.",
  terminalSocket: "يتابع WebSocket جلسة واحدة: اختر جلسة أعلاه لرؤية أمرها.",
  fields: (value) => count(value, "حقل واحد", "حقلان", "حقول", "حقلاً", "حقل"),
  items: (value) => count(value, "عنصر واحد", "عنصران", "عناصر", "عنصرًا", "عنصر"),
} satisfies Words["events"];
