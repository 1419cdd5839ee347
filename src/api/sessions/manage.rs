//! Sessions themselves: create, look at, restart, remove.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        auth::still_good,
        body::{Body, Query, session_id},
        bounds::one_of,
        chat::access::instances,
        endpoint::{
            Bucket, Endpoint,
            ParameterKind::{Flag, Number, OneOf},
        },
        error::ApiError,
        formats::choice,
        sessions::{
            data, message, qr,
            view::{SessionView, failure_of},
            webhooks::{WebhookBody, draft_of},
            wire::{seconds, status_word},
        },
    },
    domain::{
        Error, ErrorCode, Proxy, Removal, SessionConfig, SessionId, SessionState, SessionStatus,
        Subject,
        session::{EngineKind, ProxyProtocol},
    },
    services::Services,
};

const TAG: &str = "Sessions";
/// How long a creation waits for a sign of life.
const WAIT: Duration = Duration::from_secs(35);
const LONGEST_TIMEOUT: f64 = 3_600.0;
const ENGINES: [&str; 2] = ["browser", "simulated"];
const PROTOCOLS: [&str; 5] = ["http", "https", "socks4", "socks5", "socks5h"];
/// What a list can be asked for: every state by its own name.
const STATES: [&str; 7] =
    ["initializing", "qr_ready", "authenticated", "ready", "degraded", "failed", "terminated"];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/sessions", create)
            .about(TAG, "Create a session and wait for its QR code")
            .limited(Bucket::Creation)
            .takes::<CreateBody>()
            .answers::<SessionView>(201),
        Endpoint::get("/api/v1/sessions", list)
            .about(TAG, "List the sessions")
            .query(OneOf(&STATES), "status", "Only those in this status")
            .for_keys_of_one_session()
            .answers_list::<SessionView>(),
        Endpoint::get("/api/v1/sessions/{sessionId}", read)
            .about(TAG, "Look at a session")
            .answers::<SessionView>(200),
        Endpoint::get("/api/v1/sessions/{sessionId}/status", status)
            .about(TAG, "The status of a session")
            .answers::<StatusView>(200),
        Endpoint::delete("/api/v1/sessions/{sessionId}", remove)
            .about(TAG, "Stop and remove a session")
            .query(Flag, "logout", "Unlink the device from the account (default true)")
            .query(Flag, "keepData", "Keep the profile folder (default false)"),
        Endpoint::post("/api/v1/sessions/{sessionId}/restart", restart)
            .about(TAG, "Restart a session; its login stays")
            .limited(Bucket::Creation)
            .takes::<RestartBody>()
            .answers::<RestartView>(200),
        Endpoint::post("/api/v1/sessions/{sessionId}/logout", log_out)
            .about(TAG, "Unlink the device; the session stays, and shows a code to scan again")
            .limited(Bucket::Creation),
        Endpoint::get("/api/v1/sessions/{sessionId}/logs", logs)
            .about(TAG, "The newest lines of a session's own log")
            .query(Number, "limit", "How many lines (default 100)")
            .answers_list::<LogView>(),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateBody {
    #[schema(format = "session-name")]
    session_id: String,
    #[serde(rename = "waitForQR")]
    wait_for_qr: Option<bool>,
    config: Option<ConfigBody>,
    /// Registered with the session, or not at all, before it starts: no event is missed.
    webhook: Option<WebhookBody>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConfigBody {
    multi_device: Option<bool>,
    headless: Option<bool>,
    /// Seconds; 0 for no limit.
    #[schema(minimum = 0, maximum = 3_600)]
    qr_timeout: Option<f64>,
    #[schema(minimum = 0, maximum = 3_600)]
    auth_timeout: Option<f64>,
    proxy_server_credentials: Option<ProxyBody>,
    #[schema(schema_with = engine_schema)]
    engine: Option<String>,
    restart_on_crash: Option<bool>,
    #[schema(max_length = 512)]
    user_agent: Option<String>,
    #[schema(max_length = 4_096)]
    executable_path: Option<String>,
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

fn protocol_schema() -> Schema {
    choice("`http` when it is not given.", &PROTOCOLS)
}

#[derive(Default, Deserialize, ToSchema)]
struct RestartBody {
    #[serde(rename = "waitForQR")]
    wait_for_qr: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StatusView {
    status: &'static str,
    last_activity: String,
    session_id: String,
    #[serde(rename = "hasQRCode")]
    has_qr_code: bool,
    connected: bool,
    degraded: bool,
    /// The engine's own word for its line to WhatsApp.
    state: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RestartView {
    session_id: String,
    restarted: bool,
    status: &'static str,
    timestamp: String,
    #[serde(rename = "hasQRCode")]
    has_qr_code: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_code: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct LogView {
    ts: String,
    level: &'static str,
    message: String,
}

async fn create(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<CreateBody>,
) -> Result<HttpResponse, ApiError> {
    let id = body.session_id.parse::<SessionId>();
    let id = id.map_err(|error| Error::invalid_field("sessionId", error.to_string()));
    let config = config_of(body.config.unwrap_or_default(), &services);
    let webhook = match body.webhook.map(|webhook| draft_of(webhook, &request)) {
        Some(draft) => services.webhooks.endpoints.checked(draft).await.map(Some),
        None => Ok(None),
    };
    let webhook = webhook.map_err(|error| error.within("webhook"));
    let ((id, config), webhook) = Error::both(Error::both(id, config), webhook)?;
    let limit = config.qr_timeout;
    let handle = services.sessions.create(id, config, webhook).await?;
    let mut status = handle.status();
    if body.wait_for_qr.unwrap_or(true) {
        status = handle.wait_until(wait(limit), has_sign_of_life).await;
        still_good(&services, &request).await?;
        if status.state == SessionState::Failed {
            let reason =
                status.last_error.clone().unwrap_or_else(|| "the session failed".to_owned());
            let error = Error::new(ErrorCode::EngineFailed, reason).about(Subject::Session);
            let error = error.detail("failure", failure_of(&status));
            return Err(error.detail("sessionId", status.id.as_str()).into());
        }
    }
    let body = json!({
        "success": true,
        "message": "Session created successfully",
        "data": SessionView::with_qr(&status)?,
    });
    Ok(HttpResponse::Created().json(body))
}

async fn list(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = Query::of(&request);
    let wanted = query.text("status");
    let all = instances(&services, &request);
    let waiting = services.outbox.stats().await.ok();
    let views: Vec<SessionView> = all
        .iter()
        .filter(|status| wanted.is_none_or(|wanted| is_in(status.state, wanted)))
        .map(|status| SessionView::with_waiting(status, waiting.as_ref()))
        .collect();
    Ok(HttpResponse::Ok().json(data(views)))
}

/// `degraded` may be asked for although it is shown beside the status.
fn is_in(state: SessionState, wanted: &str) -> bool {
    wanted == state.as_str() || wanted == status_word(state)
}

async fn read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let status = services.supervisor.get(&session_id(&request)?)?.status();
    let waiting = services.outbox.stats().await.ok();
    Ok(HttpResponse::Ok().json(data(SessionView::with_waiting(&status, waiting.as_ref()))))
}

async fn status(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let status = services.supervisor.get(&session_id(&request)?)?.status();
    let view = StatusView {
        status: status_word(status.state),
        last_activity: seconds(status.last_activity),
        session_id: status.id.to_string(),
        has_qr_code: status.qr.is_some(),
        connected: status.connected,
        degraded: status.state == SessionState::Degraded,
        state: status.line,
    };
    Ok(HttpResponse::Ok().json(data(view)))
}

async fn remove(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&request)?;
    let query = Query::of(&request);
    let removal =
        Removal { log_out: query.flag("logout", true)?, keep_data: query.flag("keepData", false)? };
    services.sessions.remove(&id, removal).await?;
    Ok(HttpResponse::Ok().json(message("Session removed successfully")))
}

async fn log_out(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    services.supervisor.get(&session_id(&request)?)?.log_out().await?;
    Ok(HttpResponse::Ok().json(message("Session logged out")))
}

async fn restart(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<RestartBody>,
) -> Result<HttpResponse, ApiError> {
    let handle = services.supervisor.get(&session_id(&request)?)?;
    handle.restart().await?;
    let mut status = handle.status();
    if body.wait_for_qr.unwrap_or(true) {
        status = handle.wait_until(wait(status.config.qr_timeout), has_sign_of_life).await;
        still_good(&services, &request).await?;
    }
    let view = RestartView {
        session_id: status.id.to_string(),
        restarted: true,
        status: status_word(status.state),
        timestamp: seconds(services.clock.now()),
        has_qr_code: status.qr.is_some(),
        qr_code: status.qr.as_ref().map(|qr| qr::data_url(&qr.text)).transpose()?,
    };
    let body =
        json!({ "success": true, "message": "Session restarted successfully", "data": view });
    Ok(HttpResponse::Ok().json(body))
}

async fn logs(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let handle = services.supervisor.get(&session_id(&request)?)?;
    let limit = Query::of(&request).number("limit", 100, 1, 1_000)?;
    let lines: Vec<LogView> = handle
        .log(limit)
        .into_iter()
        .map(|line| LogView { ts: seconds(line.at), level: line.level, message: line.message })
        .collect();
    Ok(HttpResponse::Ok().json(data(lines)))
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

/// Whether a text can be the address of a proxy.
pub fn proxy_address(text: &str) -> Result<(), Error> {
    let (protocol, username, password) = (None, None, None);
    proxy_of(ProxyBody { protocol, address: text.to_owned(), username, password }).map(drop)
}

/// A proxy from its parts, or from a whole URL in `address`.
fn proxy_of(body: ProxyBody) -> Result<Proxy, Error> {
    let fault = |message: &str| Error::invalid_field("config.proxyServerCredentials", message);
    let protocol = body.protocol.unwrap_or_else(|| "http".to_owned());
    let is_url = body.address.contains("://");
    let names_port =
        body.address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if !is_url && !names_port {
        return Err(fault("address must be host:port or a URL"));
    }
    let text = if is_url { body.address } else { format!("{protocol}://{}", body.address) };
    // The port that a URL leaves out because it is the usual one still counts.
    let url = Url::parse(&text).map_err(|_| fault("address must be host:port or a URL"))?;
    let protocol = match url.scheme() {
        "http" => ProxyProtocol::Http,
        "https" => ProxyProtocol::Https,
        "socks4" => ProxyProtocol::Socks4,
        "socks5" => ProxyProtocol::Socks5,
        "socks5h" => ProxyProtocol::Socks5h,
        _ => return Err(fault("protocol must be http, https, socks4, socks5 or socks5h")),
    };
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or_else(|| fault("address names no host"))?;
    let port = url.port_or_known_default().ok_or_else(|| fault("address names no port"))?;
    let own = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let username = body.username.or_else(|| own(url.username()));
    let password = body.password.or_else(|| url.password().and_then(own));
    if username.is_some() != password.is_some() {
        return Err(fault("username and password go together"));
    }
    Ok(Proxy { protocol, host: host.to_owned(), port, username, password })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(protocol: Option<&str>, address: &str) -> Result<Proxy, Error> {
        let protocol = protocol.map(str::to_owned);
        proxy_of(ProxyBody {
            protocol,
            address: address.to_owned(),
            username: None,
            password: None,
        })
    }

    #[test]
    fn a_proxy_is_given_in_parts_or_as_a_url() {
        let parts = proxy(Some("socks5"), "proxy.example:1080").unwrap();
        assert_eq!((parts.protocol, parts.port), (ProxyProtocol::Socks5, 1080));
        let whole = proxy(None, "socks5://u:p@proxy.example:1080").unwrap();
        assert_eq!((whole.username.as_deref(), whole.password.as_deref()), (Some("u"), Some("p")));
        assert!(proxy(Some("gopher"), "proxy.example:1080").is_err());
        assert!(proxy(Some("socks5"), "proxy.example").is_err());
    }

    #[test]
    fn a_timeout_may_have_a_fraction_but_not_leave_its_range() {
        assert_eq!(timeout("qrTimeout", Some(0.6), 9), Ok(1));
        assert_eq!(timeout("qrTimeout", None, 9), Ok(9));
        for seconds in [-1.0, 3_601.0, f64::NAN] {
            assert!(timeout("qrTimeout", Some(seconds), 9).is_err(), "{seconds}");
        }
    }
}
