// The words of the settings of the business.
import { number } from "../language";
import type { Words } from "../pack";

export default {
  lead: "Configurações que valem imediatamente, para cada sessão. O que você nunca alterar aqui "
    + "segue a configuração do gateway.",
  readOnly: "Só administradores alteram estas configurações.",
  channels: {
    title: "Canais",
    whatsapp: "WhatsApp",
    sms: "Mensagens de texto (SMS)",
    slack: "Slack",
    on: "Conectado",
    off: "Não conectado",
    notSet: "Não configurado",
    hint: "São configurados na configuração do gateway.",
  },
  general: {
    title: "Empresa",
    lead: "Como são escritos horas, datas e valores, e que nome os clientes leem.",
    name: "Nome",
    zone: "Fuso horário",
    zoneHint: "Por exemplo America/Sao_Paulo.",
    locale: "Idioma e região",
    localeHint: "Por exemplo pt-BR.",
    currency: "Moeda",
    currencyHint: "Por exemplo BRL.",
    session: "Sessão principal",
    sessionHint: "Usada quando uma solicitação não indica nenhuma.",
    noSession: "A primeira que estiver pronta",
  },
  consent: {
    title: "Consentimento",
    lead: "Para quem se pode escrever, e com que palavras se consente ou se cancela.",
    policy: "Para quem se pode escrever",
    policies: {
      strict: "Só para quem consentiu",
      opted_out: "Para todos que não cancelaram",
      off: "Para todos",
    },
    out: "Palavras para cancelar",
    outAnswer: "Resposta a um cancelamento",
    in: "Palavras para consentir",
    inAnswer: "Resposta a um consentimento",
    help: "Palavras que pedem ajuda",
    words: "Separe com vírgulas. Uma palavra fica em uma só lista.",
  },
  window: {
    title: "Conversas",
    lead: (hours) =>
      `Textos livres são para as ${number.format(hours)} horas após uma mensagem do cliente; `
      + "modelos valem a qualquer hora.",
    policy: "Fora desse prazo",
    policies: {
      enforce: "Recusar textos livres",
      warn: "Enviar, com um aviso",
      off: "Enviar",
    },
    warning: "Avisar tantos minutos antes de fechar",
    reopen: "Quando uma conversa resolvida continua",
    reopens: {
      reopen: "Fica com o mesmo agente",
      new: "Recomeça, sem agente",
    },
  },
  survey: {
    title: "Pesquisa",
    lead: "Pede uma avaliação de 1 a 5 depois que uma conversa é resolvida.",
    enabled: "Pedir uma avaliação",
    question: "Pergunta",
    comment: "Depois da avaliação",
    thanks: "Agradecimento",
    expiry: "Horas em que uma avaliação conta",
    gap: "Horas até perguntar de novo à mesma pessoa",
  },
  broadcast: {
    title: "Transmissões",
    lead: "Um ritmo que o WhatsApp aceita, e limites por dia e por contato.",
    shortest: "Pausa mais curta (milissegundos)",
    longest: "Pausa mais longa (milissegundos)",
    daily: "Mensagens por dia",
    dailyHint: "De cada sessão; 0 é sem limite.",
    cap: "Horas entre mensagens de marketing para um contato",
    capHint: "0 é sem limite.",
  },
} satisfies Words["business"];
