// The words of the event log.
import { count, number } from "../language";
import type { Words } from "../pack";

export default {
  lead: "Tudo o que acontece nas sessões, ao vivo e do registro.",
  list: "Eventos, os mais recentes primeiro",
  filters: "Filtros",
  session: "Sessão",
  allSessions: "Todas as sessões",
  name: "Evento",
  allNames: "Todos os eventos",
  chat: "Chat",
  chatHint: "Uma parte do ID",
  text: "Texto",
  textHint: "Qualquer coisa do evento",
  clear: "Limpar os filtros",
  shown: (value) => count(value, "evento mostrado", "eventos mostrados"),
  pause: "Pausar",
  resume: "Retomar",
  paused: (value) =>
    value === 0
      ? "Pausado. Nenhum evento novo."
      : `Pausado. ${count(value, "evento novo", "eventos novos")}.`,
  past: "Você está vendo uma parte anterior do registro.",
  toPresent: "Voltar ao vivo",
  newer: "Carregar mais recentes",
  older: "Carregar anteriores",
  toNewest: "Ir para o mais recente",
  jump: "Número",
  jumpAction: "Ir",
  jumpFault: "Digite um número, 1 ou mais.",
  notThere: (seq) =>
    `O número ${number.format(seq)} não está no registro, ou os filtros o ocultam.`,
  start: "O registro começa aqui.",
  reset: (seq) =>
    `Os eventos antes do número ${number.format(seq)} foram removidos ao fim da retenção.`,
  nothing: "Nenhum evento corresponde",
  nothingText:
    "Novos eventos que correspondem aparecem aqui. Carregue anteriores para procurar mais.",
  empty: "Nenhum evento ainda",
  emptyText:
    "Conecte uma sessão: o código QR, o status e cada mensagem aparecem aqui ao vivo.",
  newEvents: (value) => count(value, "evento novo", "eventos novos"),
  detail: (seq) => `Evento ${number.format(seq)}`,
  choose: "Escolha um evento para ver os detalhes.",
  copyJson: "Copiar como JSON",
  onlyChat: "Só este chat",
  onlyName: "Só este evento",
  terminal: "De um terminal",
  terminalLead:
    "Estes comandos seguem o mesmo fluxo. Os filtros de chat e texto só funcionam nesta página.",
  terminalKey:
    "Primeiro coloque sua chave de API em WAGATE_KEY: a chave em si nunca é escrita aqui.",
  terminalSocket:
    "Um WebSocket segue uma sessão: escolha uma sessão acima para ver o comando dela.",
  fields: (value) => count(value, "campo", "campos"),
  items: (value) => count(value, "item", "itens"),
} satisfies Words["events"];
