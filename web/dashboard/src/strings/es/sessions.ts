// The words of the sessions.
import { count, listed, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "Sesiones",
  toList: "Todas las sesiones",
  create: "Nueva sesión",
  state: {
    initializing: "Iniciando",
    qr_ready: "Esperando el escaneo",
    authenticated: "Cargando la cuenta",
    degraded: "Recuperándose",
    ready: "Lista",
    offline: "Desconectada",
    failed: "Falló",
    terminated: "Sesión cerrada",
  },
  column: {
    name: "Sesión",
    state: "Estado",
    activity: "Última actividad",
    waiting: "En cola",
    memory: "Memoria",
  },
  open: "Abrir",
  restart: "Reiniciar",
  restarted: (name) => `${name} se está reiniciando`,
  logOut: "Cerrar sesión",
  remove: "Quitar",
  noPhone: "sin vincular",
  actionsFor: (name) => `Acciones para ${name}`,
  empty: {
    title: "Vincula tu primer teléfono",
    text:
      "Una sesión es una cuenta de WhatsApp en esta pasarela. Vincularla toma un minuto.",
    steps: [
      "Ponle nombre a la sesión: cada llamada a la API usa ese nombre.",
      "Escanea su código QR con el teléfono, como con cualquier dispositivo vinculado.",
      "Envía un primer mensaje, desde aquí o con un comando curl.",
    ],
  },
  draft: {
    title: "Nueva sesión",
    name: "Nombre",
    nameHint: "Letras, dígitos, - y _. Forma parte de la URL de cada llamada.",
    more: "Proxy y opciones",
    proxy: "Proxy",
    proxyNone: "Ninguno",
    proxyAddress: "Dirección del proxy",
    proxyAddressHint: "host:port. Todo el tráfico de esta sesión pasa por el proxy.",
    proxyUser: "Usuario",
    proxyPassword: "Contraseña",
    engine: "Motor",
    engineUsual: "Predeterminado",
    engineBrowser: "Navegador",
    engineSimulated: "Simulado, sin navegador",
    timeout: "Tiempo límite del QR (segundos)",
    timeoutHint: "Cuánto esperar el escaneo; 0 espera sin límite.",
    action: "Crear",
  },
  link: {
    title: "Vincular un teléfono",
    scan: "Escanear código QR",
    type: "Usar código de vinculación",
    alt: (name) => `El código QR que vincula ${name}`,
    steps: [
      "Abre WhatsApp en el teléfono.",
      "Ve a Configuración, Dispositivos vinculados, Vincular un dispositivo.",
      "Apunta el teléfono a este código.",
    ],
    left: (seconds) => `Habrá un código nuevo en ${count(seconds, "segundo", "segundos")}.`,
    renewing: "Esperando un código nuevo.",
    simulatedTitle: "Esta es la red simulada",
    simulatedText: "No necesitas un teléfono real: usa uno simulado.",
    simulatedScan: "Escanear con un teléfono simulado",
    simulatedOpen: "Abrir la página del teléfono",
    phone: "Número de teléfono",
    phoneHint: "Con su código de país, por ejemplo +52 55 1234 5678.",
    ask: "Obtener código de vinculación",
    codeLabel: "Ingresa este código en el teléfono",
    codeSteps:
      "En el teléfono: Dispositivos vinculados, Vincular un dispositivo, Vincular con el número "
      + "de teléfono.",
    codeLeft: (seconds) => `Válido durante ${count(seconds, "segundo", "segundos")} más.`,
    codeOver: "Este código venció: pide uno nuevo.",
  },
  progress: {
    initializing: "La sesión se está iniciando. Un navegador tarda unos segundos.",
    authenticated: "El teléfono está vinculado. Se está cargando la cuenta.",
    degraded: "El motor dejó de responder y se está reiniciando. No se pierde nada.",
  },
  problem: {
    failed: "Esta sesión falló",
    terminated: "Esta sesión no está vinculada",
    offline: "Esta sesión no está conectada a WhatsApp en este momento",
    lastError: "Último error",
    again: "Reiniciar",
  },
  first: {
    title: "Enviar un mensaje",
    lead: "Prueba la sesión desde aquí.",
    simulated: "En la red simulada, este número devuelve cada mensaje.",
    to: "Para",
    toHint: "Un número de teléfono con su código de país.",
    text: "Mensaje",
    usual: "Hola desde wagate",
    action: "Enviar",
    sent: "Enviado",
    reply: "Respuesta recibida",
    curl: "Lo mismo con curl",
  },
  browser: {
    lead:
      "Lo que muestra ahora el navegador de la sesión. Puede mostrar "
      + "mensajes; las imágenes no se guardan.",
    start: "Iniciar",
    stop: "Detener",
    alt: (name) => `El navegador de ${name}`,
  },
  detail: {
    tabs: "Detalles de la sesión",
    facts: "Detalles",
    log: "Registro",
    browser: "Navegador",
    phone: "Teléfono",
    account: "Cuenta",
    created: "Creada",
    activity: "Última actividad",
    engine: "Motor",
    engineWord: { browser: "Chromium", simulated: "Simulado" },
    proxy: "Proxy",
    memory: "Memoria del motor",
    restarts: "Reinicios",
    waiting: "Mensajes en cola",
    recovery: "Última recuperación",
    recoveryWords: (stage, outcome) => {
      const stages: Record<string, string> = {
        reinject: "scripts insertados de nuevo",
        reload: "página cargada de nuevo",
        restart: "motor reiniciado",
      };
      const outcomes: Record<string, string> = {
        under_way: "en curso",
        recovered: "con éxito",
        failed: "sin éxito",
        abandoned: "cancelado",
      };
      return `${stages[stage] ?? stage}: ${outcomes[outcome] ?? outcome}`;
    },
  },
  waitingFor: (waiting) => {
    const parts: [number, string][] = [
      [waiting.sessionNotReady, "hasta que la sesión esté lista"],
      [waiting.sendAt, "programados"],
      [waiting.turn, "en cola"],
      [waiting.lookup, "en comprobación"],
    ];
    const said = parts.filter(([value]) => 0 < value);
    return listed(said.map(([value, words]) => `${number.format(value)} ${words}`));
  },
  log: {
    empty: "No hay líneas de registro desde que se inició la pasarela.",
    time: "Hora",
    level: "Nivel",
    message: "Mensaje",
    note:
      "Las líneas más recientes desde que se inició la pasarela, sin textos de mensajes ni números "
      + "de teléfono.",
  },
  logOutDialog: {
    title: (name) => `¿Cerrar la sesión de ${name}?`,
    text:
      "El teléfono desvincula este dispositivo. La sesión y sus webhooks permanecen. Para volver a "
      + "enviar, vincula un teléfono de nuevo.",
    done: (name) => `Se cerró la sesión de ${name}`,
  },
  removeDialog: {
    title: (name) => `¿Quitar ${name}?`,
    text:
      "Esto no se puede deshacer. Se quitan la sesión, sus webhooks y sus credenciales. Los "
      + "mensajes en cola no se envían.",
    logout: "Desvincular también el dispositivo en el teléfono",
    keep: "Conservar la carpeta de perfil con las credenciales",
    done: (name) => `Se quitó ${name}`,
  },
} satisfies Words["common"]["sessions"];
