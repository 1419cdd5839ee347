// The words of the settings.
import { count } from "../language";
import type { Words } from "../pack";

export default {
  title: "Configuración",
  keys: {
    title: "Claves de API",
    lead:
      "Los programas, y las personas en otros equipos, usan una clave de API para llamar a la "
      + "pasarela.",
    create: "Nueva clave",
    empty: "Aún no hay claves de API.",
    column: {
      name: "Nombre",
      scopes: "Permisos",
      session: "Sesión",
      used: "Último uso",
      expires: "Vence",
    },
    all: "todo",
    allSessions: "todas",
    never: "nunca",
    revoked: "Revocada",
    revoke: "Revocar",
    revokeLabel: (name) => `Revocar ${name}`,
    revokeTitle: (name) => `¿Revocar ${name}?`,
    revokeText:
      "Desde ahora se rechazan las solicitudes con esta clave y terminan sus flujos abiertos. "
      + "Esto no se puede deshacer.",
    revokeDone: (name) => `${name} está revocada`,
    showRevoked: (total) => `Mostrar ${count(total, "clave revocada", "claves revocadas")}`,
  },
  draft: {
    title: "Nueva clave de API",
    name: "Nombre",
    nameHint: "Quién la usa: un programa o una persona.",
    scopes: "Permisos",
    scope: {
      "*": "Todo",
      read: "Leer sesiones, chats y mensajes, y seguir los eventos en vivo",
      send: "Enviar mensajes",
      conversations:
        "Leer y organizar conversaciones (API de chat); agrega read para actualizaciones en vivo",
      contacts: "Contactos de la empresa (API de empresa)",
      broadcasts: "Difusiones, con los contactos a los que van (API de empresa)",
      bots: "Cambiar los bots y lo que saben (API del espacio de trabajo)",
      mcp: "Herramientas para asistentes (MCP); cada una necesita además su propio permiso",
      admin:
        "Administrar sesiones, códigos QR, webhooks y claves (para todas las sesiones: sin "
        + "límites)",
    },
    session: "Para",
    allSessions: "Todas las sesiones",
    expires: "Vence",
    never: "Nunca",
    days: (days) => `En ${count(days, "día", "días")}`,
    action: "Crear",
    made: "Tu nueva clave de API",
    madeText: "Cópiala ahora: se muestra una sola vez, y la pasarela guarda únicamente su hash.",
    done: "Listo",
    noScope: "Elige al menos un permiso.",
  },
  assistant: {
    title: "Conectar un asistente",
    network: "Por la red",
    older: "Por la red, con el transporte anterior (SSE)",
    machine: "En el propio equipo de la pasarela",
    copy: (name) => `Copiar: ${name}`,
  },
  health: {
    title: "Estado",
    lead: "Las comprobaciones de wagate doctor, ejecutadas por esta pasarela.",
    again: "Comprobar de nuevo",
    verdict: { ok: "OK", warn: "Advertencia", error: "Error" },
    busy: "Comprobando. Iniciar un navegador tarda unos segundos.",
  },
  services: {
    title: "Servicios",
    lead: "Proveedores que usa la pasarela. Cuáles son está en su configuración.",
    change: "Cambiar secretos",
    sms: "Mensajes de texto",
    payments: "Enlaces de pago",
    on: "Conectado",
    off: "Sin configurar",
    secret: "El secreto está definido",
    noSecret: "Sin secreto",
    signed: "Los webhooks se comprueban con su secreto de firma",
    unsigned: "Sin secreto de firma para los webhooks",
  },
  about: {
    title: "Esta pasarela",
    version: "Versión",
    uptime: "En marcha desde hace",
    engine: "Motor",
    network: "Red",
    networkWord: { whatsapp: "WhatsApp", simulated: "Simulada" },
    sessions: "Sesiones",
    memory: "Memoria",
    memoryOf: (used, total) => `${used} de ${total}`,
    docs: "Documentación de la API",
    openapi: "Documento OpenAPI",
    phone: "Página del teléfono de la red simulada",
  },
  here: "Este navegador",
} satisfies Words["common"]["settings"];
