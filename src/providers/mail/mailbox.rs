//! Simulated mail: it goes nowhere, and is shown. In memory only.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use crate::providers::mail::message::{Mail, MailError, Mailer};

/// Mails that are kept; the oldest go.
const MOST: usize = 1_000;

/// What was sent on the simulated network. Clones are the same.
#[derive(Clone, Default)]
pub struct Mailbox {
    mails: Arc<Mutex<VecDeque<Mail>>>,
}

impl Mailbox {
    /// Newest first; to one address, whatever its case, or to all.
    pub fn list(&self, to: Option<&str>) -> Vec<Mail> {
        let mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let to = to.map(str::to_lowercase);
        let is_asked = |mail: &&Mail| to.as_ref().is_none_or(|to| mail.to.to_lowercase() == *to);
        mails.iter().rev().filter(is_asked).cloned().collect()
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        // A second try of the same mail.
        mails.retain(|known| known.id != mail.id);
        if MOST <= mails.len() {
            mails.pop_front();
        }
        mails.push_back(mail.clone());
        Ok(())
    }
}
