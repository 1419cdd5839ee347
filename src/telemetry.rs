//! Logging and metrics.
//!
//! Never logged above debug: the text of messages, telephone numbers, QR codes, keys and tokens.
//! Names of metrics begin with `wagate_`:
//!
//! | metric | meaning |
//! |---|---|
//! | `wagate_events_received_total{kind}` | reported events, duplicates included |
//! | `wagate_events_stored_total{kind}` | of these, new events, which got a number |
//! | `wagate_events_known_total{kind}` | of these, duplicates |
//! | `wagate_events_waiting` | of these, events in memory while the disk refuses writes |
//! | `wagate_events_dropped_total{kind}` | of these, events that found no room there |
//! | `wagate_disk_free_bytes` | free space on the disk of the store |
//! | `wagate_event_log_bytes` | size of the event log in the store |
//! | `wagate_event_log_surplus_bytes` | how far that exceeds `events.max_mib` |
//! | `wagate_consumer_lag{consumer}` | events that a consumer of the log has not handled |
//! | `wagate_consumer_failures_total{consumer}` | failed attempts of a consumer to handle an event |
//! | `wagate_consumer_given_up_total{consumer}` | events that a consumer gave up (dead letters) |
//! | `wagate_webhook_deliveries_total{state}` | deliveries: accepted, redelivered, delivered, dead |
//! | `wagate_outbox_total{outcome}` | finished sends, by outcome |
//! | `wagate_outbox_waiting{reason}` | waiting messages of the outbox, by reason |
//! | `wagate_http_requests_total{status}` | HTTP answers, by status |
//! | `wagate_requests_refused_total{why}` | requests refused before their handler, by reason |
//! | `wagate_sign_ins_failed_total` | refused credentials |
//! | `wagate_http_connection_errors_total` | malformed requests and broken connections |
//! | `wagate_http_connections_closed_total{reason}` | connections closed because there were too many |
//! | `wagate_webhook_attempts_total{outcome}` | delivery attempts, by outcome |
//! | `wagate_recoveries_total{stage,outcome}` | recovery stages of degraded sessions |
//! | `wagate_sessions{state}` | sessions, by state |
//! | `wagate_sessions_memory_bytes` | memory of all engines, as last measured |

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::config::{Log, LogFormat};

/// Starts logging to standard error. A second call changes nothing.
pub fn start_logging(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // Libraries log what the gateway reports itself. chromiumoxide logs every message that is newer than itself,
    // actix every malformed request: these are counted instead.
    let filter = ["actix_server=warn", "actix_http=off", "sled=warn", "chromiumoxide=off"]
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match log.format {
        LogFormat::Text => lines.with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    };
    let of_connections =
        filter_fn(|said| *said.level() == Level::ERROR && said.target().starts_with("actix_http"));
    let counted = ConnectionErrors.with_filter(of_connections);
    let _ = tracing_subscriber::registry().with(lines).with(counted).try_init();
}

/// Counts connection errors instead of logging them: any client can cause any number.
struct ConnectionErrors;

impl<S: Subscriber> Layer<S> for ConnectionErrors {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        metrics::counter!("wagate_http_connection_errors_total").increment(1);
    }
}

/// Starts collecting metrics; the handle renders them. One recorder serves the whole process.
pub fn start_metrics() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // A recorder that was installed before stays; then this one renders nothing.
            let _ = metrics::set_global_recorder(recorder);
            handle
        })
        .clone()
}

/// The metrics of this moment, to be summed up.
pub struct Totals(String);

impl Totals {
    pub fn read() -> Self {
        Self(start_metrics().render())
    }

    /// All of one name whose labels hold a text; of any, where it is empty.
    pub fn sum(&self, name: &str, label: &str) -> u64 {
        let lines = self.0.lines().filter_map(|line| line.strip_prefix(name));
        let values = lines.filter_map(|rest| {
            let (labels, value) = rest.rsplit_once(' ')?;
            let is_meant = (labels.is_empty() || labels.starts_with('{')) && labels.contains(label);
            // Counters are whole numbers.
            is_meant.then(|| value.parse::<u64>().ok())?
        });
        values.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_of_one_name_and_its_labels() {
        let totals = Totals(
            "# TYPE a_total counter\na_total{k=\"x\"} 2\na_total{k=\"xy\"} 3\na_total_other 9\nb 4\n"
                .to_owned(),
        );
        assert_eq!(totals.sum("a_total", ""), 5);
        assert_eq!(totals.sum("a_total", "k=\"x\""), 2);
        assert_eq!(totals.sum("b", ""), 4);
        assert_eq!(totals.sum("none", ""), 0);
    }
}
