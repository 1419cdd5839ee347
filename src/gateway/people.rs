//! Mail of people's accounts, by the settings: a server, none, or the simulated one.

use std::sync::Arc;

use crate::{
    config::{Config, MailProvider, NetworkKind},
    domain::Clock,
    jobs::{Handler, Jobs},
    mail::{MailJob, Post},
    providers::mail::{Mailbox, Mailer, Smtp},
};

/// Who takes the mails.
pub struct Mail {
    mailer: Option<Arc<dyn Mailer>>,
    /// Only on the simulated network.
    pub mailbox: Option<Mailbox>,
}

impl Mail {
    /// An error says which setting is wrong.
    pub fn of(config: &Config) -> Result<Self, String> {
        if config.network == NetworkKind::Simulated {
            let mailbox = Mailbox::default();
            return Ok(Self { mailer: Some(Arc::new(mailbox.clone())), mailbox: Some(mailbox) });
        }
        let mailer: Option<Arc<dyn Mailer>> = match config.mail.provider {
            MailProvider::None => None,
            MailProvider::Smtp => Some(Arc::new(Smtp::new(&config.mail)?)),
        };
        Ok(Self { mailer, mailbox: None })
    }

    /// Where mails are handed in.
    pub fn post(&self, jobs: &Jobs) -> Post {
        match &self.mailer {
            Some(_) => Post::open(jobs.clone()),
            None => Post::closed(),
        }
    }

    /// The job that sends them. What still waits when mail is switched off stays until it is on again.
    pub fn job(&self, clock: &Clock) -> Option<(&'static str, Arc<dyn Handler>)> {
        let mailer = self.mailer.clone()?;
        let job: Arc<dyn Handler> = Arc::new(MailJob::new(mailer, clock.clone()));
        Some((MailJob::KIND, job))
    }
}
