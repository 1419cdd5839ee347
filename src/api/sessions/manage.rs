//! Sessions themselves: create, look at, restart, remove.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        chat::access::instances,
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, AllSessions, Body, Bucket, Call, Created, Data, InSession, Limit, Listed,
            Message, OwnSessions, Query, Read, check::bounds::one_of, choice, required_choice,
        },
        sessions::{
            linking_code,
            view::{SessionView, failure_of},
            webhooks::{WebhookBody, draft_of},
            wire::{seconds, status_schema, status_word},
        },
    },
    domain::{
        Error, ErrorCode, Proxy, Removal, SessionConfig, SessionId, SessionState, SessionStatus,
        Subject, proxy::ProxyParts, session::EngineKind,
    },
    services::Services,
    webhooks::WebhookDraft,
};

const TAG: &str = "Sessions";
/// How long a creation waits for a sign of life.
const WAIT: Duration = Duration::from_secs(35);
const LONGEST_TIMEOUT: f64 = 3_600.0;
const ENGINES: [&str; 2] = ["browser", "simulated"];
const PROTOCOLS: [&str; 5] = ["http", "https", "socks4", "socks5", "socks5h"];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/sessions", create)
            .named("createSession")
            .about(TAG, "Create a session and wait for its QR code")
            .details(
                "Waits until the session shows a code or is ready, unless `waitForQR` is false. A \
                 webhook in the body is registered before the session starts.",
            )
            .limited(Bucket::Creation)
            .may_fail(&[ErrorCode::EngineFailed]),
        Endpoint::get("/api/v1/sessions", list)
            .named("listSessions")
            .about(TAG, "List the sessions")
            .details("A key for one session sees that one alone."),
        Endpoint::get("/api/v1/sessions/{sessionId}", read)
            .named("getSession")
            .about(TAG, "Look at a session")
            .details("`waiting` says how many of its messages wait in the outbox, and for what."),
        Endpoint::get("/api/v1/sessions/{sessionId}/status", status)
            .named("getSessionStatus")
            .about(TAG, "The status of a session")
            .details("Less than the session's details, for programs that poll."),
        Endpoint::delete("/api/v1/sessions/{sessionId}", remove)
            .named("deleteSession")
            .about(TAG, "Stop and remove a session")
            .details("Its messages, webhooks and keys are deleted with it."),
        Endpoint::post("/api/v1/sessions/{sessionId}/restart", restart)
            .named("restartSession")
            .about(TAG, "Restart a session; its login stays")
            .details("The engine closes and opens again. Messages in the outbox wait meanwhile.")
            .limited(Bucket::Creation),
        Endpoint::post("/api/v1/sessions/{sessionId}/logout", log_out)
            .named("logOutSession")
            .about(TAG, "Unlink the device; the session stays, and shows a code to scan again")
            .details("Messages and webhooks stay. The session shows a new code.")
            .limited(Bucket::Creation),
        Endpoint::get("/api/v1/sessions/{sessionId}/logs", logs)
            .named("listSessionLogs")
            .about(TAG, "The newest lines of a session's own log")
            .details(
                "Oldest first. They are in memory alone and begin with the start of the \
                 gateway.",
            ),
    ]
}

#[derive(Deserialize, ToSchema)]
struct SessionsQuery {
    /// Only those in this status.
    status: Option<WantedState>,
}

/// What a list can be asked for: every state by its own name.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WantedState {
    Initializing,
    QrReady,
    Authenticated,
    Ready,
    Degraded,
    Failed,
    Terminated,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RemovalQuery {
    /// Unlink the device from the account.
    #[schema(default = true)]
    logout: Option<bool>,
    /// Keep the profile folder.
    #[serde(default)]
    keep_data: bool,
}

#[derive(Deserialize, ToSchema)]
struct LogsQuery {
    #[serde(default)]
    limit: Limit<100, 1_000>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "sessionId": "shop" }))]
