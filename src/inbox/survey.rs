//! Survey of a conversation: the question after it was resolved, the rating and the comment. Pure.
//!
//! ```text
//!  resolved ──▶ asked ── a rating ──▶ commenting ── a comment, SKIP, half an hour ──▶ rated
//!                 │                                                                    ▲
//!                 └─ a rating with a comment ──────────────────────────────────────────┘
//!
//!  any ── other words, STOP, a conversation that is reopened ──▶ closed
//! ```
//!
//! Another number soon after the rating takes its place. What is no answer reopens the conversation.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Timestamp, clock::between};

/// How long a comment is waited for.
const COMMENT_TIME: Duration = Duration::from_secs(30 * 60);
/// How long another number takes the place of the rating.
const CHANGE_TIME: Duration = Duration::from_secs(10 * 60);
/// By how much the clock of a phone may be behind.
const SKEW: Duration = Duration::from_secs(60);
const LONGEST_COMMENT: usize = 1_000;
const SKIP: &str = "skip";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Survey {
    pub id: Uuid,
    pub stage: Stage,
    pub sent_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Asked,
    /// Rated; a comment is awaited.
    Commenting,
    /// Complete; another number may take the place of the rating.
    Rated,
    /// Over.
    Closed,
}

/// What a message answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether rating or comment changed.
    pub is_news: bool,
    pub reply: Option<Reply>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The question for a comment.
    CommentPrompt,
    Thanks,
}

impl Survey {
    pub fn asked(id: Uuid, now: Timestamp, life: Duration) -> Self {
        Self {
            id,
            stage: Stage::Asked,
            sent_at: now,
            expires_at: now.checked_add(life).unwrap_or(now),
            rating: None,
            comment: None,
            rated_at: None,
        }
    }

    /// Takes a text of the contact in. None for what is no answer.
    pub fn hear(&mut self, text: &str, at: Timestamp) -> Option<Answer> {
        let is_older = at.checked_add(SKEW).is_ok_and(|at| at < self.sent_at);
        if is_older || text.trim().is_empty() {
            return None;
        }
        let since_rating = self.rated_at.map_or(Duration::MAX, |rated| between(rated, at));
        let number = rating(text).filter(|(_, comment)| comment.is_none());
        match self.stage {
            Stage::Asked if at < self.expires_at => {
                let (rating, comment) = rating(text)?;
                let reply = if comment.is_some() { Reply::Thanks } else { Reply::CommentPrompt };
                self.stage = if comment.is_some() { Stage::Rated } else { Stage::Commenting };
                (self.rating, self.comment, self.rated_at) = (Some(rating), comment, Some(at));
                Some(Answer { is_news: true, reply: Some(reply) })
            }
            Stage::Commenting | Stage::Rated if since_rating < CHANGE_TIME && number.is_some() => {
                let new = number.map(|(rating, _)| rating);
                let is_news = self.rating != new;
                self.rating = new;
                Some(Answer { is_news, reply: None })
            }
            Stage::Commenting if since_rating < COMMENT_TIME => {
                self.stage = Stage::Rated;
                let comment = (!is_skip(text)).then(|| shortened(text));
                let is_news = comment.is_some();
                self.comment = comment;
                Some(Answer { is_news, reply: Some(Reply::Thanks) })
            }
            Stage::Asked | Stage::Commenting | Stage::Rated | Stage::Closed => None,
        }
    }

    /// Awaits no answer any more. A rating stays.
    pub fn close(&mut self) {
        self.stage = Stage::Closed;
    }
}

/// A rating from 1 to 5 at the beginning of a text, and the comment behind it. A number that goes on, as in 10, 4.5,
/// 3pm and 5/10, is none.
pub fn rating(text: &str) -> Option<(u8, Option<String>)> {
    let text = text.trim();
    let (rating, rest) = stars(text).or_else(|| number(text))?;
    Some((rating, comment(rest)))
}

fn stars(text: &str) -> Option<(u8, &str)> {
    let (mut count, mut rest) = (0_u8, text);
    while let Some(behind) = rest.trim_start_matches(is_between_stars).strip_prefix(is_star) {
        (count, rest) = (count.saturating_add(1), behind);
    }
    (1..=5).contains(&count).then_some((count, rest))
}

fn is_star(ch: char) -> bool {
    matches!(ch, '⭐' | '🌟' | '★')
}

/// Blanks, and the mark that asks for a colored star.
fn is_between_stars(ch: char) -> bool {
    ch == '\u{fe0f}' || ch.is_whitespace()
}

