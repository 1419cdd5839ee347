// The words of the list of keyboard shortcuts.
import type { Words } from "../pack";

export default {
  keys: {
    control: "Ctrl", shift: "Shift", enter: "Enter", escape: "Esc", home: "Home", end: "End",
  },
  or: "ou",
  everywhere: "Em qualquer lugar",
  list: "Na lista de conversas",
  writing: "Ao escrever",
  forms: "Em uma caixa de diálogo",
  help: "Mostrar os atalhos do teclado",
  search: "Pesquisar conversas",
  close: "Fechar uma caixa de diálogo ou um menu",
  move: "Percorrer a lista",
  ends: "Ir para a primeira ou a última",
  open: "Abrir a conversa",
  send: "Enviar a mensagem",
  line: "Começar uma nova linha",
  last: "Editar sua última mensagem, com o campo vazio",
  reply: "Inserir uma resposta rápida, no início da mensagem",
  mention: "Mencionar um membro do grupo",
  paste: "Anexar uma imagem da área de transferência",
  leave: "Cancelar uma resposta ou edição e depois voltar à lista",
  submit: "Enviar um texto de várias linhas",
} satisfies Words["shortcuts"];
