//! Closed values of fields of the Chat API, for the document.

use utoipa::openapi::Schema;

use crate::api::kit::{choice, required_choice};

const MESSAGE_TYPES: [&str; 11] = [
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contact",
    "poll",
    "notice",
    "unsupported",
];
const MESSAGE_STATUSES: [&str; 5] = ["pending", "sent", "delivered", "read", "failed"];

pub fn message_type_schema() -> Schema {
    required_choice("What the message carries.", &MESSAGE_TYPES)
}

pub fn replied_type_schema() -> Schema {
    choice("What that message carries; null where the gateway does not hold it.", &MESSAGE_TYPES)
}

pub fn message_status_schema() -> Schema {
    required_choice("How far the message has come.", &MESSAGE_STATUSES)
}

pub fn last_status_schema() -> Schema {
    let about = "How far the newest message has come; null unless the account sent it.";
    choice(about, &MESSAGE_STATUSES)
}

pub fn direction_schema() -> Schema {
    required_choice("Whether it came in or was sent.", &["incoming", "outgoing"])
}

pub fn conversation_status_schema() -> Schema {
    required_choice("Always `open`, since nobody can be assigned yet.", &["open"])
}

pub fn instance_status_schema() -> Schema {
    let about = "State of the instance; `pending` while it starts or is being recovered.";
    required_choice(about, &["connected", "qr_ready", "pending", "disconnected"])
}

pub fn waiting_status_schema() -> Schema {
    required_choice("Whether the message waits, or went out at once.", &["pending", "sent"])
}
