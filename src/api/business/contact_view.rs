//! A contact as the business API shows it, and the parts of paths and bodies that concern one.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::kit::{PathValue, Plural, path::uuid},
    contacts::{AdTouch, Contact, OptInSource},
    domain::{Error, Subject, Timestamp},
};

/// A contact, by its id.
pub enum ContactId {}

impl PathValue for ContactId {
    type Value = Uuid;
    const NAME: &'static str = "id";
    const ABOUT: &'static str = "The id of the contact";
    const EXAMPLE: &'static str = "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12";

    fn read(text: &str) -> Result<Uuid, Error> {
        uuid(text, Subject::Contact)
    }
}

/// A person whom the business writes with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessContact)]
pub struct ContactView {
    id: String,
    /// E.164; null for somebody who is known by a hidden WhatsApp id alone.
    #[schema(example = "+919876543210")]
    phone: Option<String>,
    name: Option<String>,
    /// The first word of the name.
    first_name: Option<String>,
    email: Option<String>,
    tags: Vec<String>,
    /// Whether the contact has agreed to messages on WhatsApp.
    opted_in: bool,
    /// inbound_message, manual, csv_import, api or keyword_start.
    opt_in_source: Option<&'static str>,
    /// A time, `message:` and the id of a message, or what a person wrote down.
    opt_in_proof: Option<String>,
    opted_out_at: Option<String>,
    sms_opted_in: bool,
    sms_opt_out_date: Option<String>,
    /// whatsapp, and sms once the contact has agreed to it.
    channels: Vec<&'static str>,
    /// What callers noted, and `ctwa` and `ctwaFirst`, the last and the first advertisement that led the contact here.
    #[schema(value_type = Object)]
    attributes: Map<String, Value>,
    #[schema(value_type = Object)]
    custom_fields: Map<String, Value>,
    notes: Option<String>,
    last_message_at: Option<String>,
    created_at: String,
    updated_at: String,
}

impl Plural for ContactView {
    const PLURAL: &'static str = "contacts";
}

impl From<Contact> for ContactView {
    fn from(contact: Contact) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
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
            opted_out_at: time(contact.whatsapp.opted_out_at),
            sms_opted_in: contact.sms.opted_in,
            sms_opt_out_date: time(contact.sms.opted_out_at),
            channels,
            attributes,
            custom_fields: contact.custom_fields,
            notes: contact.notes,
            last_message_at: time(contact.last_message_at),
            created_at: contact.created_at.to_string(),
            updated_at: contact.updated_at.to_string(),
        }
    }
}

fn advertisement(touch: AdTouch) -> Value {
    let AdTouch { ad, captured_at, message, conversation } = touch;
    json!({
        "source": ad.url,
        "sourceType": ad.source,
        "sourceId": ad.id,
        "headline": ad.title,
        "body": ad.body,
        "ctwaClid": ad.click_id,
        "mediaUrl": ad.media_url,
        "capturedAt": captured_at,
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
