//! Handle of broadcasts: what callers create, change, start, cancel and read. Each change is one commit, and durable when
//! its function returns.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    campaigns::{
        broadcast::{self, Broadcast, Progress, TemplateUse},
        event::Stats,
        pacing::Waiting,
        recipient::{Outcome, Recipient, by_state},
        recipient_state::State,
        settings::CampaignSettings,
        start_job::{self, StartJob},
        status::Status,
    },
    contacts::{Contact, Contacts, check_tag},
    content::{Category, Rendered, Templates, template_draft},
    domain::{Clock, Error, SessionId, Subject, Timestamp},
    events::EventLog,
    inbox::{Author, BulkSending, Inbox},
    jobs::Jobs,
    policy::Refusal,
    settings::Settings,
    store::{Key, Record, Store},
};

/// The tag that stands for all contacts.
pub const EVERYBODY: &str = "*";
/// Tags of one broadcast.
pub const MOST_TAGS: usize = 50;
const LONGEST_NAME: usize = 120;

/// What broadcasts need.
#[derive(Clone)]
pub struct CampaignParts {
    pub store: Store,
    pub log: EventLog,
    pub jobs: Jobs,
    pub clock: Clock,
    pub contacts: Contacts,
    pub templates: Templates,
    /// What contacts wrote is in effect once the inbox has caught up.
    pub inbox: Inbox,
    pub bulk: BulkSending,
    pub settings: Settings,
}

impl CampaignParts {
    /// The settings in effect now.
    pub fn in_effect(&self) -> CampaignSettings {
        CampaignSettings::of(&self.settings.now())
    }
}

/// The broadcast whose turn it is, and what it waits for.
type Current = Arc<Mutex<Option<(Uuid, Option<Waiting>)>>>;

/// Clones are the same service.
#[derive(Clone)]
pub struct Campaigns {
    pub(in crate::campaigns) parts: CampaignParts,
    /// Wakes the runner.
    pub(in crate::campaigns) wake: Arc<Notify>,
    /// What the broadcast that is being sent waits for.
    pub(in crate::campaigns) current: Current,
}

/// A broadcast as a caller wants it.
#[derive(Clone, Debug)]
pub struct BroadcastDraft {
    pub name: String,
    pub template_name: String,
    pub language: String,
    pub components: Vec<Value>,
    pub tags: Vec<String>,
    pub session: SessionId,
    pub scheduled_at: Option<Timestamp>,
    /// Sent at once; else it is a draft, or waits for its time.
    pub send_now: bool,
    pub by: Author,
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct BroadcastChange {
    pub name: Option<String>,
    pub template_name: Option<String>,
    pub language: Option<String>,
    pub components: Option<Vec<Value>>,
    pub tags: Option<Vec<String>>,
    pub session: Option<SessionId>,
    /// None within makes a scheduled broadcast a draft.
    pub scheduled_at: Option<Option<Timestamp>>,
}

/// A broadcast with what became of it until now.
#[derive(Clone, Debug)]
pub struct Shown {
    pub broadcast: Broadcast,
    pub stats: Stats,
    /// What it waits for, while it is being sent.
    pub waiting: Option<Waiting>,
}

/// A page of recipients.
#[derive(Debug)]
pub struct RecipientPage {
    pub broadcast: Broadcast,
    /// With their contacts, but for those that are gone.
    pub recipients: Vec<(Recipient, Option<Contact>)>,
    pub total: u64,
}

impl Campaigns {
    pub fn new(parts: CampaignParts) -> Self {
        Self { parts, wake: Arc::default(), current: Arc::default() }
    }

    /// The job that starts scheduled broadcasts.
    pub fn start_job(&self) -> StartJob {
        StartJob::new(self.parts.clock.clone(), self.wake.clone())
    }

    pub async fn get(&self, id: Uuid) -> Result<Shown, Error> {
        let found = self.parts.store.get(&Broadcast::at(id)).await?;
        self.shown(found.ok_or_else(|| unknown(id))?).await
    }

