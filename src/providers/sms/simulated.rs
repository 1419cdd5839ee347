//! Simulated SMS network: keeps what was sent, for the control of the simulated network to show.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    domain::{Error, ErrorCode},
    providers::sms::provider::{Accepted, SmsMessage, SmsProvider, Webhook},
};

/// Messages that are kept, the newest ones.
const MOST: usize = 1_000;

/// Clones are the same network.
#[derive(Clone, Default)]
pub struct SimulatedSms {
    sent: Arc<Mutex<VecDeque<SmsMessage>>>,
}

impl SimulatedSms {
    /// What was sent, newest first.
    pub fn sent(&self) -> Vec<SmsMessage> {
        self.all().iter().rev().cloned().collect()
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<SmsMessage>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SmsProvider for SimulatedSms {
    fn name(&self) -> &'static str {
        "simulated"
    }

    async fn send(&self, message: &SmsMessage) -> Result<Accepted, Error> {
        let mut all = self.all();
        if MOST <= all.len() {
            all.pop_front();
        }
        all.push_back(message.clone());
        Ok(Accepted { id: format!("SM{}", Uuid::new_v4().simple()) })
    }

    fn check(&self, _: Webhook<'_>) -> Result<(), Error> {
        Err(Error::new(ErrorCode::Forbidden, "The simulated SMS network has no webhooks"))
    }
}
