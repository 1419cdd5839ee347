// What the Chat API answers, as far as the chat page looks at it.

export interface Tag {
  id: string;
  name: string;
  /** `#RRGGBB`. */
  color: string;
}

export interface Instance {
  uuid: string;
  session_id: string;
  phone_number: string | null;
  connected: boolean;
}

export interface Conversation {
  id: string;
  contact_number: string;
  /** Its address, as events name it. */
  chat_id: string;
  display_name: string;
  last_message: string;
  unread_count: number;
  tags: Tag[];
  instance: { uuid: string; status: "connected" | "qr_ready" | "pending" | "disconnected" };
  is_group: boolean;
  is_archived: boolean;
  last_message_at: string | null;
  last_message_from_me: boolean | null;
  last_message_status: MessageStatus | null;
  automation_paused: boolean;
}

export interface ConversationPage {
  data: Conversation[];
  total: number;
}

export interface ConversationFilter {
  search: string;
  unread: boolean;
  archived: boolean;
  tag: string;
  instance_id: string;
}

export type MessageStatus = "pending" | "sent" | "delivered" | "read" | "failed";

export type MessageType =
  | "text"
  | "image"
  | "video"
  | "audio"
  | "document"
  | "sticker"
  | "location"
  | "contact"
  | "poll"
  | "notice"
  | "unsupported";

export interface Reaction {
  emoji: string;
  count: number;
  has_my_reaction: boolean;
}

export interface Media {
  mime_type: string;
  filename: string | null;
  /** Bytes. */
  size: number;
  is_voice_note: boolean;
}

export interface Quoted {
  uuid: string;
  /** Null when the gateway does not hold that message. */
  id: number | null;
  message_body: string;
  message_type: MessageType | null;
  sender_name: string | null;
}

export interface Location {
  latitude: number;
  longitude: number;
  name: string | null;
  address: string | null;
  /** It moves with the person who shares it. */
  live: boolean;
}

export interface ContactCard {
  name: string;
  phones: string[];
  organization: string | null;
}

export interface Poll {
  question: string;
  /** How many one person may choose; 0 for any number. */
  selectable: number;
  results: { option: string; votes: number }[];
}

/** What was chosen from a menu. */
export interface MenuReply {
  /** The choice as the sender of the menu named it. */
  id: string | null;
  title: string | null;
  menu: "list" | "buttons" | "template" | "interactive";
}

export interface LinkPreview {
  url: string;
  title: string | null;
  description: string | null;
}

export interface Message {
  id: number;
  uuid: string;
  whatsapp_id: string;
  is_from_me: boolean;
  message_body: string;
  /** Escaped, with spans for those mentioned: read by `formatted.ts`, never put into the page. */
  formatted_body: string;
  grouped_reactions: Reaction[];
  message_type: MessageType;
  status: MessageStatus;
  /** Why it was not sent. */
  error?: string;
  error_code?: string;
  is_played: boolean;
  location?: Location;
  contacts?: ContactCard[];
  poll?: Poll;
  menu_reply?: MenuReply;
  link_preview?: LinkPreview;
  ad?: { title: string | null; body: string | null };
  /** Of a voice note, of sound and of a video. */
  duration_seconds?: number;
  is_view_once?: boolean;
  media: Media | null;
  sender: { name: string; number: string | null; jid: string };
  reply_to: Quoted | null;
  is_edited: boolean;
  is_deleted: boolean;
  created_at: string;
}

export interface MessagePage {
  messages: Message[];
  has_more: boolean;
}

/** A message that a search found. */
export interface FoundMessage {
  id: number;
  uuid: string;
  conversation_id: string;
  instance_id: string;
  message_body: string;
  created_at: string;
}

export interface FoundPage {
  messages: FoundMessage[];
  next_before_id?: number;
  /** The index is being built: there may be more. */
  indexing?: boolean;
}

/** What is to be sent: a text, or a file with a caption. */
export interface Outgoing {
  instance_id: string;
  recipient: string;
  message?: string;
  reply_to?: string | undefined;
  media_data?: string;
  media_type?: "image" | "video" | "audio" | "document";
  filename?: string;
  caption?: string | undefined;
}

/** At once with the message; or queued, and then with its UUID alone. */
export type Posted =
  | { message: Message; conversation: Conversation }
  | { uuid: string; status: "pending" };
