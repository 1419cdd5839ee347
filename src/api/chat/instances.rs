//! Sessions as instances: their state, their code to scan, how much they send.

use jiff::{ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        chat::{
            access::{self, InstanceId},
            choices::instance_status_schema,
            wire::{instance_status, time},
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{Admin, Call, Data, OwnSessions, Path, Query, Read},
        sessions::linking_code,
    },
    domain::{Command, Error, SessionState, SessionStatus, Timestamp},
    messaging::ConversationFilter,
    services::Services,
};

const TAG: &str = "Chat instances";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/instances", list)
            .named("listInstances")
            .about(TAG, "All instances that the caller sees"),
        Endpoint::get("/api/v1/instances/{uuid}", one)
            .named("getInstance")
            .about(TAG, "One instance"),
        Endpoint::get("/api/v1/instances/{uuid}/qr", code)
            .named("getInstanceQrCode")
            .about(TAG, "The code to scan")
            .details("Where there is no code, `message` says what to do."),
        Endpoint::get("/api/v1/instances/{uuid}/status", state)
            .named("getInstanceStatus")
            .about(TAG, "The state of an instance")
            .details("`realtime=true` asks the engine instead of the gateway's own record."),
        Endpoint::get("/api/v1/instances/{uuid}/stats", stats)
            .named("getInstanceStats")
            .about(TAG, "What it sends and receives"),
    ]
}

#[derive(Deserialize, ToSchema)]
struct InstancesQuery {
    /// Only those in this state.
    status: Option<WantedInstances>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WantedInstances {
    Connected,
    QrReady,
    Pending,
    Disconnected,
}

impl WantedInstances {
    fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::QrReady => "qr_ready",
            Self::Pending => "pending",
            Self::Disconnected => "disconnected",
        }
    }
}

#[derive(Deserialize, ToSchema)]
struct StateQuery {
    /// Ask the engine whether it lives.
    #[serde(default)]
    realtime: bool,
}

#[derive(Serialize, ToSchema)]
struct InstancesView {
    /// The instances.
    instances: Vec<InstanceView>,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "uuid": "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a", "id": 1, "session_id": "shop",
    "phone_number": "15557654321", "status": "connected", "connected": true,
    "messages_sent_today": 12, "remaining_quota": null, "can_send_messages": true,
    "last_activity_at": "2026-03-24T10:31:00.000Z", "created_at": "2026-03-20T08:00:00.000Z",
}))]
struct InstanceView {
    uuid: String,
    /// Number of the instance.
    id: u64,
    session_id: String,
    phone_number: Option<String>,
    #[schema(schema_with = instance_status_schema)]
    status: &'static str,
    connected: bool,
    messages_sent_today: u64,
    /// None: there is no daily limit.
    remaining_quota: Option<u64>,
    /// Whether a message can be sent now.
    can_send_messages: bool,
    last_activity_at: String,
    created_at: String,
}

#[derive(Serialize, ToSchema)]
struct CodeView {
    #[schema(schema_with = instance_status_schema)]
    status: &'static str,
    /// A picture as a data URL.
    #[schema(example = "data:image/png;base64,iVBORw0KGgo=")]
    qr_code: Option<String>,
    /// The code as a text; null without one.
    #[schema(example = "2@abc,def,ghi")]
    qr_code_text: Option<String>,
    /// When this answer was made, RFC 3339; null without a code.
    qr_generated_at: Option<String>,
    /// When the code ends, RFC 3339; null without one.
    qr_expires_at: Option<String>,
    /// Whether the code has ended and the next one is not there yet.
    qr_expired: bool,
    /// What to do, in a sentence.
    #[schema(example = "Scan the code with WhatsApp")]
    message: String,
}

impl CodeView {
    fn of(status: &SessionStatus, now: Timestamp) -> Result<Self, Error> {
        let (fresh, has_code) = match &status.qr {
            Some(qr) => (Some(qr).filter(|qr| now < qr.expires_at), true),
            None => (None, false),
        };
        let picture = match fresh {
            Some(qr) => Some(linking_code::data_url(&qr.text)?),
            None => None,
        };
        let failed = status.last_error.as_deref().filter(|_| status.state == SessionState::Failed);
        let pairing = status.pairing_until.map(linking_code::pairing_message);
        let message = match (status.state, fresh, &pairing) {
            (SessionState::Ready, ..) => "The instance is connected already",
            (_, Some(_), _) => "Scan the code with WhatsApp",
            (SessionState::QrReady, None, Some(pairing)) => pairing,
            (SessionState::QrReady, None, None) => {
                "The code has run out; a new one comes in a moment"
            }
            (_, None, _) => failed.unwrap_or("There is no code at the moment"),
        };
        Ok(Self {
            status: instance_status(status),
            qr_code: picture,
            qr_code_text: fresh.map(|qr| qr.text.clone()),
            qr_generated_at: fresh.map(|_| time(now)),
            qr_expires_at: fresh.map(|qr| time(qr.expires_at)),
            qr_expired: has_code && fresh.is_none(),
            message: message.to_owned(),
        })
    }
}

