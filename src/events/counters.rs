//! The sums of what came in, which must agree.
//!
//! Whatever is handed to the log is received, and ends as one of the others:
//! `received = stored + known + waiting + dropped`. What waits is a gauge, of the reports that are kept in
//! memory while the disk refuses; what is dropped found no room there, and is read again later. All of
//! them count since the gateway started.

use std::borrow::Cow;

use crate::domain::{Body, WaEvent};

/// What is counted by its kind.
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

/// Somebody reported it.
pub fn received(body: &impl Counted) {
    metrics::counter!("wagate_events_received_total", "kind" => body.kind()).increment(1);
}

/// It has a number.
pub fn stored(body: &impl Counted) {
    metrics::counter!("wagate_events_stored_total", "kind" => body.kind()).increment(1);
}

/// It had one already: another report of the same happening.
pub fn known(body: &impl Counted) {
    metrics::counter!("wagate_events_known_total", "kind" => body.kind()).increment(1);
}
