//! Rules for the fields of a contact: number, name, e-mail address, tags, fields of one's own. Pure.

use serde_json::{Map, Value};

use crate::{
    contacts::tags::folded,
    domain::{Error, address, line},
};

pub const LONGEST_NAME: usize = 120;
pub const LONGEST_EMAIL: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;
pub const LONGEST_TAG: usize = 50;
pub const MOST_TAGS: usize = 50;
pub const LONGEST_NOTES: usize = 4_096;
const LONGEST_COMPANY: usize = 120;
/// Bytes of a contact's own fields, written as JSON.
const LARGEST_FIELDS: usize = 8 * 1024;
/// How deep lists and objects may lie within each other.
const DEEPEST_FIELD: usize = 8;

/// The digits of a telephone number with its country code.
pub fn phone(text: &str) -> Result<String, Error> {
    let read = address::phone(text);
    let read = read.map_err(|error| Error::invalid_field("phone", error.about(text)))?;
    Ok(read.user().to_owned())
}

/// A name; none where it is blank.
pub fn name(text: &str) -> Result<Option<String>, Error> {
    one_line("name", optional("name", text, LONGEST_NAME)?)
}

pub fn company(text: &str) -> Result<Option<String>, Error> {
    one_line("company", optional("company", text, LONGEST_COMPANY)?)
}

pub fn notes(text: &str) -> Result<Option<String>, Error> {
    optional("notes", text, LONGEST_NOTES)
}