    /// A page of broadcasts, the newest first, and how many there are.
    pub async fn page(
        &self,
        status: Option<Status>,
        skipped: u64,
        limit: usize,
    ) -> Result<(Vec<Shown>, u64), Error> {
        let store = &self.parts.store;
        let total = broadcast::total(store, status).await?;
        if total <= skipped {
            return Ok((Vec::new(), total));
        }
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let page = broadcast::page(store, status, skipped, limit).await?;
        let keys: Vec<Key<Outcome>> = page.iter().map(|one| Outcome::at(one.id)).collect();
        let outcomes = store.get_many(&keys).await?;
        let shown = |(broadcast, outcome)| self.with_outcome(broadcast, outcome);
        Ok((page.into_iter().zip(outcomes).map(shown).collect(), total))
    }

    pub async fn create(&self, draft: BroadcastDraft) -> Result<Shown, Error> {
        let BroadcastDraft { name, tags, scheduled_at, send_now, session, by, .. } = &draft;
        let now = self.parts.clock.now();
        let time = scheduled_at.map(|at| self.future(at)).transpose();
        let both = match (send_now, scheduled_at) {
            (true, Some(_)) => {
                Err(Error::invalid_field("sendNow", "cannot go together with scheduledAt"))
            }
            _ => Ok(()),
        };
        let parts = Error::both(checked_name(name), Self::tags(tags));
        let ((name, tags), (scheduled_at, ())) = Error::both(parts, Error::both(time, both))?;
        let template =
            self.template(&draft.template_name, &draft.language, draft.components.clone()).await?;
        let mut made = Broadcast {
            id: Uuid::now_v7(),
            name,
            template,
            tags,
            session: session.clone(),
            status: if scheduled_at.is_some() { Status::Scheduled } else { Status::Draft },
            scheduled_at,
            accepted_at: None,
            started_at: None,
            ended_at: None,
            created_at: now,
            updated_at: now,
            by: by.clone(),
            failure: None,
            progress: Progress::default(),
            is_clearing: false,
        };
        if *send_now || scheduled_at.is_some() {
            made.progress.expected = self.checked_audience(&made).await?;
        }
        if *send_now {
            self.parts.bulk.check_ready(session)?;
            (made.status, made.accepted_at) = (Status::Sending, Some(now));
        }
        let mut transaction = self.parts.store.transaction();
        loop {
            broadcast::put(transaction.store(), None, &made).await?;
            if let Some(at) = scheduled_at {
                start_job::schedule(transaction.store(), made.id, Some(at)).await?;
            }
            if transaction.commit().await? {
                break;
            }
        }
        self.changed(made).await
    }

    pub async fn change(&self, id: Uuid, change: BroadcastChange) -> Result<Shown, Error> {
        let BroadcastChange {
            name,
            template_name,
            language,
            components,
            tags,
            session,
            scheduled_at,
        } = change;
        let time = scheduled_at.flatten().map(|at| self.future(at)).transpose();
        let name = name.as_deref().map(checked_name).transpose();
        let tags = tags.as_deref().map(Self::tags).transpose();
        let ((name, tags), _) = Error::both(Error::both(name, tags), time)?;
        let known = self.parts.store.get(&Broadcast::at(id)).await?.ok_or_else(|| unknown(id))?;
        if !known.status.may_change() {
            return Err(known.status.refusal("changed"));
        }
        let template = match (template_name, language, components) {
            (None, None, None) => None,
            (name, language, components) => {
                let before = known.template;
                let name = name.unwrap_or(before.name);
                let language = language.unwrap_or(before.language);
                let components = components.unwrap_or(before.components);
                Some(self.template(&name, &language, components).await?)
            }
        };
        let mut transaction = self.parts.store.transaction();
        let changed = loop {
            let known = transaction.get(&Broadcast::at(id)).await?.ok_or_else(|| unknown(id))?;
            if !known.status.may_change() {
                return Err(known.status.refusal("changed"));
            }
            let (former, at) = (known.status, scheduled_at.unwrap_or(known.scheduled_at));
            let mut changed = Broadcast {
                name: name.clone().unwrap_or(known.name),
                template: template.clone().unwrap_or(known.template),
                tags: tags.clone().unwrap_or(known.tags),
                session: session.clone().unwrap_or(known.session),
                status: if at.is_some() { Status::Scheduled } else { Status::Draft },
                scheduled_at: at,
                updated_at: self.parts.clock.now(),
                ..known
            };
            if at.is_some() {
                changed.progress.expected = self.checked_audience(&changed).await?;
            }
            broadcast::put(transaction.store(), Some(former), &changed).await?;
            start_job::schedule(transaction.store(), id, at).await?;
            if transaction.commit().await? {
                break changed;
            }
        };
        self.changed(changed).await
    }

