//! Services: the handles that `api` may hold, its only way into the gateway.

mod bots;
pub mod history;
pub mod idempotency;
mod keyed_writes;
mod retention;
mod sessions;
mod vault;
mod vault_command;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use self::{history::History, idempotency::IdempotencyStore};
pub use self::{
    retention::EventRetention,
    sessions::{Sessions, SessionsParts},
    vault::Vault,
    vault_command::VaultOf,
};
pub use crate::store::VaultStatus;
use uuid::Uuid;

use crate::{
    accounts::{Accounts, ApiKeys, MediaLinks},
    analytics::Analytics,
    answers::{Assistant, Summaries},
    audit::Audit,
    automation::{Automations, Flows},
    backup::Backups,
    bots::Bots,
    campaigns::Campaigns,
    config::Config,
    contacts::{ContactImports, Contacts},
    content::{CannedResponses, QuickReplies, Templates},
    doctor::{self, Check},
    domain::{Clock, Error, ErrorCode, Removal, SessionId, conversation::ConversationRecord},
    events::{Consumers, EventLog},
    inbox::{Assignments, Drafts, Inbox, InboxActions, Sending, Views},
    knowledge::{Knowledge, Retrieval},
    memory,
    messaging::{
        Chats, Conversations, Directory, Groups, History as MessageHistory, Library,
        MessageActions, MessageFiles, Messages, Outbox, Sends, Tags, Uploads,
    },
    notes::Notes,
    notifications::Notifications,
    payments::Payments,
    presence::Presence,
    providers::mail::{Mailbox, Mailer},
    search::Search,
    session::Supervisor,
    settings::Settings,
    simulator::Network,
    sms::Sms,
    store::{Declaration, Store},
    teams::Teams,
    web_chat::WebChats,
    webhooks::Webhooks,
    widget::Widgets,
    work_items::WorkItems,
};

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<keyed_writes::KeyedWrite>()];

/// The health endpoint needs no key, so a measurement is shared for this long.
const MEASURED_EVERY: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub supervisor: Supervisor,
    pub sessions: Sessions,
    pub sends: Sends,
    pub outbox: Outbox,
    pub message_actions: MessageActions,
    pub messages: Messages,
    pub message_history: MessageHistory,
    pub chats: Chats,
    pub conversations: Conversations,
    pub tags: Tags,
    pub directory: Directory,
    pub groups: Groups,
    pub message_files: MessageFiles,
    pub uploads: Uploads,
    pub library: Library,
    pub search: Search,
    pub inbox: Inbox,
    pub inbox_actions: InboxActions,
    pub assignments: Assignments,
    pub drafts: Drafts,
    pub sending: Sending,
    pub settings: Settings,
    pub contacts: Contacts,
    pub contact_imports: ContactImports,
    pub quick_replies: QuickReplies,
    pub templates: Templates,
    pub campaigns: Campaigns,
    pub payments: Payments,
    pub knowledge: Knowledge,
    pub retrieval: Retrieval,
    pub bots: Bots,
    pub teams: Teams,
    pub notes: Notes,
    pub presence: Presence,
    pub notifications: Notifications,
    pub canned_responses: CannedResponses,
    pub views: Views,
    pub work_items: WorkItems,
    pub automations: Automations,
    pub flows: Flows,
    pub analytics: Analytics,
    pub summaries: Summaries,
    pub assistant: Assistant,
    pub sms: Sms,
    pub web_chats: WebChats,
    pub widgets: Widgets,
    pub events: EventLog,
    pub consumers: Consumers,
    pub retention: EventRetention,
    pub webhooks: Webhooks,
    pub api_keys: ApiKeys,
    pub accounts: Accounts,
    pub audit: Audit,
    /// Who takes mails; none where no mail is sent.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Simulated mail; only with `--network simulated`.
    pub mailbox: Option<Mailbox>,
    pub media_links: MediaLinks,
    pub idempotency: IdempotencyStore,
    pub backups: Backups,
    pub vault: Vault,
    /// Only with `--network simulated`.
    pub network: Option<Network>,
    /// Only with `--network simulated`.
    pub page: Option<PageDoor>,
    pub health: Health,
    /// A warning when browsers have no sandbox here.
    pub sandbox_warning: Option<&'static str>,
    pub history: History,
    pub started: Instant,
}

