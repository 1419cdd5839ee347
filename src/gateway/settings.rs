//! Settings of the parts, from the configuration.

use std::time::Duration;

use crate::{
    config::{Config, Toggle},
    domain::failure::HoldTimes,
    egress::{Guard, OwnPorts, Private},
    messaging::{OutboxSettings, Pace, UploadLimits},
    session::{Deadlines, RecoveryDeadlines, SupervisorSettings},
    webhooks::{Schedule, WebhookSettings},
};

pub fn supervisor_settings(config: &Config) -> SupervisorSettings {
    let sessions = &config.sessions;
    SupervisorSettings {
        max_sessions: sessions.max,
        parallel_starts: sessions.parallel_starts,
        open_deadline: Duration::from_secs(sessions.open_deadline_seconds),
        start_deadline: Duration::from_secs(sessions.start_deadline_seconds),
        deadlines: Deadlines {
            command: Duration::from_secs(sessions.command_deadline_seconds),
            file: Duration::from_secs(sessions.file_deadline_seconds),
        },
        recovery: RecoveryDeadlines::default(),
        probe_interval: Duration::from_secs(sessions.probe_interval_seconds),
        max_restarts: sessions.max_restarts,
        restart_window: Duration::from_secs(sessions.restart_window_seconds),
        stop_deadline: Duration::from_secs(sessions.stop_deadline_seconds),
        memory_limit: match config.browser.memory_limit_mib {
            0 => None,
            mebibytes => Some(mebibytes * 1024 * 1024),
        },
    }
}

pub fn upload_limits(config: &Config, own_ports: &OwnPorts) -> UploadLimits {
    UploadLimits {
        size: config.openwa.max_media_mib * 1024 * 1024,
        fetch_deadline: Duration::from_secs(config.media.fetch_timeout_seconds),
        sources: Guard::for_media(own_ports.clone(), config.media.allow_private_sources),
    }
}

pub fn outbox_settings(config: &Config) -> OutboxSettings {
    let outbox = &config.outbox;
    OutboxSettings {
        pace: Pace {
            pause: Duration::from_millis(outbox.pause_milliseconds),
            at_once: outbox.at_once,
        },
        most_waiting: outbox.most_waiting,
        retention: Duration::from_secs(u64::from(outbox.retention_days) * 86_400),
        holds: HoldTimes {
            restricted: Duration::from_secs(outbox.restricted_hold_seconds),
            rate_limited: Duration::from_secs(outbox.rate_limited_hold_seconds),
        },
    }
}

pub fn webhook_settings(config: &Config, own: &OwnPorts) -> WebhookSettings {
    let webhooks = &config.webhooks;
    let hours = |hours: u64| Duration::from_secs(hours.saturating_mul(3_600));
    let respite = Duration::from_secs(webhooks.overload_pause_seconds);
    let schedule = |retries: &[Duration]| Schedule { retries: retries.to_vec(), respite };
    let private = match webhooks.allow_private_targets {
        Toggle::Yes => Private::Yes,
        Toggle::No => Private::No,
        Toggle::Auto if config.reason_for_keys().is_some() => Private::No,
        Toggle::Auto => Private::Loopback,
    };
    let guard = Guard::for_webhooks(own.clone(), private, &webhooks.allowed_targets);
    WebhookSettings {
        timeout: Duration::from_secs(webhooks.timeout_seconds),
        guard_of_one_session: guard.for_one_session(),
        guard,
        max_per_session: webhooks.max_per_session,
        full: schedule(&webhooks.retry_schedule),
        short: schedule(&webhooks.short_retry_schedule),
        disable_after: hours(webhooks.disable_after_hours),
        disable_after_failures: webhooks.disable_after_failures,
        secret_overlap: hours(webhooks.secret_overlap_hours),
        per_endpoint: webhooks.per_endpoint,
        per_host: webhooks.per_host,
        max_event: webhooks.max_event_kib.saturating_mul(1_024),
        max_waiting: webhooks.max_waiting,
        keep_for: hours(webhooks.keep_deliveries_days.saturating_mul(24)),
        keep_delivered: webhooks.keep_delivered,
        recovered_per_second: webhooks.recovered_per_second,
    }
}
