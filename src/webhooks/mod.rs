//! Webhooks: delivery of events to HTTP endpoints, at least once and in order per chat.
//!
//! ```text
//!  caller ──▶ Registry ──record──▶ store ◀──page, retry── DeliveryArchive ◀── caller
//!                │ changes           ▲ ▲
//!                ▼                   │ └──────── ResultWriter: results + cursor, one commit per group
//!  event log ──▶ EndpointWorker ─────┘                ▲
//!                reader → in flight → Sender ─────────┘
//! ```
//!
//! - The **registry** owns the endpoints' records: registration, changes, secrets, removal.
//! - The **worker** of an endpoint is one task. It reads the event log with the endpoint's cursor, keeps a bounded number
//!   of events in flight, takes due heads from the stored delivery queue, and commits results in groups.
//! - The **archive** lists finished deliveries, puts them back in the queue, and prunes them.
//!
//! A delivery leaves the queue only when the receiver's answer is committed. Attempts in flight when the process
//! dies are made again, with the same `webhook-id`. A *lane* is the sequence of one endpoint's deliveries for one
//! chat: they are sent one after the other.
//!
//! This module knows no session and no engine. The [`Wording`](crate::events::Wording) that the endpoint names
//! makes the bodies.

mod archive;
mod attempt;
mod called;
mod checks;
mod concurrency;
mod draft;
mod endpoint_locks;
mod endpoint_records;
mod endpoint_rules;
mod event;
mod host_pool;
mod in_flight;
mod lag;
mod outage;
mod queue;
mod reader;
mod registry;
mod results;
mod running_attempts;
mod schedule;
mod settings;
mod signals;
mod signature;
mod stored;
mod supervisor;
mod uncommitted;
mod verdict;
mod worker;
mod worker_state;

use std::sync::Arc;

use bytes::Bytes;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub use self::{
    archive::DeliveryArchive,
    called::BotEndpoints,
    checks::{MASK, check_event, check_secret},
    draft::{Registered, WebhookChange, WebhookDraft},
    event::WebhookEvent,
    registry::Registry,
    schedule::Schedule,
    settings::WebhookSettings,
    stored::{
        Attempt, BUSINESS, Delivery, DeliveryState, OPEN_WA, RetryPlan, SetBy, TABLES, WORKSPACE,
        WebhookRecord, WebhookScope, WebhookTables,
    },
};
use self::{
    attempt::Sender,
    endpoint_locks::EndpointLocks,
    endpoint_records::EndpointRecords,
    endpoint_rules::EndpointRules,
    lag::LagGauge,
    queue::DeliveryQueue,
    reader::{LogReader, wording_of},
    results::ResultWriter,
    signals::{EndpointChanges, ReadProgress},
    worker::WorkerParts,
};
use crate::{
    domain::{Clock, Error, ErrorCode, Subject},
    events::{EventLog, Wordings},
    store::Store,
};

/// The parts of the service for callers. Clones are the same service.
#[derive(Clone)]
pub struct Webhooks {
    pub endpoints: Registry,
    pub deliveries: DeliveryArchive,
    sender: Arc<Sender>,
    workers: Arc<WorkerParts>,
}

impl Webhooks {
    pub fn new(
        store: Store,
        log: EventLog,
        clock: Clock,
        settings: WebhookSettings,
        wordings: Wordings,
    ) -> Self {
        let settings = Arc::new(settings);
        let (locks, changes, progress) =
            (EndpointLocks::new(), EndpointChanges::new(), ReadProgress::default());
        let records = EndpointRecords::new(store.clone(), changes.clone(), progress.clone());
        let queue = DeliveryQueue::new(store.clone(), clock.clone(), locks.clone());
        let sender = Arc::new(Sender::new(settings.clone(), clock.clone()));
        let deliveries = DeliveryArchive {
            store: store.clone(),
            log: log.clone(),
            clock: clock.clone(),
            settings: settings.clone(),
            locks: locks.clone(),
            changes: changes.clone(),
        };
        let endpoints = Registry {
            store: store.clone(),
            log: log.clone(),
            clock: clock.clone(),
            rules: EndpointRules { settings: settings.clone(), wordings: wordings.clone() },
            records: records.clone(),
            queue: queue.clone(),
            locks: locks.clone(),
            registering: Arc::default(),
            changes: changes.clone(),
            progress: progress.clone(),
        };
        let workers = WorkerParts {
            reader: LogReader {
                store: store.clone(),
                log: log.clone(),
                clock: clock.clone(),
                settings: settings.clone(),
                wordings: wordings.clone(),
            },
            results: ResultWriter {
                store: store.clone(),
                log: log.clone(),
                clock: clock.clone(),
                settings: settings.clone(),
                locks: locks.clone(),
                changes: changes.clone(),
            },
            lag: LagGauge::new(store.clone(), clock.clone()),
            archive: deliveries.clone(),
            sender: sender.clone(),
            store,
            log,
            clock,
            settings,
            wordings,
            records,
            queue,
            locks,
            changes,
            progress,
        };
        Self { endpoints, deliveries, sender, workers: Arc::new(workers) }
    }

    /// Runs the workers until the token is cancelled. The retention of deliveries is a job, which
    /// [`DeliveryArchive`] handles.
    pub fn start(&self, tasks: &TaskTracker, stop: CancellationToken) {
        tasks.spawn(supervisor::run(self.workers.clone(), tasks.clone(), stop));
    }

    /// What was posted to an endpoint of a bot, made again from the log; none where the log has dropped the event.
    pub async fn body_of(&self, bot: Uuid, delivery: &Delivery) -> Result<Option<Bytes>, Error> {
        let Some(event) = self.workers.event_of(delivery).await? else { return Ok(None) };
        match self.workers.wordings.get(WORKSPACE) {
            Some(wording) => wording.wrap_for(&event, bot).await,
            None => Ok(None),
        }
    }

    /// Posts a test event, in most wordings `webhook.test`, at once and answers the attempt, which is not stored.
    pub async fn send_test(&self, scope: &WebhookScope, id: Uuid) -> Result<Attempt, Error> {
        let webhook = self.endpoints.stored(scope, id).await?;
        let unknown = || {
            let message = format!("this version has no wording '{}'", webhook.wording);
            Error::new(ErrorCode::Unsupported, message).about(Subject::Webhook)
        };
        let wording = wording_of(&self.workers.wordings, &webhook).ok_or_else(unknown)?;
        Ok(self.sender.send_test(&webhook, wording).await)
    }
}
