//! Payment events: the event family of payment links. Each is in the commit of its change.

use serde::{Deserialize, Serialize};

use crate::{
    contacts::{Actor, AdTouch},
    domain::{EventSubject, LogEvent},
    payments::link::PaymentLink,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PaymentEvent {
    /// A link was paid. Logged once for each.
    Completed {
        link: Box<PaymentLink>,
        by: Actor,
        /// The advertisement that led the contact here last, as it was known then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ad: Option<Box<AdTouch>>,
    },
}

impl PaymentEvent {
    pub fn link(&self) -> &PaymentLink {
        let Self::Completed { link, .. } = self;
        link
    }
}

impl LogEvent for PaymentEvent {
    const FAMILY: &'static str = "payments";

    fn kind(&self) -> &'static str {
        match self {
            Self::Completed { .. } => "payment.completed",
        }
    }

    fn subject(&self) -> EventSubject {
        EventSubject::Record("payment link".to_owned(), self.link().id.to_string())
    }

    fn identity(&self) -> Option<String> {
        Some(format!("completed|{}", self.link().id))
    }
}
