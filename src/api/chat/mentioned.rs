//! Whom a message mentions: those whom its request names, and known numbers that stand in its words.

use crate::{
    domain::{Error, Jid, SessionId, address},
    services::Services,
};

/// Numbers in a text that are taken for mentions, in digits.
const NUMBER: std::ops::RangeInclusive<usize> = 7..=15;
const MOST_MENTIONS: usize = 100;

fn no_people(why: &str) -> Error {
    let message = format!("must be addresses of people, 100 at most{why}");
    Error::invalid_field("mentioned_jids", message)
}

/// Those whom a request names.
pub fn named(given: &[String]) -> Result<Vec<Jid>, Error> {
    Error::all(given.iter().map(|text| {
        let person = address::person(text);
        person.map_err(|error| no_people(&format!(": {}", error.about(text))))
    }))
}

/// Those named, and known numbers that stand in the text behind an `@`.
pub async fn mentions(
    services: &Services,
    session: &SessionId,
    chat: &Jid,
    mut people: Vec<Jid>,
    text: &str,
) -> Result<Vec<Jid>, Error> {
    // A hidden identity looks like a number, and is nobody's.
    let hidden: Vec<Jid> =
        numbers_in(text).filter_map(|n| address::person(&format!("{n}@lid")).ok()).collect();
    let pairs = services.directory.identities(session, &hidden).await?;
    let (hidden, others): (Vec<Jid>, Vec<Jid>) =
        hidden.into_iter().partition(|id| pairs.other(id).is_some());
    people.extend(hidden);
    let written: Vec<Jid> = others.iter().filter_map(|id| address::phone(id.user()).ok()).collect();
    let known = services.directory.people(session, written.clone()).await?;
    people.extend(written.into_iter().filter(|id| chat.is_group() || known.contains_key(id)));
    let mut seen = std::collections::HashSet::new();
    people.retain(|id| seen.insert(id.clone()));
    if MOST_MENTIONS < people.len() { Err(no_people("")) } else { Ok(people) }
}

fn numbers_in(text: &str) -> impl Iterator<Item = &str> {
    let behind = text.split('@').skip(1);
    let digits = behind.map(|rest| {
        let end = rest.find(|ch: char| !ch.is_ascii_digit()).unwrap_or(rest.len());
        &rest[..end]
    });
    digits.filter(|digits| NUMBER.contains(&digits.len())).take(MOST_MENTIONS + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_behind_an_at_are_seen() {
        let found: Vec<_> = numbers_in("a@b @5521999999999! @12 x@15550000001").collect();
        assert_eq!(found, ["5521999999999", "15550000001"]);
    }

    proptest! {
        #[test]
        fn looking_for_numbers_never_fails(text in "(\\PC|@|[0-9]){0,60}") {
            for number in numbers_in(&text) {
                prop_assert!(NUMBER.contains(&number.len()));
            }
        }
    }
}
