// The words for what happened with a contact, on its page and in the inbox.
import type { Words } from "../pack";

export default {
  kinds: {
    message_received: "Mensagem recebida",
    message_sent: "Mensagem enviada",
    conversation_opened: "Conversa iniciada",
    conversation_resolved: "Conversa resolvida",
    conversation_assigned: "Conversa atribuída",
    opt_in: "Consentiu",
    opt_out: "Cancelou",
    tag_added: "Etiqueta adicionada",
    tag_removed: "Etiqueta removida",
    csat: "Avaliação",
    ctwa: "Veio por um anúncio",
    broadcast: "Transmissão",
    payment: "Pagamento",
    note_added: "Nota adicionada",
    ticket_created: "Chamado criado",
    contact_created: "Contato criado",
    contact_updated: "Contato atualizado",
    audit: "Alterado",
  },
  actors: {
    contact: "pelo contato",
    key: "por uma chave de API",
    owner: "pelo proprietário",
    user: "por um colega",
    bot: "por um bot",
    auto_tagging: "por uma regra de etiquetas",
    gateway: "pelo gateway",
  },
  by: (actor) => actor,
} satisfies Words["timeline"];
