//! Preferences of a person: which notifications they get, where, and when no mail comes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    notifications::kind::Kind,
    policy::QuietHours,
    store::{Key, Record, Scope, Table, Tree},
};

/// What a person has chosen; the rest is as usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Preferences {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    in_app: BTreeMap<Kind, bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    email: BTreeMap<Kind, bool>,
    pub sound: bool,
    pub quiet: QuietTime,
}

impl Default for Preferences {
    fn default() -> Self {
        let (in_app, email) = (BTreeMap::new(), BTreeMap::new());
        Self { in_app, email, sound: true, quiet: QuietTime::default() }
    }
}

/// A part of each day in which no mail comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuietTime {
    pub enabled: bool,
    pub start: String,
    pub end: String,
    /// IANA name.
    pub zone: String,
}

impl Default for QuietTime {
    fn default() -> Self {
        let text = str::to_owned;
        Self { enabled: false, start: text("22:00"), end: text("07:00"), zone: text("UTC") }
    }
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct PreferencesChange {
    pub in_app: BTreeMap<String, bool>,
    pub email: BTreeMap<String, bool>,
    pub sound: Option<bool>,
    pub quiet: QuietTimeChange,
}

#[derive(Clone, Debug, Default)]
pub struct QuietTimeChange {
    pub enabled: Option<bool>,
    pub start: Option<String>,
    pub end: Option<String>,
    pub zone: Option<String>,
}

impl Record for Preferences {
    const TABLE: Table = Table {
        tree: Tree::new(245, "NotificationPreferences"),
        owner: "notifications",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Preferences {
    pub fn at(user: Uuid) -> Key<Self> {
        Self::key().uuid(user)
    }

    /// Whether a kind is listed.
    pub fn shows(&self, kind: Kind) -> bool {
        self.in_app.get(&kind).copied().unwrap_or(true)
    }

    /// Whether a kind goes by mail.
    pub fn mails(&self, kind: Kind) -> bool {
        self.email.get(&kind).copied().unwrap_or(kind.is_mailed())
    }

    pub fn is_quiet(&self, now: Timestamp) -> bool {
        let QuietTime { enabled, .. } = self.quiet;
        enabled && self.quiet.hours().is_ok_and(|hours| hours.end(now).is_some())
    }

    /// The same with changes, checked.
    pub fn with(mut self, change: &PreferencesChange) -> Result<Self, Error> {
        Error::both(
            choose("in_app", &mut self.in_app, &change.in_app),
            choose("email", &mut self.email, &change.email),
        )?;
        self.sound = change.sound.unwrap_or(self.sound);
        let QuietTimeChange { enabled, start, end, zone } = change.quiet.clone();
        let quiet = &mut self.quiet;
        quiet.enabled = enabled.unwrap_or(quiet.enabled);
        quiet.start = start.unwrap_or_else(|| quiet.start.clone());
        quiet.end = end.unwrap_or_else(|| quiet.end.clone());
        quiet.zone = zone.unwrap_or_else(|| quiet.zone.clone());
        quiet.hours().map_err(|fault| Error::invalid_field("quiet_hours", fault))?;
        Ok(self)
    }
}

impl QuietTime {
    fn hours(&self) -> Result<QuietHours, String> {
        QuietHours::read(&format!("{}-{}", self.start, self.end), &self.zone)
    }
}

fn choose(
    field: &str,
    known: &mut BTreeMap<Kind, bool>,
    chosen: &BTreeMap<String, bool>,
) -> Result<(), Error> {
    let read = |word: &String| {
        Kind::of(word).ok_or_else(|| {
            let fault = format!("is no kind of notification; there are {}", Kind::WORDS.join(", "));
            Error::invalid_field(&format!("{field}.{word}"), fault)
        })
    };
    let kinds = Error::all(chosen.keys().map(read))?;
    known.extend(kinds.into_iter().zip(chosen.values().copied()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_chosen_is_as_usual_and_faults_are_named() {
        let usual = Preferences::default();
        assert!(usual.shows(Kind::Mention) && usual.mails(Kind::Mention));
        assert!(usual.shows(Kind::NewMessage) && !usual.mails(Kind::NewMessage));
        let email = BTreeMap::from([("mention".to_owned(), false)]);
        let change =
            PreferencesChange { email, sound: Some(false), ..PreferencesChange::default() };
        let chosen = usual.clone().with(&change).unwrap();
        assert!(chosen.shows(Kind::Mention) && !chosen.mails(Kind::Mention) && !chosen.sound);
        let in_app = BTreeMap::from([("nonsense".to_owned(), true)]);
        let wrong = PreferencesChange { in_app, ..PreferencesChange::default() };
        let error = usual.clone().with(&wrong).unwrap_err();
        assert!(error.details["fields"].get("in_app.nonsense").is_some(), "{error}");
        let quiet =
            QuietTimeChange { zone: Some("Nowhere".to_owned()), ..QuietTimeChange::default() };
        let wrong = PreferencesChange { quiet, ..PreferencesChange::default() };
        assert!(usual.with(&wrong).is_err());
    }

    #[test]
    fn quiet_hours_count_where_they_are_enabled() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let quiet = QuietTimeChange { enabled: Some(true), ..QuietTimeChange::default() };
        let change = PreferencesChange { quiet, ..PreferencesChange::default() };
        let night = at("2026-03-24T23:00:00Z");
        assert!(!Preferences::default().is_quiet(night));
        let chosen = Preferences::default().with(&change).unwrap();
        assert!(chosen.is_quiet(night) && !chosen.is_quiet(at("2026-03-24T12:00:00Z")));
    }
}
