// What the gateway says to a widget.

export interface Config {
  bot: {
    name: string;
    welcome_message: string | null;
    language: string;
    handoff: boolean;
    widget: {
      color: string | null;
      title: string | null;
      avatar_url: string | null;
      suggestions: string[];
    };
  };
  online: boolean;
}

export interface Session {
  id: string;
  status: "bot" | "open" | "assigned" | "resolved";
  agent: string | null;
  handoff_requested: boolean;
  rating: number | null;
}

export interface Message {
  id: string;
  number: number;
  client_message_id: string | null;
  role: "user" | "assistant" | "agent" | "system";
  content: string;
  type: string;
  media_url: string | null;
  feedback: "up" | "down" | null;
  agent: string | null;
}

export interface History {
  session: Session;
  messages: Message[];
  has_more: boolean;
}

export interface Ticket {
  number: number;
  subject: string;
  status: "open" | "pending" | "resolved" | "closed";
}

export interface Draft {
  subject: string;
  description: string;
  email: string;
}

export interface Answer {
  message_id: string;
  response: string | null;
  status: Session["status"];
}
