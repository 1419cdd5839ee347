//! Event families. WhatsApp's is a closed enum, [`WaEvent`], so that a `match` names every case.
//!
//! Each other family is owned by a module above: the log stores its name, subject and value, and the owner parses the
//! value. So a module adds a family without a change here.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::domain::{EventSubject, Jid, event::WaEvent};

/// The body of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    WhatsApp(WaEvent),
    Module(ModuleEvent),
}

/// A family of events that a module owns.
pub trait LogEvent: Serialize + DeserializeOwned {
    /// Stored with each event; never given to two families.
    const FAMILY: &'static str;

    /// Its name in logs, filters and metrics.
    fn kind(&self) -> &'static str;

    fn subject(&self) -> EventSubject;

    /// The deduplication key within a channel: two reports with the same key are one event. None for events that may
    /// repeat.
    fn identity(&self) -> Option<String> {
        None
    }
}

/// An event of a module's family, as the log stores it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModuleEvent {
    pub family: String,
    pub kind: String,
    #[serde(default)]
    pub subject: EventSubject,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    pub value: Value,
}

impl ModuleEvent {
    pub fn of<E: LogEvent>(event: &E) -> Result<Self, serde_json::Error> {
        Ok(Self {
            family: E::FAMILY.to_owned(),
            kind: event.kind().to_owned(),
            subject: event.subject(),
            // Two families may use the same words.
            identity: event.identity().map(|identity| format!("{}|{identity}", E::FAMILY)),
            value: serde_json::to_value(event)?,
        })
    }

    /// The event as its owner has it; none when it is of another family, or of a newer version of this one.
    pub fn read<E: LogEvent>(&self) -> Option<E> {
        if self.family != E::FAMILY {
            return None;
        }
        E::deserialize(&self.value).ok()
    }
}

impl Body {
    /// The event, if it is WhatsApp's.
    pub fn whatsapp(&self) -> Option<&WaEvent> {
        match self {
            Self::WhatsApp(event) => Some(event),
            Self::Module(_) => None,
        }
    }

    /// The event of a module; none for one of WhatsApp.
    pub fn module(&self) -> Option<&ModuleEvent> {
        match self {
            Self::WhatsApp(_) => None,
            Self::Module(event) => Some(event),
        }
    }

    /// The event, if it is of this family.
    pub fn read<E: LogEvent>(&self) -> Option<E> {
        match self {
            Self::WhatsApp(_) => None,
            Self::Module(event) => event.read(),
        }
    }

    /// Its name in logs, filters and metrics.
    pub fn name(&self) -> &str {
        match self {
            Self::WhatsApp(event) => event.name(),
            Self::Module(event) => &event.kind,
        }
    }

    /// The deduplication key within a channel.
    pub fn identity(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::WhatsApp(event) => event.identity().map(Cow::Owned),
            Self::Module(event) => event.identity.as_deref().map(Cow::Borrowed),
        }
    }

    pub fn subject(&self) -> Cow<'_, EventSubject> {
        match self {
            Self::WhatsApp(event) => Cow::Owned(event.subject()),
            Self::Module(event) => Cow::Borrowed(&event.subject),
        }
    }

    /// The chat of the event; events of one chat reach a receiver in order.
    pub fn chat(&self) -> Option<&Jid> {
        match self {
            Self::WhatsApp(event) => event.chat(),
            Self::Module(event) => event.subject.chat(),
        }
    }
}

impl From<WaEvent> for Body {
    fn from(event: WaEvent) -> Self {
        Self::WhatsApp(event)
    }
}

impl From<ModuleEvent> for Body {
    fn from(event: ModuleEvent) -> Self {
        Self::Module(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MessageId;

    /// As a module far above would have it.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum PaymentEvent {
        Paid { order: u64 },
    }

    impl LogEvent for PaymentEvent {
        const FAMILY: &'static str = "payments";

        fn kind(&self) -> &'static str {
            "paid"
        }

        fn subject(&self) -> EventSubject {
            let Self::Paid { order } = self;
            EventSubject::Record("order".to_owned(), order.to_string())
        }

        fn identity(&self) -> Option<String> {
            let Self::Paid { order } = self;
            Some(format!("paid|{order}"))
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Other;

    impl LogEvent for Other {
        const FAMILY: &'static str = "other";

        fn kind(&self) -> &'static str {
            "other"
        }

        fn subject(&self) -> EventSubject {
            EventSubject::Channel
        }
    }

    #[test]
    fn a_module_owns_its_family_and_others_still_see_what_an_event_is_about() {
        let body = Body::from(ModuleEvent::of(&PaymentEvent::Paid { order: 7 }).unwrap());
        assert_eq!(body.read::<PaymentEvent>(), Some(PaymentEvent::Paid { order: 7 }));
        assert_eq!((body.read::<Other>(), body.whatsapp()), (None, None));
        assert_eq!((body.name(), body.chat()), ("paid", None));
        assert_eq!(body.identity().as_deref(), Some("payments|paid|7"));
        assert_eq!(body.subject().lane(), "order 7");
    }

    #[test]
    fn an_event_of_a_newer_version_of_a_family_is_not_read_as_another() {
        let mut event = ModuleEvent::of(&PaymentEvent::Paid { order: 7 }).unwrap();
        event.value["type"] = "refunded".into();
        assert_eq!(event.read::<PaymentEvent>(), None);
    }

    #[test]
    fn what_belongs_to_one_chat_is_in_one_lane() {
        let chat: Jid = "15550000001@c.us".parse().unwrap();
        let message: MessageId = "true_15550000001@c.us_K".parse().unwrap();
        let subjects = [
            EventSubject::Chat(chat.clone()),
            EventSubject::Message(message.clone()),
            EventSubject::Contact(chat),
        ];
        assert!(subjects.iter().all(|subject| subject.lane() == "15550000001@c.us"));
        let body = Body::from(WaEvent::MessageEdited { message, text: String::new() });
        assert_eq!(body.subject().lane(), "15550000001@c.us");
        assert_eq!(Body::from(WaEvent::Authenticated).subject().lane(), "");
    }
}
