//! Mentions: who is named in the text of a note. Pure.
//!
//! | written | who |
//! |---|---|
//! | `@[Ada Lovelace](user:ID)` | the person with this id |
//! | `@ada@example.com` | the person with this address |
//! | `@ada` | by the part of an address before its `@`, then by a name without blanks, then by a first name; each where it is one person's alone |
//!
//! What names nobody is text like any other.

use uuid::Uuid;

use crate::{accounts::User, domain::fold::fold};

/// People who are named in one note.
const MOST: usize = 50;

/// The people of these whom a text names, each once, in the order of the text.
pub fn named_in(text: &str, people: &[User]) -> Vec<Uuid> {
    let mut named: Vec<Uuid> = Vec::new();
    let mut before: Option<char> = None;
    let mut skipped_to = 0;
    for (place, ch) in text.char_indices() {
        let begins = ch == '@' && place >= skipped_to && !before.is_some_and(is_of_word);
        before = Some(ch);
        if !begins {
            continue;
        }
        let rest = &text[place + 1..];
        let (found, length) = match rest.strip_prefix('[') {
            Some(_) => linked(rest, people),
            None => written(rest, people),
        };
        skipped_to = place + 1 + length;
        let is_new = |id: &Uuid| !named.contains(id);
        if let Some(id) = found.filter(is_new)
            && named.len() < MOST
        {
            named.push(id);
        }
    }
    named
}

/// `[Name](user:ID)`, and how long it is.
fn linked(rest: &str, people: &[User]) -> (Option<Uuid>, usize) {
    let read = || {
        let (_, target) = rest.split_once("](user:")?;
        let (id, _) = target.split_once(')')?;
        let length = rest.len() - target.len() + id.len() + 1;
        Some((id.parse::<Uuid>().ok()?, length))
    };
    let Some((id, length)) = read() else { return (None, 0) };
    (people.iter().find(|user| user.id == id).map(|user| user.id), length)
}

/// A name or an address, and how long it is.
fn written(rest: &str, people: &[User]) -> (Option<Uuid>, usize) {
    let name = word(rest);
    if let Some(host) = rest.get(name.len()..).and_then(|behind| behind.strip_prefix('@')) {
        let host = word(host);
        if !name.is_empty() && host.contains('.') {
            let address = format!("{name}@{host}");
            return (one(people, |user| fold(&user.email) == fold(&address)), address.len());
        }
    }
    let wanted = fold(name);
    if wanted.is_empty() {
        return (None, 0);
    }
    let local =
        |user: &User| user.email.split_once('@').is_some_and(|(local, _)| fold(local) == wanted);
    let joined = |user: &User| fold(&user.name.split_whitespace().collect::<String>()) == wanted;
    let first = |user: &User| {
        user.name.split_whitespace().next().is_some_and(|first| fold(first) == wanted)
    };
    let found = one(people, local).or_else(|| one(people, joined)).or_else(|| one(people, first));
    (found, name.len())
}

/// The one person of whom something is true.
fn one(people: &[User], is_meant: impl Fn(&User) -> bool) -> Option<Uuid> {
    let mut meant = people.iter().filter(|user| is_meant(user));
    meant.next().filter(|_| meant.next().is_none()).map(|user| user.id)
}

/// The beginning of a text that may be a name. A dot at its end belongs to the sentence.
fn word(text: &str) -> &str {
    let end = text.find(|ch: char| !is_of_word(ch)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim_end_matches('.')
}

fn is_of_word(ch: char) -> bool {
    ch.is_alphanumeric() || matches!(ch, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{accounts::Role, domain::Timestamp};

    fn user(id: u128, email: &str, name: &str) -> User {
        User {
            id: Uuid::from_u128(id),
            email: email.to_owned(),
            name: name.to_owned(),
            company: None,
            role: Role::Agent,
            password: String::new(),
            email_verified: true,
            is_disabled: false,
            second_factor: None,
            created_at: Timestamp::UNIX_EPOCH,
            last_login_at: None,
        }
    }

    fn people() -> Vec<User> {
        vec![
            user(1, "ada@example.com", "Ada Lovelace"),
            user(2, "g.hopper@example.com", "Grace Hopper"),
            user(3, "grace@example.org", "Grace Kelly"),
            user(4, "ada@example.org", "Joan Clarke"),
        ]
    }

    fn named(text: &str) -> Vec<u128> {
        named_in(text, &people()).into_iter().map(|id| id.as_u128()).collect()
    }

    #[test]
    fn people_are_named_by_id_address_and_name() {
        let link = format!("@[Ada](user:{})", Uuid::from_u128(1));
        assert_eq!(named(&format!("{link} and {link}")), [1]);
        assert_eq!(named("Ask @ADA@example.org, please."), [4]);
        assert_eq!(named("@g.hopper. @GraceKelly! @joan"), [2, 3, 4]);
        // Two have this part of an address, and one alone the name.
        assert_eq!(named("@adalovelace @ada"), [1]);
        // The address goes before the first name, which two have.
        assert_eq!(named("@grace"), [3]);
    }

    #[test]
    fn what_names_nobody_is_text() {
        for text in
            ["", "@", "@@", "ada@example.com", "@nobody", "@[Ada](user:1)", "@[Ada]", "a@joan"]
        {
            assert_eq!(named(text), Vec::<u128>::new(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in r"[@\[\]():a-z. é]{0,40}|\PC{0,30}") {
            let named = named_in(&text, &people());
            prop_assert!(named.len() <= 4);
        }
    }
}
