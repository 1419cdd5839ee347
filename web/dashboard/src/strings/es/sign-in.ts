// The words of the ways in: sign-in, second step, forgotten passwords, invitations.
import type { Words } from "../pack";

export default {
  title: "Iniciar sesión",
  lead: "En el espacio de trabajo de esta pasarela.",
  email: "Correo electrónico",
  password: "Contraseña",
  action: "Iniciar sesión",
  wrong: "El correo electrónico o la contraseña son incorrectos.",
  remember: "Recordar este dispositivo",
  rememberHint:
    "Hasta que cierres sesión o la sesión venza. De lo contrario, hasta que se cierre esta "
    + "pestaña.",
  forgot: "¿Olvidaste tu contraseña?",
  back: "Volver al inicio de sesión",
  or: "o con una clave de API",
  keyAction: "Usar esta clave",
  code: {
    title: "Autenticación en dos pasos",
    lead:
      "Ingresa el código que muestra ahora tu aplicación de autenticación, o uno de tus códigos de "
      + "recuperación.",
    label: "Código",
    action: "Continuar",
    wrong: "Este código es incorrecto o ya se usó.",
    over: "Tardaste demasiado. Inicia sesión de nuevo.",
  },
  forgotten: {
    title: "¿Olvidaste tu contraseña?",
    lead:
      "Se envía un código a tu correo electrónico, si pertenece a una cuenta. Si la pasarela no "
      + "envía correos, un administrador crea un código para ti.",
    action: "Enviar un código",
    have: "Tengo un código",
  },
  reset: {
    title: "Elige una contraseña nueva",
    lead: "El código tiene seis dígitos y vale unos minutos. Se cierran todas tus sesiones.",
    code: "Código",
    password: "Contraseña nueva",
    action: "Cambiar contraseña",
    wrong: "Este código es incorrecto o venció.",
    done: "Contraseña cambiada. Inicia sesión con la nueva.",
  },
  join: {
    title: "Acepta tu invitación",
    lead: "Crea tu cuenta. Usa el correo electrónico que recibió la invitación.",
    noCode:
      "A esta dirección le falta el código de la invitación. Abre de nuevo el enlace de tu correo.",
    action: "Crear cuenta",
  },
  welcome: {
    title: "Crear la primera cuenta",
    lead:
      "La primera cuenta es la propietaria del espacio de trabajo. Se crea en el equipo de la "
      + "pasarela, o después de entrar con una clave de API para todo. A los demás se les invita.",
    link: "¿Es tu primera vez? Crea la primera cuenta",
    nobody:
      "Aquí nadie tiene cuenta todavía. Entra abajo con la primera clave de API de la pasarela y "
      + "crea después la primera cuenta.",
    company: "Empresa",
  },
  name: "Tu nombre",
  passwordHint: "Al menos 8 caracteres, con una letra y un dígito.",
  needed: {
    title: "Inicia sesión para trabajar aquí",
    text: "Esta página es para personas. En el equipo de la pasarela puedes entrar sin "
      + "credenciales, pero las conversaciones, los contactos y los equipos necesitan saber quién "
      + "eres.",
    first: "Crear la primera cuenta",
  },
} satisfies Words["signIn"];