fn number(text: &str) -> Option<(u8, &str)> {
    let first = text.chars().next()?;
    let rating = digit(first).filter(|rating| (1..=5).contains(rating))?;
    // What makes a key of the digit.
    let rest = text.get(first.len_utf8()..)?.trim_start_matches(['\u{fe0f}', '\u{20e3}']);
    let spaced = rest.trim_start();
    if let Some(most) = spaced.strip_prefix('/') {
        let behind = most.trim_start();
        let five = behind.chars().next().filter(|ch| digit(*ch) == Some(5))?;
        let behind = behind.get(five.len_utf8()..)?;
        return ends(behind).then_some((rating, behind));
    }
    if spaced.starts_with(is_star) {
        let is_mark = |ch: char| is_star(ch) || is_between_stars(ch);
        return Some((rating, spaced.trim_start_matches(is_mark)));
    }
    for word in ["stars", "star"] {
        let is_word = spaced.get(..word.len()).is_some_and(|own| own.eq_ignore_ascii_case(word));
        if let Some(behind) = spaced.get(word.len()..).filter(|rest| is_word && ends(rest)) {
            return Some((rating, behind));
        }
    }
    ends(rest).then_some((rating, rest))
}

/// Whether a number or a word ends before this text.
fn ends(rest: &str) -> bool {
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        (None, _) => true,
        (Some('%' | '/'), _) => false,
        (Some('.' | ',' | ':' | '-' | '–'), Some(next)) => !next.is_numeric(),
        (Some(next), _) => !next.is_alphanumeric(),
    }
}

/// A digit of the scripts that phones write numbers in.
fn digit(ch: char) -> Option<u8> {
    const ZEROS: [char; 6] = ['0', '０', '٠', '۰', '०', '০'];
    let zero = ZEROS.into_iter().find(|zero| (0..10).contains(&distance(*zero, ch)))?;
    u8::try_from(distance(zero, ch)).ok()
}

fn distance(zero: char, ch: char) -> i64 {
    i64::from(u32::from(ch)) - i64::from(u32::from(zero))
}

fn comment(rest: &str) -> Option<String> {
    let marks = |ch: char| is_between_stars(ch) || ".!,;:-–—".contains(ch);
    let text = rest.trim_start_matches(marks).trim_end();
    // A smiley of two marks says nothing more.
    let is_said = text.chars().any(|ch| ch.is_alphanumeric() || !ch.is_ascii());
    is_said.then(|| shortened(text))
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(LONGEST_COMMENT).collect()
}

