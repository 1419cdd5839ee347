// The words of the quick replies.
import type { Words } from "../pack";
import { count } from "./count";

export default {
  create: "رد سريع جديد",
  empty: "لا ردود سريعة بعد",
  emptyText: "الرد السريع نص له اختصار: اكتب / في محادثة للعثور عليه.",
  list: "الردود السريعة",
  column: { shortcut: "الاختصار", content: "النص", used: "الاستخدام" },
  used: (times) => count(times, "مرة واحدة", "مرتان", "مرات", "مرة"),
  shortcut: "الاختصار",
  shortcutHint: "شرطة مائلة ثم حروف لاتينية أو أرقام أو _ أو -، مثل \u2066/hours\u2069.",
  content: "النص",
  contentHint:
    "المتغيرات: {{contact.firstName}} و{{contact.name}} و{{org.name}} و{{agent.name}} و{{date}}.",
  actions: (shortcut) => `إجراءات ${shortcut}`,
  removeTitle: (shortcut) => `حذف ${shortcut}؟`,
  removeText: "لا يستطيع زملاؤك استخدامه بعد الآن.",
  saved: (shortcut) => `حُفظ ${shortcut}`,
} satisfies Words["replies"];
