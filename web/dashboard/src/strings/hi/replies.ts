// The words of the quick replies.
import { number } from "../language";
import type { Words } from "../pack";

export default {
  create: "नया क्विक रिप्लाई",
  empty: "अभी कोई क्विक रिप्लाई नहीं",
  emptyText: "क्विक रिप्लाई शॉर्टकट वाला टेक्स्ट है: उसे पाने के लिए बातचीत में / लिखें।",
  list: "क्विक रिप्लाई",
  column: { shortcut: "शॉर्टकट", content: "टेक्स्ट", used: "उपयोग" },
  used: (times) => `${number.format(times)} बार`,
  shortcut: "शॉर्टकट",
  shortcutHint: "एक स्लैश, फिर अंग्रेज़ी अक्षर, अंक, _ या -, जैसे /hours.",
  content: "टेक्स्ट",
  contentHint:
    "वेरिएबल: {{contact.firstName}}, {{contact.name}}, {{org.name}}, {{agent.name}}, {{date}}.",
  actions: (shortcut) => `${shortcut} की कार्रवाइयाँ`,
  removeTitle: (shortcut) => `${shortcut} मिटाएँ?`,
  removeText: "आपकी टीम इसे अब उपयोग नहीं कर सकेगी।",
  saved: (shortcut) => `${shortcut} सेव हो गया`,
} satisfies Words["replies"];
