//! Settings of the business API.

use std::collections::BTreeSet;

use jiff::{civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::domain::{SessionId, opening_hours::OpeningHours};

/// The path of a setting, and what is wrong with it.
pub type Fault = (&'static str, String);

const LONGEST_NAME: usize = 120;
const LONGEST_TEXT: usize = 1_000;
const LONGEST_KEYWORD: usize = 40;
const MOST_KEYWORDS: usize = 20;
const LONGEST_LOCALE: usize = 35;
const HOURS_OF_A_YEAR: u32 = 8_760;
const LONGEST_GAP: u64 = 3_600_000;
const MOST_HOURS: usize = 42;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Business {
    /// Empty for the name of the account.
    pub name: String,
    /// An IANA name.
    pub time_zone: String,
    /// A BCP 47 tag.
    pub locale: String,
    /// The session of requests that name none; empty for the oldest that is ready.
    pub primary_session: String,
    pub opt_in: OptIn,
    pub window: WindowMode,
    pub window_hours: u32,
    pub window_warning_minutes: u32,
    pub optout_keywords: Vec<String>,
    pub optin_keywords: Vec<String>,
    pub help_keywords: Vec<String>,
    pub optout_confirmation: String,
    pub optin_confirmation: String,
    pub reopen: Reopen,
    /// The shortest and the longest pause between two messages of a broadcast.
    pub broadcast_gap_milliseconds: [u64; 2],
    /// Messages of broadcasts that a session may send in a day; 0 for no limit.
    pub broadcast_daily: u32,
    /// Hours in which a contact gets one marketing message at most; 0 for no limit.
    pub marketing_cap_hours: u32,
    pub plan: Plan,
    pub max_upload_mib: u64,
    /// The part of a day in which broadcasts pause, such as `21:00-08:00`; empty for none.
    pub quiet_hours: String,
    /// When people work, as `mon-fri 09:00-18:00`; empty for hours that nobody set.
    pub hours: Vec<String>,
    /// What contacts who write outside of them are answered; empty for nothing.
    pub away_message: String,
    pub assignment: Assignment,
    /// Conversations that a person may have before no more are assigned by themselves.
    pub agent_capacity: u32,
}

/// Who gets conversations that wait for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// The people who take them.
    None,
    /// People who are online, in turn.
    RoundRobin,
    /// Of people who are online, who has the fewest.
    LeastLoaded,
}

/// Whose consent a send needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptIn {
    /// The contact must have agreed.
    Strict,
    /// The contact must not have refused.
    OptedOut,
    Off,
}

/// The rule for sends outside of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowMode {
    Enforce,
    Warn,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    Starter,
    Pro,
}

/// What a message of the contact makes of a conversation that was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reopen {
    /// It goes on with its assignee.
    Reopen,
    /// It begins again and is nobody's.
    New,
}

