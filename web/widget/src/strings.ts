// The words of the widget, in the language of the bot, of the page's wish, or of the browser.

const en = {
  open: "Open chat",
  close: "Close chat",
  greeting: "Hi! How can I help?",
  write: "Write a message",
  send: "Send",
  typing: "An answer is being written",
  waiting: "Waiting for a person",
  ended: "This chat has ended",
  offline: "You are offline. Messages are sent once you are back.",
  connecting: "Connecting again…",
  unsent: "Waits to be sent",
  failed: "Not sent",
  gone: "This chat is not available now.",
  person: "Talk to a person",
  wantPerson: "I would like to talk to a person.",
  end: "End chat",
  again: "New chat",
  helpful: "Helpful",
  unhelpful: "Not helpful",
  rate: "How was this chat?",
  thanks: "Thank you!",
  file: "Attachment",
  earlier: "Earlier messages",
  you: "You",
  messages: "Messages",
  suggestions: "Suggested questions",
  unread: (count: number) => `${count} unread`,
  with: (name: string) => `${name} answers you`,
  stars: (count: number) => `${count} of 5`,
};

export type Strings = typeof en;

const es: Strings = {
  open: "Abrir el chat",
  close: "Cerrar el chat",
  greeting: "¡Hola! ¿En qué puedo ayudar?",
  write: "Escribe un mensaje",
  send: "Enviar",
  typing: "Se está escribiendo una respuesta",
  waiting: "Esperando a una persona",
  ended: "Este chat ha terminado",
  offline: "No hay conexión. Los mensajes se enviarán cuando vuelva.",
  connecting: "Conectando de nuevo…",
  unsent: "Pendiente de envío",
  failed: "No enviado",
  gone: "Este chat no está disponible ahora.",
  person: "Hablar con una persona",
  wantPerson: "Quiero hablar con una persona.",
  end: "Terminar el chat",
  again: "Nuevo chat",
  helpful: "Útil",
  unhelpful: "No útil",
  rate: "¿Qué tal fue este chat?",
  thanks: "¡Gracias!",
  file: "Archivo adjunto",
  earlier: "Mensajes anteriores",
  you: "Tú",
  messages: "Mensajes",
  suggestions: "Preguntas sugeridas",
  unread: (count) => `${count} sin leer`,
  with: (name) => `Te atiende ${name}`,
  stars: (count) => `${count} de 5`,
};

const fr: Strings = {
  open: "Ouvrir le chat",
  close: "Fermer le chat",
  greeting: "Bonjour ! Comment puis-je vous aider ?",
  write: "Écrivez un message",
  send: "Envoyer",
  typing: "Une réponse est en cours d’écriture",
  waiting: "En attente d’une personne",
  ended: "Cette discussion est terminée",
  offline: "Vous êtes hors ligne. Les messages partiront à votre retour.",
  connecting: "Reconnexion…",
  unsent: "En attente d’envoi",
  failed: "Non envoyé",
  gone: "Ce chat n’est pas disponible pour le moment.",
  person: "Parler à une personne",
  wantPerson: "Je voudrais parler à une personne.",
  end: "Terminer la discussion",
  again: "Nouvelle discussion",
  helpful: "Utile",
  unhelpful: "Pas utile",
  rate: "Comment s’est passée cette discussion ?",
  thanks: "Merci !",
  file: "Pièce jointe",
  earlier: "Messages précédents",
  you: "Vous",
  messages: "Messages",
  suggestions: "Questions suggérées",
  unread: (count) => `${count} non lus`,
  with: (name) => `${name} vous répond`,
  stars: (count) => `${count} sur 5`,
};

