//! For people who run the gateway: how it fared lately, and whether its machine is fit.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{
        body::Query,
        endpoint::{Endpoint, ParameterKind::Number, Scope},
        error::ApiError,
    },
    doctor::Check,
    services::{Services, history::Sample},
};

const TAG: &str = "Server";
const HOUR: u32 = 60;
const DAY: u32 = 24 * HOUR;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/metrics/history", history)
            .about(TAG, "How the gateway fared lately, from its own metrics")
            .needs(Scope::Admin)
            .query(Number, "minutes", "How far back (default 60, at most 1440); not over a restart")
            .answers::<HistoryView>(200),
        Endpoint::get("/api/v1/doctor", examine)
            .about(TAG, "Whether the machine has what the gateway needs, as `wagate doctor`")
            .needs(Scope::Admin)
            .answers_list::<CheckView>(),
    ]
}

/// Each list has an entry for each sample, oldest first. Counts are of the time since the sample
/// before; what is measured is the highest of that time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HistoryView {
    /// Seconds between two samples: 10 within the last hour, else 60.
    interval: u32,
    /// The ends of the samples, in seconds since 1970.
    times: Vec<i64>,
    messages_in: Vec<u64>,
    messages_out: Vec<u64>,
    sends_failed: Vec<u64>,
    /// Deliveries to webhooks that arrived.
    delivered: Vec<u64>,
    /// Attempts to deliver that came to nothing; most are tried again.
    attempts_failed: Vec<u64>,
    requests: Vec<u64>,
    /// Requests that were answered with a fault of the gateway (5xx).
    requests_failed: Vec<u64>,
    sessions: Vec<u64>,
    sessions_ready: Vec<u64>,
    /// Messages of the outbox that wait for the time that their caller named.
    waiting_send_at: Vec<u64>,
    /// The same for their session, which is not ready.
    waiting_session_not_ready: Vec<u64>,
    /// The same for others, which go first.
    waiting_turn: Vec<u64>,
    /// The same for their outcome to be found out.
    waiting_lookup: Vec<u64>,
    /// Bytes of the gateway itself.
    memory_gateway: Vec<u64>,
    /// Bytes of the engines of all sessions, as last measured.
    memory_sessions: Vec<u64>,
}

impl HistoryView {
    fn of(interval: u32, samples: &[Sample]) -> Self {
        let each = |value: fn(&Sample) -> u64| samples.iter().map(value).collect();
        Self {
            interval,
            times: samples.iter().map(|sample| sample.at.as_second()).collect(),
            messages_in: each(|sample| sample.counted.messages_in),
            messages_out: each(|sample| sample.counted.messages_out),
            sends_failed: each(|sample| sample.counted.sends_failed),
            delivered: each(|sample| sample.counted.delivered),
            attempts_failed: each(|sample| sample.counted.attempts_failed),
            requests: each(|sample| sample.counted.requests),
            requests_failed: each(|sample| sample.counted.requests_failed),
            sessions: each(|sample| sample.measured.sessions),
            sessions_ready: each(|sample| sample.measured.sessions_ready),
            waiting_send_at: each(|sample| sample.measured.waiting_send_at),
            waiting_session_not_ready: each(|sample| sample.measured.waiting_session),
            waiting_turn: each(|sample| sample.measured.waiting_turn),
            waiting_lookup: each(|sample| sample.measured.waiting_lookup),
            memory_gateway: each(|sample| sample.measured.memory_gateway),
            memory_sessions: each(|sample| sample.measured.memory_sessions),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct CheckView {
    name: &'static str,
    /// `ok`, `warn` or `error`.
    verdict: &'static str,
    found: String,
    /// What to do, where something is wrong.
    remedy: Option<String>,
}

impl CheckView {
    fn of(check: Check) -> Self {
        let Check { name, verdict, found, remedy } = check;
        Self { name, verdict: verdict.as_str(), found, remedy }
    }
}

async fn history(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let minutes = Query::of(&request).number("minutes", HOUR, 1, DAY)?;
    let (interval, samples) = services.history.of(minutes);
    let data = HistoryView::of(interval, &samples);
    Ok(HttpResponse::Ok().json(json!({ "success": true, "data": data })))
}

async fn examine(services: web::Data<Services>) -> HttpResponse {
    let checks = services.health.examine(&services.config, &services.clock).await;
    let data: Vec<CheckView> = checks.into_iter().map(CheckView::of).collect();
    HttpResponse::Ok().json(json!({ "success": true, "data": data }))
}
