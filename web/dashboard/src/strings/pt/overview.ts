// The words of the overview.
import { count, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "Visão geral",
  range: "Período",
  ranges: { 15: "15 min", 60: "1 hora", 360: "6 horas", 1440: "24 horas" },
  note: (minutes) =>
    "Das métricas do próprio gateway, mantidas na memória desde que iniciou: "
    + `uma amostra a cada ${minutes <= 60 ? "10 segundos" : "minuto"}.`,
  since: (span) => `Em execução há ${span}.`,
  span: (seconds) => {
    if (seconds < 3_600) return count(Math.floor(seconds / 60), "minuto", "minutos");
    if (seconds < 86_400) return count(Math.floor(seconds / 3_600), "hora", "horas");
    return count(Math.floor(seconds / 86_400), "dia", "dias");
  },
  in: (words) => `em ${words}`,
  tile: {
    sessions: "Sessões prontas",
    sessionsOf: (ready, all) => `${number.format(ready)} de ${number.format(all)}`,
    incoming: "Mensagens recebidas",
    outgoing: "Mensagens enviadas",
    delivered: "Entregas de webhooks",
    waiting: "Mensagens na fila",
    failures: "Falhas",
  },
  chart: {
    messages: "Mensagens",
    incoming: "Recebidas",
    outgoing: "Enviadas",
    messagesSaid: (incoming, outgoing) =>
      `${number.format(incoming)} recebidas, ${number.format(outgoing)} enviadas`,
    deliveries: "Entregas de webhooks",
    delivered: "Entregues",
    attempts: "Tentativas com falha",
    deliveriesSaid: (delivered, failed) =>
      `${number.format(delivered)} entregues`
      + (failed ? `, ${count(failed, "tentativa com falha", "tentativas com falha")}` : ""),
    waiting: "Mensagens na fila",
    waitingSession: "Sessão não pronta",
    waitingTime: "Agendadas",
    waitingTurn: "Na fila",
    waitingLookup: "Verificando o resultado",
    waitingSaid: (now, most) => `${number.format(now)} agora, ${number.format(most)} no máximo`,
    errors: "Falhas",
    sends: "Envios",
    requests: "Solicitações (5xx)",
    errorsSaid: (sends, requests, all) =>
      `${count(sends, "envio com falha", "envios com falha")}, `
      + `${number.format(requests)} de ${count(all, "solicitação", "solicitações")}`,
    memory: "Memória",
    gateway: "Gateway",
    engines: "Motores",
    memorySaid: (own, engines) => `${own} o gateway, ${engines} os motores`,
  },
  unwell: "O gateway precisa de atenção",
  checks: {
    database: "O banco de dados não funciona.",
    disk: "O disco está ficando cheio.",
    eventLog: "O registro de eventos está maior do que deveria.",
    sessions: "Uma sessão falhou ou está sendo recuperada.",
    memory: "O computador está com pouca memória.",
  },
} satisfies Words["common"]["overview"];
