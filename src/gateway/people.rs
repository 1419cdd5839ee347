//! What people have: mail of their accounts, by the settings a server, none, or the simulated one; and what they
//! work with together.

use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    accounts::{AccountSettings, Accounts, AccountsParts, ApiKeys},
    assignment::{AssignmentConsumer, AssignmentParts},
    config::{Config, MailProvider, NetworkKind},
    content::CannedResponses,
    domain::Clock,
    inbox::{Assignments, Inbox, InboxParts, Views},
    jobs::{Handler, Jobs},
    mail::{MailJob, Post},
    notes::Notes,
    notifications::{NotificationConsumer, NotificationParts, Notifications},
    presence::Presence,
    providers::mail::{Mailbox, Mailer, Smtp},
    store::{Store, StoreError},
    teams::{Teams, TeamsParts},
};

/// Who takes the mails.
pub struct Mail {
    /// None where no mail is sent.
    pub mailer: Option<Arc<dyn Mailer>>,
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

/// The accounts of people, whose sign-ins end with the leases that keys have too.
pub async fn accounts(
    config: &Config,
    (store, clock, tasks): (&Store, &Clock, &TaskTracker),
    keys: &ApiKeys,
    post: Post,
) -> Result<Accounts, StoreError> {
    let parts = AccountsParts {
        store: store.clone(),
        clock: clock.clone(),
        leases: keys.leases(),
        post,
        tasks: tasks.clone(),
        settings: AccountSettings::of(config),
    };
    Accounts::open(parts).await
}

/// What people work with together.
pub struct TeamWork {
    pub teams: Teams,
    pub notes: Notes,
    pub notifications: Notifications,
    pub canned_responses: CannedResponses,
    pub views: Views,
}

/// Starts the consumers of notifications and of assignments, too.
pub fn start_team_work(
    (inbox, accounts): (&Inbox, &Accounts),
    (presence, post): (&Presence, Post),
    tasks: &TaskTracker,
    stop: CancellationToken,
) -> TeamWork {
    let InboxParts { store, log, consumers, clock, settings, .. } = inbox.parts().clone();
    let assignments = Assignments::new(inbox.parts());
    let parts = NotificationParts {
        inbox: inbox.clone(),
        presence: presence.clone(),
        post,
        clock: clock.clone(),
    };
    consumers.start(NotificationConsumer::new(parts), tasks, stop.clone());
    let parts =
        AssignmentParts { assignments: assignments.clone(), presence: presence.clone(), settings };
    consumers.start(AssignmentConsumer::new(parts), tasks, stop);
    let parts = TeamsParts {
        store: store.clone(),
        log: log.clone(),
        clock: clock.clone(),
        accounts: accounts.clone(),
        assignments,
    };
    TeamWork {
        teams: Teams::new(parts),
        notes: Notes::new(store.clone(), log, clock.clone()),
        notifications: Notifications::new(store.clone(), clock.clone()),
        canned_responses: CannedResponses::new(store.clone(), clock.clone()),
        views: Views::new(store, clock),
    }
}
