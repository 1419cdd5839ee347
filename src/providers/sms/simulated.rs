//! Simulated SMS network: keeps what was sent, for the control of the simulated network to show, and the files of those
//! who write.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    domain::{Error, ErrorCode},
    egress::Bounds,
    providers::sms::provider::{
        Accepted, FetchedFile, FileFault, SmsMessage, SmsProvider, Webhook,
    },
};

/// Messages that are kept, the newest ones.
const MOST: usize = 1_000;
/// Bytes of files that nobody has fetched yet; the oldest go first.
const MOST_BYTES: usize = 64 * 1024 * 1024;
const ADDRESS: &str = "simulated:";

/// Clones are the same network.
#[derive(Clone, Default)]
pub struct SimulatedSms {
    sent: Arc<Mutex<VecDeque<SmsMessage>>>,
    files: Arc<Mutex<VecDeque<SimulatedFile>>>,
}

/// A file of somebody who writes, until it is fetched.
struct SimulatedFile {
    url: String,
    bytes: Vec<u8>,
}

impl SimulatedSms {
    /// What was sent, newest first.
    pub fn sent(&self) -> Vec<SmsMessage> {
        self.all().iter().rev().cloned().collect()
    }

    /// Puts a file where the gateway fetches it once. Returns its address.
    pub fn put_file(&self, bytes: Vec<u8>) -> String {
        let url = format!("{ADDRESS}{}", Uuid::new_v4().simple());
        let mut files = self.files();
        files.push_back(SimulatedFile { url: url.clone(), bytes });
        let mut held: usize = files.iter().map(|file| file.bytes.len()).sum();
        while MOST_BYTES < held {
            let Some(oldest) = files.pop_front() else { break };
            held -= oldest.bytes.len();
        }
        url
    }

    fn files(&self) -> MutexGuard<'_, VecDeque<SimulatedFile>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
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

    async fn fetch(
        &self,
        url: &str,
        into: &Path,
        bounds: &Bounds,
    ) -> Result<FetchedFile, FileFault> {
        let found = {
            let mut files = self.files();
            let place = files.iter().position(|file| file.url == url);
            place.and_then(|place| files.remove(place))
        };
        let Some(SimulatedFile { bytes, .. }) = found else {
            return Err(FileFault::Never("is gone: the simulated network was ended".to_owned()));
        };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if bounds.size < size {
            let message = format!("is larger than {} MiB", bounds.size / 1024 / 1024);
            return Err(FileFault::Never(message));
        }
        let kept = tokio::fs::write(into, bytes).await;
        kept.map_err(|error| FileFault::Never(format!("cannot be kept: {error}")))?;
        Ok(FetchedFile { size, mime: None, disposition: None })
    }

    fn check(&self, _: Webhook<'_>) -> Result<(), Error> {
        Err(Error::new(ErrorCode::Forbidden, "The simulated SMS network has no webhooks"))
    }
}
