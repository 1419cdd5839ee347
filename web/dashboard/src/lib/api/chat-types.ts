// What the Chat API takes and answers, by the dashboard's names.
import type { Schemas } from "./types";

export type Tag = Schemas["TagLabel"];
export type Instance =
  Pick<Schemas["InstanceView"], "uuid" | "session_id" | "phone_number" | "connected">;
export type Conversation = Schemas["ConversationView"];
export type ConversationPage = Schemas["ConversationPage"];
/** `formatted_body` is escaped: it is read by `formatted.ts`, never put into the page. */
export type Message = Omit<Schemas["ChatMessageView"], Unseen | "media"> & { media: Media | null };
/** Facts that the page shows nowhere, and that a message on its way out lacks. */
type Unseen = "is_status" | "is_channel" | "direction" | "mentioned_jids" | "sent_at";
export type MessagePage = Omit<Schemas["MessagePage"], "messages"> & { messages: Message[] };
export type MessageStatus = Message["status"];
export type MessageType = Message["message_type"];
export type Reaction = Schemas["GroupedReaction"];
export type Media = Omit<Schemas["MediaView"], "url" | "caption">;
export type Quoted = Schemas["ReplyView"];
export type Location = Schemas["LocationView"];
export type ContactCard = Schemas["CardView"];
export type Poll = Schemas["PollView"];
/** What was chosen from a menu. */
export type MenuReply = Schemas["MenuReplyView"];
export type LinkPreview = Schemas["LinkPreviewView"];
/** A message that a search found. */
export type FoundMessage = Schemas["PlainMessage"];
export type FoundPage = Schemas["PlainMessagePage"];

export interface ConversationFilter {
  search: string;
  unread: boolean;
  archived: boolean;
  tag: string;
  instance_id: string;
}

/** What is to be sent: a text, or a file with a caption. */
export interface Outgoing {
  instance_id: string;
  recipient: string;
  message?: string;
  reply_to?: string | undefined;
  media_data?: string;
  media_type?: "image" | "video" | "audio" | "voice" | "document";
  filename?: string;
  caption?: string | undefined;
  /** RFC 3339; at once where it is not given. */
  schedule_at?: string | undefined;
}

/** At once with the message; or queued, and then with its UUID alone. */
export type Posted = { message: Message; conversation: Conversation } | Schemas["QueuedView"];
