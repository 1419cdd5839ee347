//! Settings of the language model that words the replies of bots.

use serde::Deserialize;
use url::Url;

use crate::config::Secret;

/// What stands for the model of the simulated network, in place of an address.
pub const SIMULATED_MODEL: &str = "simulated";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assistant {
    /// Empty for none.
    pub base_url: String,
    pub api_key: Secret,
    pub model: String,
    pub temperature: f64,
    pub max_tokens: u32,
    pub first_token_seconds: u64,
    pub answer_seconds: u64,
    pub gather_seconds: u64,
    pub most_a_minute: u32,
    pub at_once: u32,
}

impl Assistant {
    /// Whether the model of the simulated network is meant.
    pub fn is_simulated(&self) -> bool {
        self.base_url == SIMULATED_MODEL
    }

    /// What is wrong with the settings, on the simulated network or on another.
    pub fn faults(&self, is_simulated: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if self.is_simulated() && !is_simulated {
            let fault = "assistant.base_url = \"simulated\" needs network = \"simulated\"";
            faults.push(fault.to_owned());
        }
        let is_web = |url: Url| matches!(url.scheme(), "http" | "https");
        if !self.base_url.is_empty() {
            if !self.is_simulated() && !Url::parse(&self.base_url).is_ok_and(is_web) {
                faults.push("assistant.base_url must begin with http:// or https://".to_owned());
            }
            if self.model.trim().is_empty() {
                faults.push("assistant.base_url needs assistant.model".to_owned());
            }
        }
        if !(0.0..=2.0).contains(&self.temperature) {
            faults.push("assistant.temperature must be between 0 and 2".to_owned());
        }
        for (name, number, least, most) in [
            ("max_tokens", u64::from(self.max_tokens), 1, 32_768),
            ("first_token_seconds", self.first_token_seconds, 1, 600),
            ("answer_seconds", self.answer_seconds, 1, 600),
            ("gather_seconds", self.gather_seconds, 0, 30),
            ("most_a_minute", u64::from(self.most_a_minute), 1, 60),
            ("at_once", u64::from(self.at_once), 1, 1_000),
        ] {
            if !(least..=most).contains(&number) {
                faults.push(format!("assistant.{name} must be between {least} and {most}"));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(change: impl FnOnce(&mut Assistant)) -> Vec<String> {
        let mut settings = Assistant {
            base_url: "http://127.0.0.1:11434/v1".to_owned(),
            api_key: Secret::default(),
            model: "small".to_owned(),
            temperature: 0.3,
            max_tokens: 512,
            first_token_seconds: 60,
            answer_seconds: 120,
            gather_seconds: 2,
            most_a_minute: 10,
            at_once: 32,
        };
        change(&mut settings);
        settings.faults(true)
    }

    #[test]
    fn each_fault_is_named() {
        assert!(faults(|_| ()).is_empty());
        assert!(faults(|it| (it.base_url, it.model) = (String::new(), String::new())).is_empty());
        let named = |fault: &str, change: fn(&mut Assistant)| {
            let found = faults(change);
            assert!(found.len() == 1 && found[0].contains(fault), "{fault}: {found:?}");
        };
        named("base_url", |it| it.base_url = "ftp://x".to_owned());
        named("model", |it| it.model = " ".to_owned());
        named("temperature", |it| it.temperature = f64::NAN);
        named("max_tokens", |it| it.max_tokens = 0);
        named("first_token_seconds", |it| it.first_token_seconds = 601);
        named("answer_seconds", |it| it.answer_seconds = 0);
        named("gather_seconds", |it| it.gather_seconds = 31);
        named("most_a_minute", |it| it.most_a_minute = 61);
        named("at_once", |it| it.at_once = 0);
    }
}
