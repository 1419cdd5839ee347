// The words of the list of keyboard shortcuts.
import type { Words } from "../pack";

export default {
  keys: {
    control: "Ctrl", shift: "Shift", enter: "Enter", escape: "Esc", home: "Home", end: "End",
  },
  or: "या",
  everywhere: "हर जगह",
  list: "वार्तालापों की सूची में",
  writing: "लिखते समय",
  forms: "डायलॉग में",
  help: "कीबोर्ड शॉर्टकट दिखाएँ",
  search: "वार्तालाप खोजें",
  close: "डायलॉग या मेन्यू बंद करें",
  move: "सूची में ऊपर-नीचे जाएँ",
  ends: "पहले या आख़िरी पर जाएँ",
  open: "वार्तालाप खोलें",
  send: "संदेश भेजें",
  line: "नई पंक्ति शुरू करें",
  last: "ख़ाली फ़ील्ड में अपना आख़िरी संदेश बदलें",
  reply: "संदेश की शुरुआत में त्वरित उत्तर डालें",
  mention: "समूह के किसी सदस्य का उल्लेख करें",
  paste: "क्लिपबोर्ड से चित्र जोड़ें",
  leave: "उत्तर या बदलाव रद्द करें, फिर सूची पर लौटें",
  submit: "कई पंक्तियों का पाठ भेजें",
} satisfies Words["shortcuts"];
