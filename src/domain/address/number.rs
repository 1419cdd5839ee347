//! Parser of phone numbers in any usual spelling, and the errors of addresses. Pure.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::domain::{Jid, shown::shown};

/// Digits of a telephone number with its country code.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The prefix of new group ids.
const GROUP: &str = "120363";
/// Digits of the second part of an old group id, which are seconds since 1970.
const CREATED: usize = 10;

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("empty: expected an address")]
    Empty,
    #[error(
        "not a WhatsApp address: expected digits@c.us, digits@g.us, digits@lid, digits@newsletter or status@broadcast"
    )]
    Unknown,
    #[error(
        "not a telephone number with its country code, nor a WhatsApp address such as digits@c.us"
    )]
    UnknownRecipient,
    #[error("not a WhatsApp address: did you mean {0}?")]
    Near(String),
    #[error("a number without its suffix: did you mean {0}?")]
    Bare(String),
    #[error("too long for a telephone number, which has 7 to 15 digits: did you mean {0}?")]
    Group(String),
    #[error(
        "too long for a telephone number, which has 7 to 15 digits. The id of a group ends in @g.us, a hidden identity in @lid, a channel in @newsletter"
    )]
    TooLong,
    #[error("too short for a telephone number, which has 7 to 15 digits with its country code")]
    TooShort,
    #[error(
        "a number without its country code: leave out the 0 that it begins with, and add the country code"
    )]
    Local,
    #[error("a number with a trunk prefix in brackets: leave out the (0)")]
    Trunk,
    #[error("a number with an extension, which cannot be reached on WhatsApp")]
    Extension,
    #[error("not the address of a person")]
    NoPerson,
    #[error("a link that names no telephone number, unlike https://wa.me/15550000011")]
    Link,
    #[error("an invitation to a group: join on the phone, and use the id of the group (…@g.us)")]
    Invitation,
}

impl AddressError {
    /// The address that was probably meant.
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::Near(meant) | Self::Bare(meant) | Self::Group(meant) => Some(meant),
            _ => None,
        }
    }

    /// The whole sentence, with the text at fault.
    pub fn about(&self, text: &str) -> String {
        format!("'{}' is {self}", shown(text))
    }
}

/// Whether a phone number can have these digits.
pub fn is_number(digits: &str) -> bool {
    DIGITS.contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
}

/// The id of a phone number.
pub fn number(text: &str) -> Result<Jid, AddressError> {
    let Written { digits, is_international, has_trunk, parts } = Written::read(text)?;
    let digits = match digits.strip_prefix("00") {
        Some(rest) if !is_international => rest,
        _ => &digits,
    };
    if *DIGITS.end() < digits.len() {
        let group = match &parts[..] {
            [first, second] if second.len() == CREATED && is_number(first) => {
                Some(format!("{first}-{second}@g.us"))
            }
            _ if digits.starts_with(GROUP) => Some(format!("{digits}@g.us")),
            _ => None,
        };
        return Err(group.map_or(AddressError::TooLong, AddressError::Group));
    }
    if digits.starts_with('0') {
        return Err(AddressError::Local);
    }
    if has_trunk {
        return Err(AddressError::Trunk);
    }
    if digits.is_empty() {
        return Err(AddressError::Unknown);
    }
    if digits.len() < *DIGITS.start() {
        return Err(AddressError::TooShort);
    }
    parsed(digits, "c.us")
}

/// An id of a user and a server.
pub fn parsed(user: &str, server: &str) -> Result<Jid, AddressError> {
    format!("{user}@{server}").parse().map_err(|_| AddressError::Unknown)
}

/// A number in one of its spellings.
#[derive(Default)]
pub struct Written {
    pub digits: String,
    /// Whether it begins with a plus.
    pub is_international: bool,
    /// Whether it has a 0 in brackets, which is dialled only within the country.
    has_trunk: bool,
    /// The digits between dashes.
    parts: Vec<String>,
}

impl Written {
    /// An error for a character that no number has, such as a letter.
    pub fn read(text: &str) -> Result<Self, AddressError> {
        let mut written = Self { parts: vec![String::new()], ..Self::default() };
        let mut bracket = None;
        for ch in text.chars() {
            if let Some(digit) = digit(ch) {
                written.digits.push(digit);
                written.parts.iter_mut().last().into_iter().for_each(|part| part.push(digit));
                continue;
            }
            match ch.general_category() {
                _ if is_plus(ch) => {
                    if written.is_international || !written.digits.is_empty() {
                        return Err(AddressError::Unknown);
                    }
                    written.is_international = true;
                }
                _ if is_dash(ch) => written.parts.push(String::new()),
                GeneralCategory::OpenPunctuation => bracket = Some(written.digits.len()),
                GeneralCategory::ClosePunctuation => {
                    let within = bracket.take().and_then(|from| written.digits.get(from..));
                    let is_first = written.digits.len() == 1;
                    written.has_trunk |= within == Some("0") && !is_first;
                }
                _ if is_void(ch) || is_separator(ch) => (),
                _ => return Err(AddressError::Unknown),
            }
        }
        Ok(written)
    }
}

/// A decimal digit of any script as ASCII. They stand in runs of ten, each from 0 to 9.
fn digit(ch: char) -> Option<char> {
    let is_decimal = |ch: char| ch.general_category() == GeneralCategory::DecimalNumber;
    if ch.is_ascii() {
        return ch.is_ascii_digit().then_some(ch);
    }
    if !is_decimal(ch) {
        return None;
    }
    let before =
        (0..u32::from(ch)).rev().map_while(char::from_u32).take_while(|ch| is_decimal(*ch));
    char::from_digit(u32::try_from(before.count()).ok()? % 10, 10)
}

/// Blanks, marks and invisible characters.
pub fn is_void(ch: char) -> bool {
    use GeneralCategory as Of;
    let category = ch.general_category();
    let is_mark = matches!(category, Of::NonspacingMark | Of::SpacingMark | Of::EnclosingMark);
    let is_blank =
        matches!(category, Of::SpaceSeparator | Of::LineSeparator | Of::ParagraphSeparator);
    // A blank of Braille is a symbol.
    is_mark || is_blank || matches!(category, Of::Control | Of::Format) || ch == '\u{2800}'
}

pub fn is_dash(ch: char) -> bool {
    // The minus of mathematics is a symbol.
    ch.general_category() == GeneralCategory::DashPunctuation || ch == '\u{2212}'
}

/// Separators within a number. Not separators of two numbers.
fn is_separator(ch: char) -> bool {
    matches!(ch, '.' | '/' | '\'' | '\u{2019}' | '\u{b7}' | '\u{2022}' | '\u{ff0e}' | '\u{ff0f}')
}

fn is_plus(ch: char) -> bool {
    matches!(ch, '+' | '\u{ff0b}' | '\u{fe62}')
}
