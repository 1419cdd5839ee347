//! For people who run the gateway: the history of its metrics, and whether its machine is fit.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Admin, Call, Data, Limit, Listed, Query, required_choice},
    },
    doctor::Check,
    services::history::Sample,
};

const TAG: &str = "Server";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/metrics/history", history)
            .named("getMetricsHistory")
            .about(TAG, "The history of the gateway's own metrics")
            .details("It begins with the start of the gateway and goes back a day at most."),
        Endpoint::get("/api/v1/doctor", examine)
            .named("runDoctor")
            .about(TAG, "Whether the machine has what the gateway needs")
            .details("The same checks as those of `wagate doctor`."),
    ]
}

#[derive(Deserialize, ToSchema)]
struct HistoryQuery {
    /// How far back, in minutes.
    #[serde(default)]
    minutes: Limit<60, 1_440>,
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
    /// Messages that came in.
    messages_in: Vec<u64>,
    /// Messages that were sent.
    messages_out: Vec<u64>,
    /// Messages that could not be sent.
    sends_failed: Vec<u64>,
    /// Deliveries to webhooks that arrived.
    delivered: Vec<u64>,
    /// Attempts to deliver that came to nothing; most are tried again.
    attempts_failed: Vec<u64>,
    /// Requests that were answered.
    requests: Vec<u64>,
    /// Requests that were answered with a fault of the gateway (5xx).
    requests_failed: Vec<u64>,
    /// All sessions.
    sessions: Vec<u64>,
    /// Sessions that are ready.
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
    /// What was checked.
    #[schema(example = "Chromium")]
    name: &'static str,
    #[schema(schema_with = verdict_schema)]
    verdict: &'static str,
    /// What was found, in a sentence.
    #[schema(example = "Chromium 131 at /usr/bin/chromium")]
    found: String,
    /// What to do, where something is wrong.
    #[schema(example = json!(null))]
    remedy: Option<String>,
}

fn verdict_schema() -> Schema {
    required_choice("Its outcome.", &["ok", "warn", "error"])
}

impl CheckView {
    fn of(check: Check) -> Self {
        let Check { name, verdict, found, remedy } = check;
        Self { name, verdict: verdict.as_str(), found, remedy }
    }
}

async fn history(
    call: Call<Admin>,
    Query(query): Query<HistoryQuery>,
) -> Result<Data<HistoryView>, ApiError> {
    let minutes = u32::try_from(query.minutes.get()).unwrap_or(u32::MAX);
    let (interval, samples) = call.history.of(minutes);
    Ok(Data::of(HistoryView::of(interval, &samples)))
}

async fn examine(call: Call<Admin>) -> Result<Listed<CheckView>, ApiError> {
    let checks = call.health.examine(&call.config, &call.clock).await;
    Ok(checks.into_iter().map(CheckView::of).collect())
}
