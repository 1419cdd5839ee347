// The words of the quick replies.
import { count } from "../language";
import type { Words } from "../pack";

export default {
  create: "Nova resposta rápida",
  empty: "Nenhuma resposta rápida ainda",
  emptyText:
    "Uma resposta rápida é um texto com um atalho: digite / em uma conversa para encontrá-la.",
  list: "Respostas rápidas",
  column: { shortcut: "Atalho", content: "Texto", used: "Usos" },
  used: (times) => count(times, "vez", "vezes"),
  shortcut: "Atalho",
  shortcutHint: "Uma barra e depois letras, dígitos, _ ou -, por exemplo /horario.",
  content: "Texto",
  contentHint:
    "Variáveis: {{contact.firstName}}, {{contact.name}}, {{org.name}}, {{agent.name}}, {{date}}.",
  actions: (shortcut) => `Ações para ${shortcut}`,
  removeTitle: (shortcut) => `Excluir ${shortcut}?`,
  removeText: "Sua equipe não pode mais usá-la.",
  saved: (shortcut) => `${shortcut} foi salva`,
} satisfies Words["replies"];
