//! Channels of the business API: what messages of a conversation go by.

use crate::{
    domain::{Error, Jid, JidKind, SessionId},
    inbox::InboxState,
    services::Services,
};

/// The telephone number of the person in a conversation, as an address.
pub async fn number_of(services: &Services, state: &InboxState) -> Result<Jid, Error> {
    let contact = match state.contact {
        Some(id) => services.contacts.get(id).await.ok(),
        None => None,
    };
    let of_contact = contact.and_then(|contact| Jid::of_phone(contact.phone.as_deref()?).ok());
    let of_chat = Some(&state.chat).filter(|chat| chat.kind() == JidKind::Person).cloned();
    let fault = || Error::invalid_field("channel", "needs a contact with a telephone number");
    of_contact.or(of_chat).ok_or_else(fault)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    WhatsApp,
    Sms,
    /// Known, and not there yet.
    Slack,
}

impl Channel {
    pub fn read(text: &str) -> Result<Self, Error> {
        match text.trim().to_lowercase().as_str() {
            "whatsapp" => Ok(Self::WhatsApp),
            "sms" => Ok(Self::Sms),
            "slack" => Ok(Self::Slack),
            _ => Err(Error::invalid_field("channel", "must be whatsapp, sms or slack")),
        }
    }

    /// The channel that a session serves.
    pub fn of(session: &SessionId) -> Self {
        if session.is_sms() { Self::Sms } else { Self::WhatsApp }
    }

    /// What the next message of a conversation goes by.
    pub fn selected(state: &InboxState) -> Self {
        match state.sends_by_sms {
            Some(true) => Self::Sms,
            Some(false) => Self::WhatsApp,
            None => Self::of(&state.session),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Sms => "sms",
            Self::Slack => "slack",
        }
    }
}
