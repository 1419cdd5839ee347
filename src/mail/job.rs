//! Job that sends one mail: a few tries, and then it is dropped.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    domain::{Clock, Error, ErrorCode},
    events::Work,
    jobs::{Handler, Job, Then},
    mail::record,
    providers::mail::{MailError, Mailer},
};

/// Tries of one mail.
const MOST_TRIES: u32 = 4;

/// Sends the mails of the queue.
pub struct MailJob {
    mailer: Arc<dyn Mailer>,
    clock: Clock,
}

impl MailJob {
    pub const KIND: &'static str = "mail";

    pub fn new(mailer: Arc<dyn Mailer>, clock: Clock) -> Self {
        Self { mailer, clock }
    }
}

#[async_trait]
impl Handler for MailJob {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let id: Uuid = job.name.parse().map_err(|_| Error::internal("a mail without an id"))?;
        let Some(mail) = work.get(&record::at(id)).await? else { return Ok(Then::Done) };
        if self.clock.now() < mail.good_until {
            match self.mailer.send(&mail).await {
                Ok(()) => {
                    metrics::counter!("wagate_mails_total", "outcome" => "sent").increment(1);
                }
                Err(MailError::NotNow(reason)) if job.attempts + 1 < MOST_TRIES => {
                    return Err(Error::new(ErrorCode::Unavailable, reason));
                }
                Err(error) => dropped(id, &error.to_string()),
            }
        } else {
            dropped(id, "it was not taken in time");
        }
        work.delete(&record::at(id)).await?;
        Ok(Then::Done)
    }
}

fn dropped(id: Uuid, reason: &str) {
    metrics::counter!("wagate_mails_total", "outcome" => "dropped").increment(1);
    tracing::warn!(mail = %id, "mail {id} was dropped: {reason}");
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        time::Duration,
    };

    use tokio_util::{sync::CancellationToken, task::TaskTracker};

    use super::*;
    use crate::{
        domain::clock::from_seconds,
        events::EventLog,
        jobs::{Jobs, Tries},
        mail::Post,
        providers::mail::{Mail, Mailbox},
        store::Store,
    };

    /// A server that does not answer for a while.
    struct Shaky {
        failures: AtomicU32,
        error: MailError,
        behind: Mailbox,
    }

    #[async_trait]
    impl Mailer for Shaky {
        async fn send(&self, mail: &Mail) -> Result<(), MailError> {
            let less = |left: u32| left.checked_sub(1);
            match self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
                Ok(_) => Err(self.error.clone()),
                Err(_) => self.behind.send(mail).await,
            }
        }
    }

    /// Queues a mail that lasts for `life` seconds; how many arrived once it has left the queue.
    async fn arrived(failures: u32, error: MailError, life: i64) -> usize {
        let store = Store::temporary().await.unwrap();
        let clock = Clock::manual(from_seconds(100));
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let jobs = Jobs::new(store.clone(), log, clock.clone());
        let behind = Mailbox::default();
        let mailer = Shaky { failures: AtomicU32::new(failures), error, behind: behind.clone() };
        let post = Post::open(jobs.clone());
        let mail = Mail {
            id: Uuid::now_v7(),
            to: "ada@example.com".to_owned(),
            subject: "Code".to_owned(),
            text: "123456".to_owned(),
            written_at: clock.now(),
            good_until: from_seconds(100 + life),
        };
        post.queue_in(&store, &mail).await.unwrap();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let handler: Arc<dyn Handler> = Arc::new(MailJob::new(Arc::new(mailer), clock.clone()));
        jobs.start([(MailJob::KIND, handler)].into(), Tries::default(), &tasks, stop.clone());
        post.woken();
        let gone = async {
            while store.get(&record::at(mail.id)).await.unwrap().is_some() {
                clock.advance(Duration::from_secs(1));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
        stop.cancel();
        tasks.close();
        tasks.wait().await;
        behind.list(Some("ADA@example.com")).len()
    }

    #[tokio::test]
    async fn a_mail_is_tried_again_a_few_times_while_it_is_good() {
        let not_now = || MailError::NotNow("busy".to_owned());
        assert_eq!(arrived(0, not_now(), 86_400).await, 1);
        assert_eq!(arrived(3, not_now(), 86_400).await, 1);
        assert_eq!(arrived(4, not_now(), 86_400).await, 0);
        assert_eq!(arrived(1, MailError::Refused("no such box".to_owned()), 86_400).await, 0);
        assert_eq!(arrived(3, not_now(), 2).await, 0);
    }
}
