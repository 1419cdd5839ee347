//! WhatsApp's rules for messages: lengths, polls, reactions, and the time limits of changes. Pure.
//!
//! The gateway and the simulated network both apply them.

use std::{collections::HashSet, time::Duration};

use unicode_normalization::UnicodeNormalization;
use unicode_properties::UnicodeEmoji;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::{Content, Error};

pub const LONGEST_TEXT: usize = 65_536;
pub const LONGEST_CAPTION: usize = 1_024;
/// How long a text or a caption can be edited.
pub const EDIT_WINDOW: Duration = Duration::from_secs(15 * 60);
/// How long a message can be deleted for everyone.
pub const REVOKE_WINDOW: Duration = Duration::from_secs(60 * 60 * 60);

const LONGEST_QUESTION: usize = 255;
const LONGEST_OPTION: usize = 100;
const OPTIONS: std::ops::RangeInclusive<usize> = 2..=12;
const MOST_CARDS: usize = 50;
/// Characters of which one emoji is made at most, with room to spare.
const LONGEST_EMOJI: usize = 16;
/// Asks for the colourful form of a character.
const SELECTOR: char = '\u{FE0F}';
/// Makes a keycap of the digit or sign before it.
const KEYCAP: char = '\u{20E3}';

/// Checks whether WhatsApp accepts a message with this content. Field names in errors are those of the content.
pub fn check(content: &Content) -> Result<(), Error> {
    match content {
        Content::Text { body } if LONGEST_TEXT < body.chars().count() => {
            Err(Error::invalid("a text has at most 65,536 characters"))
        }
        Content::Media(media) => check_caption(media.caption.as_deref()),
        Content::Location { latitude, longitude, .. } => check_place(*latitude, *longitude),
        Content::ContactCards { contacts }
            if contacts.is_empty() || MOST_CARDS < contacts.len() =>
        {
            Err(Error::invalid_field("contacts", "must name 1 to 50 people"))
        }
        Content::Poll { question, options, selectable } => {
            check_poll(question, options, *selectable)
        }
        Content::Text { .. } | Content::ContactCards { .. } => Ok(()),
    }
}

pub fn check_caption(caption: Option<&str>) -> Result<(), Error> {
    if caption.is_some_and(|caption| LONGEST_CAPTION < caption.chars().count()) {
        return Err(Error::invalid_field("caption", "must have at most 1,024 characters"));
    }
    Ok(())
}

fn check_place(latitude: f64, longitude: f64) -> Result<(), Error> {
    let within = |field: &str, value: f64, most: i16| {
        let is_within = (f64::from(-most)..=f64::from(most)).contains(&value);
        let fault = || Error::invalid_field(field, format!("must be from -{most} to {most}"));
        if is_within { Ok(()) } else { Err(fault()) }
    };
    let (latitude, longitude) =
        (within("latitude", latitude, 90), within("longitude", longitude, 180));
    Error::both(latitude, longitude).map(|_| ())
}

/// WhatsApp silently drops a poll with equal options, and phones do not show one that breaks the other rules. All
/// faults are reported at once.
pub fn check_poll(question: &str, options: &[String], selectable: u32) -> Result<(), Error> {
    let is_short = |text: &str, most| !text.trim().is_empty() && text.chars().count() <= most;
    let question = match is_short(question, LONGEST_QUESTION) {
        true => Ok(()),
        false => Err(Error::invalid_field("question", "must have 1 to 255 characters")),
    };
    let options = check_options(options).and_then(|()| check_choices(options.len(), selectable));
    Error::both(question, options).map(|_| ())
}

/// Whether a text can be an option of a poll.
pub fn check_option(text: &str) -> Result<(), Error> {
    match !text.trim().is_empty() && text.chars().count() <= LONGEST_OPTION {
        true => Ok(()),
        false => Err(Error::invalid("must be 2 to 12 texts of 1 to 100 characters")),
    }
}

