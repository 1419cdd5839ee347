// The words of the settings.
import { count } from "../language";
import type { Words } from "../pack";

export default {
  title: "Configurações",
  keys: {
    title: "Chaves de API",
    lead:
      "Programas, e pessoas em outros computadores, usam uma chave de API para chamar o gateway.",
    create: "Nova chave",
    empty: "Nenhuma chave de API ainda.",
    column: {
      name: "Nome",
      scopes: "Permissões",
      session: "Sessão",
      used: "Último uso",
      expires: "Expira",
    },
    all: "tudo",
    allSessions: "todas",
    never: "nunca",
    revoked: "Revogada",
    revoke: "Revogar",
    revokeLabel: (name) => `Revogar ${name}`,
    revokeTitle: (name) => `Revogar ${name}?`,
    revokeText:
      "A partir de agora, solicitações com esta chave são recusadas e seus fluxos abertos "
      + "terminam. Isso não pode ser desfeito.",
    revokeDone: (name) => `${name} foi revogada`,
    showRevoked: (total) => `Mostrar ${count(total, "chave revogada", "chaves revogadas")}`,
  },
  draft: {
    title: "Nova chave de API",
    name: "Nome",
    nameHint: "Quem a usa: um programa ou uma pessoa.",
    scopes: "Permissões",
    scope: {
      "*": "Tudo",
      read: "Ler sessões, chats e mensagens e acompanhar eventos ao vivo",
      send: "Enviar mensagens",
      conversations:
        "Ler e organizar conversas (API de chat); adicione read para atualizações ao vivo",
      contacts: "Contatos da empresa (API da empresa)",
      broadcasts: "Transmissões, com os contatos que as recebem (API da empresa)",
      bots: "Alterar os bots e o que eles sabem (API do espaço de trabalho)",
      mcp: "Ferramentas para assistentes (MCP); cada uma precisa também da própria permissão",
      admin:
        "Gerenciar sessões, códigos QR, webhooks e chaves (para todas as sessões: sem limites)",
    },
    session: "Para",
    allSessions: "Todas as sessões",
    expires: "Expira",
    never: "Nunca",
    days: (days) => `Em ${count(days, "dia", "dias")}`,
    action: "Criar",
    made: "Sua nova chave de API",
    madeText: "Copie agora: ela é mostrada só uma vez, e o gateway guarda apenas o hash dela.",
    done: "Concluir",
    noScope: "Escolha pelo menos uma permissão.",
  },
  assistant: {
    title: "Conectar um assistente",
    network: "Pela rede",
    older: "Pela rede, com o transporte antigo (SSE)",
    machine: "No próprio computador do gateway",
    copy: (name) => `Copiar: ${name}`,
  },
  health: {
    title: "Integridade",
    lead: "As verificações do wagate doctor, executadas por este gateway.",
    again: "Verificar novamente",
    verdict: { ok: "OK", warn: "Aviso", error: "Erro" },
    busy: "Verificando. Iniciar um navegador leva alguns segundos.",
  },
  about: {
    title: "Este gateway",
    version: "Versão",
    uptime: "Em execução há",
    engine: "Motor",
    network: "Rede",
    networkWord: { whatsapp: "WhatsApp", simulated: "Simulada" },
    sessions: "Sessões",
    memory: "Memória",
    memoryOf: (used, total) => `${used} de ${total}`,
    docs: "Documentação da API",
    openapi: "Documento OpenAPI",
    phone: "Página do telefone da rede simulada",
  },
  here: "Este navegador",
} satisfies Words["common"]["settings"];
