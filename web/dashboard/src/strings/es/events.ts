// The words of the event log.
import { count, number } from "../language";
import type { Words } from "../pack";

export default {
  lead: "Todo lo que ocurre en las sesiones, en vivo y del registro.",
  list: "Eventos, los más recientes primero",
  filters: "Filtros",
  session: "Sesión",
  allSessions: "Todas las sesiones",
  name: "Evento",
  allNames: "Todos los eventos",
  chat: "Chat",
  chatHint: "Una parte de su ID",
  text: "Texto",
  textHint: "Cualquier cosa del evento",
  clear: "Borrar los filtros",
  shown: (value) => count(value, "evento mostrado", "eventos mostrados"),
  pause: "Pausar",
  resume: "Reanudar",
  paused: (value) =>
    value === 0
      ? "En pausa. No hay eventos nuevos."
      : `En pausa. ${count(value, "evento nuevo", "eventos nuevos")}.`,
  past: "Estás viendo una parte anterior del registro.",
  toPresent: "Volver a en vivo",
  newer: "Cargar más recientes",
  older: "Cargar anteriores",
  toNewest: "Ir al más reciente",
  jump: "Número",
  jumpAction: "Ir",
  jumpFault: "Ingresa un número, 1 o más.",
  notThere: (seq) =>
    `El número ${number.format(seq)} no está en el registro, o los filtros lo ocultan.`,
  start: "Aquí comienza el registro.",
  reset: (seq) =>
    `Los eventos anteriores al número ${number.format(seq)} se quitaron al terminar su retención.`,
  nothing: "Ningún evento coincide",
  nothingText:
    "Los eventos nuevos que coincidan aparecen aquí. Carga anteriores para seguir buscando.",
  empty: "Aún no hay eventos",
  emptyText:
    "Vincula una sesión: su código QR, su estado y cada mensaje aparecen aquí en vivo.",
  newEvents: (value) => count(value, "evento nuevo", "eventos nuevos"),
  detail: (seq) => `Evento ${number.format(seq)}`,
  choose: "Elige un evento para ver sus detalles.",
  copyJson: "Copiar como JSON",
  onlyChat: "Solo este chat",
  onlyName: "Solo este evento",
  terminal: "Desde una terminal",
  terminalLead:
    "Estos comandos siguen el mismo flujo. Los filtros de chat y texto funcionan solo en esta "
    + "página.",
  terminalKey:
    "Primero pon tu clave de API en WAGATE_KEY: la clave misma nunca se escribe aquí.",
  terminalSocket:
    "Un WebSocket sigue una sesión: elige una sesión arriba para ver su comando.",
  fields: (value) => count(value, "campo", "campos"),
  items: (value) => count(value, "elemento", "elementos"),
} satisfies Words["events"];
