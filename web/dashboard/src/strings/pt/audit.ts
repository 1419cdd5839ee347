// The words of the audit log.
import type { Words } from "../pack";

export default {
  lead: "Quem alterou o quê neste gateway. O conteúdo escrito não é guardado.",
  list: "Alterações",
  column: {
    at: "Quando",
    actor: "Quem",
    action: "Operação",
    outcome: "Resultado",
    address: "De",
  },
  filter: {
    actor: "Quem",
    everybody: "Todos",
    key: (name) => `Chave: ${name}`,
    action: "Operação",
    anyAction: "Todas as operações",
    from: "De",
    to: "Até",
  },
  gateway: "No computador do gateway",
  goneKey: "Uma chave que não existe mais",
  gonePerson: "Uma conta que não existe mais",
  outcome: { done: "Concluído", refused: "Recusado", failed: "Falhou", unknown: "Desconhecido" },
  empty: "Ainda não há alterações",
  emptyText: "Cada alteração de configurações, chaves, contas ou sessões aparece aqui.",
  noMatch: "Nenhuma alteração corresponde",
  noMatchText: "Escolha outros filtros.",
} satisfies Words["audit"];
