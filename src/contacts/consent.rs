//! Consent of a contact to messages of one medium: opt-in with source and proof, opt-out with time and cause. Pure.
//!
//! ```text
//!            writes first, API, import, manual            STOP, manual, provider
//! unknown ────────────────────────────────────▶ opted in ───────────────────────▶ opted out
//!                                                   ▲                                │
//!                                                   └──── START, manual with proof ──┘
//! ```
//!
//! Who has opted out is not opted in again by an ordinary message, nor by an import.

use serde::{Deserialize, Serialize};

use crate::domain::{SessionId, Timestamp};

/// What a consent is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    WhatsApp,
    Sms,
}

impl Medium {
    /// What the messages of a session go by.
    pub fn of(session: &SessionId) -> Self {
        if session.is_sms() { Self::Sms } else { Self::WhatsApp }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::WhatsApp => "whatsapp",
            Self::Sms => "sms",
        }
    }
}

/// How somebody opted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptInSource {
    InboundMessage,
    Manual,
    CsvImport,
    Api,
    KeywordStart,
}

impl OptInSource {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InboundMessage => "inbound_message",
            Self::Manual => "manual",
            Self::CsvImport => "csv_import",
            Self::Api => "api",
            Self::KeywordStart => "keyword_start",
        }
    }
}

/// How somebody opted out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptOutCause {
    KeywordStop,
    Manual,
    /// The carrier says so.
    Provider,
}

impl OptOutCause {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeywordStop => "keyword_stop",
            Self::Manual => "manual",
            Self::Provider => "provider",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Consent {
    pub opted_in: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<OptInSource>,
    /// A time (RFC 3339), with what a person wrote down behind it; or `message:<id>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opted_out_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opted_out_by: Option<OptOutCause>,
    /// When an opt-out or a return was last confirmed to the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
}

/// The contact has sent STOP: a person who opts it in again must say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeedsProof;

impl Consent {
    pub fn has_opted_out(&self) -> bool {
        self.opted_out_at.is_some()
    }

    /// The contact wrote an ordinary message. Whether it is opted in by that.
    pub fn written(&mut self, message: &str) -> bool {
        let is_news = !self.opted_in && !self.has_opted_out();
        if is_news {
            self.grant(OptInSource::InboundMessage, of_message(message));
        }
        is_news
    }

    /// The contact sent START. Whether that changes anything.
    pub fn started(&mut self, message: &str) -> bool {
        let is_news = !self.opted_in;
        if is_news {
            self.grant(OptInSource::KeywordStart, of_message(message));
        }
        is_news
    }

    /// The contact sent STOP, or its carrier says so. Whether that changes anything.
    pub fn stopped(&mut self, cause: OptOutCause, at: Timestamp) -> bool {
        let is_news = self.opted_in || !self.has_opted_out();
        if is_news {
            self.refuse(cause, at);
        }
        is_news
    }

    /// Created through the API or opted in there at its creation.
    pub fn granted_by_api(&mut self, at: Timestamp) -> bool {
        self.granted(OptInSource::Api, at)
    }

    /// Opted in by an import.
    pub fn imported(&mut self, at: Timestamp) -> bool {
        self.granted(OptInSource::CsvImport, at)
    }

    fn granted(&mut self, source: OptInSource, at: Timestamp) -> bool {
        let is_news = !self.opted_in && !self.has_opted_out();
        if is_news {
            self.grant(source, time(at));
        }
        is_news
    }

    /// A person opts the contact in or out. Whether that changes anything.
    pub fn set_by_hand(
        &mut self,
        opted_in: bool,
        proof: Option<&str>,
        at: Timestamp,
    ) -> Result<bool, NeedsProof> {
        if opted_in == self.opted_in && (opted_in || self.has_opted_out()) {
            return Ok(false);
        }
        if !opted_in {
            self.refuse(OptOutCause::Manual, at);
            return Ok(true);
        }
        if self.opted_out_by == Some(OptOutCause::KeywordStop) && proof.is_none() {
            return Err(NeedsProof);
        }
        self.grant(OptInSource::Manual, by_hand(proof, at));
        Ok(true)
    }

    /// What is known of a person who turned out to be another contact too. An opt-out of either holds.
    pub fn merge(&mut self, other: Self) {
        let confirmed_at = self.confirmed_at.max(other.confirmed_at);
        let takes_other = match (self.opted_out_at, other.opted_out_at) {
            (None, Some(_)) => true,
            (Some(own), Some(others)) => own < others,
            (Some(_), None) => false,
            (None, None) => other.opted_in && !self.opted_in,
        };
        if takes_other {
            *self = other;
        }
        self.confirmed_at = confirmed_at;
    }

    fn grant(&mut self, source: OptInSource, proof: String) {
        self.opted_in = true;
        (self.source, self.proof) = (Some(source), Some(proof));
        (self.opted_out_at, self.opted_out_by) = (None, None);
    }

