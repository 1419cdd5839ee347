//! Checks of single fields of a bot. Pure.

use std::fmt::Display;

use crate::domain::{Error, fold::fold};

const MOST_KEYWORDS: usize = 50;
const LONGEST_KEYWORD: usize = 100;

/// A text that is blank is none.
pub fn blank(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

pub fn text(field: &str, text: &str, most: usize) -> Result<String, Error> {
    if text.is_empty() || text.chars().nth(most).is_some() {
        return Err(Error::invalid_field(field, format!("must have 1 to {most} characters")));
    }
    Ok(text.to_owned())
}

pub fn within(
    field: &str,
    text: Option<Option<String>>,
    most: usize,
) -> Result<Option<Option<String>>, Error> {
    if text.as_ref().and_then(Option::as_ref).is_some_and(|text| text.chars().nth(most).is_some()) {
        return Err(Error::invalid_field(field, format!("must have at most {most} characters")));
    }
    Ok(text)
}

pub fn number<N: PartialOrd + Copy + Display>(
    field: &str,
    number: Option<N>,
    (least, most): (N, N),
) -> Result<Option<N>, Error> {
    if number.is_none_or(|number| least <= number && number <= most) {
        return Ok(number);
    }
    Err(Error::invalid_field(field, format!("must be between {least} and {most}")))
}

/// Without blanks around them, each once whatever its case.
pub fn keywords(field: &str, words: Vec<String>) -> Result<Vec<String>, Error> {
    if MOST_KEYWORDS < words.len() {
        let fault = format!("must have at most {MOST_KEYWORDS} entries");
        return Err(Error::invalid_field(field, fault));
    }
    let mut known: Vec<String> = Vec::new();
    for word in words {
        let word = text(field, word.trim(), LONGEST_KEYWORD)?;
        if !known.iter().any(|other| fold(other) == fold(&word)) {
            known.push(word);
        }
    }
    Ok(known)
}
