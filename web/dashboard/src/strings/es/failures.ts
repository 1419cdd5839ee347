// Words for what goes wrong, by the gateway's own codes.
import type { Words } from "../pack";

export default {
  UNREACHABLE: {
    title: "La pasarela no responde",
    advice: "¿Está en marcha? Esta página reintenta automáticamente donde puede.",
  },
  UNREADABLE: {
    title: "No se pudo leer la respuesta",
    advice: "Puede que haya respondido un proxy entre esta página y la pasarela.",
  },
  UNAUTHORIZED: {
    title: "No has iniciado sesión",
    advice: "Inicia sesión con una clave de API.",
  },
  UNAUTHENTICATED: {
    title: "No has iniciado sesión",
    advice: "Inicia sesión con una clave de API.",
  },
  NOT_FOUND: { title: "No se encontró", advice: "Es posible que se haya eliminado." },
  SESSION_NOT_FOUND: {
    title: "Sesión no encontrada",
    advice: "Puede que se haya quitado.",
  },
  SESSION_ALREADY_EXISTS: {
    title: "Ya existe una sesión con este nombre",
    advice: "Elige otro nombre.",
  },
  SESSION_NOT_READY: {
    title: "La sesión no está lista",
    advice: "Espera a que lo esté o reiníciala.",
  },
  MAX_SESSIONS_REACHED: {
    title: "Se alcanzó el límite de sesiones",
    advice: "Quita una o aumenta sessions.max en la configuración.",
  },
  SESSION_START_FAILED: {
    title: "El navegador no se inició",
    advice: "Consulta el registro de la sesión y ejecuta wagate doctor en el equipo.",
  },
  QR_NOT_AVAILABLE: {
    title: "No hay código QR en este momento",
    advice: "Reinicia la sesión para obtener uno nuevo.",
  },
  INSTANCE_NOT_CONNECTED: {
    title: "La sesión no está conectada",
    advice: "Espera a que lo esté o reiníciala.",
  },
  CONVERSATION_NOT_FOUND: {
    title: "Conversación no encontrada",
    advice: "Puede que se haya eliminado.",
  },
  MESSAGE_NOT_FOUND: {
    title: "Mensaje no encontrado",
    advice: "Puede que se haya eliminado.",
  },
  MEDIA_NOT_FOUND: {
    title: "El archivo ya no existe",
    advice: "Puede que el teléfono lo haya quitado.",
  },
  EDIT_NOT_ALLOWED: {
    title: "Este mensaje ya no se puede editar",
    advice: "WhatsApp lo permite durante 15 minutos y solo con tus propios textos.",
  },
  DELETE_NOT_ALLOWED: {
    title: "Este mensaje no se puede eliminar para todos",
    advice: "WhatsApp lo permite durante 60 horas y solo con tus propios mensajes.",
  },
  MEDIA_TYPE_MISMATCH: {
    title: "El archivo no corresponde a su tipo",
    advice: "Envíalo como documento.",
  },
  FILE_UNREADABLE: { title: "No se pudo leer el archivo", advice: "Elígelo de nuevo." },
  SEND_FAILED: {
    title: "WhatsApp rechazó el mensaje",
    advice: "Inténtalo más tarde. Consulta el registro de la sesión.",
  },
  SEND_TIMEOUT: {
    title: "WhatsApp no respondió a tiempo",
    advice: "Comprueba en el teléfono si llegó antes de enviarlo de nuevo.",
  },
  SENDING_ON_HOLD: {
    title: "Por ahora WhatsApp no acepta mensajes de esta cuenta",
    advice: "Los mensajes en cola se envían cuando vuelva a aceptarlos.",
  },
  ACCOUNT_RESTRICTED: {
    title: "WhatsApp restringe esta cuenta",
    advice: "Envía menos durante un tiempo, y a personas que te conocen.",
  },
  RECIPIENT_INVALID: {
    title: "Este destinatario no es válido",
    advice: "Revisa el número y su código de país.",
  },
  RECIPIENT_NOT_ON_WHATSAPP: {
    title: "Este número no está en WhatsApp",
    advice: "Revisa el número y su código de país.",
  },
  INSUFFICIENT_STORAGE: {
    title: "El disco de la pasarela está casi lleno",
    advice: "Libera espacio: hasta entonces no se puede enviar ni crear nada.",
  },
  STORAGE_UNAVAILABLE: {
    title: "El disco de la pasarela tiene un error",
    advice: "Consulta su registro. Se reinicia automáticamente.",
  },
  WHATSAPP_NOT_READY: {
    title: "WhatsApp Web no está listo para esto",
    advice: "Inténtalo de nuevo en un momento. Si persiste, reinicia la sesión.",
  },
  WEBHOOK_NOT_FOUND: {
    title: "Webhook o entrega no encontrados",
    advice: "Puede que se hayan eliminado.",
  },
  SHUTTING_DOWN: {
    title: "La pasarela se está deteniendo",
    advice: "Inténtalo de nuevo cuando vuelva.",
  },
} satisfies Words["failures"];
