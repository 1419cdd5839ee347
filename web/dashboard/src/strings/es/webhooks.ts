// The words of the webhooks.
import { allOf, count, listed, number, percent } from "../language";
import type { Words } from "../pack";

export default {
  lead: "La pasarela envía eventos a tus direcciones, firmados y en el orden de cada chat.",
  create: "Nuevo webhook",
  empty: "Aún no hay webhooks",
  emptyText:
    "Un webhook envía cada evento a una dirección tuya. Se reintenta durante días cuando tu "
    + "servidor no responde, y no se pierde nada.",
  list: "Webhooks",
  url: "Dirección",
  urlHint: "Cada evento se envía aquí, por ejemplo https://example.org/hook",
  scope: "Eventos de",
  allSessions: "Todas las sesiones",
  session: (id) => `Sesión ${id}`,
  state: "Estado",
  lastAnswer: "Última respuesta",
  noAnswer: "sin respuesta",
  never: "nunca",
  events: "Eventos",
  everyEvent: "Todos los eventos",
  chosenEvents: "Solo estos",
  someEvents: (names) =>
    names.length < 3
      ? listed(names)
      : allOf([...names.slice(0, 2), `${number.format(names.length - 2)} más`]),
  headers: "Encabezados",
  headersHint: "Se agregan a cada solicitud, por ejemplo un token que pide tu servidor.",
  headerName: "Nombre",
  headerValue: "Valor",
  headerKept: "sin cambios",
  addHeader: "Agregar un encabezado",
  removeHeader: (name) => (name ? `Quitar el encabezado ${name}` : "Quitar este encabezado"),
  retries: "Intentos",
  retriesFull: "Once, en tres días",
  retriesShort: "Cuatro, en minutos",
  secret: "Secreto de firma",
  secretHint: "Déjalo vacío para generar uno.",
  createAction: "Crear",
  save: "Guardar",
  saved: "Guardado",
  created: "Webhook creado",
  known:
    "Ya existía un webhook para esta dirección. Se actualizó y conserva su secreto.",
  secretTitle: "El secreto de firma",
  secretLead:
    "Se muestra solo una vez. Guárdalo donde lo lea tu servidor: con él distingue las solicitudes "
    + "de la pasarela de las de cualquier otro.",
  secretDone: "Ya lo guardé",
  on: "Activo",
  off: "Desactivado",
  failing: "Fallando",
  resting: "En pausa por el receptor",
  offByHand: "Desactivado a mano. Los eventos nuevos esperan en la cola.",
  offBecause: (reason) => `Desactivado por la pasarela: ${reason}.`,
  offAdvice:
    "Repara el receptor y luego activa el webhook: los eventos en espera se entregan de inmediato.",
  failingSince: "Las entregas fallan desde",
  failingAdvice:
    "Cada intento aparece abajo. Las entregas fallidas se reintentan automáticamente.",
  restingUntil: "El receptor pidió una pausa (Retry-After). Próximo intento:",
  oldSecret: "El secreto anterior también firma hasta",
  test: "Enviar una prueba",
  testTitle: "Resultado de la prueba",
  testGood: "El receptor la aceptó.",
  testBad: "El receptor no la aceptó.",
  testAdvice: "Una prueba se envía una vez. No aparece como entrega ni se cuenta.",
  enable: "Activar",
  disable: "Desactivar",
  enabled: "Activado",
  disabled: "Desactivado",
  rotate: "Renovar secreto",
  rotateTitle: "Renovar el secreto de firma",
  rotateLead:
    "Durante un tiempo firman ambos secretos, para que tus servidores cambien sin interrupción.",
  overlap: "El secreto anterior sigue valiendo",
  overlaps: [
    { value: "3600", label: "Una hora" },
    { value: "86400", label: "Un día" },
    { value: "604800", label: "Una semana" },
    { value: "0", label: "Nada (se filtró)" },
  ],
  rotateAction: "Renovar",
  remove: "Eliminar",
  removeTitle: "¿Eliminar este webhook?",
  removeLead: (waiting) =>
    waiting === 0
      ? "No van más eventos a su dirección. Sus entregas y su secreto se eliminan para siempre."
      : `${count(waiting, "evento en espera", "eventos en espera")} no se entregarán nunca. `
        + "Sus entregas y su secreto se eliminan para siempre.",
  removed: "El webhook se eliminó",
  gone: "Webhook no encontrado",
  goneText: "Puede que se haya eliminado.",
  toList: "Todos los webhooks",
  about: "Sobre este webhook",
  stats: {
    accepted: "Eventos",
    waiting: "En cola",
    delivered: "Entregados",
    failed: "No entregados",
    missed: "Perdidos",
    missedHint: "Su retención terminó antes de poder entregarlos",
    success: "Éxito",
  },
  percent: (share) => percent.format(share),
  tabs: { deliveries: "Entregas", settings: "Configuración", verify: "Verificar firmas" },
  filter: "Mostrar",
  all: "Todas",
  statuses: { waiting: "En cola", delivered: "Entregado", dead: "No entregado" },
  noDeliveries: "Aún no hay entregas",
  noDeliveriesText: "Aquí aparece el próximo evento suscrito. Una prueba no.",
  noneOfThese: "Ninguna entrega coincide",
  older: "Cargar anteriores",
  deliveries: "Entregas, las más recientes primero",
  attempts: (value) => count(value, "intento", "intentos"),
  notKept: (value) => `${count(value, "intento más", "intentos más")}, sin guardar`,
  attempt: (value) => `Intento ${number.format(value)}`,
  took: (milliseconds) => `${number.format(milliseconds)} ms`,
  answer: "La respuesta del receptor",
  noBody: "La respuesta estaba vacía.",
  nextTry: "Próximo intento",
  dueNow: "Próximo intento ahora",
  redeliver: "Reintentar",
  redelivered: "De nuevo en cola",
  recover: "Reintentar fallidas",
  recoverTitle: "Reintentar lo no entregado",
  recoverLead:
    "Vuelve a poner en cola todo lo no entregado desde entonces, en su orden original.",
  recoverSince: "Desde",
  recoverSpans: [
    { value: "3600", label: "La última hora" },
    { value: "86400", label: "El último día" },
    { value: "604800", label: "La última semana" },
    { value: "2592000", label: "Los últimos 30 días" },
    { value: "at", label: "Un momento que elijo" },
  ],
  recoverAt: "Hora",
  recoverAtFault: "Ingresa una fecha y una hora.",
  recovered: (value) =>
    value === 0
      ? "Nada sin entregar desde entonces"
      : `${count(value, "evento", "eventos")} de nuevo en cola`,
  eventNumber: (seq) => `Evento ${number.format(seq)}`,
  verifyLead:
    "Cualquiera puede enviar a tu dirección. Una firma válida de Standard Webhooks muestra que una "
    + "solicitud viene de la pasarela. Estos programas responden 204 a esas solicitudes y 401 a "
    + "todas las demás.",
  verifySecret: "Cada programa lee el secreto de firma de la variable SECRET.",
  needs: "Requiere",
  language: "Lenguaje",
} satisfies Words["webhooks"];