fn is_skip(text: &str) -> bool {
    text.trim().trim_end_matches(['.', '!']).trim_end().eq_ignore_ascii_case(SKIP)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    const HOUR: i64 = 3_600;

    fn survey() -> Survey {
        Survey::asked(Uuid::nil(), from_seconds(0), Duration::from_secs(24 * 3_600))
    }

    fn hear(survey: &mut Survey, text: &str, second: i64) -> Option<Answer> {
        survey.hear(text, from_seconds(second))
    }

    const NEWS: Answer = Answer { is_news: true, reply: None };
    const PROMPTED: Answer = Answer { is_news: true, reply: Some(Reply::CommentPrompt) };
    const THANKED: Answer = Answer { is_news: true, reply: Some(Reply::Thanks) };

    #[test]
    fn a_rating_is_a_number_or_stars_with_a_comment_or_without() {
        let said = |text: &str| Some(text.to_owned());
        for (text, expected) in [
            ("5", Some((5, None))),
            (" 1. ", Some((1, None))),
            ("4!", Some((4, None))),
            ("3/5", Some((3, None))),
            ("3 / 5 fine", Some((3, said("fine")))),
            ("4 stars", Some((4, None))),
            ("1 Star. Slow", Some((1, said("Slow")))),
            ("5star", Some((5, None))),
            ("5⭐⭐⭐⭐⭐", Some((5, None))),
            ("⭐⭐⭐", Some((3, None))),
            ("⭐\u{fe0f} ⭐\u{fe0f} great", Some((2, said("great")))),
            ("★★★★ thanks", Some((4, said("thanks")))),
            ("5\u{fe0f}\u{20e3}", Some((5, None))),
            ("٤", Some((4, None))),
            ("५ अच्छा", Some((5, said("अच्छा")))),
            ("5, great service", Some((5, said("great service")))),
            ("2 - too slow", Some((2, said("too slow")))),
            ("5 :)", Some((5, None))),
            ("5 👍", Some((5, said("👍")))),
            ("5\nThank you", Some((5, said("Thank you")))),
            ("2 of them were late", Some((2, said("of them were late")))),
            ("0", None),
            ("6", None),
            ("10", None),
            ("4.5", None),
            ("4,5", None),
            ("3-4 days", None),
            ("12:30", None),
            ("3pm", None),
            ("5th", None),
            ("5/10", None),
            ("5%", None),
            ("⭐⭐⭐⭐⭐⭐", None),
            ("five", None),
            ("It was a 5", None),
            ("", None),
            ("👍", None),
        ] {
            assert_eq!(rating(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_rating_is_followed_by_a_comment() {
        let mut survey = survey();
        assert_eq!(hear(&mut survey, "4", 10), Some(PROMPTED));
        assert_eq!((survey.stage, survey.rating), (Stage::Commenting, Some(4)));
        assert_eq!(hear(&mut survey, "3 of you were kind", 60), Some(THANKED));
        assert_eq!((survey.stage, survey.rating), (Stage::Rated, Some(4)));
        assert_eq!(survey.comment.as_deref(), Some("3 of you were kind"));
        assert_eq!(hear(&mut survey, "And one more thing", 70), None);
    }

    #[test]
    fn a_comment_may_come_with_the_rating_or_be_skipped_or_never_come() {
        let mut at_once = survey();
        assert_eq!(hear(&mut at_once, "5 lovely", 10), Some(THANKED));
        assert_eq!(at_once.comment.as_deref(), Some("lovely"));
        let mut skipped = survey();
        hear(&mut skipped, "5", 10);
        let skip = Answer { is_news: false, reply: Some(Reply::Thanks) };
        assert_eq!(hear(&mut skipped, " Skip! ", 20), Some(skip));
        assert_eq!((skipped.stage, skipped.comment), (Stage::Rated, None));
        let mut late = survey();
        hear(&mut late, "5", 10);
        assert_eq!(hear(&mut late, "So", 10 + 30 * 60), None);
    }

    #[test]
    fn another_number_within_ten_minutes_takes_the_place_of_the_first() {
        let mut survey = survey();
        hear(&mut survey, "1", 10);
        assert_eq!(hear(&mut survey, "5", 20), Some(NEWS));
        assert_eq!(hear(&mut survey, "5", 30), Some(Answer { is_news: false, reply: None }));
        hear(&mut survey, "I had misread", 40);
        assert_eq!(hear(&mut survey, "4", 609), Some(NEWS));
        assert_eq!((survey.rating, survey.stage), (Some(4), Stage::Rated));
        assert_eq!(survey.comment.as_deref(), Some("I had misread"));
        assert_eq!(hear(&mut survey, "3", 610), None);
        assert_eq!(survey.rating, Some(4));
    }

    #[test]
    fn what_is_no_answer_too_late_or_older_than_the_question_counts_for_nothing() {
        let mut survey = Survey { sent_at: from_seconds(1_000), ..survey() };
        for (text, second) in [("My order?", 2_000), ("5", 24 * HOUR), ("5", 100), (" ", 2_000)] {
            let before = survey.clone();
            assert_eq!(hear(&mut survey, text, second), None, "{text:?} {second}");
            assert_eq!(survey, before);
        }
        survey.close();
        assert_eq!((hear(&mut survey, "5", 2_000), survey.stage), (None, Stage::Closed));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_without_a_panic_and_a_rating_is_from_1_to_5(
            texts in prop::collection::vec("\\PC{0,20}|[0-9⭐ ./]{0,6}|skip", 0..6),
        ) {
            let mut survey = survey();
            for (second, text) in (0_i64..).zip(texts) {
                let before = survey.clone();
                let answer = hear(&mut survey, &text, second);
                prop_assert!(survey.rating.is_none_or(|rating| (1..=5).contains(&rating)));
                prop_assert_eq!(survey.rating.is_some(), survey.rated_at.is_some());
                // What is no answer changes nothing, and news are a change.
                let is_changed = (&before.rating, &before.comment) != (&survey.rating, &survey.comment);
                prop_assert_eq!(answer.is_some_and(|answer| answer.is_news), is_changed);
            }
        }

        #[test]
        fn a_number_alone_is_the_rating_whatever_blanks_are_around_it(
            number in 1_u8..=5, before in " {0,3}", after in " {0,3}",
        ) {
            prop_assert_eq!(rating(&format!("{before}{number}{after}")), Some((number, None)));
        }

        #[test]
        fn a_digit_behind_the_number_makes_it_none(number in 1_u8..=5, more in 0_u8..10) {
            prop_assert_eq!(rating(&format!("{number}{more}")), None);
        }
    }
}
