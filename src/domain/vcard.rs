//! vCards of contact messages: writer, and parser of the fields that callers need. Pure.

use crate::domain::Jid;

/// What a bot needs of a vCard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    pub name: Option<String>,
    pub organization: Option<String>,
    /// `+` and digits where the number is international, without blanks and marks.
    pub phones: Vec<String>,
    /// The WhatsApp address that the card names.
    pub id: Option<Jid>,
}

/// Bytes of a vCard that is passed on as it is.
const LONGEST: usize = 16 * 1024;
const LONGEST_NAME: usize = 256;
const MOST_PHONES: usize = 20;
/// Properties that hold a file.
const FILES: [&str; 4] = ["PHOTO", "LOGO", "SOUND", "KEY"];

/// A vCard with one number, which is on WhatsApp.
pub fn write(name: &str, organization: Option<&str>, number: &str) -> String {
    let name = escaped(name);
    let organization = organization.map(|words| format!("ORG:{}\n", escaped(words)));
    let organization = organization.unwrap_or_default();
    format!(
        "BEGIN:VCARD\nVERSION:3.0\nN:;{name};;;\nFN:{name}\n{organization}\
         TEL;type=CELL;type=VOICE;waid={number}:+{number}\nEND:VCARD"
    )
}

/// The vCard with one more number, which is on WhatsApp.
pub fn with_number(vcard: &str, number: &str) -> String {
    with_line(vcard, &format!("TEL;type=CELL;type=VOICE;waid={number}:+{number}"))
}

pub fn with_organization(vcard: &str, organization: &str) -> String {
    with_line(vcard, &format!("ORG:{}", escaped(organization)))
}

/// The vCard with one more line before its end.
fn with_line(vcard: &str, line: &str) -> String {
    const END: &str = "END:VCARD";
    let end = if vcard.contains("\r\n") { "\r\n" } else { "\n" };
    let at = vcard.to_ascii_uppercase().rfind(END).unwrap_or(vcard.len());
    let (before, after) = (vcard[..at].trim_end(), &vcard[at..]);
    let after = if after.is_empty() { END } else { after };
    format!("{before}{end}{line}{end}{after}")
}

/// The vCard as it is; without its files where it is too long, and none where that does not help.
pub fn bounded(vcard: &str) -> Option<String> {
    if vcard.len() <= LONGEST {
        return Some(vcard.to_owned());
    }
    let (mut kept, mut is_file) = (String::new(), false);
    for line in vcard.lines() {
        if !line.starts_with([' ', '\t']) {
            is_file = property(line).is_some_and(|read| FILES.contains(&read.name.as_str()));
        }
        if is_file {
            continue;
        }
        if LONGEST < kept.len() + line.len() {
            return None;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    Some(kept)
}

/// Whatever it is, something is read: a text that is no vCard has no name and no number.
pub fn read(vcard: &str) -> Read {
    let mut found = Read::default();
    for line in unfolded(vcard) {
        let Some(Property { name, parameters, value }) = property(&line) else { continue };
        let is_quoted = parameters.to_ascii_uppercase().contains("QUOTED-PRINTABLE");
        let value = if is_quoted { from_quoted_printable(value) } else { value.to_owned() };
        match name.as_str() {
            "FN" => found.name = one_line(&plain(&value)).or(found.name),
            "N" if found.name.is_none() => found.name = one_line(&in_order(&value)),
            "ORG" if found.organization.is_none() => {
                found.organization = one_line(&parts(&value).collect::<Vec<_>>().join(" "));
            }
            "TEL" => found.add_phone(parameters, &value),
            _ => (),
        }
    }
    found
}

impl Read {
    fn add_phone(&mut self, parameters: &str, value: &str) {
        let whatsapp = parameters.split(';').find_map(|part| {
            let (name, value) = part.split_once('=')?;
            let digits = value.trim_matches('"');
            let is_number = (7..=15).contains(&digits.len()) && is_digits(digits);
            (name.eq_ignore_ascii_case("waid") && is_number).then_some(digits)
        });
        let phone = match whatsapp {
            Some(digits) => format!("+{digits}"),
            None => number(value),
        };
        if self.id.is_none() {
            self.id = whatsapp.and_then(|digits| Jid::of_phone(digits).ok());
        }
        if !phone.is_empty() && self.phones.len() < MOST_PHONES && !self.phones.contains(&phone) {
            self.phones.push(phone);
        }
    }
}

struct Property<'a> {
    /// In capitals, without a group.
    name: String,
    parameters: &'a str,
    value: &'a str,
}

fn property(line: &str) -> Option<Property<'_>> {
    let mut is_quoted = false;
    let end = line.find(|ch| {
        is_quoted ^= ch == '"';
        ch == ':' && !is_quoted
    })?;
    let (head, value) = (&line[..end], &line[end + 1..]);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    let name = name.rsplit('.').next().unwrap_or(name);
    Some(Property { name: name.trim().to_ascii_uppercase(), parameters, value })
}

