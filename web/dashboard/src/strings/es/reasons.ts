// Advice and explanations that depend on more than a code.
import { count } from "../language";
import type { Words } from "../pack";

export default {
  session: {
    scan: "Reiníciala para obtener un código nuevo y ten el teléfono a mano.",
    slow:
      "Reiníciala. Un teléfono sin conexión o una cuenta muy grande la hacen lenta: aumenta "
      + "sessions.auth_timeout_seconds si vuelve a ocurrir.",
    overloaded:
      "Puede que el equipo esté sobrecargado. Ejecuta wagate doctor para probar el navegador.",
    engine: "Quita la sesión y créala de nuevo con el otro motor.",
    proxy: "Revisa la dirección y la contraseña del proxy.",
    crash:
      "El navegador se cerró de forma inesperada, a menudo por falta de memoria. Mira el gráfico "
      + "de memoria en el resumen.",
    network: "El equipo no llega a WhatsApp. Ejecuta wagate doctor para ver los detalles.",
    other: "Reiníciala. Si vuelve a fallar, consulta su registro.",
  },
  tooMany: (seconds) => ({
    title: "Demasiadas solicitudes",
    advice: `Inténtalo de nuevo en ${
      seconds === null ? "un momento" : count(seconds, "segundo", "segundos")}.`,
  }),
  role: {
    title: "Tu rol no permite esto",
    advice: "Un administrador puede cambiar tu rol en la página Equipo.",
  },
  scope: (scope) => ({
    title: `A tu clave le falta el permiso ${scope}`,
    advice: "Inicia sesión con una clave que lo tenga. Un administrador (permiso admin) puede "
      + "crear claves así en la configuración.",
  }),
  oneSession: {
    title: "Tu clave es solo para una sesión",
    advice: "Los datos compartidos, como las etiquetas, necesitan una clave para todas las "
      + "sesiones: pídele a un administrador una clave así, o el cambio mismo.",
  },
  notAllowed: "Tu clave no permite esto",
  unknown: "Algo salió mal",
  again: "Inténtalo de nuevo.",
} satisfies Words["reasons"];