struct CreateBody {
    /// Name of the new session: letters, digits, `-` and `_`.
    #[schema(format = "session-name")]
    session_id: String,
    #[serde(rename = "waitForQR")]
    wait_for_qr: Option<bool>,
    /// Settings of the session; what is left out is as the gateway's settings say.
    config: Option<ConfigBody>,
    /// Registered with the session, or not at all, before it starts: no event is missed.
    webhook: Option<WebhookBody>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConfigBody {
    /// For clients of open-wa: `true` alone is accepted, since sessions are always linked devices.
    multi_device: Option<bool>,
    /// Whether Chromium runs without a window; as the settings say when it is not given.
    headless: Option<bool>,
    /// Seconds; 0 for no limit.
    #[schema(minimum = 0, maximum = 3_600)]
    qr_timeout: Option<f64>,
    /// Seconds from the scan until the session must be ready; 0 for no limit.
    #[schema(minimum = 0, maximum = 3_600)]
    auth_timeout: Option<f64>,
    /// The proxy through which the session reaches WhatsApp.
    proxy_server_credentials: Option<ProxyBody>,
    #[schema(schema_with = engine_schema)]
    engine: Option<String>,
    /// Whether the session starts again after a crash (default true).
    restart_on_crash: Option<bool>,
    /// User agent of the browser, in place of its own.
    #[schema(max_length = 512)]
    user_agent: Option<String>,
    /// Path of the Chromium to start; needs `openwa.allow_browser_overrides` in the settings.
    #[schema(max_length = 4_096)]
    executable_path: Option<String>,
    /// Further arguments for Chromium; needs `openwa.allow_browser_overrides` in the settings.
    chromium_args: Option<Vec<String>>,
    /// Leave stories out: no event, no message in a list (default false).
    ignore_status: Option<bool>,
    /// The same for channels.
    ignore_channels: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
struct ProxyBody {
    #[schema(schema_with = protocol_schema)]
    protocol: Option<String>,
    /// `host:port`, or a whole URL.
    #[schema(min_length = 1, format = "proxy-address")]
    address: String,
    #[schema(max_length = 255)]
    username: Option<String>,
    #[schema(max_length = 255)]
    password: Option<String>,
}

fn engine_schema() -> Schema {
    choice("What runs the session; as the settings say when it is not given.", &ENGINES)
}

fn level_schema() -> Schema {
    required_choice("How serious it is.", &["info", "warn", "error"])
}

fn protocol_schema() -> Schema {
    choice("`http` when it is not given.", &PROTOCOLS)
}

#[derive(Default, Deserialize, ToSchema)]
#[schema(example = json!({ "waitForQR": false }))]
struct RestartBody {
    #[serde(rename = "waitForQR")]
    wait_for_qr: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StatusView {
    #[schema(schema_with = status_schema)]
    status: &'static str,
    last_activity: String,
    session_id: String,
    #[serde(rename = "hasQRCode")]
    has_qr_code: bool,
    connected: bool,
    degraded: bool,
    /// The engine's own word for its line to WhatsApp.
    #[schema(example = "CONNECTED")]
    state: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RestartView {
    session_id: String,
    /// Always true.
    #[schema(example = true)]
    restarted: bool,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// When it was restarted, RFC 3339.
    timestamp: String,
    #[serde(rename = "hasQRCode")]
    has_qr_code: bool,
    /// The QR code as a data URL, when there is one to scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "data:image/png;base64,iVBORw0KGgo=")]
    qr_code: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct LogView {
    /// When it was logged, RFC 3339.
    ts: String,
    #[schema(schema_with = level_schema)]
    level: &'static str,
    /// What happened.
    #[schema(example = "The session is ready")]
    message: String,
}

/// The webhook of a new session, checked.
async fn checked(
    call: &Call<Admin, AllSessions>,
    webhook: Option<WebhookBody>,
) -> Result<Option<WebhookDraft>, Error> {
    let Some(webhook) = webhook else { return Ok(None) };
    let draft = draft_of(webhook, &call.principal());
    let checked = call.webhooks.endpoints.checked(draft).await;
    checked.map(Some).map_err(|error| error.within("webhook"))
}

/// Refuses a session that failed while its first code was awaited.
fn check_not_failed(status: &SessionStatus) -> Result<(), Error> {
    if status.state != SessionState::Failed {
        return Ok(());
    }
    let reason = status.last_error.clone().unwrap_or_else(|| "the session failed".to_owned());
    let error = Error::new(ErrorCode::EngineFailed, reason).about(Subject::Session);
    let error = error.detail("failure", failure_of(status));
    Err(error.detail("sessionId", status.id.as_str()))
}

async fn create(
    call: Call<Admin, AllSessions>,
    Body(body): Body<CreateBody>,
) -> Result<Created<SessionView>, ApiError> {
    let id = body.session_id.parse::<SessionId>();
    let id = id.map_err(|error| Error::invalid_field("sessionId", error.to_string()));
    let config = config_of(body.config.unwrap_or_default(), &call);
    let webhook = checked(&call, body.webhook).await;
    let ((id, config), webhook) = Error::both(Error::both(id, config), webhook)?;
    let limit = config.qr_timeout;
    let handle = call.sessions.create(id, config, webhook).await?;
    let mut status = handle.status();
    if body.wait_for_qr.unwrap_or(true) {
        status = handle.wait_until(wait(limit), has_sign_of_life).await;
        call.still_good().await?;
        check_not_failed(&status)?;
    }
    Ok(Created::of(SessionView::with_qr(&status)?).saying("Session created successfully"))
}

async fn list(
    call: Call<Read, OwnSessions>,
    Query(query): Query<SessionsQuery>,
) -> Result<Listed<SessionView>, ApiError> {
    let is_wanted =
        |status: &SessionStatus| query.status.is_none_or(|wanted| wanted.is_of(status.state));
    Ok(views(&call, is_wanted).await.into_iter().collect())
}

/// The sessions that a caller sees, with what waits in their outboxes.
pub async fn views(
    call: &Call<Read, OwnSessions>,
    is_wanted: impl Fn(&SessionStatus) -> bool,
) -> Vec<SessionView> {
    let all = instances(call, call.request());
    let waiting = call.outbox.stats().await.ok();
    let wanted = all.iter().filter(|status| is_wanted(status));
    wanted.map(|status| SessionView::with_waiting(status, waiting.as_ref())).collect()
}

impl WantedState {
    /// `degraded` may be asked for although it is shown beside the status `authenticated`.
    fn is_of(self, state: SessionState) -> bool {
        match self {
            Self::Initializing => state == SessionState::Initializing,
            Self::QrReady => state == SessionState::QrReady,
            Self::Authenticated => {
                matches!(state, SessionState::Authenticated | SessionState::Degraded)
            }
            Self::Ready => state == SessionState::Ready,
            Self::Degraded => state == SessionState::Degraded,
            Self::Failed => state == SessionState::Failed,
            Self::Terminated => state == SessionState::Terminated,
        }
    }
}

async fn read(call: Call<Read, InSession>) -> Result<Data<SessionView>, ApiError> {
    let status = call.session()?.status();
    let waiting = call.outbox.stats().await.ok();
    Ok(Data::of(SessionView::with_waiting(&status, waiting.as_ref())))
}

async fn status(call: Call<Read, InSession>) -> Result<Data<StatusView>, ApiError> {
    let status = call.session()?.status();
    Ok(Data::of(StatusView {
        status: status_word(status.state),
        last_activity: seconds(status.last_activity),
        session_id: status.id.to_string(),
        has_qr_code: status.qr.is_some(),
        connected: status.connected,
        degraded: status.state == SessionState::Degraded,
        state: status.line,
    }))
}

async fn remove(
    call: Call<Admin, InSession>,
    Query(query): Query<RemovalQuery>,
) -> Result<Message, ApiError> {
    let RemovalQuery { logout, keep_data } = query;
    let removal = Removal { log_out: logout.unwrap_or(true), keep_data };
    call.sessions.remove(&call.session_id()?, removal).await?;
    Ok(Message::of("Session removed successfully"))
}

async fn log_out(call: Call<Admin, InSession>) -> Result<Message, ApiError> {
    call.session()?.log_out().await?;
    Ok(Message::of("Session logged out"))
}

async fn restart(
    call: Call<Admin, InSession>,
    Body(body): Body<RestartBody>,
) -> Result<Data<RestartView>, ApiError> {
    let handle = call.session()?;
    handle.restart().await?;
    let mut status = handle.status();
    if body.wait_for_qr.unwrap_or(true) {
        status = handle.wait_until(wait(status.config.qr_timeout), has_sign_of_life).await;
        call.still_good().await?;
    }
    let view = RestartView {
        session_id: status.id.to_string(),
        restarted: true,
        status: status_word(status.state),
        timestamp: seconds(call.clock.now()),
        has_qr_code: status.qr.is_some(),
        qr_code: status.qr.as_ref().map(|qr| linking_code::data_url(&qr.text)).transpose()?,
    };
    Ok(Data::of(view).saying("Session restarted successfully"))
}

async fn logs(
    call: Call<Read, InSession>,
    Query(query): Query<LogsQuery>,
) -> Result<Listed<LogView>, ApiError> {
    let lines = call.session()?.log(query.limit.get()).into_iter();
    Ok(lines
        .map(|line| LogView { ts: seconds(line.at), level: line.level, message: line.message })
        .collect())
}

fn has_sign_of_life(status: &SessionStatus) -> bool {
    status.state != SessionState::Initializing
}

fn wait(qr_timeout: u32) -> Duration {
    match qr_timeout {
        0 => WAIT,
        seconds => WAIT.min(Duration::from_secs(seconds.into())),
    }
}

fn config_of(body: ConfigBody, services: &Services) -> Result<SessionConfig, Error> {
    let settings = &services.config;
    let overrides = body.executable_path.is_some() || body.chromium_args.is_some();
    if overrides && !settings.openwa.allow_browser_overrides {
        let message =
            "executablePath and chromiumArgs need openwa.allow_browser_overrides in the settings";
        return Err(Error::new(ErrorCode::Forbidden, message));
    }
    let multi_device = match body.multi_device {
        Some(false) => Err(Error::invalid_field("config.multiDevice", "must be true")),
        Some(true) | None => Ok(()),
    };
    let qr = timeout("qrTimeout", body.qr_timeout, settings.sessions.qr_timeout_seconds);
    let auth = timeout("authTimeout", body.auth_timeout, settings.sessions.auth_timeout_seconds);
    let proxy = body.proxy_server_credentials.map(proxy_of).transpose();
    let rest = Error::both(proxy, multi_device);
    let ((qr_timeout, auth_timeout), (proxy, ())) = Error::both(Error::both(qr, auth), rest)?;
    Ok(SessionConfig {
        engine: match body.engine.as_deref() {
            None => settings.engine,
            Some("browser") => EngineKind::Browser,
            Some("simulated") => EngineKind::Simulated,
            Some(_) => return Err(Error::invalid_field("config.engine", one_of(&ENGINES))),
        },
        headless: body.headless.unwrap_or(settings.browser.headless),
        qr_timeout,
        auth_timeout,
        restart_on_crash: body.restart_on_crash.unwrap_or(true),
        proxy,
        user_agent: body.user_agent,
        browser_executable: body.executable_path,
        browser_args: body.chromium_args.unwrap_or_default(),
        ignore_status: body.ignore_status.unwrap_or(false),
        ignore_channels: body.ignore_channels.unwrap_or(false),
    })
}

fn timeout(name: &str, given: Option<f64>, default: u32) -> Result<u32, Error> {
    match given {
        None => Ok(default),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is checked"
        )]
        Some(seconds) if (0.0..=LONGEST_TIMEOUT).contains(&seconds) => Ok(seconds.round() as u32),
        Some(_) => {
            Err(Error::invalid_field(&format!("config.{name}"), "must be from 0 to 3600 seconds"))
        }
    }
}

/// A proxy from its parts, or from a whole URL in `address`.
fn proxy_of(body: ProxyBody) -> Result<Proxy, Error> {
    let ProxyBody { protocol, address, username, password } = body;
    let read = ProxyParts { protocol, address, username, password }.read();
    read.map_err(|fault| Error::invalid_field("config.proxyServerCredentials", fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_may_have_a_fraction_but_not_leave_its_range() {
        assert_eq!(timeout("qrTimeout", Some(0.6), 9), Ok(1));
        assert_eq!(timeout("qrTimeout", None, 9), Ok(9));
        for seconds in [-1.0, 3_601.0, f64::NAN] {
            assert!(timeout("qrTimeout", Some(seconds), 9).is_err(), "{seconds}");
        }
    }
}