#[derive(Serialize, ToSchema)]
struct StateView {
    uuid: String,
    #[schema(schema_with = instance_status_schema)]
    status: &'static str,
    connected: bool,
    phone_number: Option<String>,
    last_activity_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChatStatsView)]
struct StatsView {
    messages_sent_today: u64,
    messages_received_today: u64,
    /// Sent since Monday, and since the first of the month (UTC).
    messages_this_week: u64,
    /// Messages sent since the first of the month, midnight UTC.
    messages_this_month: u64,
    conversations_count: usize,
    /// Messages that may be sent a day; 0 for no limit.
    #[schema(example = 0)]
    daily_limit: u64,
    remaining_quota: Option<u64>,
}

async fn list(
    call: Call<Read, OwnSessions>,
    Query(query): Query<InstancesQuery>,
) -> Result<Data<InstancesView>, ApiError> {
    let wanted = query.status.map(WantedInstances::as_str);
    let mut instances = Vec::new();
    for status in access::instances(&call, call.request()) {
        if wanted.is_none_or(|wanted| wanted == instance_status(&status)) {
            instances.push(view(&call, &status).await?);
        }
    }
    Ok(Data::of(InstancesView { instances }))
}

async fn one(
    call: Call<Read, OwnSessions>,
    Path(id): Path<InstanceId>,
) -> Result<Data<InstanceView>, ApiError> {
    let status = access::instance(&call, call.request(), Some(&id))?;
    Ok(Data::of(view(&call, &status).await?))
}

async fn code(
    call: Call<Admin, OwnSessions>,
    Path(id): Path<InstanceId>,
) -> Result<Data<CodeView>, ApiError> {
    let status = access::instance(&call, call.request(), Some(&id))?;
    Ok(Data::of(CodeView::of(&status, call.clock.now())?))
}

async fn state(
    call: Call<Read, OwnSessions>,
    Path(id): Path<InstanceId>,
    Query(query): Query<StateQuery>,
) -> Result<Data<StateView>, ApiError> {
    let status = access::instance(&call, call.request(), Some(&id))?;
    let (mut word, mut connected) = (instance_status(&status), is_connected(&status));
    if connected && query.realtime {
        let handle = call.supervisor.get(&status.id)?;
        if handle.execute(Command::Ping).await.is_err() {
            (word, connected) = ("disconnected", false);
        }
    }
    let view = StateView {
        uuid: status.uuid.to_string(),
        status: word,
        connected,
        phone_number: phone_number(&status),
        last_activity_at: time(status.last_activity),
    };
    Ok(Data::of(view))
}

async fn stats(
    call: Call<Read, OwnSessions>,
    Path(id): Path<InstanceId>,
) -> Result<Data<StatsView>, ApiError> {
    let status = access::instance(&call, call.request(), Some(&id))?;
    let now = call.clock.now();
    let counted = async |since| call.messages.count_since(&status.id, since).await;
    let today = counted(now).await?;
    let filter = |archived| ConversationFilter {
        sessions: vec![status.id.clone()],
        archived,
        ..ConversationFilter::default()
    };
    let (_, listed) = call.conversations.list(&filter(false), 0, 0).await?;
    let (_, archived) = call.conversations.list(&filter(true), 0, 0).await?;
    let view = StatsView {
        messages_sent_today: today.sent,
        messages_received_today: today.received,
        messages_this_week: counted(monday(now)).await?.sent,
        messages_this_month: counted(first_of_month(now)).await?.sent,
        conversations_count: listed + archived,
        daily_limit: 0,
        remaining_quota: None,
    };
    Ok(Data::of(view))
}

async fn view(services: &Services, status: &SessionStatus) -> Result<InstanceView, Error> {
    let today = services.messages.count_since(&status.id, services.clock.now()).await?;
    let connected = is_connected(status);
    Ok(InstanceView {
        uuid: status.uuid.to_string(),
        id: status.number,
        session_id: status.id.to_string(),
        phone_number: phone_number(status),
        status: instance_status(status),
        connected,
        messages_sent_today: today.sent,
        remaining_quota: None,
        can_send_messages: connected,
        last_activity_at: time(status.last_activity),
        created_at: time(status.created_at),
    })
}

fn is_connected(status: &SessionStatus) -> bool {
    instance_status(status) == "connected"
}

fn phone_number(status: &SessionStatus) -> Option<String> {
    status.me.as_ref().map(|me| me.id.user().to_owned())
}

fn monday(now: Timestamp) -> Timestamp {
    let day = now.to_zoned(TimeZone::UTC);
    let since = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(since.days()).map_or(now, |monday| monday.timestamp())
}

fn first_of_month(now: Timestamp) -> Timestamp {
    now.to_zoned(TimeZone::UTC).first_of_month().map_or(now, |first| first.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let thursday: Timestamp = "2026-03-05T10:00:00Z".parse().unwrap();
        assert_eq!(monday(thursday), "2026-03-02T10:00:00Z".parse().unwrap());
        assert_eq!(first_of_month(thursday), "2026-03-01T10:00:00Z".parse().unwrap());
        let monday_itself: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        assert_eq!(monday(monday_itself), monday_itself);
    }
}
