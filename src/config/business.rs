//! Settings of the business API.

use jiff::tz::TimeZone;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Business {
    /// Empty for the name of the account.
    pub name: String,
    /// An IANA name.
    pub time_zone: String,
    /// The session of requests that name none; empty for the oldest that is ready.
    pub primary_session: String,
    pub opt_in: OptIn,
    pub window: WindowMode,
    pub window_hours: u32,
    pub window_warning_minutes: u32,
    pub plan: Plan,
    pub max_upload_mib: u64,
}

/// Whose consent a send needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptIn {
    /// The contact must have agreed.
    Strict,
    /// The contact must not have refused.
    OptedOut,
    Off,
}

/// The rule for sends outside of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowMode {
    Enforce,
    Warn,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    Starter,
    Pro,
}

impl Business {
    /// What is wrong with the settings.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if TimeZone::get(&self.time_zone).is_err() {
            let zone = &self.time_zone;
            faults.push(format!("business.time_zone: '{zone}' is not one such as Europe/Berlin"));
        }
        if !(1..=8_760).contains(&self.window_hours) {
            faults.push("business.window_hours must be between 1 and 8760".to_owned());
        }
        if self.window_hours.saturating_mul(60) < self.window_warning_minutes {
            faults.push("business.window_warning_minutes is longer than the window".to_owned());
        }
        if !(1..=100).contains(&self.max_upload_mib) {
            faults.push("business.max_upload_mib must be between 1 and 100".to_owned());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::{Config, Flags};

    #[test]
    fn what_cannot_be_a_setting_is_named() {
        let load = |name: &str, value: &str| {
            let environment = BTreeMap::from([(name.to_owned(), value.to_owned())]);
            Config::load(&Flags::default(), &environment).map(|config| config.business)
        };
        assert_eq!(load("WAGATE_BUSINESS__TIME_ZONE", "Asia/Kolkata").unwrap().window_hours, 24);
        for (name, value) in [
            ("WAGATE_BUSINESS__TIME_ZONE", "Moon/Sea"),
            ("WAGATE_BUSINESS__WINDOW_HOURS", "0"),
            ("WAGATE_BUSINESS__WINDOW_WARNING_MINUTES", "1441"),
            ("WAGATE_BUSINESS__MAX_UPLOAD_MIB", "0"),
            ("WAGATE_BUSINESS__WINDOW", "sometimes"),
        ] {
            assert!(load(name, value).is_err(), "{name}={value}");
        }
    }
}
