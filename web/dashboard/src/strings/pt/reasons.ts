// Advice and explanations that depend on more than a code.
import { count } from "../language";
import type { Words } from "../pack";

export default {
  session: {
    scan: "Reinicie-a para obter um novo código e deixe o telefone à mão.",
    slow:
      "Reinicie-a. Um telefone sem conexão ou uma conta muito grande a deixa lenta: aumente "
      + "sessions.auth_timeout_seconds se acontecer de novo.",
    overloaded:
      "O computador pode estar sobrecarregado. Execute wagate doctor para testar o navegador.",
    engine: "Remova a sessão e crie-a de novo com o outro motor.",
    proxy: "Confira o endereço e a senha do proxy.",
    crash:
      "O navegador travou, muitas vezes por falta de memória. Veja o gráfico de memória na visão "
      + "geral.",
    network: "O computador não alcança o WhatsApp. Execute wagate doctor para ver os detalhes.",
    other: "Reinicie-a. Se falhar de novo, veja o registro dela.",
  },
  tooMany: (seconds) => ({
    title: "Solicitações demais",
    advice: `Tente novamente em ${
      seconds === null ? "instantes" : count(seconds, "segundo", "segundos")}.`,
  }),
  role: {
    title: "Sua função não permite isso",
    advice: "Um administrador pode mudar sua função na página Equipe.",
  },
  scope: (scope) => ({
    title: `Falta à sua chave a permissão ${scope}`,
    advice: "Entre com uma chave que a tenha. Um administrador (permissão admin) pode criar essas "
      + "chaves nas configurações.",
  }),
  oneSession: {
    title: "Sua chave é só para uma sessão",
    advice: "Dados compartilhados, como etiquetas, precisam de uma chave para todas as sessões: "
      + "peça uma chave assim a um administrador, ou a própria alteração.",
  },
  notAllowed: "Sua chave não permite isso",
  unknown: "Algo deu errado",
  again: "Tente novamente.",
} satisfies Words["reasons"];
