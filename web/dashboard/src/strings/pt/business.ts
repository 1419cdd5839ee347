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
  hours: {
    title: "Horário de atendimento",
    lead: (zone) =>
      `Quando as pessoas trabalham, no fuso horário ${zone}. Uma semana sem horários conta como `
      + "sempre aberta.",
    days: {
      mon: "Segunda-feira",
      tue: "Terça-feira",
      wed: "Quarta-feira",
      thu: "Quinta-feira",
      fri: "Sexta-feira",
      sat: "Sábado",
      sun: "Domingo",
    },
    closed: "Fechado",
    from: (day, place) => `${day}, abre (${place})`,
    to: (day, place) => `${day}, fecha (${place})`,
    add: (day) => `Adicionar horário: ${day}`,
    drop: (day, place) => `Remover o horário ${place}: ${day}`,
    copy: (day) => `Copiar para os dias úteis: ${day}`,
    copied: "Copiado de terça a sexta: salve para aplicar",
    midnight: "Para fechar no fim do dia, escolha 00:00.",
    away: "Mensagem fora deste horário",
    awayHint:
      "Um contato a recebe uma vez até você abrir de novo. Deixe vazio para não enviar nenhuma.",
  },
  assignment: {
    title: "Atribuição",
    lead: "Quem recebe as conversas que aguardam uma pessoa.",
    strategy: "Novas conversas",
    strategies: {
      none: "Aguardam até que alguém as pegue",
      round_robin: "Vão, em rodízio, para quem está online",
      least_loaded: "Vão para quem está online e tem menos",
    },
    capacity: "Conversas por pessoa",
    capacityHint: "Quem tem tantas não recebe mais automaticamente.",
  },
  secrets: {
    title: "Segredos dos provedores",
    lead: "São guardados criptografados e nunca mais mostrados. Qual é o provedor está na "
      + "configuração do gateway.",
    isSet: "Definido. Deixe vazio para mantê-lo.",
    notSet: "Não definido.",
    names: {
      authToken: "Mensagens de texto: segredo da conta",
      sharedKey: "Mensagens de texto: chave compartilhada dos webhooks",
      stripeSecretKey: "Stripe: chave secreta",
      stripeWebhookSecret: "Stripe: segredo de assinatura dos webhooks",
    },
  },
  reset: {
    action: "Usar a configuração",
    title: (group) => `Usar a configuração para “${group}”?`,
    text: "O que foi alterado aqui é descartado, e os valores da configuração do gateway voltam a "
      + "valer.",
    done: "A configuração vale de novo",
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
    afterBot: "Perguntar também quando um bot ou um fluxo resolveu a conversa",
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
