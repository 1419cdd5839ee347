// The words of the sessions.
import { listed, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "सेशन",
  toList: "सभी सेशन",
  create: "नया सेशन",
  state: {
    initializing: "शुरू हो रहा है",
    qr_ready: "स्कैन का इंतज़ार",
    authenticated: "खाता लोड हो रहा है",
    degraded: "ठीक किया जा रहा है",
    ready: "तैयार",
    offline: "ऑफ़लाइन",
    failed: "विफल",
    terminated: "लॉग आउट",
  },
  column: {
    name: "सेशन",
    state: "स्थिति",
    activity: "आख़िरी गतिविधि",
    waiting: "कतार में",
    memory: "मेमोरी",
  },
  open: "खोलें",
  restart: "फिर शुरू करें",
  restarted: (name) => `${name} फिर शुरू हो रहा है`,
  logOut: "लॉग आउट करें",
  remove: "हटाएँ",
  noPhone: "लिंक नहीं है",
  actionsFor: (name) => `${name} की कार्रवाइयाँ`,
  empty: {
    title: "अपना पहला फ़ोन लिंक करें",
    text: "एक सेशन इस गेटवे पर एक WhatsApp खाता है। लिंक करने में एक मिनट लगता है।",
    steps: [
      "सेशन का नाम रखें: हर API कॉल में यही नाम आता है।",
      "उसका QR कोड फ़ोन से स्कैन करें, जैसे किसी भी लिंक्ड डिवाइस का।",
      "पहला मैसेज भेजें, यहाँ से या एक curl कमांड से।",
    ],
  },
  draft: {
    title: "नया सेशन",
    name: "नाम",
    nameHint: "अंग्रेज़ी अक्षर, अंक, - और _। यह हर कॉल के URL का हिस्सा है।",
    more: "प्रॉक्सी और विकल्प",
    proxy: "प्रॉक्सी",
    proxyNone: "कोई नहीं",
    proxyAddress: "प्रॉक्सी का पता",
    proxyAddressHint: "host:port. इस सेशन का सारा ट्रैफ़िक प्रॉक्सी से जाता है।",
    proxyUser: "यूज़र",
    proxyPassword: "पासवर्ड",
    engine: "इंजन",
    engineUsual: "डिफ़ॉल्ट",
    engineBrowser: "ब्राउज़र",
    engineSimulated: "सिम्युलेटेड, बिना ब्राउज़र",
    timeout: "QR की समय-सीमा (सेकंड)",
    timeoutHint: "स्कैन का कितना इंतज़ार हो; 0 यानी कोई सीमा नहीं।",
    action: "बनाएँ",
  },
  link: {
    title: "फ़ोन लिंक करें",
    scan: "QR कोड स्कैन करें",
    type: "पेयरिंग कोड से जोड़ें",
    alt: (name) => `${name} को लिंक करने वाला QR कोड`,
    steps: [
      "फ़ोन पर WhatsApp खोलें।",
      "सेटिंग्स, लिंक्ड डिवाइसेस, डिवाइस लिंक करें पर जाएँ।",
      "फ़ोन को इस कोड की ओर करें।",
    ],
    left: (seconds) => `नया कोड ${number.format(seconds)} सेकंड में आएगा।`,
    renewing: "नए कोड का इंतज़ार।",
    simulatedTitle: "यह सिम्युलेटेड नेटवर्क है",
    simulatedText: "असली फ़ोन की ज़रूरत नहीं: सिम्युलेटेड फ़ोन का उपयोग करें।",
    simulatedScan: "सिम्युलेटेड फ़ोन से स्कैन करें",
    simulatedOpen: "फ़ोन पेज खोलें",
    phone: "फ़ोन नंबर",
    phoneHint: "देश के कोड के साथ, जैसे +91 98765 43210.",
    ask: "पेयरिंग कोड लें",
    codeLabel: "यह कोड फ़ोन पर डालें",
    codeSteps: "फ़ोन पर: लिंक्ड डिवाइसेस, डिवाइस लिंक करें, इसके बजाय फ़ोन नंबर से लिंक करें।",
    codeLeft: (seconds) => `${number.format(seconds)} सेकंड और मान्य है।`,
    codeOver: "यह कोड समाप्त हो गया: नया लें।",
  },
  progress: {
    initializing: "सेशन शुरू हो रहा है। ब्राउज़र को कुछ सेकंड लगते हैं।",
    authenticated: "फ़ोन लिंक हो गया। खाता लोड हो रहा है।",
    degraded: "इंजन ने जवाब देना बंद किया और फिर शुरू हो रहा है। कुछ भी नहीं खोएगा।",
  },
  problem: {
    failed: "यह सेशन विफल हुआ",
    terminated: "यह सेशन लिंक नहीं है",
    offline: "यह सेशन अभी WhatsApp से नहीं जुड़ा है",
    lastError: "आख़िरी त्रुटि",
    again: "फिर शुरू करें",
  },
  first: {
    title: "मैसेज भेजें",
    lead: "सेशन को यहीं से आज़माएँ।",
    simulated: "सिम्युलेटेड नेटवर्क पर यह नंबर हर मैसेज लौटाता है।",
    to: "किसे",
    toHint: "देश के कोड के साथ फ़ोन नंबर।",
    text: "मैसेज",
    usual: "wagate से नमस्ते",
    action: "भेजें",
    sent: "भेज दिया",
    reply: "जवाब मिला",
    curl: "यही curl से",
  },
  browser: {
    lead: "सेशन का ब्राउज़र अभी क्या दिखा रहा है। संदेश दिख सकते हैं; तस्वीरें सहेजी नहीं जातीं।",
    start: "शुरू करें",
    stop: "रोकें",
    alt: (name) => `${name} का ब्राउज़र`,
  },
  detail: {
    tabs: "सेशन का विवरण",
    facts: "विवरण",
    log: "लॉग",
    browser: "ब्राउज़र",
    phone: "फ़ोन",
    account: "खाता",
    created: "बनाया गया",
    activity: "आख़िरी गतिविधि",
    engine: "इंजन",
    engineWord: { browser: "Chromium", simulated: "सिम्युलेटेड" },
    proxy: "प्रॉक्सी",
    memory: "इंजन की मेमोरी",
    restarts: "कितनी बार फिर शुरू हुआ",
    waiting: "कतार में मैसेज",
    recovery: "पिछली बार ठीक करना",
    recoveryWords: (stage, outcome) => {
      const stages: Record<string, string> = {
        reinject: "स्क्रिप्ट फिर डाली गईं",
        reload: "पेज फिर लोड हुआ",
        restart: "इंजन फिर शुरू हुआ",
      };
      const outcomes: Record<string, string> = {
        under_way: "जारी है",
        recovered: "सफल",
        failed: "विफल",
        abandoned: "रद्द",
      };
      return `${stages[stage] ?? stage}: ${outcomes[outcome] ?? outcome}`;
    },
  },
  waitingFor: (waiting) => {
    const parts: [number, string][] = [
      [waiting.sessionNotReady, "सेशन तैयार होने तक"],
      [waiting.sendAt, "शेड्यूल किए हुए"],
      [waiting.turn, "कतार में"],
      [waiting.lookup, "जाँच में"],
    ];
    const said = parts.filter(([value]) => 0 < value);
    return listed(said.map(([value, words]) => `${number.format(value)} ${words}`));
  },
  log: {
    empty: "गेटवे के शुरू होने से लॉग में कोई पंक्ति नहीं।",
    time: "समय",
    level: "स्तर",
    message: "संदेश",
    note: "गेटवे के शुरू होने से सबसे नई पंक्तियाँ, मैसेज के टेक्स्ट और फ़ोन नंबरों के बिना।",
  },
  logOutDialog: {
    title: (name) => `${name} को लॉग आउट करें?`,
    text:
      "फ़ोन इस डिवाइस को अनलिंक कर देता है। सेशन और उसके वेबहुक बने रहते हैं। फिर भेजने के लिए "
      + "फ़ोन दोबारा लिंक करें।",
    done: (name) => `${name} लॉग आउट हो गया`,
  },
  removeDialog: {
    title: (name) => `${name} हटाएँ?`,
    text:
      "इसे वापस नहीं किया जा सकता। सेशन, उसके वेबहुक और उसका लॉगिन हट जाते हैं। कतार के मैसेज नहीं "
      + "भेजे जाते।",
    logout: "फ़ोन पर भी डिवाइस को अनलिंक करें",
    keep: "लॉगिन वाला प्रोफ़ाइल फ़ोल्डर रखें",
    done: (name) => `${name} हट गया`,
  },
} satisfies Words["common"]["sessions"];