    /// Starts a draft, or a scheduled broadcast before its time.
    pub async fn send(&self, id: Uuid) -> Result<Shown, Error> {
        let found = self.parts.store.get(&Broadcast::at(id)).await?;
        let known = found.ok_or_else(|| unknown(id))?;
        known.status.check_becomes(Status::Sending)?;
        let TemplateUse { name, language, components, .. } = known.template.clone();
        self.template(&name, &language, components).await?;
        let expected = self.checked_audience(&known).await?;
        self.parts.bulk.check_ready(&known.session)?;
        let mut transaction = self.parts.store.transaction();
        let sending = loop {
            let known = transaction.get(&Broadcast::at(id)).await?.ok_or_else(|| unknown(id))?;
            known.status.check_becomes(Status::Sending)?;
            let (former, now) = (known.status, self.parts.clock.now());
            let sending = Broadcast {
                status: Status::Sending,
                accepted_at: Some(now),
                updated_at: now,
                progress: Progress { expected, ..Progress::default() },
                ..known
            };
            broadcast::put(transaction.store(), Some(former), &sending).await?;
            start_job::schedule(transaction.store(), id, None).await?;
            if transaction.commit().await? {
                break sending;
            }
        };
        self.changed(sending).await
    }

    /// Cancels a broadcast: nobody else gets it from now on. What lies in the outbox is taken out of it.
    pub async fn cancel(&self, id: Uuid) -> Result<Shown, Error> {
        let mut transaction = self.parts.store.transaction();
        let cancelled = loop {
            let known = transaction.get(&Broadcast::at(id)).await?.ok_or_else(|| unknown(id))?;
            if known.status == Status::Cancelled {
                break known;
            }
            known.status.check_becomes(Status::Cancelled)?;
            let (former, now) = (known.status, self.parts.clock.now());
            let cancelled = Broadcast {
                status: Status::Cancelled,
                ended_at: Some(now),
                updated_at: now,
                is_clearing: former == Status::Sending,
                ..known
            };
            broadcast::put(transaction.store(), Some(former), &cancelled).await?;
            start_job::schedule(transaction.store(), id, None).await?;
            if transaction.commit().await? {
                break cancelled;
            }
        };
        self.changed(cancelled).await
    }

    /// A page of the recipients of a broadcast, in a state or in all, in the order of their contacts.
    pub async fn recipients(
        &self,
        id: Uuid,
        state: Option<State>,
        skipped: u64,
        limit: usize,
    ) -> Result<RecipientPage, Error> {
        let store = &self.parts.store;
        let Shown { broadcast, stats, .. } = self.get(id).await?;
        let total = in_state(&broadcast, stats, state);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let most = skipped.saturating_add(limit);
        let keys: Vec<Key<Recipient>> = match state {
            _ if total <= skipped as u64 => Vec::new(),
            None => store.keys(Recipient::key().uuid(id).below(), most).await?,
            Some(state) => {
                let entries = store.entries(by_state(id, state).below(), most).await?;
                entries.into_iter().map(|(_, key)| key).collect()
            }
        };
        let keys: Vec<Key<Recipient>> = keys.into_iter().skip(skipped).collect();
        let recipients: Vec<Recipient> =
            store.get_many(&keys).await?.into_iter().flatten().collect();
        let ids: Vec<Uuid> = recipients.iter().map(|recipient| recipient.contact).collect();
        let contacts = self.parts.contacts.get_many(&ids).await?;
        let recipients = recipients.into_iter().zip(contacts).collect();
        Ok(RecipientPage { broadcast, recipients, total })
    }

    /// Whether a template is marketing.
    pub async fn is_marketing(&self, name: &str, language: &str) -> Result<bool, Error> {
        let template = self.parts.templates.find(name, language).await?;
        Ok(template.category == Category::Marketing)
    }

    /// The tags of a broadcast, checked; none for all contacts.
    pub(in crate::campaigns) fn tags(tags: &[String]) -> Result<Vec<String>, Error> {
        if tags.iter().any(|tag| tag.trim() == EVERYBODY) {
            return Ok(Vec::new());
        }
        if tags.is_empty() || MOST_TAGS < tags.len() {
            let fault = "must name 1 to 50 tags, or \"*\" for all contacts";
            return Err(Error::invalid_field("tags", fault));
        }
        Error::all(tags.iter().map(|tag| check_tag(tag)))
    }

