// The words of the event log.
import { count, number } from "../language";
import type { Words } from "../pack";

const newEvents = (value: number): string => count(value, "नया इवेंट", "नए इवेंट");

export default {
  lead: "सेशन में जो कुछ होता है, लाइव और लॉग से।",
  list: "इवेंट, सबसे नए पहले",
  filters: "फ़िल्टर",
  session: "सेशन",
  allSessions: "सभी सेशन",
  name: "इवेंट",
  allNames: "सभी इवेंट",
  chat: "चैट",
  chatHint: "उसकी ID का हिस्सा",
  text: "टेक्स्ट",
  textHint: "इवेंट में कुछ भी",
  clear: "फ़िल्टर साफ़ करें",
  shown: (value) => `${number.format(value)} इवेंट दिख रहे हैं`,
  pause: "रोकें",
  resume: "फिर चलाएँ",
  paused: (value) =>
    value === 0
      ? "रुका है। कोई नया इवेंट नहीं।"
      : `रुका है। ${newEvents(value)}।`,
  past: "आप लॉग का पहले का हिस्सा देख रहे हैं।",
  toPresent: "लाइव पर वापस",
  newer: "नए लोड करें",
  older: "पुराने लोड करें",
  toNewest: "सबसे नए पर",
  jump: "संख्या",
  jumpAction: "जाएँ",
  jumpFault: "1 या उससे बड़ी संख्या डालें।",
  notThere: (seq) =>
    `संख्या ${number.format(seq)} लॉग में नहीं है, या फ़िल्टर उसे छिपाते हैं।`,
  start: "लॉग यहाँ से शुरू होता है।",
  reset: (seq) =>
    `संख्या ${number.format(seq)} से पहले के इवेंट रखने की अवधि ख़त्म होने पर हटाए गए।`,
  nothing: "कोई इवेंट मेल नहीं खाता",
  nothingText: "मेल खाने वाले नए इवेंट यहाँ दिखेंगे। और खोजने के लिए पुराने लोड करें।",
  empty: "अभी कोई इवेंट नहीं",
  emptyText: "सेशन लिंक करें: उसका QR कोड, स्थिति और हर मैसेज यहाँ लाइव दिखेगा।",
  newEvents,
  detail: (seq) => `इवेंट ${number.format(seq)}`,
  choose: "विवरण देखने के लिए इवेंट चुनें।",
  copyJson: "JSON में कॉपी करें",
  onlyChat: "केवल यह चैट",
  onlyName: "केवल यह इवेंट",
  terminal: "टर्मिनल से",
  terminalLead:
    "ये कमांड वही स्ट्रीम देखते हैं। चैट और टेक्स्ट के फ़िल्टर केवल इस पेज पर काम करते हैं।",
  terminalKey: "पहले WAGATE_KEY में अपनी API कुंजी रखें: कुंजी ख़ुद यहाँ कभी नहीं लिखी जाती।",
  terminalSocket: "WebSocket एक सेशन देखता है: उसका कमांड देखने के लिए ऊपर सेशन चुनें।",
  fields: (value) => `${number.format(value)} फ़ील्ड`,
  items: (value) => `${number.format(value)} आइटम`,
} satisfies Words["events"];
