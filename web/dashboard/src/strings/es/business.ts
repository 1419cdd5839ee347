// The words of the settings of the business.
import { number } from "../language";
import type { Words } from "../pack";

export default {
  lead: "Ajustes que valen de inmediato, para cada sesión. Lo que nunca cambies aquí es lo de la "
    + "configuración de la pasarela.",
  readOnly: "Solo los administradores cambian estos ajustes.",
  channels: {
    title: "Canales",
    whatsapp: "WhatsApp",
    sms: "Mensajes de texto (SMS)",
    slack: "Slack",
    on: "Conectado",
    off: "No conectado",
    notSet: "Sin configurar",
    hint: "Se configuran en la configuración de la pasarela.",
  },
  general: {
    title: "Empresa",
    lead: "Cómo se escriben horas, fechas e importes, y qué nombre tuyo leen los clientes.",
    name: "Nombre",
    zone: "Zona horaria",
    zoneHint: "Por ejemplo America/Mexico_City.",
    locale: "Idioma y región",
    localeHint: "Por ejemplo es-MX.",
    currency: "Moneda",
    currencyHint: "Por ejemplo MXN.",
    session: "Sesión principal",
    sessionHint: "Se usa cuando una solicitud no nombra ninguna.",
    noSession: "La primera que esté lista",
  },
  consent: {
    title: "Consentimiento",
    lead: "A quién se puede escribir, y con qué palabras se acepta o se da de baja.",
    policy: "A quién se puede escribir",
    policies: {
      strict: "Solo a quienes aceptaron",
      opted_out: "A todos los que no se dieron de baja",
      off: "A todos",
    },
    out: "Palabras para darse de baja",
    outAnswer: "Respuesta a una baja",
    in: "Palabras para aceptar",
    inAnswer: "Respuesta a una aceptación",
    help: "Palabras que piden ayuda",
    words: "Sepáralas con comas. Una palabra está en una sola lista.",
  },
  window: {
    title: "Conversaciones",
    lead: (hours) =>
      `Los textos libres son para las ${number.format(hours)} horas siguientes a un mensaje del `
      + "cliente; las plantillas valen siempre.",
    policy: "Fuera de ese plazo",
    policies: {
      enforce: "Rechazar textos libres",
      warn: "Enviar, con una advertencia",
      off: "Enviar",
    },
    warning: "Avisar tantos minutos antes de que se cierre",
    reopen: "Cuando continúa una conversación resuelta",
    reopens: {
      reopen: "Sigue con su agente",
      new: "Empieza de nuevo, sin asignar",
    },
  },
  survey: {
    title: "Encuesta",
    lead: "Pide una calificación de 1 a 5 después de resolver una conversación.",
    enabled: "Pedir una calificación",
    question: "Pregunta",
    comment: "Después de la calificación",
    thanks: "Agradecimiento",
    expiry: "Horas en las que cuenta una calificación",
    gap: "Horas antes de volver a preguntar a la misma persona",
  },
  broadcast: {
    title: "Difusiones",
    lead: "Un ritmo que WhatsApp acepta, y límites por día y por contacto.",
    shortest: "Pausa más corta (milisegundos)",
    longest: "Pausa más larga (milisegundos)",
    daily: "Mensajes por día",
    dailyHint: "De cada sesión; 0 es sin límite.",
    cap: "Horas entre mensajes de marketing a un contacto",
    capHint: "0 es sin límite.",
  },
} satisfies Words["business"];
