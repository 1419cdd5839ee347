// The words of the audit log.
import type { Words } from "../pack";

export default {
  lead: "Quién cambió qué en este gateway. El contenido escrito no se guarda.",
  list: "Cambios",
  column: {
    at: "Cuándo",
    actor: "Quién",
    action: "Operación",
    outcome: "Resultado",
    address: "Desde",
  },
  filter: {
    actor: "Quién",
    everybody: "Todos",
    key: (name) => `Clave: ${name}`,
    action: "Operación",
    anyAction: "Todas las operaciones",
    from: "Desde",
    to: "Hasta",
  },
  gateway: "En el equipo del gateway",
  goneKey: "Una clave que ya no existe",
  gonePerson: "Una cuenta que ya no existe",
  outcome: { done: "Hecho", refused: "Rechazado", failed: "Fallido", unknown: "Desconocido" },
  empty: "Aún no hay cambios",
  emptyText: "Aquí aparece cada cambio de ajustes, claves, cuentas o sesiones.",
  noMatch: "Ningún cambio coincide",
  noMatchText: "Elija otros filtros.",
} satisfies Words["audit"];
