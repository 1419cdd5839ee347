//! Logging and metrics.
//!
//! Never logged above debug: the text of messages, telephone numbers, QR codes, keys and tokens.
//! Names of metrics begin with `wagate_`:
//!
//! | metric | what it counts |
//! |---|---|
//! | `wagate_events_received_total{kind}` | events that were reported, however often |
//! | `wagate_events_stored_total{kind}` | of these, the ones that were new and got a number |
//! | `wagate_events_known_total{kind}` | of these, the ones that had one already |
//! | `wagate_events_waiting` | of these, the ones that wait in memory while the disk refuses |
//! | `wagate_events_dropped_total{kind}` | of these, the ones that found no room there |
//! | `wagate_disk_free_bytes` | what the disk of the store has left |
//! | `wagate_event_log_bytes` | what the event log takes in the store |
//! | `wagate_event_log_surplus_bytes` | by how much that is over `events.max_mib` |
//! | `wagate_consumer_lag{consumer}` | events that a consumer of the log has not handled |
//! | `wagate_consumer_failures_total{consumer}` | events that it failed at, each time |
//! | `wagate_consumer_given_up_total{consumer}` | events that it gave up |
//! | `wagate_webhook_deliveries_total{state}` | events that became deliveries, came back, and ended |
//! | `wagate_outbox_total{outcome}` | sends, by how each ended |
//! | `wagate_outbox_waiting{reason}` | messages of the outbox that wait, by what they wait for |
//! | `wagate_http_requests_total{status}` | answered requests |
//! | `wagate_requests_refused_total{why}` | of these, the ones that were not admitted |
//! | `wagate_sign_ins_failed_total` | credentials that were not accepted |
//! | `wagate_http_connection_errors_total` | malformed requests, and connections that broke off |
//! | `wagate_http_connections_closed_total{reason}` | connections that gave way because there were too many |
//! | `wagate_webhook_attempts_total{outcome}` | tries to deliver |
//! | `wagate_recoveries_total{stage,outcome}` | stages of bringing degraded sessions back |
//! | `wagate_sessions{state}` | sessions now |
//! | `wagate_sessions_memory_bytes` | what the engines of all sessions take, as last measured |

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
    // What the libraries say, the gateway says better. The browser's complains of every message that is
    // newer than itself, the server's of every malformed request: these are counted instead.
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

/// Counts what goes wrong on connections, of which whoever reaches the port can cause any number.
struct ConnectionErrors;

impl<S: Subscriber> Layer<S> for ConnectionErrors {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        metrics::counter!("wagate_http_connection_errors_total").increment(1);
    }
}

/// Collects metrics from now on; the handle renders them. One recorder serves the whole process.
pub fn start_metrics() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // Somebody else's recorder, if any, stays; then ours renders nothing.
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