const de: Strings = {
  open: "Chat öffnen",
  close: "Chat schließen",
  greeting: "Hallo! Wie kann ich helfen?",
  write: "Nachricht schreiben",
  send: "Senden",
  typing: "Eine Antwort wird geschrieben",
  waiting: "Ein Mensch übernimmt gleich",
  ended: "Dieser Chat ist beendet",
  offline: "Keine Verbindung. Nachrichten werden gesendet, sobald sie wieder da ist.",
  connecting: "Verbindung wird hergestellt…",
  unsent: "Wird noch gesendet",
  failed: "Nicht gesendet",
  gone: "Dieser Chat ist gerade nicht verfügbar.",
  person: "Mit einem Menschen sprechen",
  wantPerson: "Ich möchte mit einem Menschen sprechen.",
  end: "Chat beenden",
  again: "Neuer Chat",
  helpful: "Hilfreich",
  unhelpful: "Nicht hilfreich",
  rate: "Wie war dieser Chat?",
  thanks: "Danke!",
  file: "Anhang",
  earlier: "Frühere Nachrichten",
  you: "Du",
  messages: "Nachrichten",
  suggestions: "Vorgeschlagene Fragen",
  unread: (count) => `${count} ungelesen`,
  with: (name) => `${name} antwortet`,
  stars: (count) => `${count} von 5`,
};

const pt: Strings = {
  open: "Abrir o chat",
  close: "Fechar o chat",
  greeting: "Olá! Como posso ajudar?",
  write: "Escreva uma mensagem",
  send: "Enviar",
  typing: "Uma resposta está sendo escrita",
  waiting: "Aguardando uma pessoa",
  ended: "Este chat terminou",
  offline: "Sem conexão. As mensagens serão enviadas quando ela voltar.",
  connecting: "Conectando de novo…",
  unsent: "Aguardando envio",
  failed: "Não enviada",
  gone: "Este chat não está disponível agora.",
  person: "Falar com uma pessoa",
  wantPerson: "Quero falar com uma pessoa.",
  end: "Encerrar o chat",
  again: "Novo chat",
  helpful: "Útil",
  unhelpful: "Não útil",
  rate: "Como foi este chat?",
  thanks: "Obrigado!",
  file: "Anexo",
  earlier: "Mensagens anteriores",
  you: "Você",
  messages: "Mensagens",
  suggestions: "Perguntas sugeridas",
  unread: (count) => `${count} não lidas`,
  with: (name) => `${name} responde a você`,
  stars: (count) => `${count} de 5`,
};

const ar: Strings = {
  open: "افتح المحادثة",
  close: "أغلق المحادثة",
  greeting: "مرحبا! كيف يمكنني المساعدة؟",
  write: "اكتب رسالة",
  send: "أرسل",
  typing: "تجري كتابة رد",
  waiting: "في انتظار أحد الموظفين",
  ended: "انتهت هذه المحادثة",
  offline: "أنت غير متصل. ستُرسل الرسائل عند عودة الاتصال.",
  connecting: "جارٍ الاتصال من جديد…",
  unsent: "بانتظار الإرسال",
  failed: "لم تُرسل",
  gone: "هذه المحادثة غير متاحة الآن.",
  person: "تحدث إلى شخص",
  wantPerson: "أريد التحدث إلى شخص.",
  end: "إنهاء المحادثة",
  again: "محادثة جديدة",
  helpful: "مفيد",
  unhelpful: "غير مفيد",
  rate: "كيف كانت هذه المحادثة؟",
  thanks: "شكرا!",
  file: "مرفق",
  earlier: "رسائل سابقة",
  you: "أنت",
  messages: "الرسائل",
  suggestions: "أسئلة مقترحة",
  unread: (count) => `${count} غير مقروءة`,
  with: (name) => `${name} يرد عليك`,
  stars: (count) => `${count} من 5`,
};

const ALL: Record<string, Strings> = { en, es, fr, de, pt, ar };
const RIGHT_TO_LEFT = /^(ar|dv|fa|he|ps|ur|yi)\b/;

/** The language that is wished for: `auto` and nothing stand for the browser's. */
export function language(wished: string): string {
  return wished && wished !== "auto" ? wished : navigator.language;
}

/** The words of a language, or English ones. */
export function choose(wished: string): Strings {
  return ALL[spoken(wished)] ?? en;
}

/** The language that the words are in. */
export function spoken(wished: string): string {
  const name = language(wished).toLowerCase().split(/[-_]/)[0] ?? "";
  return name in ALL ? name : "en";
}

export function direction(wished: string): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.test(language(wished).toLowerCase()) ? "rtl" : "ltr";
}
