//! A contact as the business API shows it, and the parts of paths and bodies that concern one.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::business::channels::Channel,
    api::chat::time,
    api::kit::{Plural, path::uuid, path_value},
    contacts::{AdTouch, Contact, OptInSource},
    domain::Subject,
    inbox::InboxState,
};

path_value! {
    /// A contact, by its id.
    pub enum ContactId = "id" as Uuid;
    about: "The id of the contact", example: "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12",
    read: |text| uuid(text, Subject::Contact)
}

/// A person whom the business writes with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessContact)]
pub struct ContactView {
    /// Id of the contact.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// E.164; null for somebody who is known by a hidden WhatsApp id alone.
    #[schema(example = "+919876543210")]
    phone: Option<String>,
    /// Name of the contact; null without one.
    #[schema(example = "John Doe")]
    name: Option<String>,
    /// The first word of the name.
    #[schema(example = "John")]
    first_name: Option<String>,
    /// E-mail address; null without one.
    #[schema(example = "john@example.com")]
    email: Option<String>,
    tags: Vec<String>,
    /// Whether the contact has agreed to messages on WhatsApp.
    opted_in: bool,
    /// inbound_message, manual, csv_import, api or keyword_start.
    #[schema(example = "manual")]
    opt_in_source: Option<&'static str>,
    /// A time (RFC 3339), with what a person wrote down behind it; or `message:` and the id of a message.
    #[schema(example = json!(null))]
    opt_in_proof: Option<String>,
    /// When the contact opted out on WhatsApp; null unless so.
    #[schema(example = json!(null))]
    opted_out_at: Option<String>,
    /// Whether the contact has agreed to text messages (SMS).
    sms_opted_in: bool,
    /// When the contact opted out of text messages; null unless so.
    #[schema(example = json!(null))]
    sms_opt_out_date: Option<String>,
    /// whatsapp, and sms once the contact has agreed to it.
    #[schema(example = json!(["whatsapp"]))]
    channels: Vec<&'static str>,
    /// What callers noted, and `ctwa` and `ctwaFirst`, the last and the first advertisement that led the contact here.
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
    /// Fields of the business's own.
    #[schema(value_type = Object)]
    custom_fields: Map<String, Value>,
    /// What people noted; null without a note.
    #[schema(example = json!(null))]
    notes: Option<String>,
    last_message_at: Option<String>,
    created_at: String,
    updated_at: String,
}

/// A contact with its conversations.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessContactWithConversations)]
pub struct ContactWithConversations {
    #[serde(flatten)]
    pub contact: ContactView,
    /// Conversations with the contact, newest activity first.
    pub conversations: Vec<ContactConversationView>,
}

/// A conversation of a contact.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessContactConversation)]
pub struct ContactConversationView {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    id: String,
    /// OPEN, ASSIGNED, RESOLVED, BOT_ACTIVE or AI_ACTIVE.
    #[schema(example = "OPEN")]
    status: &'static str,
    /// What its messages go by.
    #[schema(example = "whatsapp")]
    channel: &'static str,
}

impl From<InboxState> for ContactConversationView {
    fn from(state: InboxState) -> Self {
        Self {
            id: state.conversation.to_string(),
            status: state.status.as_str(),
            channel: Channel::of(&state.session).as_str(),
        }
    }
}

impl Plural for ContactView {
    const PLURAL: &'static str = "contacts";
}

impl From<Contact> for ContactView {
    fn from(contact: Contact) -> Self {
        let channels = contact.media().into_iter().map(|medium| medium.as_str()).collect();
        let first_name = contact.first_name().map(str::to_owned);
        let mut attributes = contact.attributes;
        for (name, touch) in [("ctwa", contact.last_ad), ("ctwaFirst", contact.first_ad)] {
            if let Some(touch) = touch {
                attributes.insert(name.to_owned(), advertisement(*touch));
            }
        }
        Self {
            id: contact.id.to_string(),
            phone: contact.phone.map(|digits| format!("+{digits}")),
            name: contact.name,
            first_name,
            email: contact.email,
            tags: contact.tags,
            opted_in: contact.whatsapp.opted_in,
            opt_in_source: contact.whatsapp.source.map(OptInSource::as_str),
            opt_in_proof: contact.whatsapp.proof,
            opted_out_at: contact.whatsapp.opted_out_at.map(time),
            sms_opted_in: contact.sms.opted_in,
            sms_opt_out_date: contact.sms.opted_out_at.map(time),
            channels,
            attributes,
            custom_fields: contact.custom_fields,
            notes: contact.notes,
            last_message_at: contact.last_message_at.map(time),
            created_at: time(contact.created_at),
            updated_at: time(contact.updated_at),
        }
    }
}

fn advertisement(touch: AdTouch) -> Value {
    let AdTouch { ad, captured_at, message, conversation, .. } = touch;
    json!({
        "source": ad.url,
        "sourceType": ad.source,
        "sourceId": ad.id,
        "headline": ad.title,
        "body": ad.body,
        "ctwaClid": ad.click_id,
        "mediaUrl": ad.media_url,
        "capturedAt": time(captured_at),
        "messageId": message,
        "conversationId": conversation,
    })
}

/// A field that may be given as null, which is another thing than to leave it out.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
