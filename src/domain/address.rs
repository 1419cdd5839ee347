//! Parser of addresses: phone numbers in any usual form, WhatsApp ids, and links to chats. Used by every surface.
//!
//! Numbers may have digits of any script, blanks, dashes, brackets and invisible marks. A number that cannot be
//! dialled from abroad is refused with a hint, since a guess could reach somebody else.

mod link;
mod number;

pub use self::number::{AddressError, is_number};
use self::{
    link::Link,
    number::{Written, is_dash, is_void, number, parsed},
};
use crate::domain::{Jid, JidKind};

/// Longer than any address in any form.
const LONGEST: usize = 1_024;

/// The id of a chat. A number needs its suffix, since an id of another kind may look like one.
pub fn chat(text: &str) -> Result<Jid, AddressError> {
    match read(text)? {
        (jid, true) => Err(AddressError::Bare(jid.to_string())),
        (jid, false) => Ok(jid),
    }
}

/// A recipient: a phone number, or the id of a chat.
pub fn recipient(text: &str) -> Result<Jid, AddressError> {
    match read(text) {
        Err(AddressError::Unknown) => Err(AddressError::UnknownRecipient),
        read => read.map(|(jid, _)| jid),
    }
}

/// One person: a telephone number, or an id of either kind.
pub fn person(text: &str) -> Result<Jid, AddressError> {
    let jid = recipient(text)?;
    if jid.is_person() { Ok(jid) } else { Err(AddressError::NoPerson) }
}

/// A telephone number, as an id.
pub fn phone(text: &str) -> Result<Jid, AddressError> {
    let jid = recipient(text)?;
    if jid.kind() == JidKind::Person { Ok(jid) } else { Err(AddressError::UnknownRecipient) }
}

/// The digits of a search for a part of a number; none if the text is no number.
pub fn digits_of(text: &str) -> Option<String> {
    let written = Written::read(text).ok()?;
    let stripped = written.digits.strip_prefix("00").filter(|rest| !rest.is_empty());
    let digits = stripped.unwrap_or(&written.digits);
    (!digits.is_empty()).then(|| digits.to_owned())
}

/// What a search for a person looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// A part of a number.
    Digits(String),
    /// One person or chat, by a whole id or a link.
    Id(Jid),
}

/// Reads a search for an address; none if the text is neither a number nor an id.
pub fn sought(text: &str) -> Option<Sought> {
    match digits_of(text) {
        Some(digits) => Some(Sought::Digits(digits)),
        None => recipient(text).ok().map(Sought::Id),
    }
}

/// An address, and whether it was a number without a suffix.
fn read(text: &str) -> Result<(Jid, bool), AddressError> {
    let bounded = text.chars().nth(LONGEST).is_none();
    let text = text.trim_matches(is_void);
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if !bounded {
        return Err(AddressError::Unknown);
    }
    if let Some(link) = Link::read(text) {
        return Ok((link.person()?, false));
    }
    let text = without_scheme(text)?;
    match text.split_once(is_at) {
        None => number(text).map(|jid| (jid, true)),
        Some((user, server)) => of_server(user, server).map(|jid| (jid, false)),
    }
}

/// The number of a `tel:` link, without its parameters.
fn without_scheme(text: &str) -> Result<&str, AddressError> {
    let is_tel = text.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"));
    if !is_tel {
        return Ok(text);
    }
    let (number, parameters) = text[4..].split_once(';').unwrap_or((&text[4..], ""));
    for parameter in parameters.split(';') {
        let name = parameter.split('=').next().unwrap_or_default().trim().to_lowercase();
        match name.as_str() {
            "ext" | "postd" => return Err(AddressError::Extension),
            "phone-context" => return Err(AddressError::Local),
            _ => (),
        }
    }
    Ok(number)
}

fn of_server(user: &str, server: &str) -> Result<Jid, AddressError> {
    let server: String =
        server.chars().filter(|ch| !is_void(*ch)).flat_map(char::to_lowercase).collect();
    let user = user.trim_matches(is_void);
    match server.as_str() {
        "c.us" | "s.whatsapp.net" => number(without_device(user)?),
        "lid" => parsed(&plain_digits(without_device(user)?)?, "lid"),
        "newsletter" => parsed(&plain_digits(user)?, "newsletter"),
        "broadcast" if user.eq_ignore_ascii_case("status") => parsed("status", "broadcast"),
        "broadcast" => parsed(&plain_digits(user)?, "broadcast"),
        "g.us" => {
            let old: Vec<&str> = user.split(is_dash).collect();
            let parts: Result<Vec<String>, _> = old.into_iter().map(plain_digits).collect();
            parsed(&parts?.join("-"), "g.us")
        }
        other => Err(near(user, other)),
    }
}

