// The words of the list of keyboard shortcuts.
import type { Words } from "../pack";

export default {
  keys: {
    control: "Ctrl", shift: "Mayús", enter: "Intro", escape: "Esc", home: "Inicio", end: "Fin",
  },
  or: "o",
  everywhere: "En todas partes",
  list: "En la lista de conversaciones",
  writing: "Al escribir",
  forms: "En un cuadro de diálogo",
  help: "Mostrar los atajos de teclado",
  search: "Buscar conversaciones",
  close: "Cerrar un cuadro de diálogo o un menú",
  move: "Moverte por la lista",
  ends: "Ir a la primera o a la última",
  open: "Abrir la conversación",
  send: "Enviar el mensaje",
  line: "Empezar una línea nueva",
  last: "Editar tu último mensaje, con el campo vacío",
  reply: "Insertar una respuesta rápida, al principio del mensaje",
  mention: "Mencionar a un miembro del grupo",
  paste: "Adjuntar una imagen del portapapeles",
  leave: "Cancelar una respuesta o una edición y después volver a la lista",
  submit: "Enviar un texto de varias líneas",
} satisfies Words["shortcuts"];
