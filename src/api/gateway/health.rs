//! The server itself: health, facts, metrics, and the documentation.

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody, http::StatusCode};
use serde::Serialize;
use serde_json::json;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        endpoint::Endpoint,
        kit::{
            Admin, Bucket, Call, Content, Data, DescribeAnswer, File, FileKind, Operation,
            OwnSessions, Public, Read, required_choice, shape,
        },
        openapi,
        sessions::wire::seconds,
    },
    domain::{
        SessionState,
        session::{EngineKind, FailureKind},
    },
    memory,
    services::Services,
    telemetry,
};

const TAG: &str = "Server";
/// Shares of the machine's memory above which health is in doubt, and in danger.
const WARN: f64 = 0.85;
const DANGER: f64 = 0.95;

pub fn endpoints() -> Vec<Endpoint> {
    let health = |path, name| {
        Endpoint::get(path, health)
            .named(name)
            .about(TAG, "Whether the gateway is well")
            .details("503 where a check failed; `warnings` says what an operator should look at.")
            .limited(Bucket::None)
    };
    let info = |path, name| {
        Endpoint::get(path, info)
            .named(name)
            .about(TAG, "Facts about the gateway")
            .details("A key for one session learns of that one alone.")
    };
    vec![
        health("/health", "getHealth"),
        health("/api/v1/health", "getApiHealth"),
        info("/info", "getInfo"),
        info("/api/v1/info", "getApiInfo"),
        Endpoint::get("/metrics", metrics)
            .named("getMetrics")
            .about(TAG, "Metrics in the Prometheus text format")
            .details("Gauges of sessions and sizes are measured when it is asked for.")
            .limited(Bucket::None),
        Endpoint::get("/openapi.json", openapi::json)
            .named("getOpenApi")
            .about(TAG, "This document")
            .details("The simulated network has a document of its own.")
            .limited(Bucket::None),
        Endpoint::get("/api-docs", openapi::page)
            .named("redirectToApiDocs")
            .about(TAG, "This document as a page to browse")
            .limited(Bucket::None),
        Endpoint::get("/api-docs/{file:.*}", openapi::file)
            .named("getApiDocs")
            .about(TAG, "The files of that page")
            .limited(Bucket::None),
    ]
}

/// Metrics as Prometheus reads them.
struct MetricsText;

impl FileKind for MetricsText {
    const CONTENT_TYPE: &'static str = "text/plain";
    const EXAMPLE: &'static str =
        "# TYPE wagate_sessions gauge\nwagate_sessions{state=\"ready\"} 1\n";
}

fn status_schema() -> Schema {
    let about = "`degraded` where a check warns, `unhealthy` where one fails.";
    required_choice(about, &["healthy", "degraded", "unhealthy"])
}

fn engine_schema() -> Schema {
    required_choice("The engine of new sessions.", &["browser", "simulated"])
}

fn network_schema() -> Schema {
    required_choice("The network that sessions reach.", &["whatsapp", "simulated"])
}

fn outcome_schema() -> Schema {
    required_choice("Outcome of the check.", &["ok", "warn", "error"])
}

/// 200, or 503 with the same data where a check failed.
struct HealthAnswer(HealthView);

impl Responder for HealthAnswer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let Self(data) = self;
        if data.status == "unhealthy" {
            let error = json!({ "code": "UNHEALTHY", "message": "A check failed", "details": {} });
            let body = json!({ "success": false, "data": data, "error": error });
            return HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE).json(body);
        }
        HttpResponse::Ok().json(json!({ "success": true, "data": data }))
    }
}

impl DescribeAnswer for HealthAnswer {
    fn describe(operation: &mut Operation) {
        operation.succeeds(200, "The gateway is well", Content::Data(shape::<HealthView>));
        operation.succeeds(503, "A check failed", Content::FailureWith(shape::<HealthView>));
    }
}

#[derive(Serialize, ToSchema)]
struct HealthView {
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// When it was checked, RFC 3339.
    timestamp: String,
    /// Each check by itself.
    checks: Checks,
    /// What an operator should look at.
    #[schema(example = json!([]))]
    warnings: Vec<String>,
}

/// The checks, each with its outcome.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Checks {
    /// Whether the store answers.
    #[schema(schema_with = outcome_schema)]
    database: &'static str,
    /// Whether there is room on the disk.
    #[schema(schema_with = outcome_schema)]
    disk: &'static str,
    /// Whether the log of events is within its limits.
    #[schema(schema_with = outcome_schema)]
    event_log: &'static str,
    /// Whether no session failed, is degraded or on hold.
    #[schema(schema_with = outcome_schema)]
    sessions: &'static str,
    /// Whether the machine has memory left.
    #[schema(schema_with = outcome_schema)]
    memory: &'static str,
}

impl Checks {
    async fn of(services: &Services) -> Self {
        let is_unwell = |status: &crate::domain::SessionStatus| {
            // A code that nobody scanned is no fault of the gateway.
            let is_unscanned = status.failure == Some(FailureKind::QrTimeout);
            status.state == SessionState::Degraded
                || (status.state == SessionState::Failed && !is_unscanned)
                || status.send_hold.is_some()
        };
        let used = services.health.memory_used().await;
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
        let share = memory::total().map_or(0.0, |total| used as f64 / total as f64);
        let (disk, log) = (services.health.disk_warning(), services.retention.warnings());
        Self {
            database: if services.health.store_works().await { "ok" } else { "error" },
            disk: if disk.is_none() { "ok" } else { "warn" },
            event_log: if log.is_empty() { "ok" } else { "warn" },
            sessions: match services.supervisor.is_healthy() {
                false => "error",
                true if services.supervisor.list().iter().any(is_unwell) => "warn",
                true => "ok",
            },
            memory: if DANGER < share {
                "error"
            } else if WARN < share {
                "warn"
            } else {
                "ok"
            },
        }
    }

