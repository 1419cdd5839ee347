// The words of the templates.
import { count, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "Plantillas",
  lead:
    "Textos que se envían a menudo: plantillas para difusiones, respuestas rápidas para "
    + "conversaciones.",
  tabs: { templates: "Plantillas", replies: "Respuestas rápidas" },
  about: "Tipos de textos",
  create: "Nueva plantilla",
  import: "Importar",
  list: "Plantillas",
  empty: "Aún no hay plantillas",
  emptyText:
    "Una plantilla es un mensaje con variables, como un nombre o un número de pedido.",
  column: { name: "Nombre", category: "Categoría", language: "Idioma", status: "Estado" },
  status: { APPROVED: "Lista para enviar", DRAFT: "Borrador" },
  category: { MARKETING: "Marketing", UTILITY: "Utilidad", AUTHENTICATION: "Autenticación" },
  actions: (name) => `Acciones para ${name}`,
  removeTitle: (name) => `¿Eliminar ${name}?`,
  removeText: "Las difusiones que no han empezado ya no pueden enviarla.",
  saved: (name) => `Se guardó ${name}`,
  draft: {
    name: "Nombre",
    nameHint: "Letras minúsculas, dígitos y _.",
    language: "Idioma",
    languageHint: "Por ejemplo es_MX.",
    category: "Categoría",
    header: "Encabezado",
    headerFile: (kind) => `El encabezado es un archivo (${kind}).`,
    body: "Texto",
    bodyHint: "Las variables son {{1}}, {{2}}, etc.",
    footer: "Pie",
    isDraft: "Conservar como borrador",
    buttons: "Botones",
    addReply: "Agregar una respuesta rápida",
    addLink: "Agregar un enlace",
    addCall: "Agregar un número",
    button: (place) => `Texto del botón ${place}`,
    url: (place) => `Dirección del botón ${place}`,
    phone: (place) => `Número del botón ${place}`,
    removeButton: (place) => `Quitar el botón ${place}`,
  },
  preview: "Vista previa",
  importTitle: "Importar plantillas de Meta",
  importLead: "Pega la respuesta completa de message_templates de Meta.",
  importField: "JSON",
  importFault: "Esto no es JSON.",
  importAction: "Importar",
  imported: (created, updated) =>
    `${count(created, "plantilla creada", "plantillas creadas")}, `
    + `${number.format(updated)} actualizadas`,
  importFailed: "No aceptadas",
} satisfies Words["templates"];
