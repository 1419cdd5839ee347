// The words of the sessions.
import { count, listed, number } from "../language";
import type { Words } from "../pack";

export default {
  title: "Sessões",
  toList: "Todas as sessões",
  create: "Nova sessão",
  state: {
    initializing: "Iniciando",
    qr_ready: "Aguardando leitura",
    authenticated: "Carregando a conta",
    degraded: "Recuperando",
    ready: "Pronta",
    offline: "Offline",
    failed: "Falhou",
    terminated: "Desconectada",
  },
  column: {
    name: "Sessão",
    state: "Status",
    activity: "Última atividade",
    waiting: "Na fila",
    memory: "Memória",
  },
  open: "Abrir",
  restart: "Reiniciar",
  restarted: (name) => `${name} está reiniciando`,
  logOut: "Desconectar",
  remove: "Remover",
  noPhone: "não conectado",
  actionsFor: (name) => `Ações para ${name}`,
  empty: {
    title: "Conecte seu primeiro telefone",
    text: "Uma sessão é uma conta do WhatsApp neste gateway. Conectar leva um minuto.",
    steps: [
      "Dê um nome à sessão: toda chamada à API usa esse nome.",
      "Leia o código QR dela com o telefone, como em qualquer dispositivo conectado.",
      "Envie uma primeira mensagem, daqui ou com um comando curl.",
    ],
  },
  draft: {
    title: "Nova sessão",
    name: "Nome",
    nameHint: "Letras, dígitos, - e _. Faz parte da URL de toda chamada.",
    more: "Proxy e opções",
    proxy: "Proxy",
    proxyNone: "Nenhum",
    proxyAddress: "Endereço do proxy",
    proxyAddressHint: "host:port. Todo o tráfego desta sessão passa pelo proxy.",
    proxyUser: "Usuário",
    proxyPassword: "Senha",
    engine: "Motor",
    engineUsual: "Padrão",
    engineBrowser: "Navegador",
    engineSimulated: "Simulado, sem navegador",
    timeout: "Tempo limite do QR (segundos)",
    timeoutHint: "Quanto esperar pela leitura; 0 espera sem limite.",
    action: "Criar",
  },
  link: {
    title: "Conectar um telefone",
    scan: "Ler código QR",
    type: "Usar código de conexão",
    alt: (name) => `O código QR que conecta ${name}`,
    steps: [
      "Abra o WhatsApp no telefone.",
      "Vá em Configurações, Dispositivos conectados, Conectar dispositivo.",
      "Aponte o telefone para este código.",
    ],
    left: (seconds) => `Um novo código aparece em ${count(seconds, "segundo", "segundos")}.`,
    renewing: "Aguardando um novo código.",
    simulatedTitle: "Esta é a rede simulada",
    simulatedText: "Você não precisa de um telefone real: use um simulado.",
    simulatedScan: "Ler com um telefone simulado",
    simulatedOpen: "Abrir a página do telefone",
    phone: "Número de telefone",
    phoneHint: "Com o código do país, por exemplo +55 11 91234-5678.",
    ask: "Obter código de conexão",
    codeLabel: "Digite este código no telefone",
    codeSteps:
      "No telefone: Dispositivos conectados, Conectar dispositivo, Conectar com número de "
      + "telefone.",
    codeLeft: (seconds) => `Válido por mais ${count(seconds, "segundo", "segundos")}.`,
    codeOver: "Este código expirou: obtenha um novo.",
  },
  progress: {
    initializing: "A sessão está iniciando. Um navegador leva alguns segundos.",
    authenticated: "O telefone está conectado. A conta está sendo carregada.",
    degraded: "O motor parou de responder e está sendo reiniciado. Nada se perde.",
  },
  problem: {
    failed: "Esta sessão falhou",
    terminated: "Esta sessão não está conectada a um telefone",
    offline: "Esta sessão não está conectada ao WhatsApp no momento",
    lastError: "Último erro",
    again: "Reiniciar",
  },
  first: {
    title: "Enviar uma mensagem",
    lead: "Experimente a sessão daqui.",
    simulated: "Na rede simulada, este número devolve cada mensagem.",
    to: "Para",
    toHint: "Um número de telefone com o código do país.",
    text: "Mensagem",
    usual: "Olá do wagate",
    action: "Enviar",
    sent: "Enviada",
    reply: "Resposta recebida",
    curl: "O mesmo com curl",
  },
  browser: {
    lead:
      "O que o navegador da sessão mostra agora. Pode mostrar mensagens; as "
      + "imagens não são guardadas.",
    start: "Iniciar",
    stop: "Parar",
    alt: (name) => `O navegador de ${name}`,
  },
  detail: {
    tabs: "Detalhes da sessão",
    facts: "Detalhes",
    log: "Registro",
    browser: "Navegador",
    phone: "Telefone",
    account: "Conta",
    created: "Criada",
    activity: "Última atividade",
    engine: "Motor",
    engineWord: { browser: "Chromium", simulated: "Simulado" },
    proxy: "Proxy",
    memory: "Memória do motor",
    restarts: "Reinícios",
    waiting: "Mensagens na fila",
    recovery: "Última recuperação",
    recoveryWords: (stage, outcome) => {
      const stages: Record<string, string> = {
        reinject: "scripts inseridos de novo",
        reload: "página recarregada",
        restart: "motor reiniciado",
      };
      const outcomes: Record<string, string> = {
        under_way: "em andamento",
        recovered: "com sucesso",
        failed: "sem sucesso",
        abandoned: "cancelado",
      };
      return `${stages[stage] ?? stage}: ${outcomes[outcome] ?? outcome}`;
    },
  },
  waitingFor: (waiting) => {
    const parts: [number, string][] = [
      [waiting.sessionNotReady, "até a sessão ficar pronta"],
      [waiting.sendAt, "agendadas"],
      [waiting.turn, "na fila"],
      [waiting.lookup, "em verificação"],
    ];
    const said = parts.filter(([value]) => 0 < value);
    return listed(said.map(([value, words]) => `${number.format(value)} ${words}`));
  },
  log: {
    empty: "Nenhuma linha de registro desde que o gateway iniciou.",
    time: "Hora",
    level: "Nível",
    message: "Mensagem",
    note:
      "As linhas mais recentes desde que o gateway iniciou, sem textos de mensagens e números de "
      + "telefone.",
  },
  logOutDialog: {
    title: (name) => `Desconectar ${name}?`,
    text:
      "O telefone desconecta este dispositivo. A sessão e seus webhooks permanecem. Para enviar de "
      + "novo, conecte um telefone outra vez.",
    done: (name) => `${name} foi desconectada`,
  },
  removeDialog: {
    title: (name) => `Remover ${name}?`,
    text:
      "Isso não pode ser desfeito. A sessão, seus webhooks e seu login são removidos. As mensagens "
      + "na fila não são enviadas.",
    logout: "Desconectar o dispositivo também no telefone",
    keep: "Manter a pasta de perfil com o login",
    done: (name) => `${name} foi removida`,
  },
} satisfies Words["common"]["sessions"];
