//! Settings of SMS.

use serde::Deserialize;
use url::Url;

use crate::config::Secret;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    pub provider: SmsProvider,
    pub account_sid: String,
    pub auth_token: Secret,
    /// Of accounts whose webhooks are signed with SHA-256.
    pub shared_key: Secret,
    /// The number that messages come from and go to.
    pub from: String,
    /// Sends by a pool of numbers in place of `from`.
    pub messaging_service_sid: String,
    pub base_url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsProvider {
    None,
    Twilio,
}

impl Sms {
    /// The digits of the number.
    pub fn digits(&self) -> String {
        self.from.chars().filter(char::is_ascii_digit).collect()
    }

    /// What is wrong with the settings.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let is_web = |url: Url| matches!(url.scheme(), "http" | "https");
        if !Url::parse(&self.base_url).is_ok_and(is_web) {
            faults.push("sms.base_url must begin with http:// or https://".to_owned());
        }
        if self.provider == SmsProvider::None {
            return faults;
        }
        let is_id = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if self.account_sid.is_empty() || !is_id(&self.account_sid) || self.auth_token.is_empty() {
            let needs = "sms.provider = \"twilio\" needs sms.account_sid and sms.auth_token";
            faults.push(needs.to_owned());
        }
        let is_number = self.from.strip_prefix('+').is_some_and(|digits| {
            digits.bytes().all(|byte| byte.is_ascii_digit()) && (5..=15).contains(&digits.len())
        });
        if !is_number {
            faults.push("sms.from must be a number such as +15550000001".to_owned());
        }
        if !is_id(&self.messaging_service_sid) {
            faults.push("sms.messaging_service_sid must be an id such as MG0123".to_owned());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::{Config, Flags};

    #[test]
    fn twilio_names_the_settings_that_it_lacks() {
        let faults = |settings: &[(&str, &str)]| {
            let environment = settings
                .iter()
                .map(|(name, value)| (format!("WAGATE_SMS__{name}"), (*value).to_owned()));
            let loaded = Config::load(&Flags::default(), &environment.collect::<BTreeMap<_, _>>());
            loaded.map(|_| String::new()).unwrap_or_else(|faults| faults.to_string())
        };
        assert_eq!(faults(&[]), "");
        let all = [
            ("PROVIDER", "twilio"),
            ("ACCOUNT_SID", "AC1"),
            ("AUTH_TOKEN", "secret"),
            ("FROM", "+15550000001"),
        ];
        assert_eq!(faults(&all), "");
        assert!(faults(&all[..2]).contains("sms.auth_token"));
        assert!(faults(&all[..3]).contains("sms.from"));
        assert!(faults(&[("BASE_URL", "x")]).contains("sms.base_url"));
    }
}
