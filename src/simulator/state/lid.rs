//! Hidden identities (LIDs): made from a telephone number, and traced back to it.

use crate::domain::{Jid, address::is_number};

/// The hidden identity that a telephone number gets, unless another person has it.
pub fn default_lid(id: &Jid) -> Option<Jid> {
    lid_from(1, id)
}

/// Two numbers have no hidden identity in common, since no number begins with a zero.
pub fn lid_from(first: u8, id: &Jid) -> Option<Jid> {
    format!("{first}{:0>14}@lid", id.user()).parse().ok()
}

/// The number that a hidden identity was made from.
pub fn phone_of(lid: &Jid) -> Option<Jid> {
    let first = lid.user().chars().next()?.to_digit(10)?;
    let digits = lid.user().get(1..)?.trim_start_matches('0');
    let phone = Jid::of_phone(digits).ok().filter(|phone| is_number(phone.user()))?;
    let made = lid_from(u8::try_from(first).ok().filter(|first| 0 < *first)?, &phone)?;
    (made == *lid).then_some(phone)
}
