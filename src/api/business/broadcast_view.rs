//! A broadcast, its recipients and its preview, as the business API shows them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        chat::time,
        kit::{Plural, path::uuid, path_value},
    },
    campaigns::{Broadcast, EVERYBODY, Preview, Recipient, Shown, State, Stats, Status, Waiting},
    contacts::Contact,
    domain::{Subject, conversation::message_uuid},
};

path_value! {
    /// A broadcast, by its id.
    pub enum BroadcastId = "id" as Uuid;
    about: "The id of the broadcast", example: "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12",
    read: |text| uuid(text, Subject::Broadcast)
}

/// What becomes of a broadcast.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = BroadcastStatus)]
pub enum StatusView {
    Draft,
    Scheduled,
    Sending,
    Completed,
    Cancelled,
    Failed,
}

impl From<Status> for StatusView {
    fn from(status: Status) -> Self {
        match status {
            Status::Draft => Self::Draft,
            Status::Scheduled => Self::Scheduled,
            Status::Sending => Self::Sending,
            Status::Completed => Self::Completed,
            Status::Cancelled => Self::Cancelled,
            Status::Failed => Self::Failed,
        }
    }
}

impl From<StatusView> for Status {
    fn from(status: StatusView) -> Self {
        match status {
            StatusView::Draft => Self::Draft,
            StatusView::Scheduled => Self::Scheduled,
            StatusView::Sending => Self::Sending,
            StatusView::Completed => Self::Completed,
            StatusView::Cancelled => Self::Cancelled,
            StatusView::Failed => Self::Failed,
        }
    }
}

/// What becomes of a recipient.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = BroadcastRecipientStatus)]
pub enum StateView {
    Pending,
    Queued,
    Sent,
    Delivered,
    Read,
    Failed,
    Skipped,
}

impl From<State> for StateView {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Queued => Self::Queued,
            State::Sent => Self::Sent,
            State::Delivered => Self::Delivered,
            State::Read => Self::Read,
            State::Failed => Self::Failed,
            State::Skipped => Self::Skipped,
        }
    }
}

impl From<StateView> for State {
    fn from(state: StateView) -> Self {
        match state {
            StateView::Pending => Self::Pending,
            StateView::Queued => Self::Queued,
            StateView::Sent => Self::Sent,
            StateView::Delivered => Self::Delivered,
            StateView::Read => Self::Read,
            StateView::Failed => Self::Failed,
            StateView::Skipped => Self::Skipped,
        }
    }
}

/// What a broadcast waits for.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BroadcastWaiting)]
enum WaitingView {
    Turn,
    Pause,
    Outbox,
    Session,
    QuietHours,
    DailyLimit,
}

impl From<Waiting> for WaitingView {
    fn from(waiting: Waiting) -> Self {
        match waiting {
            Waiting::Turn => Self::Turn,
            Waiting::Pause => Self::Pause,
            Waiting::Outbox => Self::Outbox,
            Waiting::Session => Self::Session,
            Waiting::QuietHours => Self::QuietHours,
            Waiting::DailyLimit => Self::DailyLimit,
        }
    }
}

/// How many recipients there are, and what became of them.
#[derive(Serialize, ToSchema)]
#[schema(as = BroadcastStats)]
pub struct StatsView {
    /// All recipients.
    total: u64,
    /// Those who were sent to; who got or read the message is among them.
    sent: u64,
    /// Those whose phone has the message; who read it is among them.
    delivered: u64,
    /// Those who read the message, as far as their phones tell.
    read: u64,
    /// Those whose message could not be sent.
    failed: u64,
    /// Those who were passed over, such as for having opted out since.
    skipped: u64,
}

impl From<Stats> for StatsView {
    fn from(stats: Stats) -> Self {
        let Stats { total, sent, delivered, read, failed, skipped } = stats;
        Self { total, sent, delivered, read, failed, skipped }
    }
}

/// A template that is sent to the contacts with some tags.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Broadcast, example = json!({
    "id": "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a", "name": "Spring sale",
    "templateId": "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12", "templateName": "spring_sale", "language": "en_US",
    "components": [], "tags": ["vip"], "sessionId": "shop", "status": "SENDING", "scheduledAt": null,
    "stats": { "total": 120, "sent": 40, "delivered": 38, "read": 12, "failed": 1, "skipped": 2 },
    "waitingFor": "pause", "failure": null, "createdAt": "2026-03-24T10:30:00.000Z",
    "updatedAt": "2026-03-24T10:31:00.000Z", "startedAt": "2026-03-24T10:31:00.000Z", "completedAt": null,
}))]
pub struct BroadcastView {
    /// Id of the broadcast.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the broadcast.
    #[schema(example = "Spring sale")]
    name: String,
    /// Id of the template.
    #[schema(example = "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12")]
    template_id: String,
    /// Name of the template.
    #[schema(example = "spring_sale")]
    template_name: String,
    /// Language of the template.
    #[schema(example = "en_US")]
    language: String,
    /// Parameters of the template, as Meta's API has them.
    #[schema(value_type = Vec<Object>)]
    components: Vec<Value>,
    /// Contacts with any of these tags; `*` stands for all contacts.
    #[schema(example = json!(["vip"]))]
    tags: Vec<String>,
    /// The session that sends it.
    #[schema(example = "shop")]
    session_id: String,
    /// DRAFT, SCHEDULED, SENDING, COMPLETED, CANCELLED or FAILED.
    status: StatusView,
    /// When it is to start; null unless so.
    #[schema(example = json!(null))]
    scheduled_at: Option<String>,
    /// How far it has come.
    stats: StatsView,
    /// While it is being sent, what it waits for: `turn` for the broadcasts before it, `pause` between two messages,
    /// `outbox`, `session`, `quiet_hours` or `daily_limit`. Null otherwise.
    waiting_for: Option<WaitingView>,
    /// Why it failed; null unless so.
    #[schema(example = json!(null))]
    failure: Option<String>,
    created_at: String,
    updated_at: String,
    /// When its first recipients were noted; null before.
    #[schema(example = "2026-03-24T10:31:00.000Z")]
    started_at: Option<String>,
    /// When it was completed, cancelled or failed; null before.
    #[schema(example = json!(null))]
    completed_at: Option<String>,
}