/// A server that was probably meant.
fn near(user: &str, server: &str) -> AddressError {
    let servers = ["c.us", "s.whatsapp.net", "g.us", "lid", "newsletter", "broadcast"];
    let closest = servers.into_iter().min_by_key(|known| strsim::osa_distance(known, server));
    let is_near = |known: &&str| strsim::osa_distance(known, server) <= 2 && 3 < known.len();
    let meant = closest.filter(is_near).and_then(|known| of_server(user, known).ok());
    meant.map_or(AddressError::Unknown, |jid| AddressError::Near(jid.to_string()))
}

/// A number names the device of a person behind a colon.
fn without_device(user: &str) -> Result<&str, AddressError> {
    let Some((user, device)) = user.split_once(':') else { return Ok(user) };
    let is_device = (1..=4).contains(&device.len()) && device.bytes().all(|b| b.is_ascii_digit());
    if is_device { Ok(user) } else { Err(AddressError::Unknown) }
}

fn plain_digits(text: &str) -> Result<String, AddressError> {
    let written = Written::read(text)?;
    if written.is_international { Err(AddressError::Unknown) } else { Ok(written.digits) }
}

fn is_at(ch: char) -> bool {
    matches!(ch, '@' | '\u{ff20}' | '\u{fe6b}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADA: &str = "15550000011@c.us";

    #[test]
    fn a_number_is_understood_however_it_is_written() {
        for text in [
            "15550000011",
            "+1 (555) 000-0011",
            "+1\u{a0}555\u{a0}000\u{a0}0011",
            "\u{202a}+1 555 000 0011\u{202c}",
            "\u{2066}+1 555 000 0011\u{2069}",
            "+1\u{2011}555\u{2011}000\u{2011}0011",
            "+1\u{2013}555\u{2212}000\u{2014}0011",
            "\t+15550000011\r\n",
            "\u{feff}+1\u{200b}5550000011\u{ad}",
            "+1\u{202f}555\u{2009}000\u{3000}0011",
            "tel:+1-555-000-0011",
            "TEL:+15550000011;isub=1",
            "0015550000011",
            "00 1 555.000.0011",
            "+1 555/000'0011",
            "\u{ff0b}\u{ff11}5550000011",
            "\u{661}\u{665}\u{665}\u{665}\u{660}\u{660}\u{660}\u{660}\u{660}\u{661}\u{661}",
            "\u{967}\u{96b}\u{96b}\u{96b}\u{966}\u{966}\u{966}\u{966}\u{966}\u{967}\u{967}",
            "\u{1d7cf}555000001\u{1d7ed}",
            "1\u{fe0f}\u{20e3}5550000011",
        ] {
            assert_eq!(recipient(text).map(String::from), Ok(ADA.to_owned()), "{text:?}");
            assert_eq!(chat(text), Err(AddressError::Bare(ADA.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn an_id_keeps_its_suffix() {
        for (text, id) in [
            ("+1 555 000 0011@c.us", ADA),
            ("+15550000011\u{ff20}c.us", ADA),
            ("0015550000011@s.whatsapp.net", ADA),
            ("15550000011:12@s.whatsapp.net", ADA),
            (" 15550000011@C.US\u{200e}", ADA),
            ("tel:+15550000011@c.us", ADA),
            ("120363000000000000@g.us", "120363000000000000@g.us"),
            ("15550001234-1612345678@g.us", "15550001234-1612345678@g.us"),
            ("15550001234\u{2011}1612345678@g.us", "15550001234-1612345678@g.us"),
            ("100000000000001:3@lid", "100000000000001@lid"),
            ("120363000000000001@newsletter", "120363000000000001@newsletter"),
            ("status@broadcast", "status@broadcast"),
        ] {
            assert_eq!(chat(text).map(String::from), Ok(id.to_owned()), "{text:?}");
            assert_eq!(recipient(text).map(String::from), Ok(id.to_owned()), "{text:?}");
        }
        assert_eq!(person("100000000000001@lid").unwrap().kind(), JidKind::Lid);
        assert_eq!(person("120363000000000000@g.us"), Err(AddressError::NoPerson));
        assert!(phone("100000000000001@lid").is_err());
    }

    #[test]
    fn what_would_reach_nobody_or_somebody_else_is_refused_with_a_hint() {
        let group = "120363000000000000@g.us".to_owned();
        let old = "15550001234-1612345678@g.us".to_owned();
        for (text, error) in [
            ("", AddressError::Empty),
            (" \u{200e}\t", AddressError::Empty),
            ("120363000000000000", AddressError::Group(group.clone())),
            ("120363000000000000@c.us", AddressError::Group(group.clone())),
            ("15550001234-1612345678", AddressError::Group(old)),
            ("12345678901234567", AddressError::TooLong),
            ("0555 000 0011", AddressError::Local),
            ("05550000011@c.us", AddressError::Local),
            ("+0 555 000 0011", AddressError::Local),
            ("000 555 000 0011", AddressError::Local),
            ("+44 (0)20 7946 0958", AddressError::Trunk),
            ("(0)555 000 0011", AddressError::Local),
            ("tel:555-0011;phone-context=+1", AddressError::Local),
            ("tel:+15550000011;ext=5", AddressError::Extension),
            ("123456", AddressError::TooShort),
            ("+1", AddressError::TooShort),
            ("15550000011@c.uss", AddressError::Near(ADA.to_owned())),
            ("120363000000000000@gus", AddressError::Near(group)),
            ("+1555000+0011", AddressError::UnknownRecipient),
            ("15550000011, 15550000012", AddressError::UnknownRecipient),
            ("1555000001x", AddressError::UnknownRecipient),
            ("nobody", AddressError::UnknownRecipient),
            ("+", AddressError::UnknownRecipient),
            ("@c.us", AddressError::UnknownRecipient),
            ("1@2@c.us", AddressError::UnknownRecipient),
            ("../etc@g.us", AddressError::UnknownRecipient),
            ("15550000011@example.com", AddressError::UnknownRecipient),
        ] {
            assert_eq!(recipient(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn an_error_shows_what_is_not_seen() {
        let text = "\u{202a}+1 555\u{a0}x\u{202c}";
        let error = recipient(text).unwrap_err();
        assert!(error.about(text).starts_with(r"'\u{202a}+1 555\u{a0}x\u{202c}' is "), "{error}");
    }

    #[test]
    fn a_part_of_a_number_can_be_searched_for() {
        for (text, digits) in
            [("+1 (555)", Some("1555")), ("00 49", Some("49")), ("00", Some("00")), ("ada", None)]
        {
            assert_eq!(digits_of(text).as_deref(), digits, "{text}");
        }
        for text in [
            ADA,
            "+1 555 000 0011@c.us",
            "15550000011:2@s.whatsapp.net",
            "tel:+1-555-000-0011",
            "https://wa.me/15550000011",
        ] {
            assert_eq!(sought(text), Some(Sought::Id(ADA.parse().unwrap())), "{text}");
        }
        let lid = "100000000000001@lid";
        assert_eq!(sought(lid), Some(Sought::Id(lid.parse().unwrap())));
        assert_eq!(sought("+1 555"), Some(Sought::Digits("1555".to_owned())));
        for text in ["ada", "ada@example.com", "15550000011@", ""] {
            assert_eq!(sought(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_plausible_addresses_comes_out(text in "(\\PC|[0-9+@:;. -]|[\\u{200e}\\u{a0}]){0,40}") {
            if let Ok(jid) = recipient(&text) {
                prop_assert_eq!(jid.as_str().parse::<Jid>(), Ok(jid.clone()));
                prop_assert!(jid.kind() != JidKind::Person || is_number(jid.user()), "{}", jid);
                prop_assert_eq!(recipient(jid.as_str()), Ok(jid));
            }
        }

        #[test]
        fn marks_blanks_and_dashes_change_nothing(
            number in "[1-9][0-9]{6,14}",
            marks in prop::collection::vec(
                prop::sample::select(vec![" ", "\u{a0}", "\u{200e}", "-", "\u{2011}", ".", "\t", "\u{2060}"]),
                16,
            ),
            prefix in prop::sample::select(vec!["", "+", "00", "tel:+"]),
        ) {
            let mut text = prefix.to_owned();
            for (digit, mark) in number.chars().zip(&marks) {
                text.push(digit);
                text.push_str(mark);
            }
            prop_assert_eq!(recipient(&text).map(String::from), Ok(format!("{number}@c.us")));
        }

        #[test]
        fn digits_of_any_script_are_the_same_number(
            number in "[1-9][0-9]{6,14}",
            zero in prop::sample::select(vec!['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}', '\u{ff10}', '\u{1d7d8}']),
        ) {
            let of_script = |digit: char| char::from_u32(u32::from(zero) + digit.to_digit(10)?);
            let text: String = number.chars().filter_map(of_script).collect();
            prop_assert_eq!(phone(&text).map(String::from), Ok(format!("{number}@c.us")));
        }
    }
}
