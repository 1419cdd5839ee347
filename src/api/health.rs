//! The server itself: health, facts, metrics, and the documentation.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{
        auth::principal,
        endpoint::{Bucket, Endpoint, Scope},
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
    let health = |path| {
        Endpoint::get(path, health)
            .about(TAG, "Whether the gateway is well")
            .needs(Scope::Public)
            .limited(Bucket::None)
            .answers::<HealthView>(200)
    };
    let info = |path| {
        Endpoint::get(path, info)
            .about(TAG, "Facts about the gateway")
            .for_keys_of_one_session()
            .answers::<InfoView>(200)
    };
    vec![
        health("/health"),
        health("/api/v1/health"),
        info("/info"),
        info("/api/v1/info"),
        Endpoint::get("/metrics", metrics)
            .about(TAG, "Metrics in the Prometheus text format")
            .needs(Scope::Admin)
            .limited(Bucket::None)
            .answers_other(200, "text/plain"),
        Endpoint::get("/openapi.json", openapi::json)
            .about(TAG, "This document")
            .needs(Scope::Public)
            .limited(Bucket::None)
            .answers_other(200, "application/json"),
        Endpoint::get("/api-docs", openapi::page)
            .about(TAG, "This document as a page to browse")
            .needs(Scope::Public)
            .limited(Bucket::None)
            .answers_other(200, ""),
        Endpoint::get("/api-docs/{file:.*}", openapi::page)
            .about(TAG, "The files of that page")
            .needs(Scope::Public)
            .limited(Bucket::None)
            .answers_other(200, ""),
    ]
}

#[derive(Serialize, ToSchema)]
struct HealthView {
    status: &'static str,
    timestamp: String,
    checks: Checks,
    /// What an operator should look at.
    warnings: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Checks {
    database: &'static str,
    disk: &'static str,
    event_log: &'static str,
    sessions: &'static str,
    memory: &'static str,
}

async fn health(services: web::Data<Services>) -> HttpResponse {
    let ails = |status: &crate::domain::SessionStatus| {
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
    let checks = Checks {
        database: if services.health.store_works().await { "ok" } else { "error" },
        disk: if disk.is_none() { "ok" } else { "warn" },
        event_log: if log.is_empty() { "ok" } else { "warn" },
        sessions: match services.supervisor.is_healthy() {
            false => "error",
            true if services.supervisor.list().iter().any(ails) => "warn",
            true => "ok",
        },
        memory: if DANGER < share {
            "error"
        } else if WARN < share {
            "warn"
        } else {
            "ok"
        },
    };
    let Checks { database, disk: disk_check, event_log, sessions, memory } = checks;
    let all = [database, disk_check, event_log, sessions, memory];
    let status = if all.contains(&"error") {
        "unhealthy"
    } else if all.contains(&"warn") {
        "degraded"
    } else {
        "healthy"
    };
    let timestamp = seconds(services.clock.now());
    let warnings = disk.into_iter().chain(log).chain(sandbox_warning(&services));
    let warnings = warnings.chain(hold_warning(&services)).collect();
    let data = HealthView { status, timestamp, checks, warnings };
    if status == "unhealthy" {
        let error = json!({ "code": "UNHEALTHY", "message": "A check failed", "details": {} });
        let body = json!({ "success": false, "data": data, "error": error });
        return HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE).json(body);
    }
    HttpResponse::Ok().json(json!({ "success": true, "data": data }))
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
    name: &'static str,
    version: &'static str,
    max_sessions: usize,
    active_sessions: usize,
    /// Seconds since the start.
    uptime: u64,
    memory: MemoryView,
    engine: &'static str,
    network: &'static str,
}

#[derive(Serialize, ToSchema)]
struct MemoryView {
    used: String,
    total: String,
}

async fn info(services: web::Data<Services>, request: HttpRequest) -> HttpResponse {
    let own = principal(&request).session.clone();
    let data = InfoView {
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
    };
    HttpResponse::Ok().json(json!({ "success": true, "data": data }))
}

async fn metrics(services: web::Data<Services>) -> HttpResponse {
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
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
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
