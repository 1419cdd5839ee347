//! Rules of texts that people insert: quick replies and canned responses. Pure.

use crate::{
    content::variables::{self, Filled, Values},
    domain::Error,
};

/// Characters, also after values were filled in: a message has no more.
const LONGEST: usize = 4_096;

/// A text as it may be stored.
pub fn checked(content: &str) -> Result<String, Error> {
    if content.trim().is_empty() || content.chars().nth(LONGEST).is_some() {
        return Err(Error::invalid_field("content", "must have 1 to 4,096 characters"));
    }
    Ok(content.to_owned())
}

/// A text with its values, as it may be sent.
pub fn filled(content: &str, values: &Values<'_>) -> Result<Filled, Error> {
    let filled = variables::render(content, values);
    if filled.text.chars().nth(LONGEST).is_some() {
        let message = "with its values the text has more than 4,096 characters; shorten it";
        return Err(Error::invalid(message));
    }
    Ok(filled)
}
