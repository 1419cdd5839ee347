// Words for what goes wrong, by the gateway's own codes.
import type { Words } from "../pack";

export default {
  UNREACHABLE: {
    title: "البوابة لا تستجيب",
    advice: "هل تعمل؟ تعيد هذه الصفحة المحاولة تلقائيًا حيثما أمكن.",
  },
  UNREADABLE: {
    title: "تعذّرت قراءة الرد",
    advice: "ربما ردّ وكيل بين هذه الصفحة والبوابة بدلاً منها.",
  },
  UNAUTHORIZED: { title: "لم تسجّل الدخول", advice: "سجّل الدخول بمفتاح API." },
  UNAUTHENTICATED: { title: "لم تسجّل الدخول", advice: "سجّل الدخول بمفتاح API." },
  NOT_FOUND: { title: "غير موجود", advice: "ربما تم حذفه." },
  SESSION_NOT_FOUND: { title: "الجلسة غير موجودة", advice: "ربما أُزيلت." },
  SESSION_ALREADY_EXISTS: { title: "توجد جلسة بهذا الاسم", advice: "اختر اسمًا آخر." },
  SESSION_NOT_READY: {
    title: "الجلسة غير جاهزة",
    advice: "انتظر حتى تجهز، أو أعد تشغيلها.",
  },
  MAX_SESSIONS_REACHED: {
    title: "بلغت الجلسات حدها الأقصى",
    advice: "أزل جلسة، أو ارفع قيمة sessions.max في الإعدادات.",
  },
  SESSION_START_FAILED: {
    title: "لم يبدأ المتصفح",
    advice: "راجع سجل الجلسة، ونفّذ wagate doctor على الجهاز.",
  },
  QR_NOT_AVAILABLE: {
    title: "لا رمز QR في الوقت الحالي",
    advice: "أعد تشغيل الجلسة للحصول على رمز جديد.",
  },
  INSTANCE_NOT_CONNECTED: {
    title: "الجلسة غير متصلة",
    advice: "انتظر حتى تتصل، أو أعد تشغيلها.",
  },
  CONVERSATION_NOT_FOUND: { title: "المحادثة غير موجودة", advice: "ربما حُذفت." },
  MESSAGE_NOT_FOUND: { title: "الرسالة غير موجودة", advice: "ربما حُذفت." },
  MEDIA_NOT_FOUND: { title: "لم يعد الملف موجودًا", advice: "ربما أزاله الهاتف." },
  EDIT_NOT_ALLOWED: {
    title: "لم يعد تعديل هذه الرسالة ممكنًا",
    advice: "يسمح واتساب بذلك لمدة 15 دقيقة، ولنصوصك أنت فقط.",
  },
  DELETE_NOT_ALLOWED: {
    title: "لا يمكن حذف هذه الرسالة لدى الجميع",
    advice: "يسمح واتساب بذلك لمدة 60 ساعة، ولرسائلك أنت فقط.",
  },
  MEDIA_TYPE_MISMATCH: { title: "الملف لا يطابق نوعه", advice: "أرسله كمستند." },
  FILE_UNREADABLE: { title: "تعذّرت قراءة الملف", advice: "اختره من جديد." },
  SEND_FAILED: {
    title: "رفض واتساب الرسالة",
    advice: "حاول لاحقًا. راجع سجل الجلسة.",
  },
  SEND_TIMEOUT: {
    title: "لم يستجب واتساب في الوقت المناسب",
    advice: "تحقق على الهاتف من وصولها قبل أن ترسلها من جديد.",
  },
  SENDING_ON_HOLD: {
    title: "لا يقبل واتساب رسائل من هذا الحساب حاليًا",
    advice: "تُرسل الرسائل المنتظرة عندما يقبلها من جديد.",
  },
  ACCOUNT_RESTRICTED: {
    title: "يقيّد واتساب هذا الحساب",
    advice: "أرسل أقل لفترة، ولأشخاص يعرفونك.",
  },
  RECIPIENT_INVALID: {
    title: "هذا المستلم غير صالح",
    advice: "تحقق من الرقم ورمز البلد.",
  },
  RECIPIENT_NOT_ON_WHATSAPP: {
    title: "هذا الرقم ليس على واتساب",
    advice: "تحقق من الرقم ورمز البلد.",
  },
  INSUFFICIENT_STORAGE: {
    title: "قرص البوابة يكاد يمتلئ",
    advice: "وفّر مساحة: حتى ذلك الحين لا يمكن إرسال شيء أو إنشاؤه.",
  },
  STORAGE_UNAVAILABLE: {
    title: "في قرص البوابة خطأ",
    advice: "راجع سجلها. تعيد التشغيل تلقائيًا.",
  },
  WHATSAPP_NOT_READY: {
    title: "واتساب ويب غير جاهز لذلك",
    advice: "حاول بعد لحظة. إذا استمر الأمر فأعد تشغيل الجلسة.",
  },
  WEBHOOK_NOT_FOUND: {
    title: "خطاف الويب أو عملية التسليم غير موجودة",
    advice: "ربما حُذفت.",
  },
  SHUTTING_DOWN: { title: "البوابة تتوقف", advice: "حاول من جديد عندما تعود." },
} satisfies Words["failures"];
