//! Counters of reported events: `received = stored + known + waiting + dropped`.
//!
//! `waiting` is a gauge of the reports in memory while the disk refuses writes. `dropped` found no room there and
//! is read from the engine later. All counters start with the process.

use std::borrow::Cow;

use crate::domain::{Body, WaEvent};

/// A body that is counted by its kind.
pub trait Counted {
    fn kind(&self) -> Cow<'static, str>;
}

impl Counted for WaEvent {
    fn kind(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.name())
    }
}

impl Counted for Body {
    fn kind(&self) -> Cow<'static, str> {
        match self {
            Self::WhatsApp(event) => event.kind(),
            Self::Module(event) => Cow::Owned(event.kind.clone()),
        }
    }
}

/// The event was reported.
pub fn received(body: &impl Counted) {
    metrics::counter!("wagate_events_received_total", "kind" => body.kind()).increment(1);
}

/// The event got a number.
pub fn stored(body: &impl Counted) {
    metrics::counter!("wagate_events_stored_total", "kind" => body.kind()).increment(1);
}

/// The event had a number already: a duplicate report.
pub fn known(body: &impl Counted) {
    metrics::counter!("wagate_events_known_total", "kind" => body.kind()).increment(1);
}
