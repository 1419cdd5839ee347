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
//! | `wagate_consumer_conflicts_total{consumer}` | commits that ran again because something they had read was changed meanwhile |
//! | `wagate_consumer_failures_total{consumer}` | failed attempts of a consumer to handle an event |
//! | `wagate_consumer_given_up_total{consumer}` | events that a consumer gave up (dead letters) |
//! | `wagate_webhook_deliveries_total{state}` | deliveries: accepted, redelivered, delivered, dead |
//! | `wagate_outbox_total{outcome}` | finished sends, by outcome |
//! | `wagate_outbox_waiting{reason}` | waiting messages of the outbox, by reason |
//! | `wagate_http_requests_total{status}` | HTTP answers, by status |
//! | `wagate_requests_refused_total{why}` | requests refused before their handler, by reason |
//! | `wagate_sign_ins_failed_total` | refused credentials |
//! | `wagate_mcp_tools_total{tool,outcome}` | calls of tools by assistants: done, or the code of the refusal |
//! | `wagate_http_connection_errors_total` | malformed requests and broken connections |
//! | `wagate_http_connections_closed_total{reason}` | connections closed because there were too many |
//! | `wagate_webhook_attempts_total{outcome}` | delivery attempts, by outcome |
//! | `wagate_recoveries_total{stage,outcome}` | recovery stages of degraded sessions |
//! | `wagate_sessions{state}` | sessions, by state |
//! | `wagate_sessions_memory_bytes` | memory of all engines, as last measured |

use std::{
    io::IsTerminal,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString,
    Unit,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use metrics_util::registry::{AtomicStorage, Registry};
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
    let _ = subscriber(log).try_init();
}

/// What takes lines in. It says down to which level it does: what is below costs its caller a comparison. sled alone
/// would trace several lines for each key that is read.
fn subscriber(log: &Log) -> impl Subscriber + Send + Sync + use<> {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // Libraries log what the gateway reports itself. chromiumoxide logs every message that is newer than itself,
    // rmcp the beginning and the end of every message of an assistant, actix every malformed request: these are
    // counted instead.
    let filter =
        ["actix_server=warn", "actix_http=off", "sled=warn", "chromiumoxide=off", "rmcp=off"]
            .iter()
            .filter_map(|directive| directive.parse().ok())
            .fold(filter, EnvFilter::add_directive);
    // Colours are for people: in a file they are noise.
    let is_coloured = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(is_coloured);
    let lines = match log.format {
        LogFormat::Text => lines.with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    };
    let of_connections =
        filter_fn(|said| *said.level() == Level::ERROR && said.target().starts_with("actix_http"))
            .with_max_level_hint(Level::ERROR);
    let counted = ConnectionErrors.with_filter(of_connections);
    tracing_subscriber::registry().with(lines).with(counted)
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
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // A recorder that was installed before stays; then this one renders nothing.
            let _ = metrics::set_global_recorder(Charting(recorder));
            handle
        })
        .clone()
}

/// Counters of which charts are drawn: their present values can be read.
const CHARTED: [&str; 5] = [
    "wagate_events_stored_total",
    "wagate_outbox_total",
    "wagate_webhook_deliveries_total",
    "wagate_webhook_attempts_total",
    "wagate_http_requests_total",
];

/// Registry of the charted counters; Prometheus' own can only be rendered.
static REGISTRY: LazyLock<Registry<Key, AtomicStorage>> = LazyLock::new(Registry::atomic);

/// Recorder that passes all metrics on to Prometheus, and counts the charted ones in the registry as well.
struct Charting(PrometheusRecorder);

impl Recorder for Charting {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, text: SharedString) {
        self.0.describe_counter(key, unit, text);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, text: SharedString) {
        self.0.describe_gauge(key, unit, text);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, text: SharedString) {
        self.0.describe_histogram(key, unit, text);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let rendered = self.0.register_counter(key, metadata);
        if !CHARTED.contains(&key.name()) {
            return rendered;
        }
        let charted = REGISTRY.get_or_create_counter(key, Arc::clone);
        Counter::from_arc(Arc::new(Both { rendered, charted }))
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.0.register_gauge(key, metadata)
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.0.register_histogram(key, metadata)
    }
}

/// One counter in both registries.
struct Both {
    rendered: Counter,
    charted: Arc<AtomicU64>,
}

impl CounterFn for Both {
    fn increment(&self, value: u64) {
        self.rendered.increment(value);
        self.charted.increment(value);
    }

    fn absolute(&self, value: u64) {
        self.rendered.absolute(value);
        self.charted.absolute(value);
    }
}

/// Present values of the charted counters.
pub struct Totals(Vec<(Key, u64)>);

impl Totals {
    pub fn read() -> Self {
        let mut totals = Vec::new();
        REGISTRY.visit_counters(|key, counter| {
            totals.push((key.clone(), counter.load(Ordering::Acquire)));
        });
        Self(totals)
    }

    /// The sum over all labels.
    pub fn all(&self, name: &str) -> u64 {
        self.sum(name, |_| true)
    }

    /// The sum of those with this value of a label.
    pub fn of(&self, name: &str, label: &str, value: &str) -> u64 {
        self.sum(name, |key| value_of(key, label) == Some(value))
    }

    /// The sum of those with a value of a label that begins so.
    pub fn beginning(&self, name: &str, label: &str, start: &str) -> u64 {
        self.sum(name, |key| value_of(key, label).is_some_and(|value| value.starts_with(start)))
    }

    fn sum(&self, name: &str, is_meant: impl Fn(&Key) -> bool) -> u64 {
        let meant = self.0.iter().filter(|(key, _)| key.name() == name && is_meant(key));
        meant.map(|(_, value)| value).sum()
    }
}

fn value_of<'k>(key: &'k Key, label: &str) -> Option<&'k str> {
    key.labels().find(|one| one.key() == label).map(Label::value)
}

#[cfg(test)]
mod tests {
    use tracing::level_filters::LevelFilter;

    use super::*;

    #[test]
    fn levels_that_nobody_takes_in_are_known_before_a_line_is_made() {
        for (filter, most) in [("error", LevelFilter::WARN), ("info", LevelFilter::INFO)] {
            let log = Log { filter: filter.to_owned(), format: LogFormat::Text };
            // The libraries' own levels may lie above the one of the setting.
            assert_eq!(subscriber(&log).max_level_hint(), Some(most), "{filter}");
        }
    }

    #[test]
    fn charted_counters_are_summed_by_label_and_rendered_as_well() {
        const NAME: &str = "wagate_webhook_attempts_total";
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        metrics::with_local_recorder(&Charting(recorder), || {
            for (outcome, count) in [("sum_one", 2), ("sum_two", 3), ("sum_one", 1)] {
                metrics::counter!(NAME, "outcome" => outcome).increment(count);
            }
            metrics::counter!("wagate_other_total").increment(9);
        });
        let totals = Totals::read();
        assert!(6 <= totals.all(NAME));
        assert_eq!(totals.of(NAME, "outcome", "sum_one"), 3);
        assert_eq!(totals.of(NAME, "outcome", "sum"), 0);
        assert_eq!(totals.beginning(NAME, "outcome", "sum_"), 6);
        assert_eq!(totals.all("wagate_other_total"), 0);
        let text = handle.render();
        for line in [r#"attempts_total{outcome="sum_one"} 3"#, "wagate_other_total 9"] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
