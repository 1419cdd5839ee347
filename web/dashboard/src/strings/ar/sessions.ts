// The words of the sessions.
import { listed, number } from "../language";
import type { Words } from "../pack";
import { seconds as inSeconds } from "./count";

export default {
  title: "الجلسات",
  toList: "كل الجلسات",
  create: "جلسة جديدة",
  state: {
    initializing: "قيد البدء",
    qr_ready: "بانتظار المسح",
    authenticated: "جارٍ تحميل الحساب",
    degraded: "جارٍ الاسترداد",
    ready: "جاهزة",
    offline: "غير متصلة",
    failed: "فشلت",
    terminated: "مسجّلة الخروج",
  },
  column: {
    name: "الجلسة",
    state: "الحالة",
    activity: "آخر نشاط",
    waiting: "في قائمة الانتظار",
    memory: "الذاكرة",
  },
  open: "فتح",
  restart: "إعادة التشغيل",
  restarted: (name) => `تجري إعادة تشغيل ${name}`,
  logOut: "تسجيل الخروج",
  remove: "إزالة",
  noPhone: "غير مرتبطة",
  actionsFor: (name) => `إجراءات ${name}`,
  empty: {
    title: "اربط هاتفك الأول",
    text: "الجلسة حساب واتساب واحد على هذه البوابة. يستغرق الربط دقيقة.",
    steps: [
      "سمِّ الجلسة: يستخدم كل استدعاء لواجهة API هذا الاسم.",
      "امسح رمز QR الخاص بها بالهاتف، كما مع أي جهاز مرتبط.",
      "أرسل أول رسالة، من هنا أو بأمر curl واحد.",
    ],
  },
  draft: {
    title: "جلسة جديدة",
    name: "الاسم",
    nameHint: "حروف لاتينية وأرقام و- و_. وهو جزء من عنوان كل استدعاء.",
    more: "الوكيل والخيارات",
    proxy: "الوكيل",
    proxyNone: "بلا وكيل",
    proxyAddress: "عنوان الوكيل",
    proxyAddressHint: "host:port. تمر كل حركة هذه الجلسة عبر الوكيل.",
    proxyUser: "المستخدم",
    proxyPassword: "كلمة المرور",
    engine: "المحرك",
    engineUsual: "الافتراضي",
    engineBrowser: "متصفح",
    engineSimulated: "محاكاة، دون متصفح",
    timeout: "مهلة رمز QR (بالثواني)",
    timeoutHint: "مدة انتظار المسح؛ 0 يعني الانتظار بلا حد.",
    action: "إنشاء",
  },
  link: {
    title: "ربط هاتف",
    scan: "مسح رمز QR",
    type: "استخدام رمز الربط",
    alt: (name) => `رمز QR الذي يربط ${name}`,
    steps: [
      "افتح واتساب على الهاتف.",
      "انتقل إلى الإعدادات، الأجهزة المرتبطة، ربط جهاز.",
      "وجّه الهاتف نحو هذا الرمز.",
    ],
    left: (seconds) => `يظهر رمز جديد خلال ${inSeconds(seconds)}.`,
    renewing: "بانتظار رمز جديد.",
    simulatedTitle: "هذه هي الشبكة المحاكاة",
    simulatedText: "لا تحتاج إلى هاتف حقيقي: استخدم هاتفًا محاكى.",
    simulatedScan: "المسح بهاتف محاكى",
    simulatedOpen: "فتح صفحة الهاتف",
    phone: "رقم الهاتف",
    phoneHint: "مع رمز البلد، مثل \u2066+966 50 123 4567\u2069.",
    ask: "الحصول على رمز الربط",
    codeLabel: "أدخل هذا الرمز على الهاتف",
    codeSteps: "على الهاتف: الأجهزة المرتبطة، ربط جهاز، الربط برقم الهاتف بدلاً من ذلك.",
    codeLeft: (seconds) => `صالح لمدة ${inSeconds(seconds)}.`,
    codeOver: "انتهت صلاحية هذا الرمز: احصل على رمز جديد.",
  },
  progress: {
    initializing: "الجلسة قيد البدء. يستغرق المتصفح بضع ثوانٍ.",
    authenticated: "الهاتف مرتبط. جارٍ تحميل الحساب.",
    degraded: "توقف المحرك عن الاستجابة وتجري إعادة تشغيله. لن يضيع شيء.",
  },
  problem: {
    failed: "فشلت هذه الجلسة",
    terminated: "هذه الجلسة غير مرتبطة",
    offline: "هذه الجلسة غير متصلة بواتساب حاليًا",
    lastError: "آخر خطأ",
    again: "إعادة التشغيل",
  },
  first: {
    title: "إرسال رسالة",
    lead: "جرّب الجلسة من هنا.",
    simulated: "في الشبكة المحاكاة يعيد هذا الرقم كل رسالة.",
    to: "إلى",
    toHint: "رقم هاتف مع رمز البلد.",
    text: "الرسالة",
    usual: "مرحبًا من wagate",
    action: "إرسال",
    sent: "تم الإرسال",
    reply: "وصل رد",
    curl: "الشيء نفسه باستخدام curl",
  },
  browser: {
    lead: "ما يعرضه متصفح الجلسة الآن. قد تظهر رسائل؛ لا تُحفَظ الصور.",
    start: "بدء",
    stop: "إيقاف",
    alt: (name) => `متصفح ${name}`,
  },
  detail: {
    tabs: "تفاصيل الجلسة",
    facts: "التفاصيل",
    log: "السجل",
    browser: "المتصفح",
    phone: "الهاتف",
    account: "الحساب",
    created: "أُنشئت",
    activity: "آخر نشاط",
    engine: "المحرك",
    engineWord: { browser: "Chromium", simulated: "محاكاة" },
    proxy: "الوكيل",
    memory: "ذاكرة المحرك",
    restarts: "مرات إعادة التشغيل",
    waiting: "الرسائل في قائمة الانتظار",
    recovery: "آخر استرداد",
    recoveryWords: (stage, outcome) => {
      const stages: Record<string, string> = {
        reinject: "أُعيد حقن البرامج النصية",
        reload: "أُعيد تحميل الصفحة",
        restart: "أُعيد تشغيل المحرك",
      };
      const outcomes: Record<string, string> = {
        under_way: "قيد التنفيذ",
        recovered: "بنجاح",
        failed: "فشل",
        abandoned: "أُلغي",
      };
      return `${stages[stage] ?? stage}: ${outcomes[outcome] ?? outcome}`;
    },
  },
  waitingFor: (waiting) => {
    const parts: [number, string][] = [
      [waiting.sessionNotReady, "حتى تجهز الجلسة"],
      [waiting.sendAt, "مجدولة"],
      [waiting.turn, "في قائمة الانتظار"],
      [waiting.lookup, "قيد التحقق"],
    ];
    const said = parts.filter(([value]) => 0 < value);
    return listed(said.map(([value, words]) => `${number.format(value)} ${words}`));
  },
  log: {
    empty: "لا أسطر في السجل منذ بدء البوابة.",
    time: "الوقت",
    level: "المستوى",
    message: "الرسالة",
    note: "أحدث الأسطر منذ بدء البوابة، دون نصوص الرسائل وأرقام الهواتف.",
  },
  logOutDialog: {
    title: (name) => `تسجيل خروج ${name}؟`,
    text:
      "يلغي الهاتف ربط هذا الجهاز. تبقى الجلسة وخطافات الويب الخاصة بها. للإرسال مجددًا اربط "
      + "هاتفًا من جديد.",
    done: (name) => `تم تسجيل خروج ${name}`,
  },
  removeDialog: {
    title: (name) => `إزالة ${name}؟`,
    text:
      "لا يمكن التراجع عن ذلك. تُزال الجلسة وخطافات الويب الخاصة بها وبيانات دخولها. لا تُرسل "
      + "الرسائل المنتظرة.",
    logout: "إلغاء ربط الجهاز على الهاتف أيضًا",
    keep: "الاحتفاظ بمجلد الملف الشخصي مع بيانات الدخول",
    done: (name) => `أُزيلت ${name}`,
  },
} satisfies Words["common"]["sessions"];
