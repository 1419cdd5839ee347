// The words of the overview.
import { count, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "Resumen",
  range: "Período",
  ranges: { 15: "15 min", 60: "1 hora", 360: "6 horas", 1440: "24 horas" },
  note: (minutes) =>
    "De las métricas de la pasarela, guardadas en memoria desde su inicio: "
    + `una muestra cada ${minutes <= 60 ? "10 segundos" : "minuto"}.`,
  since: (span) => `En marcha desde hace ${span}.`,
  span: (seconds) => {
    if (seconds < 3_600) return count(Math.floor(seconds / 60), "minuto", "minutos");
    if (seconds < 86_400) return count(Math.floor(seconds / 3_600), "hora", "horas");
    return count(Math.floor(seconds / 86_400), "día", "días");
  },
  in: (words) => `en ${words}`,
  tile: {
    sessions: "Sesiones listas",
    sessionsOf: (ready, all) => `${number.format(ready)} de ${number.format(all)}`,
    incoming: "Mensajes recibidos",
    outgoing: "Mensajes enviados",
    delivered: "Entregas de webhooks",
    waiting: "Mensajes en cola",
    failures: "Errores",
  },
  chart: {
    messages: "Mensajes",
    incoming: "Recibidos",
    outgoing: "Enviados",
    messagesSaid: (incoming, outgoing) =>
      `${number.format(incoming)} recibidos, ${number.format(outgoing)} enviados`,
    deliveries: "Entregas de webhooks",
    delivered: "Entregadas",
    attempts: "Intentos fallidos",
    deliveriesSaid: (delivered, failed) =>
      `${number.format(delivered)} entregadas`
      + (failed ? `, ${count(failed, "intento fallido", "intentos fallidos")}` : ""),
    waiting: "Mensajes en cola",
    waitingSession: "Sesión no lista",
    waitingTime: "Programados",
    waitingTurn: "En cola",
    waitingLookup: "Comprobando el resultado",
    waitingSaid: (now, most) =>
      `${number.format(now)} ahora, ${number.format(most)} como máximo`,
    errors: "Errores",
    sends: "Envíos",
    requests: "Solicitudes (5xx)",
    errorsSaid: (sends, requests, all) =>
      `${count(sends, "envío fallido", "envíos fallidos")}, `
      + `${number.format(requests)} de ${count(all, "solicitud", "solicitudes")}`,
    memory: "Memoria",
    gateway: "Pasarela",
    engines: "Motores",
    memorySaid: (own, engines) => `${own} la pasarela, ${engines} los motores`,
  },
  unwell: "La pasarela necesita atención",
  checks: {
    database: "La base de datos no funciona.",
    disk: "El disco se está llenando.",
    eventLog: "El registro de eventos es más grande de lo debido.",
    sessions: "Una sesión falló o se está recuperando.",
    memory: "Al equipo le queda poca memoria.",
  },
} satisfies Words["common"]["overview"];
