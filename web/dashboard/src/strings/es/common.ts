// The words of the frame and of small pages.
import { bytes, count, number } from "../language";
import type { Words } from "../pack";
import overview from "./overview";
import sessions from "./sessions";
import settings from "./settings";

export default {
  product: "wagate",
  skip: "Ir al contenido",
  close: "Cerrar",
  cancel: "Cancelar",
  retry: "Reintentar",
  reload: "Volver a cargar",
  copy: "Copiar",
  copied: "Copiado",
  copyFailed: "El navegador no permitió copiar",
  menu: "Menú",
  optional: "opcional",
  none: "ninguno",
  unknown: "desconocido",
  actions: "Acciones",
  chosen: "seleccionado",
  loading: "Cargando",
  dismiss: "Descartar",
  back: "Atrás",
  save: "Guardar",
  saved: "Guardado",
  edit: "Editar",
  remove: "Eliminar",
  add: "Agregar",
  bars: {
    table: "Ver como tabla",
    download: (title) => `Descargar ${title} en CSV`,
    empty: "No hay datos en este período.",
  },
  table: { search: "Buscar en esta lista", nothing: "Nada coincide" },
  pager: {
    label: "Páginas",
    previous: "Página anterior",
    next: "Página siguiente",
    shown: (first, last, total) => {
      const [from, to, all] = [first, last, total].map((value) => number.format(value));
      return total === 0 ? "" : `${from ?? ""}–${to ?? ""} de ${all ?? ""}`;
    },
  },
  seconds: (value) => count(value, "segundo", "segundos"),
  bytes,
  number: (value) => number.format(value),

  nav: {
    label: "Principal",
    all: "Todas las páginas",
    overview: "Resumen",
    sessions: "Sesiones",
    chat: "Chat",
    events: "Eventos",
    webhooks: "Webhooks",
    bots: "Bots",
    automations: "Automatizaciones",
    contacts: "Contactos",
    broadcasts: "Difusiones",
    templates: "Plantillas",
    analytics: "Estadísticas",
    business: "Empresa",
    settings: "Configuración",
    inbox: "Bandeja",
    work: "Tickets",
    team: "Equipo",
    account: "Cuenta",
    audit: "Auditoría",
    more: "Más",
    waiting: (value) => `${number.format(value)} en espera`,
    groups: {
      work: "Conversaciones",
      business: "Empresa",
      gateway: "Pasarela",
      workspace: "Espacio de trabajo",
    },
  },
  alerts: {
    title: "Notificaciones",
    open: (value) =>
      value ? `Notificaciones, ${number.format(value)} sin leer` : "Notificaciones",
    choices: "Avisos en este dispositivo",
    sound: "Un sonido por cada mensaje nuevo",
    desktop: "Notificaciones de escritorio cuando esta página no está a la vista",
    notSecure: "Los navegadores solo las permiten en páginas HTTPS y en este mismo equipo.",
    refused: "El navegador no lo permite: cámbialo en su configuración para esta página.",
    none: "Aún no hay notificaciones.",
    readAll: "Marcar todo como leído",
    noText: "Un archivo",
  },
  presence: {
    label: "Tu estado",
    online: "En línea",
    away: "Ausente",
    busy: "Ocupado",
    offline: "Aparecer desconectado",
    gone: "Desconectado",
  },
  roles: { OWNER: "Propietario", ADMIN: "Administrador", AGENT: "Agente", VIEWER: "Lector" },
  theme: {
    label: "Apariencia",
    system: "Como el sistema",
    light: "Claro",
    dark: "Oscuro",
  },
  shortcuts: "Atajos de teclado",
  language: {
    label: "Idioma",
    usual: "Como el navegador",
    unsaved: "¿Cambiar el idioma?",
    unsavedText: "La página se abre de nuevo: se pierde lo que escribió aquí y no guardó.",
    change: "Cambiar idioma",
  },
  line: {
    closed: "Sin conexión",
    connecting: "Conectando",
    open: "En vivo",
    waiting: "Conexión perdida, reconectando",
    denied: "Sin actualizaciones en vivo",
  },
  lineDenied: "A tu clave le falta el permiso read, necesario para las actualizaciones en vivo.",
  overview,
  settings,
  sessions,
  notFound: {
    title: "Página no encontrada",
    text: "Puede que la dirección sea incorrecta o que la página se haya movido.",
    action: "Ir al resumen",
  },
  broken: {
    title: "No se pudo cargar esta página",
    text: "Puede que la pasarela se haya actualizado desde que abriste esta pestaña.",
  },
  signIn: {
    title: "Iniciar sesión",
    lead: "Esta pasarela requiere una clave de API.",
    label: "Clave de API",
    hint: "Se guarda solo para esta pestaña, nunca en una URL.",
    action: "Iniciar sesión",
    wrong: "La pasarela no acepta esta clave.",
    where: "¿Dónde está mi clave?",
    whereText:
      "La primera clave está en el archivo bootstrap.key de la carpeta de datos. En Docker, "
      + "muéstrala con:",
    another:
      "Para crear otra clave, ejecuta esto como el usuario de la pasarela en su equipo, con el "
      + "mismo --data que la pasarela:",
    out: "Cerrar sesión",
    none: "Entraste sin clave porque estás en el equipo de la pasarela.",
  },
} satisfies Words["common"];
