// The words of the page for one's own account.
import type { Words } from "../pack";

export default {
  title: "Cuenta",
  profile: "Perfil",
  name: "Nombre",
  email: "Correo electrónico",
  role: "Rol",
  nameHint: "Los administradores cambian los nombres.",
  rename: "Cambiar nombre",
  renamed: "Nombre cambiado",
  verified: "verificado",
  unverified: "aún sin verificar",
  verify: {
    title: "Verifica tu correo electrónico",
    lead:
      "Se le envió un código. Las notificaciones por correo necesitan una dirección verificada.",
    code: "Código",
    action: "Verificar",
    another: "Enviar otro código",
    sent: "Se envió un código, si aún no está verificado",
    done: "Correo electrónico verificado",
  },
  password: {
    title: "Contraseña",
    text: "Al cambiarla se cierran todas tus sesiones, también esta.",
    change: "Cambiar contraseña",
    byMail:
      "Se te envía por correo un código con el que eliges una contraseña nueva. Si la pasarela no "
      + "envía correos, un administrador crea uno en la página Equipo.",
    dialog: "¿Cambiar tu contraseña?",
    go: "Continuar",
  },
  totp: {
    title: "Autenticación en dos pasos",
    on: "Activada: cada inicio de sesión pide un código de tu aplicación de autenticación.",
    off: "Desactivada: tu contraseña basta para abrir tu cuenta.",
    enable: "Configurar",
    disable: "Desactivar",
    setUp: "Configurar la autenticación en dos pasos",
    scan: "Escanea este código con una aplicación de autenticación, o escribe la clave en ella.",
    alt: "El código QR para tu aplicación de autenticación",
    secret: "Clave",
    code: "Código de la aplicación",
    confirm: "Activar",
    wrong: "Este código es incorrecto. Los códigos cambian cada 30 segundos.",
    recovery: "Tus códigos de recuperación",
    recoveryText:
      "Cada uno sustituye una vez a un código, si pierdes tu teléfono. Se muestran solo esta vez: "
      + "guárdalos donde guardas tus contraseñas.",
    copyAll: "Copiar todos los códigos",
    kept: "Listo",
    disableTitle: "¿Desactivar la autenticación en dos pasos?",
    disableText: "Se necesitan tu contraseña y un código.",
    password: "Contraseña",
    disabled: "La autenticación en dos pasos está desactivada",
    wrongBoth: "La contraseña o el código son incorrectos.",
  },
  logins: {
    title: "Inicios de sesión",
    lead: "Dispositivos que tienen abierta tu cuenta ahora.",
    device: "Dispositivo",
    address: "Dirección",
    seen: "Visto por última vez",
    expires: "Vence",
    here: "este",
    end: "Cerrar sesión",
    endLabel: (device) => `Cerrar sesión en ${device}`,
    ended: "Sesión cerrada allí",
    unknown: "Programa desconocido",
    browser: (browser, system) => (system ? `${browser} en ${system}` : browser),
  },
} satisfies Words["account"];
