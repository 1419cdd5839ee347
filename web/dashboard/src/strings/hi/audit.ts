// The words of the audit log.
import type { Words } from "../pack";

export default {
  lead: "इस गेटवे में किसने क्या बदला। लिखी गई सामग्री सहेजी नहीं जाती।",
  list: "बदलाव",
  column: {
    at: "कब",
    actor: "किसने",
    action: "कार्य",
    outcome: "परिणाम",
    address: "कहाँ से",
  },
  filter: {
    actor: "किसने",
    everybody: "सभी",
    key: (name) => `कुंजी: ${name}`,
    action: "कार्य",
    anyAction: "सभी कार्य",
    from: "इस तारीख़ से",
    to: "इस तारीख़ तक",
  },
  gateway: "गेटवे की मशीन पर",
  goneKey: "एक कुंजी जो अब नहीं है",
  gonePerson: "एक खाता जो अब नहीं है",
  outcome: { done: "पूरा हुआ", refused: "अस्वीकृत", failed: "विफल", unknown: "अज्ञात" },
  empty: "अभी कोई बदलाव नहीं",
  emptyText: "सेटिंग्स, कुंजियों, खातों या सेशनों का हर बदलाव यहाँ दिखता है।",
  noMatch: "कोई बदलाव मेल नहीं खाता",
  noMatchText: "दूसरे फ़िल्टर चुनें।",
} satisfies Words["audit"];