impl Business {
    /// What is wrong with the settings.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut claim = |path: &'static str, is_right: bool, fault: &str| {
            if !is_right {
                faults.push((path, fault.to_owned()));
            }
        };
        claim("business.name", is_line(&self.name, LONGEST_NAME), "must be at most 120 characters");
        let zone = &self.time_zone;
        let fault = format!("'{zone}' is not one such as Europe/Berlin");
        claim("business.time_zone", TimeZone::get(zone).is_ok(), &fault);
        claim("business.locale", is_locale(&self.locale), "must be one such as en or pt-BR");
        let session = &self.primary_session;
        let is_session = session.is_empty() || session.parse::<SessionId>().is_ok();
        claim("business.primary_session", is_session, "must be the name of a session");
        let is_possible = (1..=HOURS_OF_A_YEAR).contains(&self.window_hours);
        claim("business.window_hours", is_possible, "must be between 1 and 8760");
        let is_within = self.window_warning_minutes <= self.window_hours.saturating_mul(60);
        claim("business.window_warning_minutes", is_within, "is longer than the window");
        let is_possible = (1..=100).contains(&self.max_upload_mib);
        claim("business.max_upload_mib", is_possible, "must be between 1 and 100");
        let [shortest, longest] = self.broadcast_gap_milliseconds;
        let is_gap = shortest <= longest && longest <= LONGEST_GAP;
        let fault = "must be two numbers, the larger one last, and at most 3600000";
        claim("business.broadcast_gap_milliseconds", is_gap, fault);
        let is_possible = self.marketing_cap_hours <= HOURS_OF_A_YEAR;
        claim("business.marketing_cap_hours", is_possible, "must be at most 8760");
        let is_possible = self.quiet_hours.is_empty() || is_part_of_day(&self.quiet_hours);
        claim("business.quiet_hours", is_possible, "must be a part of a day such as 21:00-08:00");
        let fault = OpeningHours::read(&self.hours).err().unwrap_or_default();
        claim("business.hours", fault.is_empty() && self.hours.len() <= MOST_HOURS, &fault);
        let is_possible = self.away_message.is_empty() || is_text(&self.away_message);
        claim("business.away_message", is_possible, "must have at most 1,000 characters");
        let is_possible = (1..=1_000).contains(&self.agent_capacity);
        claim("business.agent_capacity", is_possible, "must be between 1 and 1000");
        for (path, text) in [
            ("business.optout_confirmation", &self.optout_confirmation),
            ("business.optin_confirmation", &self.optin_confirmation),
        ] {
            claim(path, is_text(text), "must have 1 to 1,000 characters");
        }
        let mut known = BTreeSet::new();
        for (path, words) in [
            ("business.optout_keywords", &self.optout_keywords),
            ("business.optin_keywords", &self.optin_keywords),
            ("business.help_keywords", &self.help_keywords),
        ] {
            claim(path, is_keywords(words), "must be 1 to 20 words of 1 to 40 characters");
            let is_new = words.iter().all(|word| known.insert(word.trim().to_lowercase()));
            claim(path, is_new, "must not have a word twice, nor one of another list");
        }
        faults
    }
}

/// Whether a text is one line of this length at most.
fn is_line(text: &str, longest: usize) -> bool {
    text.chars().nth(longest).is_none() && !text.chars().any(char::is_control)
}

/// Whether a text can be sent.
pub fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().nth(LONGEST_TEXT).is_none()
}

fn is_keywords(words: &[String]) -> bool {
    let is_word = |word: &String| !word.trim().is_empty() && is_line(word, LONGEST_KEYWORD);
    (1..=MOST_KEYWORDS).contains(&words.len()) && words.iter().all(is_word)
}

fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_language = |part: &str| {
        (2..=3).contains(&part.len()) && part.chars().all(|ch| ch.is_ascii_alphabetic())
    };
    let is_part = |part: &str| {
        (2..=8).contains(&part.len()) && part.chars().all(|ch| ch.is_ascii_alphanumeric())
    };
    text.len() <= LONGEST_LOCALE && parts.next().is_some_and(is_language) && parts.all(is_part)
}

/// Two different times of day.
fn is_part_of_day(text: &str) -> bool {
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    let times = text.split_once('-').and_then(|(from, to)| time(from).zip(time(to)));
    times.is_some_and(|(from, to)| from != to)
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
            ("WAGATE_BUSINESS__LOCALE", "english"),
            ("WAGATE_BUSINESS__PRIMARY_SESSION", "my shop!"),
            ("WAGATE_BUSINESS__OPTOUT_KEYWORDS", ""),
            ("WAGATE_BUSINESS__OPTIN_KEYWORDS", "start,STOP"),
            ("WAGATE_BUSINESS__OPTOUT_CONFIRMATION", " "),
            ("WAGATE_BUSINESS__BROADCAST_GAP_MILLISECONDS", "[4000, 1500]"),
            ("WAGATE_BUSINESS__MARKETING_CAP_HOURS", "9000"),
            ("WAGATE_BUSINESS__QUIET_HOURS", "21:00"),
            ("WAGATE_BUSINESS__QUIET_HOURS", "21:00-21:00"),
            ("WAGATE_BUSINESS__REOPEN", "never"),
            ("WAGATE_BUSINESS__HOURS", "monday"),
            ("WAGATE_BUSINESS__ASSIGNMENT", "somebody"),
            ("WAGATE_BUSINESS__AGENT_CAPACITY", "0"),
        ] {
            assert!(load(name, value).is_err(), "{name}={value}");
        }
    }
}
