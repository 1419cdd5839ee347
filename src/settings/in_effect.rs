//! Settings in effect: the sections of the configuration, with values over them. Pure.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{
    config::{Business, Config, Secret, Surveys, WindowMode, for_the_store},
    domain::{Currency, opening_hours::OpeningHours},
    settings::record::Values,
};

/// Bytes of a secret, which travels in a header.
const LONGEST_SECRET: usize = 256;

/// The sections that callers may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InEffect {
    pub business: Business,
    pub surveys: Surveys,
    pub payments: PaymentDefaults,
    pub sms: SmsSecrets,
    /// Of the configuration alone: recipients of a broadcast on the plan `starter`.
    pub broadcast_starter: usize,
}

/// What callers may change of the settings of payments. Who makes links is chosen at the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentDefaults {
    /// Its code in capital letters, however it was given.
    #[serde(deserialize_with = "code_of_currency")]
    pub currency: String,
    #[serde(serialize_with = "for_the_store")]
    pub stripe_secret_key: Secret,
    #[serde(serialize_with = "for_the_store")]
    pub stripe_webhook_secret: Secret,
}

/// What callers may change of the settings of SMS. Who sends is chosen at the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SmsSecrets {
    #[serde(serialize_with = "for_the_store")]
    pub auth_token: Secret,
    #[serde(serialize_with = "for_the_store")]
    pub shared_key: Secret,
}

fn code_of_currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(by_its_code(&String::deserialize(deserializer)?))
}

/// The code of a currency as ISO 4217 writes it; what is no code stays as it is, and is refused by the check.
fn by_its_code(text: &str) -> String {
    Currency::of(text).map_or_else(|_| text.to_owned(), |known| known.code().to_owned())
}

/// The path of a setting, and what is wrong with its value.
pub type Fault = (String, String);

impl InEffect {
    /// The settings as the configuration says.
    pub fn configured(config: &Config) -> Self {
        Self {
            business: config.business.clone(),
            surveys: config.surveys.clone(),
            payments: PaymentDefaults {
                currency: by_its_code(&config.payments.currency),
                stripe_secret_key: config.payments.stripe_secret_key.clone(),
                stripe_webhook_secret: config.payments.stripe_webhook_secret.clone(),
            },
            sms: SmsSecrets {
                auth_token: config.sms.auth_token.clone(),
                shared_key: config.sms.shared_key.clone(),
            },
            broadcast_starter: config.limits.broadcast_starter,
        }
    }

    /// The length of the window.
    pub fn window(&self) -> Duration {
        minutes(self.business.window_hours.saturating_mul(60))
    }

    /// The time before the end of a window at which that is announced; none where windows do not count.
    pub fn window_warning(&self) -> Option<Duration> {
        let is_watched = self.business.window != WindowMode::Off;
        is_watched.then(|| minutes(self.business.window_warning_minutes))
    }

    /// The hours of business; none where nobody set any.
    pub fn opening_hours(&self) -> Option<OpeningHours> {
        // They were checked before they came here.
        OpeningHours::read(&self.business.hours).ok().flatten()
    }

    pub fn time_zone(&self) -> TimeZone {
        // It was checked before it came here.
        TimeZone::get(&self.business.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// The same with values over it, or all that is wrong with them.
    pub fn with(&self, values: &Values) -> Result<Self, Vec<Fault>> {
        let unreadable = |error: serde_json::Error| vec![(String::new(), error.to_string())];
        let mut all = serde_json::to_value(self).map_err(unreadable)?;
        let mut faults = Vec::new();
        for (path, value) in values {
            let place = path
                .split_once('.')
                .and_then(|(section, name)| all.get_mut(section)?.as_object_mut()?.get_mut(name));
            match place {
                Some(place) => *place = value.clone(),
                None => faults.push((path.clone(), "is no setting".to_owned())),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let read: Result<Self, _> = serde_path_to_error::deserialize::<Value, Self>(all);
        let read =
            read.map_err(|error| vec![(error.path().to_string(), "has another type".to_owned())])?;
        let faults = read.faults();
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    /// Those of the values that can be settings. Others were stored by another version, or are ruled out by what the
    /// configuration says now.
    pub fn usable(&self, values: &Values) -> Values {
        if self.with(values).is_ok() {
            return values.clone();
        }
        let mut usable = Values::new();
        for (path, value) in values {
            usable.insert(path.clone(), value.clone());
            if let Err(faults) = self.with(&usable) {
                tracing::warn!(path, ?faults, "the stored value of {path} is left out");
                usable.remove(path);
            }
        }
        usable
    }

    fn faults(&self) -> Vec<Fault> {
        let all = self.business.faults().into_iter().chain(self.surveys.faults());
        let mut faults: Vec<Fault> = all.map(|(path, fault)| (path.to_owned(), fault)).collect();
        for (path, secret) in [
            ("payments.stripe_secret_key", &self.payments.stripe_secret_key),
            ("payments.stripe_webhook_secret", &self.payments.stripe_webhook_secret),
            ("sms.auth_token", &self.sms.auth_token),
            ("sms.shared_key", &self.sms.shared_key),
        ] {
            let text = secret.expose();
            if LONGEST_SECRET < text.len() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                let fault = "must have at most 256 printable characters without spaces";
                faults.push((path.to_owned(), fault.to_owned()));
            }
        }
        if let Err(error) = Currency::of(&self.payments.currency) {
            faults.push(("payments.currency".to_owned(), error.to_string()));
        }
        faults
    }
}

fn minutes(minutes: u32) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shipped() -> InEffect {
        InEffect::configured(&Config::shipped().unwrap())
    }

    fn values(pairs: &[(&str, Value)]) -> Values {
        pairs.iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect()
    }

    #[test]
    fn values_lie_over_the_configuration_and_the_rest_is_its_own() {
        let changed = values(&[
            ("business.time_zone", json!("Asia/Kolkata")),
            ("business.window", json!("off")),
            ("surveys.expiry_hours", json!(48)),
            ("payments.currency", json!(" inr ")),
        ]);
        let settings = shipped().with(&changed).unwrap();
        assert_eq!(settings.payments.currency, "INR");
        assert_eq!(settings.time_zone().iana_name(), Some("Asia/Kolkata"));
        assert_eq!((settings.window_warning(), settings.surveys.expiry_hours), (None, 48));
        assert_eq!(settings.business.optin_keywords, shipped().business.optin_keywords);
        assert_eq!(shipped().with(&Values::new()).unwrap(), shipped());
    }

    #[test]
    fn all_that_is_wrong_is_named_by_its_path() {
        let wrong = values(&[
            ("business.time_zone", json!("Moon/Sea")),
            ("payments.currency", json!("rupees")),
            ("surveys.message", json!(" ")),
        ]);
        let faults = shipped().with(&wrong).unwrap_err();
        let paths: Vec<&str> = faults.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["business.time_zone", "surveys.message", "payments.currency"]);
        for (path, value) in
            [("business.colour", json!("red")), ("colour", json!(1)), ("business.window", json!(5))]
        {
            let faults = shipped().with(&values(&[(path, value)])).unwrap_err();
            assert_eq!(faults[0].0, path);
        }
    }

    #[test]
    fn a_stored_value_that_can_be_no_setting_takes_no_other_with_it() {
        let stored = values(&[
            ("business.colour", json!("red")),
            ("business.locale", json!("de")),
            ("business.window_warning_minutes", json!(100_000)),
        ]);
        let usable = shipped().usable(&stored);
        assert_eq!(usable, values(&[("business.locale", json!("de"))]));
    }
}