    fn future(&self, at: Timestamp) -> Result<Timestamp, Error> {
        match self.parts.clock.now() < at {
            true => Ok(at),
            false => Err(Error::invalid_field("scheduledAt", "must be in the future")),
        }
    }

    /// A template that is approved, with parameters that fit.
    async fn template(
        &self,
        name: &str,
        language: &str,
        components: Vec<Value>,
    ) -> Result<TemplateUse, Error> {
        let rendered = self.parts.templates.render(name, language, &components).await?;
        let Rendered { template, .. } = &rendered;
        let (id, is_marketing) = (template.id, template.category == Category::Marketing);
        // A key that may send to all contacts is no key for one session.
        template_draft(rendered, &components, &self.parts.bulk.drafts, false)?;
        let (name, language) = (name.to_owned(), language.to_owned());
        Ok(TemplateUse { id, name, language, components, is_marketing })
    }

    /// How many contacts a broadcast would be sent to; refused when they are more than the plan allows.
    async fn checked_audience(&self, broadcast: &Broadcast) -> Result<u64, Error> {
        let tags = match broadcast.tags.is_empty() {
            true => vec![EVERYBODY.to_owned()],
            false => broadcast.tags.clone(),
        };
        let preview = self.preview(&tags, broadcast.template.is_marketing).await?;
        match preview.limit.filter(|_| preview.exceeds_limit()) {
            Some(limit) => Err(plan_limit(limit)),
            None => Ok(preview.taken()),
        }
    }

    /// After the commit of a change.
    async fn changed(&self, broadcast: Broadcast) -> Result<Shown, Error> {
        self.parts.store.durable().await?;
        self.parts.jobs.woken();
        self.wake.notify_one();
        self.shown(broadcast).await
    }

    async fn shown(&self, broadcast: Broadcast) -> Result<Shown, Error> {
        let outcome = self.parts.store.get(&Outcome::at(broadcast.id)).await?;
        Ok(self.with_outcome(broadcast, outcome))
    }

    fn with_outcome(&self, broadcast: Broadcast, outcome: Option<Outcome>) -> Shown {
        let stats = stats(&broadcast, outcome.unwrap_or_default());
        let current = *self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = match (broadcast.status, current) {
            (Status::Sending, Some((id, waiting))) if id == broadcast.id => waiting,
            (Status::Sending, _) => Some(Waiting::Turn),
            _ => None,
        };
        Shown { broadcast, stats, waiting }
    }
}

/// What became of the recipients of a broadcast.
pub fn stats(broadcast: &Broadcast, outcome: Outcome) -> Stats {
    let (progress, counts) = (broadcast.progress, outcome.counts);
    Stats {
        // Until all are noted, as many as there were when it was accepted.
        total: if progress.is_gathered { progress.total } else { progress.expected },
        sent: counts.sent,
        delivered: counts.delivered,
        read: counts.read,
        failed: counts.failed,
        skipped: progress.skipped + counts.cancelled,
    }
}

/// How many recipients there are in a state.
fn in_state(broadcast: &Broadcast, stats: Stats, state: Option<State>) -> u64 {
    let progress = broadcast.progress;
    let ended = stats.sent + stats.failed + (stats.skipped - progress.skipped);
    match state {
        None => progress.total,
        Some(State::Pending) => progress.left(),
        Some(State::Queued) => progress.queued.saturating_sub(ended),
        Some(State::Sent) => stats.sent.saturating_sub(stats.delivered),
        Some(State::Delivered) => stats.delivered.saturating_sub(stats.read),
        Some(State::Read) => stats.read,
        Some(State::Failed) => stats.failed,
        Some(State::Skipped) => stats.skipped,
    }
}

pub fn plan_limit(limit: u64) -> Error {
    let limit_of_plan = usize::try_from(limit).unwrap_or(usize::MAX);
    Refusal::PlanLimit { limit: limit_of_plan }.error().detail("limit", limit)
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().nth(LONGEST_NAME).is_some() {
        return Err(Error::invalid_field("name", "must have 1 to 120 characters"));
    }
    Ok(name.to_owned())
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Broadcast, format!("there is no broadcast {id}"))
}
