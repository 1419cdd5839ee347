//! Post: where modules hand in mails, within their own commits.

use crate::{
    jobs::{Job, Jobs},
    mail::{job::MailJob, record},
    providers::mail::Mail,
    store::{Store, StoreError},
};

/// Takes mails in. Clones are the same.
#[derive(Clone, Default)]
pub struct Post {
    /// None where no mail is sent.
    jobs: Option<Jobs>,
}

impl Post {
    /// With a queue that a [`MailJob`] empties.
    pub fn open(jobs: Jobs) -> Self {
        Self { jobs: Some(jobs) }
    }

    /// Where no mail is sent.
    pub fn closed() -> Self {
        Self::default()
    }

    /// Whether mails reach anybody.
    pub fn is_open(&self) -> bool {
        self.jobs.is_some()
    }

    /// Puts a mail into the queue, within a transaction. After its commit, the caller calls [`Self::woken`]. Where no
    /// mail is sent nothing happens.
    pub async fn queue_in(&self, store: &Store, mail: &Mail) -> Result<(), StoreError> {
        let Some(jobs) = &self.jobs else { return Ok(()) };
        let mut transaction = store.transaction();
        loop {
            transaction.put(&record::at(mail.id), mail).await?;
            if transaction.commit().await? {
                break;
            }
        }
        jobs.schedule_in(store, &Job::new(MailJob::KIND, &mail.id.to_string(), mail.written_at))
            .await
    }

    pub fn woken(&self) {
        if let Some(jobs) = &self.jobs {
            jobs.woken();
        }
    }
}
