//! A mail, and what takes it to its receiver.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::Timestamp;

/// A mail to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    /// Names it at the server too, which may so tell a second try from another mail.
    pub id: Uuid,
    pub to: String,
    pub subject: String,
    /// Plain text.
    pub text: String,
    pub written_at: Timestamp,
    /// After this it would say nothing that is still true.
    pub good_until: Timestamp,
}

impl Mail {
    /// A mail that shows that mails arrive.
    pub fn test(to: &str, now: Timestamp) -> Self {
        Self {
            id: Uuid::now_v7(),
            to: to.to_owned(),
            subject: "A test of mail".to_owned(),
            text:
                "You asked for this mail to test the settings. It has arrived, so they are right.\n"
                    .to_owned(),
            written_at: now,
            good_until: now + Duration::from_secs(60),
        }
    }
}

/// Why a mail was not taken. Says nothing of its text and its receiver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Another try may succeed.
    #[error("{0}")]
    NotNow(String),
    /// No try will.
    #[error("{0}")]
    Refused(String),
}

/// Takes mails to their receivers.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}