    fn refuse(&mut self, cause: OptOutCause, at: Timestamp) {
        self.opted_in = false;
        (self.source, self.proof) = (None, None);
        (self.opted_out_at, self.opted_out_by) = (Some(at), Some(cause));
    }
}

/// A proof begins with a time: that of the opt-in, unless the words begin with one themselves.
fn by_hand(words: Option<&str>, at: Timestamp) -> String {
    let begins_with_time = |words: &str| {
        let first = words.split_whitespace().next().unwrap_or_default();
        first.parse::<Timestamp>().is_ok()
    };
    match words {
        None => time(at),
        Some(words) if begins_with_time(words) => words.to_owned(),
        Some(words) => format!("{} {words}", time(at)),
    }
}

/// With milliseconds always, so that times are in order as texts too.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn of_message(message: &str) -> String {
    format!("message:{message}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Written,
        Start,
        Stop,
        Import,
        Hand(bool, bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Written),
            Just(Step::Start),
            Just(Step::Stop),
            Just(Step::Import),
            any::<(bool, bool)>().prop_map(|(opted_in, has_proof)| Step::Hand(opted_in, has_proof)),
        ]
    }

    fn carry_out(consent: &mut Consent, step: Step, at: i64) {
        let (message, at) = (at.to_string(), from_seconds(at));
        match step {
            Step::Written => _ = consent.written(&message),
            Step::Start => _ = consent.started(&message),
            Step::Stop => _ = consent.stopped(OptOutCause::KeywordStop, at),
            Step::Import => _ = consent.imported(at),
            Step::Hand(opted_in, has_proof) => {
                _ = consent.set_by_hand(opted_in, has_proof.then_some("a form"), at);
            }
        }
    }

    /// The outcome of the steps, by the last one that decides.
    fn expected(steps: &[Step]) -> (bool, bool) {
        let (mut is_in, mut is_out, mut stopped) = (false, false, false);
        for step in steps {
            match step {
                Step::Written | Step::Import if !is_out => is_in = true,
                Step::Written | Step::Import => (),
                Step::Start => (is_in, is_out, stopped) = (true, false, false),
                Step::Stop if is_in || !is_out => (is_in, is_out, stopped) = (false, true, true),
                Step::Stop => (),
                Step::Hand(false, _) if is_in || !is_out => {
                    (is_in, is_out, stopped) = (false, true, false);
                }
                Step::Hand(true, has_proof) if *has_proof || !stopped => {
                    (is_in, is_out, stopped) = (true, false, false);
                }
                Step::Hand(..) => (),
            }
        }
        (is_in, is_out)
    }

    proptest! {
        #[test]
        fn opt_in_and_stop_come_to_the_same_by_their_last_word(
            steps in prop::collection::vec(step(), 0..20),
        ) {
            let mut consent = Consent::default();
            for (at, step) in steps.iter().enumerate() {
                carry_out(&mut consent, *step, i64::try_from(at).unwrap());
                // An opt-in has a source and a proof, an opt-out a time and a cause; never both.
                prop_assert_eq!(consent.opted_in, consent.source.is_some());
                prop_assert_eq!(consent.opted_in, consent.proof.is_some());
                prop_assert_eq!(consent.has_opted_out(), consent.opted_out_by.is_some());
                prop_assert!(!(consent.opted_in && consent.has_opted_out()));
            }
            prop_assert_eq!((consent.opted_in, consent.has_opted_out()), expected(&steps));
        }

        #[test]
        fn of_two_that_are_merged_an_opt_out_holds(
            one in prop::collection::vec(step(), 0..8), other in prop::collection::vec(step(), 0..8),
        ) {
            let of = |steps: &[Step]| {
                let mut consent = Consent::default();
                for (at, step) in steps.iter().enumerate() {
                    carry_out(&mut consent, *step, i64::try_from(at).unwrap());
                }
                consent
            };
            let (one, other) = (of(&one), of(&other));
            let mut merged = one.clone();
            merged.merge(other.clone());
            let is_out = one.has_opted_out() || other.has_opted_out();
            prop_assert_eq!(merged.has_opted_out(), is_out);
            prop_assert_eq!(merged.opted_in, !is_out && (one.opted_in || other.opted_in));
        }
    }

    #[test]
    fn who_sent_stop_is_opted_in_by_hand_with_a_proof_alone() {
        let mut consent = Consent::default();
        assert!(consent.written("false_15550000001@c.us_A"));
        assert_eq!(consent.proof.as_deref(), Some("message:false_15550000001@c.us_A"));
        assert!(consent.stopped(OptOutCause::KeywordStop, from_seconds(1)));
        assert!(!consent.stopped(OptOutCause::KeywordStop, from_seconds(2)));
        assert!(!consent.written("B") && !consent.imported(from_seconds(3)));
        assert_eq!(consent.set_by_hand(true, None, from_seconds(3)), Err(NeedsProof));
        assert_eq!(consent.set_by_hand(true, Some("signed"), from_seconds(3)), Ok(true));
        assert_eq!(consent.proof.as_deref(), Some("1970-01-01T00:00:03.000Z signed"));
        assert_eq!(consent.source, Some(OptInSource::Manual));
        // An opt-out by hand is undone by hand.
        assert_eq!(consent.set_by_hand(false, None, from_seconds(4)), Ok(true));
        assert_eq!(consent.set_by_hand(true, None, from_seconds(5)), Ok(true));
        assert_eq!(consent.proof.as_deref(), Some("1970-01-01T00:00:05.000Z"));
        for (words, expected) in [
            ("2026-05-01T10:00:00+02:00 form", "2026-05-01T10:00:00+02:00 form"),
            ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00Z"),
            ("2026-05-01 form", "1970-01-01T00:00:06.000Z 2026-05-01 form"),
        ] {
            assert_eq!(by_hand(Some(words), from_seconds(6)), expected);
        }
    }
}