fn check_options(options: &[String]) -> Result<(), Error> {
    let is_short = |text: &String| check_option(text).is_ok();
    if !OPTIONS.contains(&options.len()) || !options.iter().all(is_short) {
        let message = "must be 2 to 12 texts of 1 to 100 characters";
        return Err(Error::invalid_field("options", message));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = options.iter().find(|option| !seen.insert(as_shown(option))) {
        let message = format!("must differ from each other; {:?} is there twice", twice.trim());
        return Err(Error::invalid_field("options", message));
    }
    Ok(())
}

fn check_choices(options: usize, selectable: u32) -> Result<(), Error> {
    if usize::try_from(selectable).is_ok_and(|most| options < most) {
        let message = format!("must be at most {options}, the number of options; 0 for any number");
        return Err(Error::invalid_field("selectableCount", message));
    }
    Ok(())
}

/// Folds texts that look the same into one.
fn as_shown(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").nfkc().collect()
}

/// Whether a text can be a reaction.
pub fn check_emoji(text: &str) -> Result<(), Error> {
    if is_emoji(text) { Ok(()) } else { Err(Error::invalid_field("emoji", "must be one emoji")) }
}

/// Whether a text is one emoji and nothing else.
pub fn is_emoji(text: &str) -> bool {
    let is_one = text.graphemes(true).count() == 1 && text.chars().count() <= LONGEST_EMOJI;
    // Digits, # and * are the beginnings of keycaps and count as emoji characters alone.
    let begins = |first: char| {
        let is_keycap = first.is_ascii() && text.contains(KEYCAP);
        first.is_emoji_char() && first != SELECTOR && (is_keycap || !first.is_ascii())
    };
    is_one && text.chars().next().is_some_and(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(question: &str, options: &[&str], selectable: u32) -> Option<String> {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let error = check_poll(question, &options, selectable).err()?;
        let fields = error.details["fields"].as_object().unwrap();
        Some(fields.keys().next().unwrap().clone())
    }

    #[test]
    fn a_poll_that_whatsapp_would_drop_is_refused_by_its_field() {
        let long = "x".repeat(101);
        for (options, selectable, field) in [
            (&["Yes", "No"][..], 1, None),
            (&["Yes", "No"], 0, None),
            (&["Yes", "No"], 2, None),
            (&["Yes", "yes"], 1, None),
            (&["Yes", "Yes"], 1, Some("options")),
            (&["Yes", " Yes "], 1, Some("options")),
            (&["a b", "a  b"], 1, Some("options")),
            (&["caf\u{e9}", "cafe\u{301}"], 1, Some("options")),
            (&["１", "1"], 1, Some("options")),
            (&["Yes"], 1, Some("options")),
            (&[], 1, Some("options")),
            (&["Yes", " "], 1, Some("options")),
            (&["Yes", &long], 1, Some("options")),
            (&["Yes", "No"], 3, Some("selectableCount")),
        ] {
            assert_eq!(fault("?", options, selectable).as_deref(), field, "{options:?}");
        }
        assert_eq!(fault(" ", &["a", "b"], 1).as_deref(), Some("question"));
        let many: Vec<String> = (0..13).map(|n| n.to_string()).collect();
        assert!(check_poll("?", &many, 1).is_err() && check_poll("?", &many[..12], 12).is_ok());
    }

    #[test]
    fn one_emoji_is_one_whatever_it_is_made_of() {
        for emoji in ["👍", "👍🏽", "❤️", "❤", "👨‍👩‍👧‍👦", "👨🏻‍👩🏻‍👧🏻‍👦🏻", "🇧🇷", "5️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
        {
            assert!(is_emoji(emoji), "{emoji}");
        }
        for text in
            ["", "a", "5", "#", "👍👍", "👍 ", "ok", "<", "\u{FE0F}", "é", "a🏽", "🇧🇷🇧🇷", "👍!"]
        {
            assert!(!is_emoji(text), "{text:?}");
        }
    }
}