/// Lines that were broken are whole again.
fn unfolded(vcard: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in vcard.lines() {
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(&line[1..]),
            Some(last) if goes_on => {
                last.pop();
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
        goes_on = lines.last().is_some_and(|last| {
            last.ends_with('=') && last.to_ascii_uppercase().contains("QUOTED-PRINTABLE")
        });
    }
    lines
}

fn from_quoted_printable(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        let coded = after.get(..2).filter(|_| *byte == b'=');
        let coded = coded.and_then(|digits| std::str::from_utf8(digits).ok());
        match coded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The parts of a value that has several, in their order.
fn parts(value: &str) -> impl Iterator<Item = String> {
    let (mut parts, mut is_escaped) = (vec![String::new()], false);
    for ch in value.chars() {
        let is_end = ch == ';' && !is_escaped;
        is_escaped = ch == '\\' && !is_escaped;
        match parts.last_mut() {
            Some(last) if !is_end => last.push(ch),
            _ => parts.push(String::new()),
        }
    }
    parts.into_iter().map(|part| plain(&part)).filter(|part| !part.trim().is_empty())
}

/// A name in parts as it is spoken: the family name stands first and comes last.
fn in_order(value: &str) -> String {
    let has_family = !value.trim_start().starts_with(';');
    let mut parts: Vec<String> = parts(value).collect();
    if has_family && 1 < parts.len() {
        parts.rotate_left(1);
    }
    parts.join(" ")
}

fn plain(value: &str) -> String {
    let (mut text, mut chars) = (String::new(), value.chars());
    while let Some(ch) = chars.next() {
        match ch {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push(' '),
                Some(other) => text.push(other),
                None => (),
            },
            other => text.push(other),
        }
    }
    text
}

fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    text.replace("\r\n", "\\n").replace(['\n', '\r'], "\\n")
}

fn one_line(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(LONGEST_NAME).collect();
    (!line.is_empty()).then_some(line)
}

fn number(value: &str) -> String {
    let value = value.trim();
    let is_address = value.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("tel:"));
    let value = if is_address { value[4..].trim() } else { value };
    let digits: String = value.chars().filter(char::is_ascii_digit).take(20).collect();
    match value.starts_with('+') && !digits.is_empty() {
        true => format!("+{digits}"),
        false => digits,
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn phones(vcard: &str) -> Vec<String> {
        read(vcard).phones
    }

    #[test]
    fn a_number_and_an_organization_are_added_before_the_end() {
        for vcard in [
            "BEGIN:VCARD\nFN:Ada\nEND:VCARD",
            "BEGIN:VCARD\r\nFN:Ada\r\nend:vcard\r\n",
            "BEGIN:VCARD\nFN:Ada",
        ] {
            let more = with_organization(&with_number(vcard, "15550000011"), "Engines, Ltd");
            let found = read(&more);
            assert_eq!(found.name.as_deref(), Some("Ada"), "{more}");
            assert_eq!(found.phones, ["+15550000011"], "{more}");
            assert_eq!(found.id, Jid::of_phone("15550000011").ok(), "{more}");
            assert_eq!(found.organization.as_deref(), Some("Engines, Ltd"), "{more}");
            assert!(more.trim_end().to_ascii_uppercase().ends_with("END:VCARD"), "{more}");
        }
    }

    #[test]
    fn name_and_numbers_are_read_as_phones_and_programs_write_them() {
        let whatsapp = "BEGIN:VCARD\nVERSION:3.0\nN:Lovelace;Ada;;;\nFN:Ada Lovelace\n\
            item1.TEL;waid=15550000011:+1 555-000-0011\nitem1.X-ABLabel:Mobile\n\
            TEL;type=HOME:+44 20 7946 0018\nORG:Engines\\, Ltd;Notes\nEND:VCARD";
        let found = read(whatsapp);
        assert_eq!(found.name.as_deref(), Some("Ada Lovelace"));
        assert_eq!(found.organization.as_deref(), Some("Engines, Ltd Notes"));
        assert_eq!(found.phones, ["+15550000011", "+442079460018"]);
        assert_eq!(found.id, Jid::of_phone("15550000011").ok());

        let old =
            "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Müller;Jörg\r\nTEL;CELL:0171 2345678\r\nEND:VCARD";
        assert_eq!(read(old).name.as_deref(), Some("Jörg Müller"));
        assert_eq!((phones(old), read(old).id), (vec!["01712345678".to_owned()], None));
        let coded = "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg =\nM=C3=BCller\nTEL:tel:+49-171-1";
        assert_eq!(read(coded).name.as_deref(), Some("Jörg Müller"));
        assert_eq!(phones(coded), ["+491711"]);
        assert_eq!(read("FN:A long\n  name").name.as_deref(), Some("A long name"));
        assert_eq!(read("no card at all"), Read::default());
    }

    #[test]
    fn what_is_too_long_loses_its_picture_first() {
        let card = |photo: usize, note: usize| {
            let (photo, note) = ("A".repeat(photo), "n".repeat(note));
            format!(
                "BEGIN:VCARD\nFN:Ada\nPHOTO;ENCODING=b:AA\n {photo}\nTEL:+1555\nNOTE:{note}\nEND:VCARD"
            )
        };
        assert_eq!(bounded(&card(9, 9)), Some(card(9, 9)));
        let without = bounded(&card(50_000, 9)).unwrap();
        assert!(!without.contains("PHOTO") && !without.contains("AAA"), "{without}");
        assert_eq!(
            (read(&without).name, phones(&without)),
            (read(&card(1, 1)).name, vec!["+1555".to_owned()])
        );
        assert_eq!(bounded(&card(9, 50_000)), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(name in "[^\\s][^\\r\\n\\t]{0,40}", org in "[a-z;,\\\\]{1,20}x", number in "[1-9][0-9]{6,14}") {
            let found = read(&write(&name, Some(&org), &number));
            let words: Vec<&str> = name.split_whitespace().collect();
            prop_assert_eq!(found.name.unwrap_or_default(), words.join(" "));
            prop_assert_eq!(found.organization, Some(org));
            prop_assert_eq!(found.phones, vec![format!("+{number}")]);
            prop_assert_eq!(found.id, Jid::of_phone(&number).ok());
        }

        #[test]
        fn nothing_that_anybody_writes_makes_it_fail(text in "(\\PC|[\\n\\r=;:\"\\\\]|FN|TEL){0,80}") {
            read(&text);
            bounded(&text);
        }
    }
}
