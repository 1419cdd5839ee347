// The words of the webhooks.
import { allOf, count, listed, number, percent } from "../language";
import type { Words } from "../pack";

export default {
  lead: "O gateway envia eventos para seus endereços, assinados e na ordem de cada chat.",
  create: "Novo webhook",
  empty: "Nenhum webhook ainda",
  emptyText:
    "Um webhook envia cada evento para um endereço seu. Ele tenta de novo por dias quando seu "
    + "servidor está fora do ar, e nada se perde.",
  list: "Webhooks",
  url: "Endereço",
  urlHint: "Cada evento é enviado para cá, por exemplo https://example.org/hook",
  scope: "Eventos de",
  allSessions: "Todas as sessões",
  session: (id) => `Sessão ${id}`,
  state: "Estado",
  lastAnswer: "Última resposta",
  noAnswer: "sem resposta",
  never: "nunca",
  events: "Eventos",
  everyEvent: "Todos os eventos",
  chosenEvents: "Só estes",
  someEvents: (names) =>
    names.length < 3
      ? listed(names)
      : allOf([...names.slice(0, 2), `mais ${number.format(names.length - 2)}`]),
  headers: "Cabeçalhos",
  headersHint: "Adicionados a cada solicitação, como um token que seu servidor pede.",
  headerName: "Nome",
  headerValue: "Valor",
  headerKept: "sem alteração",
  addHeader: "Adicionar um cabeçalho",
  removeHeader: (name) => (name ? `Remover o cabeçalho ${name}` : "Remover este cabeçalho"),
  retries: "Tentativas",
  retriesFull: "Onze, em três dias",
  retriesShort: "Quatro, em minutos",
  secret: "Segredo de assinatura",
  secretHint: "Deixe vazio para gerar um.",
  createAction: "Criar",
  save: "Salvar",
  saved: "Salvo",
  created: "Webhook criado",
  known: "Já existia um webhook para este endereço. Ele foi atualizado e mantém seu segredo.",
  secretTitle: "O segredo de assinatura",
  secretLead:
    "Mostrado só uma vez. Guarde-o onde seu servidor o lê: com ele o servidor distingue as "
    + "solicitações do gateway das de qualquer outro.",
  secretDone: "Já guardei",
  on: "Ativo",
  off: "Desativado",
  failing: "Falhando",
  resting: "Pausado pelo receptor",
  offByHand: "Desativado à mão. Novos eventos aguardam na fila.",
  offBecause: (reason) => `Desativado pelo gateway: ${reason}.`,
  offAdvice:
    "Conserte o receptor e depois ative o webhook: os eventos em espera são entregues na hora.",
  failingSince: "As entregas falham desde",
  failingAdvice:
    "Cada tentativa está listada abaixo. Entregas com falha são repetidas automaticamente.",
  restingUntil: "O receptor pediu uma pausa (Retry-After). Próxima tentativa:",
  oldSecret: "O segredo anterior também assina até",
  test: "Enviar um teste",
  testTitle: "Resultado do teste",
  testGood: "O receptor o aceitou.",
  testBad: "O receptor não o aceitou.",
  testAdvice: "Um teste é enviado uma vez. Não aparece como entrega nem é contado.",
  enable: "Ativar",
  disable: "Desativar",
  enabled: "Ativado",
  disabled: "Desativado",
  rotate: "Renovar segredo",
  rotateTitle: "Renovar o segredo de assinatura",
  rotateLead:
    "Os dois segredos assinam por um tempo, para que seus servidores mudem sem interrupção.",
  overlap: "O segredo anterior continua válido por",
  overlaps: [
    { value: "3600", label: "Uma hora" },
    { value: "86400", label: "Um dia" },
    { value: "604800", label: "Uma semana" },
    { value: "0", label: "Tempo nenhum (ele vazou)" },
  ],
  rotateAction: "Renovar",
  remove: "Excluir",
  removeTitle: "Excluir este webhook?",
  removeLead: (waiting) =>
    waiting === 0
      ? "Nenhum evento vai mais para o endereço dele. Suas entregas e seu segredo são excluídos "
        + "para sempre."
      : `${count(waiting, "evento em espera", "eventos em espera")} nunca serão entregues. `
        + "Suas entregas e seu segredo são excluídos para sempre.",
  removed: "O webhook foi excluído",
  gone: "Webhook não encontrado",
  goneText: "Ele pode ter sido excluído.",
  toList: "Todos os webhooks",
  about: "Sobre este webhook",
  stats: {
    accepted: "Eventos",
    waiting: "Na fila",
    delivered: "Entregues",
    failed: "Não entregues",
    missed: "Perdidos",
    missedHint: "A retenção terminou antes que pudessem ser entregues",
    success: "Sucesso",
  },
  percent: (share) => percent.format(share),
  tabs: { deliveries: "Entregas", settings: "Configurações", verify: "Verificar assinaturas" },
  filter: "Mostrar",
  all: "Todas",
  statuses: { waiting: "Na fila", delivered: "Entregue", dead: "Não entregue" },
  noDeliveries: "Nenhuma entrega ainda",
  noDeliveriesText: "O próximo evento assinado aparece aqui. Um teste não.",
  noneOfThese: "Nenhuma entrega corresponde",
  older: "Carregar anteriores",
  deliveries: "Entregas, as mais recentes primeiro",
  attempts: (value) => count(value, "tentativa", "tentativas"),
  notKept: (value) => `mais ${count(value, "tentativa", "tentativas")}, sem registro`,
  attempt: (value) => `Tentativa ${number.format(value)}`,
  took: (milliseconds) => `${number.format(milliseconds)} ms`,
  answer: "A resposta do receptor",
  noBody: "A resposta estava vazia.",
  nextTry: "Próxima tentativa",
  dueNow: "Próxima tentativa agora",
  redeliver: "Repetir",
  redelivered: "De volta à fila",
  recover: "Repetir as que falharam",
  recoverTitle: "Repetir o que não foi entregue",
  recoverLead:
    "Coloca de volta na fila tudo o que não foi entregue desde então, na ordem original.",
  recoverSince: "Desde",
  recoverSpans: [
    { value: "3600", label: "A última hora" },
    { value: "86400", label: "O último dia" },
    { value: "604800", label: "A última semana" },
    { value: "2592000", label: "Os últimos 30 dias" },
    { value: "at", label: "Um momento que escolho" },
  ],
  recoverAt: "Hora",
  recoverAtFault: "Informe uma data e uma hora.",
  recovered: (value) =>
    value === 0
      ? "Nada por entregar desde então"
      : `${count(value, "evento", "eventos")} de volta à fila`,
  eventNumber: (seq) => `Evento ${number.format(seq)}`,
  verifyLead:
    "Qualquer um pode enviar para seu endereço. Uma assinatura válida do Standard Webhooks mostra "
    + "que uma solicitação vem do gateway. Estes programas respondem 204 a essas solicitações e "
    + "401 a todas as outras.",
  verifySecret: "Cada programa lê o segredo de assinatura da variável SECRET.",
  needs: "Requer",
  language: "Linguagem",
} satisfies Words["webhooks"];