    /// The state of the whole.
    fn worst(&self) -> &'static str {
        let Self { database, disk, event_log, sessions, memory } = *self;
        let all = [database, disk, event_log, sessions, memory];
        if all.contains(&"error") {
            "unhealthy"
        } else if all.contains(&"warn") {
            "degraded"
        } else {
            "healthy"
        }
    }
}

async fn health(services: Call<Public>) -> HealthAnswer {
    let checks = Checks::of(&services).await;
    let status = checks.worst();
    let (disk, log) = (services.health.disk_warning(), services.retention.warnings());
    let timestamp = seconds(services.clock.now());
    let warnings = disk.into_iter().chain(log).chain(sandbox_warning(&services));
    let warnings = warnings.chain(hold_warning(&services)).collect();
    HealthAnswer(HealthView { status, timestamp, checks, warnings })
}

/// Names nobody: this is public.
fn hold_warning(services: &Services) -> Option<String> {
    let all = services.supervisor.list();
    let holds = all.iter().filter_map(|status| status.send_hold.as_ref());
    let (count, last) = (holds.clone().count(), holds.map(|hold| hold.until).max()?);
    let until = seconds(last);
    Some(format!("WhatsApp takes no messages of {count} session(s) for now, until {until} at most"))
}

/// Only where browsers are in use. It is a risk, not a fault: the status stays as it is.
fn sandbox_warning(services: &Services) -> Option<String> {
    let runs_browsers = services.config.engine == EngineKind::Browser
        || services
            .supervisor
            .list()
            .iter()
            .any(|status| status.config.engine == EngineKind::Browser);
    services.sandbox_warning.filter(|_| runs_browsers).map(str::to_owned)
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InfoView {
    /// Always `wagate`.
    #[schema(example = "wagate")]
    name: &'static str,
    /// Version of the gateway.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Sessions that may run at once.
    #[schema(example = 50)]
    max_sessions: usize,
    /// Sessions that run.
    active_sessions: usize,
    /// Seconds since the start.
    uptime: u64,
    /// Memory of the machine.
    memory: MemoryView,
    #[schema(schema_with = engine_schema)]
    engine: &'static str,
    #[schema(schema_with = network_schema)]
    network: &'static str,
}

#[derive(Serialize, ToSchema)]
struct MemoryView {
    /// Memory of the gateway and its browsers.
    #[schema(example = "312MB")]
    used: String,
    /// Memory of the machine.
    #[schema(example = "7.8GB")]
    total: String,
}

async fn info(services: Call<Read, OwnSessions>) -> Data<InfoView> {
    let own = services.own_session();
    Data::of(InfoView {
        name: "wagate",
        version: env!("CARGO_PKG_VERSION"),
        max_sessions: services.supervisor.max_sessions(),
        // Other sessions do not exist for a key of one.
        active_sessions: match own {
            None => services.supervisor.active_sessions(),
            Some(id) => {
                let handle = services.supervisor.get(&id);
                usize::from(handle.is_ok_and(|handle| handle.status().state.is_active()))
            }
        },
        uptime: services.started.elapsed().as_secs(),
        memory: MemoryView {
            used: in_words(services.health.memory_used().await),
            total: in_words(memory::total().unwrap_or(0)),
        },
        engine: services.config.engine.as_str(),
        network: if services.network.is_some() { "simulated" } else { "whatsapp" },
    })
}

async fn metrics(services: Call<Admin>) -> File<MetricsText> {
    let all = services.supervisor.list();
    for state in [
        SessionState::Initializing,
        SessionState::QrReady,
        SessionState::Authenticated,
        SessionState::Ready,
        SessionState::Degraded,
        SessionState::Failed,
        SessionState::Terminated,
    ] {
        let count = all.iter().filter(|status| status.state == state).count();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        metrics::gauge!("wagate_sessions", "state" => state.as_str()).set(f64::from(count));
    }
    services.retention.measure();
    services.health.disk_warning();
    let bytes: u64 = all.iter().filter_map(|status| status.memory).sum();
    #[expect(clippy::cast_precision_loss, reason = "nobody misses a byte of terabytes")]
    metrics::gauge!("wagate_sessions_memory_bytes").set(bytes as f64);
    let text = telemetry::start_metrics().render();
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    HttpResponse::Ok().content_type(content_type).body(text).into()
}

/// Bytes as people say them: `256MB`, `1GB`, `1.5GB`.
fn in_words(bytes: u64) -> String {
    const MEGA: u64 = 1024 * 1024;
    const GIGA: u64 = 1024 * MEGA;
    if bytes < GIGA {
        return format!("{}MB", bytes / MEGA);
    }
    match (bytes % GIGA) * 10 / GIGA {
        0 => format!("{}GB", bytes / GIGA),
        tenths => format!("{}.{tenths}GB", bytes / GIGA),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn memory_is_said_in_megabytes_and_gigabytes() {
        const MEGA: u64 = 1024 * 1024;
        for (bytes, words) in
            [(0, "0MB"), (256 * MEGA, "256MB"), (1024 * MEGA, "1GB"), (1536 * MEGA, "1.5GB")]
        {
            assert_eq!(in_words(bytes), words);
        }
    }
}