impl Services {
    /// Removes a bot with all that belongs to it.
    pub async fn remove_bot(&self, id: Uuid) -> Result<(), Error> {
        let Self { bots, knowledge, canned_responses, webhooks, .. } = self;
        let Self { work_items, automations, flows, teams, .. } = self;
        let webhooks = &webhooks.endpoints;
        let all = bots::OfBots {
            bots,
            knowledge,
            canned_responses,
            work_items,
            automations,
            flows,
            teams,
            webhooks,
        };
        all.remove(id).await?;
        self.remove_empty_channel(id).await
    }

    /// Deletes a conversation with what lies beside its messages: notes, its summary, and what a visitor left. A later
    /// message begins it again.
    pub async fn delete_conversation(&self, of: &ConversationRecord) -> Result<(), Error> {
        self.conversations.delete(of).await?;
        // What was written until then is deleted, too.
        self.inbox.caught_up().await?;
        self.notes.forget(&of.session, of.uuid).await?;
        self.summaries.forget(&of.session, &of.chat).await?;
        self.web_chats.forget(&of.session, &of.chat).await
    }

    /// Removes the web chat of a bot that is gone, where no conversation is in it.
    pub async fn remove_empty_channel(&self, bot: Uuid) -> Result<(), Error> {
        let session = SessionId::of_web(bot);
        let is_there = self.bots.all().await?.iter().any(|known| known.id == bot);
        if is_there || self.inbox.has_conversations(&session).await? {
            return Ok(());
        }
        let removal = Removal { log_out: false, keep_data: false };
        match self.sessions.remove(&session, removal).await {
            Ok(()) | Err(Error { code: ErrorCode::NotFound, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// How a browser reaches the simulated page under the real address.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedPage)]
pub struct PageDoor {
    /// The address to open.
    #[schema(example = "https://web.whatsapp.com/")]
    pub url: String,
    /// `host:port` that the URL's host resolves to.
    #[schema(example = "127.0.0.1:41234")]
    pub resolve_to: String,
    /// SHA-256 in base64 of the public key to trust without a certificate authority.
    #[schema(example = "c3BraSBoYXNoIG9mIHRoZSBrZXk=")]
    pub trusted_key: String,
}

/// Health of the gateway, without access to the store.
#[derive(Clone)]
pub struct Health {
    store: Store,
    measured: Arc<Mutex<Option<Measured>>>,
    examining: Arc<Mutex<()>>,
}

/// A measurement of the memory in use.
#[derive(Clone, Copy)]
struct Measured {
    bytes: u64,
    at: Instant,
}

impl Health {
    pub fn new(store: Store) -> Self {
        Self { store, measured: Arc::default(), examining: Arc::default() }
    }

    pub async fn store_works(&self) -> bool {
        self.store.health().probe().await.is_ok()
    }

    /// A warning when the disk is short of space. Updates the metric too.
    pub fn disk_warning(&self) -> Option<String> {
        let disk = self.store.health().disk();
        let free = disk.free()?;
        #[expect(clippy::cast_precision_loss, reason = "a size needs no more than 52 bits")]
        metrics::gauge!("wagate_disk_free_bytes").set(free as f64);
        let (free, reserve) = (free >> 20, disk.reserve() >> 20);
        self.store.health().admit().is_err().then(|| {
            format!(
                "the disk has {free} MiB left of {reserve} that must stay free: sends are refused"
            )
        })
    }

    /// Runs the self-diagnosis. A check may start a browser, so one runs at a time.
    pub async fn examine(&self, config: &Config, clock: &Clock) -> Vec<Check> {
        let _alone = self.examining.lock().await;
        doctor::examine_running(config, clock).await
    }

    /// The memory of the gateway and its engines in bytes, at most a few seconds old; 0 where it cannot be
    /// measured. Concurrent callers share a measurement.
    pub async fn memory_used(&self) -> u64 {
        let mut measured = self.measured.lock().await;
        if let Some(last) = *measured
            && last.at.elapsed() < MEASURED_EVERY
        {
            return last.bytes;
        }
        let found = tokio::task::spawn_blocking(memory::used).await.ok().flatten();
        let bytes = found.unwrap_or(0);
        *measured = Some(Measured { bytes, at: Instant::now() });
        bytes
    }
}
