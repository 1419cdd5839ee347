//! Words of contacts: created, updated, opted out.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        business::{contact_view::ContactView, wording::family::Family},
        event_data::written,
        kit::{Shape, shape},
    },
    contacts::ContactEvent,
    domain::{Error, Event},
    services::Services,
};

pub struct ContactWords;

/// What became of a contact.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessContactData)]
struct Payload {
    /// The contact after that.
    contact: ContactView,
    /// Names of the fields that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!(["tags"]))]
    changes: Option<Vec<String>>,
}

/// A contact who wants no more messages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessOptOutData)]
struct OptOut {
    /// The contact after that.
    contact: ContactView,
    /// Of what channel: whatsapp or sms.
    #[schema(example = "whatsapp")]
    channel: &'static str,
    /// The word that the contact sent; null where a person or a carrier opted the contact out.
    #[schema(example = "STOP")]
    keyword: Option<String>,
    /// The message that has the word; null without one.
    #[schema(example = "false_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    message_id: Option<String>,
}

#[async_trait]
impl Family for ContactWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.read::<ContactEvent>()? {
            ContactEvent::Created { .. } => Some("contact.created"),
            ContactEvent::Updated { .. } => Some("contact.updated"),
            ContactEvent::OptedOut { .. } => Some("contact.opted_out"),
            ContactEvent::Deleted { .. } => None,
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![
            ("contact.created", "There is a new contact", shape::<Payload>()),
            ("contact.updated", "A contact was changed", shape::<Payload>()),
            ("contact.opted_out", "A contact wants no more messages", shape::<OptOut>()),
        ]
    }

    async fn data(&self, _: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(happened) = event.body.read::<ContactEvent>() else { return Ok(None) };
        match happened {
            ContactEvent::Created { contact, .. } => {
                written(&Payload { contact: (*contact).into(), changes: None })
            }
            ContactEvent::Updated { contact, changes, .. } => {
                written(&Payload { contact: (*contact).into(), changes: Some(changes) })
            }
            ContactEvent::OptedOut { contact, medium, keyword, message: message_id, .. } => {
                let (contact, channel) = ((*contact).into(), medium.as_str());
                written(&OptOut { contact, channel, keyword, message_id })
            }
            ContactEvent::Deleted { .. } => Ok(None),
        }
    }
}
