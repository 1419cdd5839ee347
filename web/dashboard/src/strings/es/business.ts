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
  hours: {
    title: "Horario de atención",
    lead: (zone) =>
      `Cuándo trabajan las personas, en la zona horaria ${zone}. Una semana sin horas cuenta como `
      + "siempre abierta.",
    days: {
      mon: "Lunes",
      tue: "Martes",
      wed: "Miércoles",
      thu: "Jueves",
      fri: "Viernes",
      sat: "Sábado",
      sun: "Domingo",
    },
    closed: "Cerrado",
    from: (day, place) => `${day}, abre (${place})`,
    to: (day, place) => `${day}, cierra (${place})`,
    add: (day) => `Agregar horas: ${day}`,
    drop: (day, place) => `Quitar las horas ${place}: ${day}`,
    copy: (day) => `Copiar a los días laborables: ${day}`,
    copied: "Copiado de martes a viernes: guarda para aplicarlo",
    midnight: "Para cerrar al final del día, elige 00:00.",
    away: "Mensaje fuera de este horario",
    awayHint: "Un contacto lo recibe una vez hasta que abras de nuevo. Vacío, no se envía ninguno.",
  },
  assignment: {
    title: "Asignación",
    lead: "Quién recibe las conversaciones que esperan a una persona.",
    strategy: "Conversaciones nuevas",
    strategies: {
      none: "Esperan hasta que alguien las tome",
      round_robin: "Van por turnos a quienes están en línea",
      least_loaded: "Van a quien está en línea y tiene menos",
    },
    capacity: "Conversaciones por persona",
    capacityHint: "Quien tiene tantas no recibe más automáticamente.",
  },
  secrets: {
    title: "Secretos de los proveedores",
    lead: "Se guardan cifrados y no se vuelven a mostrar. Qué proveedor hay está en la "
      + "configuración de la pasarela.",
    isSet: "Definido. Déjalo vacío para conservarlo.",
    notSet: "Sin definir.",
    names: {
      authToken: "Mensajes de texto: secreto de la cuenta",
      sharedKey: "Mensajes de texto: clave compartida de los webhooks",
      stripeSecretKey: "Stripe: clave secreta",
      stripeWebhookSecret: "Stripe: secreto de firma de los webhooks",
    },
  },
  reset: {
    action: "Usar la configuración",
    title: (group) => `¿Usar la configuración para «${group}»?`,
    text: "Se abandona lo que se cambió aquí, y vuelven a valer los valores de la configuración de "
      + "la pasarela.",
    done: "La configuración vale de nuevo",
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
    afterBot: "Preguntar también cuando un bot o un flujo resolvió la conversación",
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
