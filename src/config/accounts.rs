//! Settings of the accounts of people.

use serde::Deserialize;

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    pub registration: Registration,
    pub sign_in_hours: u32,
    pub invitation_days: u32,
    pub code_minutes: u32,
}

/// Who may make an account, once there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// People who were invited.
    Invite,
    /// Anybody.
    Open,
    Closed,
}

impl Accounts {
    /// What is wrong with the settings.
    pub fn faults(&self) -> Vec<String> {
        [
            ("sign_in_hours", self.sign_in_hours, 8_760),
            ("invitation_days", self.invitation_days, 365),
            ("code_minutes", self.code_minutes, 1_440),
        ]
        .into_iter()
        .filter(|(_, value, most)| !(1..=*most).contains(value))
        .map(|(name, _, most)| format!("accounts.{name} must be between 1 and {most}"))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::{Config, Flags};

    #[test]
    fn what_cannot_be_a_setting_of_accounts_or_mail_is_named() {
        let load = |settings: &[(&str, &str)]| {
            let settings = settings.iter();
            let environment: BTreeMap<String, String> =
                settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Config::load(&Flags::default(), &environment)
        };
        let smtp = [
            ("WAGATE_MAIL__PROVIDER", "smtp"),
            ("WAGATE_MAIL__HOST", "mail.example.com"),
            ("WAGATE_MAIL__FROM", "wagate <wagate@example.com>"),
        ];
        assert_eq!(load(&smtp).unwrap().mail.port, 587);
        for settings in [
            &[("WAGATE_ACCOUNTS__REGISTRATION", "sometimes")][..],
            &[("WAGATE_ACCOUNTS__SIGN_IN_HOURS", "0")],
            &[("WAGATE_ACCOUNTS__CODE_MINUTES", "1441")],
            &smtp[..2],
            &[smtp[0], smtp[2]],
            &[smtp[0], smtp[1], ("WAGATE_MAIL__FROM", "nobody")],
            &[smtp[0], smtp[1], smtp[2], ("WAGATE_MAIL__USER", "wagate")],
        ] {
            assert!(load(settings).is_err(), "{settings:?}");
        }
    }
}
