//! Settings of the inbox, and the name of its consumer.

use std::time::Duration;

use crate::settings::InEffect;

/// The name of the consumer's cursor.
pub const CONSUMER: &str = "inbox";

/// Settings of the inbox.
#[derive(Clone, Copy, Debug)]
pub struct InboxSettings {
    pub window: Duration,
    /// Before the end of the window; none where windows do not count.
    pub window_warning: Option<Duration>,
}

impl InboxSettings {
    pub fn of(settings: &InEffect) -> Self {
        Self { window: settings.window(), window_warning: settings.window_warning() }
    }
}
