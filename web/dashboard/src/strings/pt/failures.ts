// Words for what goes wrong, by the gateway's own codes.
import type { Words } from "../pack";

export default {
  UNREACHABLE: {
    title: "O gateway não responde",
    advice: "Ele está em execução? Esta página tenta de novo sozinha onde pode.",
  },
  UNREADABLE: {
    title: "Não foi possível ler a resposta",
    advice: "Um proxy entre esta página e o gateway pode ter respondido no lugar dele.",
  },
  UNAUTHORIZED: { title: "Você não entrou", advice: "Entre com uma chave de API." },
  UNAUTHENTICATED: { title: "Você não entrou", advice: "Entre com uma chave de API." },
  NOT_FOUND: { title: "Não encontrado", advice: "Pode ter sido excluído." },
  SESSION_NOT_FOUND: {
    title: "Sessão não encontrada",
    advice: "Ela pode ter sido removida.",
  },
  SESSION_ALREADY_EXISTS: {
    title: "Já existe uma sessão com este nome",
    advice: "Escolha outro nome.",
  },
  SESSION_NOT_READY: {
    title: "A sessão não está pronta",
    advice: "Espere até que esteja ou reinicie-a.",
  },
  MAX_SESSIONS_REACHED: {
    title: "O limite de sessões foi atingido",
    advice: "Remova uma ou aumente sessions.max na configuração.",
  },
  SESSION_START_FAILED: {
    title: "O navegador não iniciou",
    advice: "Veja o registro da sessão e execute wagate doctor no computador.",
  },
  QR_NOT_AVAILABLE: {
    title: "Nenhum código QR no momento",
    advice: "Reinicie a sessão para obter um novo.",
  },
  INSTANCE_NOT_CONNECTED: {
    title: "A sessão não está conectada",
    advice: "Espere até que esteja ou reinicie-a.",
  },
  CONVERSATION_NOT_FOUND: {
    title: "Conversa não encontrada",
    advice: "Ela pode ter sido excluída.",
  },
  MESSAGE_NOT_FOUND: {
    title: "Mensagem não encontrada",
    advice: "Ela pode ter sido excluída.",
  },
  MEDIA_NOT_FOUND: {
    title: "O arquivo não existe mais",
    advice: "O telefone pode tê-lo removido.",
  },
  EDIT_NOT_ALLOWED: {
    title: "Esta mensagem não pode mais ser editada",
    advice: "O WhatsApp permite por 15 minutos, e só para seus próprios textos.",
  },
  DELETE_NOT_ALLOWED: {
    title: "Esta mensagem não pode ser apagada para todos",
    advice: "O WhatsApp permite por 60 horas, e só para suas próprias mensagens.",
  },
  MEDIA_TYPE_MISMATCH: {
    title: "O arquivo não corresponde ao seu tipo",
    advice: "Envie-o como documento.",
  },
  FILE_UNREADABLE: { title: "Não foi possível ler o arquivo", advice: "Escolha-o novamente." },
  SEND_FAILED: {
    title: "O WhatsApp recusou a mensagem",
    advice: "Tente mais tarde. Veja o registro da sessão.",
  },
  SEND_TIMEOUT: {
    title: "O WhatsApp não respondeu a tempo",
    advice: "Verifique no telefone se ela chegou antes de enviar de novo.",
  },
  SENDING_ON_HOLD: {
    title: "Por enquanto o WhatsApp não aceita mensagens desta conta",
    advice: "As mensagens na fila são enviadas quando ele voltar a aceitá-las.",
  },
  ACCOUNT_RESTRICTED: {
    title: "O WhatsApp restringe esta conta",
    advice: "Envie menos por um tempo, e a pessoas que conhecem você.",
  },
  RECIPIENT_INVALID: {
    title: "Este destinatário não é válido",
    advice: "Confira o número e o código do país.",
  },
  RECIPIENT_NOT_ON_WHATSAPP: {
    title: "Este número não está no WhatsApp",
    advice: "Confira o número e o código do país.",
  },
  INSUFFICIENT_STORAGE: {
    title: "O disco do gateway está quase cheio",
    advice: "Libere espaço: até lá nada pode ser enviado ou criado.",
  },
  STORAGE_UNAVAILABLE: {
    title: "O disco do gateway tem um erro",
    advice: "Veja o registro dele. Ele reinicia automaticamente.",
  },
  WHATSAPP_NOT_READY: {
    title: "O WhatsApp Web não está pronto para isso",
    advice: "Tente de novo em instantes. Se persistir, reinicie a sessão.",
  },
  WEBHOOK_NOT_FOUND: {
    title: "Webhook ou entrega não encontrados",
    advice: "Podem ter sido excluídos.",
  },
  SHUTTING_DOWN: {
    title: "O gateway está sendo encerrado",
    advice: "Tente novamente quando ele voltar.",
  },
} satisfies Words["failures"];
