// The words of the quick replies.
import { count } from "../language";
import type { Words } from "../pack";

export default {
  create: "Nueva respuesta rápida",
  empty: "Aún no hay respuestas rápidas",
  emptyText:
    "Una respuesta rápida es un texto con un atajo: escribe / en una conversación para "
    + "encontrarla.",
  list: "Respuestas rápidas",
  column: { shortcut: "Atajo", content: "Texto", used: "Usos" },
  used: (times) => count(times, "vez", "veces"),
  shortcut: "Atajo",
  shortcutHint: "Una barra y luego letras, dígitos, _ o -, por ejemplo /horario.",
  content: "Texto",
  contentHint:
    "Variables: {{contact.firstName}}, {{contact.name}}, {{org.name}}, {{agent.name}}, {{date}}.",
  actions: (shortcut) => `Acciones para ${shortcut}`,
  removeTitle: (shortcut) => `¿Eliminar ${shortcut}?`,
  removeText: "Tu equipo ya no puede usarla.",
  saved: (shortcut) => `Se guardó ${shortcut}`,
} satisfies Words["replies"];