/// An e-mail address; none where it is blank.
pub fn email(text: &str) -> Result<Option<String>, Error> {
    let Some(email) = optional("email", text, LONGEST_EMAIL)? else { return Ok(None) };
    let fault =
        || Error::invalid_field("email", "must be an e-mail address such as ada@example.com");
    let (local, domain) = email.rsplit_once('@').ok_or_else(fault)?;
    let is_plain =
        |ch: char| !ch.is_whitespace() && !ch.is_control() && !"@<>()[],;:\\\"".contains(ch);
    let is_label = |label: &str| {
        let inner = |ch: char| ch.is_alphanumeric() || ch == '-';
        !label.is_empty()
            && label.chars().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_local = !local.is_empty()
        && local.len() <= LONGEST_LOCAL_PART
        && local.chars().all(is_plain)
        && local.split('.').all(|part| !part.is_empty());
    let is_domain = domain.contains('.') && domain.split('.').all(is_label);
    if is_local && is_domain { Ok(Some(email)) } else { Err(fault()) }
}

/// A tag without blanks around it.
pub fn tag(text: &str) -> Result<String, Error> {
    let tag = text.trim();
    let is_short = tag.chars().nth(LONGEST_TAG).is_none();
    if !line::is_line(tag) {
        return Err(Error::invalid_field("tags", line::FAULT));
    }
    if tag.is_empty() || !is_short || folded(tag).is_empty() {
        return Err(Error::invalid_field("tags", "must be texts of 1 to 50 characters"));
    }
    Ok(tag.to_owned())
}

/// Tags, each once whatever its case.
pub fn tags<T: AsRef<str>>(texts: &[T]) -> Result<Vec<String>, Error> {
    let mut tags: Vec<String> = Vec::new();
    for text in texts {
        add_tag(&mut tags, tag(text.as_ref())?);
    }
    few_enough(tags)
}

/// The tags with others added. An entry that is known in another case stays as it is.
pub fn with_tags(known: &[String], more: &[String]) -> Result<Vec<String>, Error> {
    let mut tags = known.to_vec();
    for tag in more {
        add_tag(&mut tags, tag.clone());
    }
    few_enough(tags)
}

/// Whether the tag is new there.
pub fn add_tag(tags: &mut Vec<String>, tag: String) -> bool {
    let is_new = !tags.iter().any(|known| folded(known) == folded(&tag));
    if is_new {
        tags.push(tag);
    }
    is_new
}

fn few_enough(tags: Vec<String>) -> Result<Vec<String>, Error> {
    if MOST_TAGS < tags.len() {
        return Err(Error::invalid_field("tags", "must have at most 50 entries"));
    }
    Ok(tags)
}

/// The fields of one's own with changes: null removes a field.
pub fn fields_with(
    field: &str,
    known: &Map<String, Value>,
    changes: Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    let mut fields = known.clone();
    for (name, value) in changes {
        match value {
            Value::Null => _ = fields.remove(&name),
            value => _ = fields.insert(name, value),
        }
    }
    if fields.values().any(|value| DEEPEST_FIELD < depth(value, DEEPEST_FIELD)) {
        return Err(Error::invalid_field(field, "must not be nested deeper than 8 levels"));
    }
    let bytes = serde_json::to_vec(&fields).map_or(usize::MAX, |bytes| bytes.len());
    if LARGEST_FIELDS < bytes {
        return Err(Error::invalid_field(field, "must have at most 8 KiB as JSON"));
    }
    Ok(fields)
}

/// How many levels a value has; no more than one beyond `most` are counted.
fn depth(value: &Value, most: usize) -> usize {
    let below = |value| most.checked_sub(1).map_or(0, |most| depth(value, most));
    let deepest = match value {
        Value::Array(all) => all.iter().map(below).max(),
        Value::Object(all) => all.values().map(below).max(),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}

fn one_line(field: &str, text: Option<String>) -> Result<Option<String>, Error> {
    match text {
        Some(text) if !line::is_line(&text) => Err(Error::invalid_field(field, line::FAULT)),
        text => Ok(text),
    }
}

fn optional(field: &str, text: &str, most: usize) -> Result<Option<String>, Error> {
    let text = text.trim();
    if text.chars().nth(most).is_some() {
        return Err(Error::invalid_field(field, format!("must have at most {most} characters")));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_e_mail_address_has_two_plain_parts() {
        for good in ["john@example.com", "a.b+c@sub.example.co", "ü@exämple.com", " x@y.zz "] {
            assert_eq!(email(good).unwrap().as_deref(), Some(good.trim()), "{good}");
        }
        assert_eq!(email("  ").unwrap(), None);
        let long = format!("{}@example.com", "x".repeat(LONGEST_EMAIL));
        for bad in ["x", "@y.z", "x@", "x@y", "a b@c.de", "a@b@c.de", "a@-b.de", "a..b@c.de", &long]
        {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_is_read_in_its_usual_forms_and_needs_its_country() {
        assert_eq!(phone("+91 98765 43210").unwrap(), "919876543210");
        assert_eq!(phone("00 1 (212) 555-1234").unwrap(), "12125551234");
        for bad in ["12", "", "0555 123 4567", "x", "120363000000000000@g.us", "+"] {
            assert!(phone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_names_somebody_or_something_is_one_line() {
        assert_eq!(name(" Ada\n").unwrap().as_deref(), Some("Ada"));
        for bad in ["A\nB", "A\0B", "A\u{7}B", "A\u{2028}B"] {
            assert!(name(bad).is_err() && company(bad).is_err() && tag(bad).is_err(), "{bad:?}");
        }
        assert!(notes("A\nB").is_ok());
    }

    #[test]
    fn fields_are_merged_and_bounded() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let known = map(json!({ "a": 1, "b": 2 }));
        let merged = fields_with("customFields", &known, map(json!({ "a": null, "c": [1] })));
        assert_eq!(merged.unwrap(), map(json!({ "b": 2, "c": [1] })));
        let large = map(json!({ "x": "y".repeat(LARGEST_FIELDS) }));
        assert!(fields_with("customFields", &known, large).is_err());
        let deep = (0..20).fold(json!(1), |value, _| json!([value]));
        assert!(fields_with("customFields", &known, map(json!({ "x": deep }))).is_err());
    }

    proptest! {
        #[test]
        fn tags_are_there_once_whatever_their_case(texts in prop::collection::vec("[a-cA-C]{1,2}", 0..20)) {
            let tags = tags(&texts).unwrap();
            let mut all: Vec<String> = tags.iter().map(|tag| folded(tag)).collect();
            let count = all.len();
            all.sort();
            all.dedup();
            prop_assert_eq!(all.len(), count);
            prop_assert!(texts.iter().all(|text| all.contains(&folded(text))));
            prop_assert_eq!(with_tags(&tags, &tags).unwrap(), tags);
        }
    }
}
