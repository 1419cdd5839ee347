// Words for what goes wrong, by the gateway's own codes.
import type { Words } from "../pack";

export default {
  UNREACHABLE: {
    title: "गेटवे जवाब नहीं दे रहा",
    advice: "क्या वह चल रहा है? यह पेज जहाँ हो सके अपने आप फिर कोशिश करता है।",
  },
  UNREADABLE: {
    title: "जवाब पढ़ा नहीं जा सका",
    advice: "शायद इस पेज और गेटवे के बीच किसी प्रॉक्सी ने जवाब दिया।",
  },
  UNAUTHORIZED: { title: "आपने साइन इन नहीं किया है", advice: "API कुंजी से साइन इन करें।" },
  UNAUTHENTICATED: { title: "आपने साइन इन नहीं किया है", advice: "API कुंजी से साइन इन करें।" },
  NOT_FOUND: { title: "नहीं मिला", advice: "हो सकता है इसे मिटा दिया गया हो।" },
  SESSION_NOT_FOUND: { title: "सेशन नहीं मिला", advice: "शायद हटा दिया गया है।" },
  SESSION_ALREADY_EXISTS: {
    title: "इस नाम का सेशन पहले से है",
    advice: "कोई दूसरा नाम चुनें।",
  },
  SESSION_NOT_READY: {
    title: "सेशन तैयार नहीं है",
    advice: "उसके तैयार होने तक रुकें, या उसे फिर शुरू करें।",
  },
  MAX_SESSIONS_REACHED: {
    title: "सेशन की सीमा पूरी हो गई",
    advice: "एक हटाएँ, या सेटिंग्स में sessions.max बढ़ाएँ।",
  },
  SESSION_START_FAILED: {
    title: "ब्राउज़र शुरू नहीं हुआ",
    advice: "सेशन का लॉग देखें, और मशीन पर wagate doctor चलाएँ।",
  },
  QR_NOT_AVAILABLE: {
    title: "अभी कोई QR कोड नहीं",
    advice: "नया पाने के लिए सेशन फिर शुरू करें।",
  },
  INSTANCE_NOT_CONNECTED: {
    title: "सेशन कनेक्ट नहीं है",
    advice: "कनेक्ट होने तक रुकें, या उसे फिर शुरू करें।",
  },
  CONVERSATION_NOT_FOUND: { title: "बातचीत नहीं मिली", advice: "शायद मिटा दी गई है।" },
  MESSAGE_NOT_FOUND: { title: "मैसेज नहीं मिला", advice: "शायद मिटा दिया गया है।" },
  MEDIA_NOT_FOUND: { title: "फ़ाइल अब नहीं है", advice: "शायद फ़ोन ने उसे हटा दिया है।" },
  EDIT_NOT_ALLOWED: {
    title: "यह मैसेज अब बदला नहीं जा सकता",
    advice: "WhatsApp 15 मिनट तक, और केवल आपके अपने टेक्स्ट के लिए अनुमति देता है।",
  },
  DELETE_NOT_ALLOWED: {
    title: "यह मैसेज सभी के लिए मिटाया नहीं जा सकता",
    advice: "WhatsApp 60 घंटे तक, और केवल आपके अपने मैसेज के लिए अनुमति देता है।",
  },
  MEDIA_TYPE_MISMATCH: {
    title: "फ़ाइल अपने प्रकार से मेल नहीं खाती",
    advice: "उसे डॉक्यूमेंट के रूप में भेजें।",
  },
  FILE_UNREADABLE: { title: "फ़ाइल पढ़ी नहीं जा सकी", advice: "उसे फिर चुनें।" },
  SEND_FAILED: {
    title: "WhatsApp ने मैसेज अस्वीकार किया",
    advice: "बाद में कोशिश करें। सेशन का लॉग देखें।",
  },
  SEND_TIMEOUT: {
    title: "WhatsApp ने समय पर जवाब नहीं दिया",
    advice: "फिर भेजने से पहले फ़ोन पर देखें कि वह पहुँचा या नहीं।",
  },
  SENDING_ON_HOLD: {
    title: "WhatsApp अभी इस खाते से मैसेज नहीं ले रहा",
    advice: "कतार के मैसेज तब भेजे जाएँगे जब वह फिर लेने लगेगा।",
  },
  ACCOUNT_RESTRICTED: {
    title: "WhatsApp ने इस खाते पर रोक लगाई है",
    advice: "कुछ समय कम भेजें, और उन लोगों को जो आपको जानते हैं।",
  },
  RECIPIENT_INVALID: {
    title: "यह प्राप्तकर्ता मान्य नहीं है",
    advice: "नंबर और उसका देश कोड जाँचें।",
  },
  RECIPIENT_NOT_ON_WHATSAPP: {
    title: "यह नंबर WhatsApp पर नहीं है",
    advice: "नंबर और उसका देश कोड जाँचें।",
  },
  INSUFFICIENT_STORAGE: {
    title: "गेटवे की डिस्क लगभग भर गई है",
    advice: "जगह ख़ाली करें: तब तक कुछ भेजा या बनाया नहीं जा सकता।",
  },
  STORAGE_UNAVAILABLE: {
    title: "गेटवे की डिस्क में त्रुटि है",
    advice: "उसका लॉग देखें। वह अपने आप फिर शुरू होता है।",
  },
  WHATSAPP_NOT_READY: {
    title: "WhatsApp Web इसके लिए तैयार नहीं है",
    advice: "थोड़ी देर में कोशिश करें। ऐसा ही रहे तो सेशन फिर शुरू करें।",
  },
  WEBHOOK_NOT_FOUND: {
    title: "वेबहुक या डिलीवरी नहीं मिली",
    advice: "शायद मिटा दी गई है।",
  },
  SHUTTING_DOWN: { title: "गेटवे बंद हो रहा है", advice: "उसके लौटने पर फिर कोशिश करें।" },
} satisfies Words["failures"];