impl Plural for BroadcastView {
    const PLURAL: &'static str = "broadcasts";
}

impl From<Shown> for BroadcastView {
    fn from(shown: Shown) -> Self {
        let Shown { broadcast, stats, waiting } = shown;
        let Broadcast { template, tags, .. } = broadcast;
        Self {
            id: broadcast.id.to_string(),
            name: broadcast.name,
            template_id: template.id.to_string(),
            template_name: template.name,
            language: template.language,
            components: template.components,
            tags: if tags.is_empty() { vec![EVERYBODY.to_owned()] } else { tags },
            session_id: broadcast.session.as_str().to_owned(),
            status: broadcast.status.into(),
            scheduled_at: broadcast.scheduled_at.map(time),
            stats: stats.into(),
            waiting_for: waiting.map(WaitingView::from),
            failure: broadcast.failure,
            created_at: time(broadcast.created_at),
            updated_at: time(broadcast.updated_at),
            started_at: broadcast.started_at.map(time),
            completed_at: broadcast.ended_at.map(time),
        }
    }
}

/// Somebody whom a broadcast is sent to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BroadcastRecipient)]
pub struct RecipientView {
    /// Id of the contact.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    contact_id: String,
    /// E.164, as it was when the broadcast began.
    #[schema(example = "+919876543210")]
    phone: String,
    /// Name of the contact; null without one, and when the contact is gone.
    #[schema(example = "John Doe")]
    name: Option<String>,
    /// PENDING, QUEUED, SENT, DELIVERED, READ, FAILED or SKIPPED.
    status: StateView,
    /// Why there is no message: `not_opted_in`, `frequency_capped`, `rate_limited`, `contact_removed`,
    /// `contact_merged`, `no_number` or `cancelled` when skipped, the code of the failure when failed. Null otherwise.
    #[schema(example = json!(null))]
    reason: Option<String>,
    /// WhatsApp's id of the message; null until it is queued.
    #[schema(example = "true_919876543210@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    message_id: Option<String>,
    /// Id of the message in this API; null until it is queued.
    #[schema(example = "660e8400-e29b-41d4-a716-446655440045")]
    id: Option<String>,
    updated_at: String,
}

impl Plural for RecipientView {
    const PLURAL: &'static str = "recipients";
}

impl RecipientView {
    pub fn of(broadcast: &Broadcast, recipient: &Recipient, contact: Option<Contact>) -> Self {
        let message = recipient.message_id();
        Self {
            contact_id: recipient.contact.to_string(),
            phone: format!("+{}", recipient.phone),
            name: contact.and_then(|contact| contact.name),
            status: recipient.state.into(),
            reason: recipient.reason.clone(),
            id: message.as_ref().map(|id| message_uuid(&broadcast.session, id).to_string()),
            message_id: message.map(|id| id.to_string()),
            updated_at: time(recipient.changed_at),
        }
    }
}

/// Who would get a broadcast.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BroadcastPreview)]
pub struct PreviewView {
    /// How many contacts would get it.
    total: u64,
    /// The first ten of them.
    recipients: Vec<PreviewedView>,
    /// Contacts with these tags who would not get it, by reason.
    excluded: ExcludedView,
    /// How many recipients the plan allows; null for no limit.
    #[schema(example = json!(null))]
    limit: Option<u64>,
    /// Whether there are more: then the broadcast is refused as a whole.
    exceeds_limit: bool,
    /// How long it would take with the pauses between its messages.
    estimated_seconds: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BroadcastPreviewRecipient)]
struct PreviewedView {
    /// Id of the contact.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// E.164.
    #[schema(example = "+919876543210")]
    phone: Option<String>,
    /// Name of the contact; null without one.
    #[schema(example = "John Doe")]
    name: Option<String>,
    tags: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BroadcastExclusions)]
struct ExcludedView {
    /// Those who have not opted in, or have opted out.
    not_opted_in: u64,
    /// Those who had a marketing message not long ago.
    frequency_capped: u64,
    /// Those who are known by a hidden WhatsApp id alone.
    no_number: u64,
}

impl From<Preview> for PreviewView {
    fn from(preview: Preview) -> Self {
        let exceeds_limit = preview.exceeds_limit();
        let recipients = preview.recipients.into_iter().map(|contact| PreviewedView {
            id: contact.id.to_string(),
            phone: contact.phone.map(|digits| format!("+{digits}")),
            name: contact.name,
            tags: contact.tags,
        });
        Self {
            total: preview.total,
            recipients: recipients.collect(),
            excluded: ExcludedView {
                not_opted_in: preview.not_opted_in,
                frequency_capped: preview.frequency_capped,
                no_number: preview.no_number,
            },
            limit: preview.limit,
            exceeds_limit,
            estimated_seconds: preview.takes.as_secs(),
        }
    }
}
