// The words of the overview.
import { number } from "../language";
import type { Words } from "../pack";
import { count, days, hours, minutes as inMinutes } from "./count";

export default {
  title: "نظرة عامة",
  range: "الفترة الزمنية",
  ranges: { 15: inMinutes(15), 60: "ساعة", 360: hours(6), 1440: hours(24) },
  note: (minutes) =>
    "من قياسات البوابة نفسها، محفوظة في الذاكرة منذ بدئها: "
    + `عينة كل ${minutes <= 60 ? "10 ثوانٍ" : "دقيقة"}.`,
  since: (span) => `تعمل منذ ${span}.`,
  span: (seconds) => {
    if (seconds < 3_600) return inMinutes(Math.floor(seconds / 60));
    if (seconds < 86_400) return hours(Math.floor(seconds / 3_600));
    return days(Math.floor(seconds / 86_400));
  },
  in: (words) => `خلال ${words}`,
  tile: {
    sessions: "الجلسات الجاهزة",
    sessionsOf: (ready, all) => `${number.format(ready)} من ${number.format(all)}`,
    incoming: "الرسائل الواردة",
    outgoing: "الرسائل الصادرة",
    delivered: "عمليات تسليم خطافات الويب",
    waiting: "الرسائل في قائمة الانتظار",
    failures: "الإخفاقات",
  },
  chart: {
    messages: "الرسائل",
    incoming: "واردة",
    outgoing: "صادرة",
    messagesSaid: (incoming, outgoing) =>
      `${number.format(incoming)} واردة، ${number.format(outgoing)} صادرة`,
    deliveries: "عمليات تسليم خطافات الويب",
    delivered: "تم تسليمها",
    attempts: "محاولات فاشلة",
    deliveriesSaid: (delivered, failed) =>
      `تم تسليم ${number.format(delivered)}`
      + (failed
        ? `، وفشلت ${count(failed, "محاولة واحدة", "محاولتان", "محاولات", "محاولة")}`
        : ""),
    waiting: "الرسائل في قائمة الانتظار",
    waitingSession: "الجلسة غير جاهزة",
    waitingTime: "مجدولة",
    waitingTurn: "في قائمة الانتظار",
    waitingLookup: "جارٍ التحقق من النتيجة",
    waitingSaid: (now, most) => `${number.format(now)} الآن، ${number.format(most)} كحد أقصى`,
    errors: "الإخفاقات",
    sends: "عمليات الإرسال",
    requests: "الطلبات (5xx)",
    errorsSaid: (sends, requests, all) =>
      `فشل ${count(sends, "إرسال واحد", "إرسالان", "عمليات إرسال", "عملية إرسال")}، `
      + `و${number.format(requests)} من ${
        count(all, "طلب واحد", "طلبين", "طلبات", "طلبًا", "طلب")}`,
    memory: "الذاكرة",
    gateway: "البوابة",
    engines: "المحركات",
    memorySaid: (own, engines) => `${own} للبوابة، ${engines} للمحركات`,
  },
  unwell: "البوابة تحتاج إلى انتباهك",
  checks: {
    database: "قاعدة البيانات لا تعمل.",
    disk: "القرص يكاد يمتلئ.",
    eventLog: "سجل الأحداث أكبر مما ينبغي.",
    sessions: "فشلت جلسة أو تجري استعادتها.",
    memory: "ذاكرة الجهاز منخفضة.",
  },
} satisfies Words["common"]["overview"];
