//! Status of the business: which session, and whether it is connected.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        business::sessions,
        endpoint::Endpoint,
        error::ApiError,
        kit::{self, Data, OwnSessions, Query},
    },
    domain::{SessionState, SessionStatus},
};

const TAG: &str = "Business";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/whatsapp-api/status", status)
            .named("getBusinessStatus")
            .about(TAG, "Whether WhatsApp is connected, and as whom")
            .details(
                "Of the session that is named; else that of the key, the primary one, the oldest that is ready, the oldest.",
            ),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StatusQuery {
    /// The name of a session.
    #[schema(max_length = 64)]
    session_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessStatus)]
struct StatusView {
    /// Whether messages can be sent now.
    connected: bool,
    /// E.164; null while the session is not linked.
    #[schema(example = "+15551234567")]
    phone_number: Option<String>,
    /// `web`, or null without a session.
    #[schema(example = "web")]
    connection_type: Option<&'static str>,
    /// `business.name`, else the name of the account; null without either.
    #[schema(example = "Acme Corp")]
    business_name: Option<String>,
    /// Name of the session; null without one.
    #[schema(example = "shop")]
    session_id: Option<String>,
    /// Text messages.
    sms: SmsView,
    /// Slack workspaces.
    slack: SlackView,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessSms)]
struct SmsView {
    /// Whether text messages can be sent.
    enabled: bool,
    /// The number that they are sent from; null without one.
    #[schema(example = json!(null))]
    phone_number: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessSlack)]
struct SlackView {
    /// Whether a workspace is connected.
    enabled: bool,
}

async fn status(
    call: kit::Call<kit::Read, OwnSessions>,
    Query(query): Query<StatusQuery>,
) -> Result<Data<StatusView>, ApiError> {
    let found = match query.session_id.as_deref() {
        Some(name) => Some(sessions::named(&call, name)?),
        None => sessions::in_order(&call).into_iter().next(),
    };
    let name = Some(call.settings.now().business.name.clone()).filter(|name| !name.is_empty());
    Ok(Data::of(StatusView {
        connected: found
            .as_ref()
            .is_some_and(|one| one.state == SessionState::Ready && one.connected),
        phone_number: found.as_ref().and_then(phone_number),
        connection_type: found.as_ref().map(|_| "web"),
        business_name: name.or_else(|| found.as_ref().and_then(account_name)),
        session_id: found.map(|one| one.id.to_string()),
        sms: SmsView { enabled: call.sms.number().is_some(), phone_number: call.sms.number() },
        slack: SlackView { enabled: false },
    }))
}

fn phone_number(status: &SessionStatus) -> Option<String> {
    status.me.as_ref().map(|me| format!("+{}", me.id.user()))
}

fn account_name(status: &SessionStatus) -> Option<String> {
    status.me.as_ref().and_then(|me| me.push_name.clone())
}
