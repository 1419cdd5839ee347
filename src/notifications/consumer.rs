//! Consumer of the log: makes notifications, each in one commit with the cursor, and so exactly once.

use std::time::Duration;

use crate::{
    domain::{Body, Clock, Event, Timestamp, clock::between},
    events::{Consumer, Failure, Flow, Work, effect::effect_id},
    inbox::Inbox,
    mail::Post,
    notifications::{
        news::{News, Reader, may_be_news},
        preferences::Preferences,
        record::{LastTold, Notification, add},
    },
    presence::Presence,
    providers::mail::Mail,
    store::{StoreError, Transaction},
};

/// How often people are notified of one conversation's messages, or of one session's connection.
const RARELY: Duration = Duration::from_secs(60);
/// What happened longer ago is mailed to nobody.
const FRESH: Duration = Duration::from_secs(86_400);
/// The pause until the inbox has handled a message.
const INBOX_PAUSE: Duration = Duration::from_millis(100);
/// How long a message is held for the inbox.
const INBOX_PATIENCE: Duration = Duration::from_secs(60);

/// What the consumer needs.
pub struct NotificationParts {
    pub inbox: Inbox,
    pub presence: Presence,
    pub post: Post,
    pub clock: Clock,
}

pub struct NotificationConsumer {
    parts: NotificationParts,
}

impl NotificationConsumer {
    pub const NAME: &'static str = "notifications";

    pub fn new(parts: NotificationParts) -> Self {
        Self { parts }
    }

    /// Tells one person, within the transaction.
    async fn tell(
        &self,
        transaction: &Transaction,
        news: &News,
        to: &crate::accounts::User,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let NotificationParts { presence, post, clock, .. } = &self.parts;
        let known = transaction.get(&Preferences::at(to.id)).await?;
        let wanted = known.unwrap_or_default();
        let id = effect_id(news.named, &format!("notification {}", to.id), 0);
        if wanted.shows(news.kind) {
            let notification = Notification {
                id,
                user: to.id,
                kind: news.kind,
                title: news.title.clone(),
                body: news.body.clone(),
                data: news.data.clone(),
                created_at: at,
                read_at: None,
            };
            add(transaction, notification).await?;
        }
        let now = clock.now();
        let is_reached = to.email_verified && presence.is_offline(to.id) && now < at + FRESH;
        if is_reached && wanted.mails(news.kind) && !wanted.is_quiet(now) {
            let text = match news.body.as_str() {
                "" => format!("{}.\n", news.title),
                body => format!("{}:\n\n{body}\n", news.title),
            };
            let mail = Mail {
                id,
                to: to.email.clone(),
                subject: news.title.clone(),
                text,
                written_at: now,
                good_until: at + FRESH,
            };
            post.queue_in(transaction.store(), &mail).await?;
        }
        Ok(())
    }
}

impl Consumer for NotificationConsumer {
    const NAME: &'static str = Self::NAME;
    const AT_ONCE: usize = 32;

    type Error = Failure;

    fn wants(&self, event: &Event) -> bool {
        may_be_news(event)
    }

    async fn handle(&self, work: &mut Work<'_>, event: &Event) -> Result<Flow, Failure> {
        let NotificationParts { inbox, presence, clock, .. } = &self.parts;
        // The inbox says whose conversation it is.
        let is_message = matches!(event.body, Body::WhatsApp(_)) && event.body.chat().is_some();
        if is_message && !inbox.reached(event.seq).await {
            let waited = between(event.at, clock.now());
            if waited < INBOX_PATIENCE {
                return Ok(Flow::Later(INBOX_PAUSE));
            }
        }
        let reader = Reader { store: work.store(), presence };
        let Some(news) = reader.read(event).await? else { return Ok(Flow::Done) };
        let mut transaction = work.store().transaction();
        if let Some(what) = news.rarely {
            let at = LastTold::at(what);
            let last = transaction.get(&at).await?;
            if last.is_some_and(|last| event.at < last.at + RARELY) {
                return Ok(Flow::Done);
            }
            transaction.put(&at, &LastTold { at: event.at }).await?;
        }
        for to in &news.to {
            self.tell(&transaction, &news, to, event.at).await?;
        }
        // Within a transaction nothing can be in conflict.
        transaction.commit().await?;
        Ok(Flow::Done)
    }

    async fn committed(&self, _: &Event) {
        self.parts.post.woken();
    }
}
