//! Check of a request body against its schema: everything that is wrong with it, in one reading.
//!
//! It comes before the body becomes values, and keeps nothing of it. A list is refused at its first
//! entry too many. The formats of texts are judged where that is asked for: what only the handler can
//! judge is left to it.

pub mod bounds;
pub mod formats;
pub mod names;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt::{self, Write},
};

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use crate::{
    api::kit::check::{
        bounds::{Bound, Field, is_longer, one_of, too_many},
        formats::Judge,
        names::Meaning,
    },
    domain::{Timestamp, line},
};

/// Faults of one body that are named.
const MOST_FAULTS: usize = 50;
/// Characters of a place that are shown: names in it may be the caller's own, of any length.
const LONGEST_PLACE: usize = 200;
/// What the whole of a body is called.
const ROOT: &str = "body";

/// What a check found.
#[derive(Default)]
pub struct Findings {
    faults: RefCell<Vec<(String, String)>>,
    /// Whether a field was given under another name than its own, or empty.
    untidy: Cell<bool>,
    /// The present, where formats are judged too.
    judged_at: Option<Timestamp>,
}

impl Findings {
    /// Of a check that judges the formats of texts as well.
    pub fn judging(now: Timestamp) -> Self {
        Self { judged_at: Some(now), ..Self::default() }
    }

    /// The fields at fault, each with what is wrong.
    pub fn into_faults(self) -> Vec<(String, String)> {
        self.faults.into_inner()
    }

    /// Whether the body must be tidied before it is read.
    pub fn is_untidy(&self) -> bool {
        self.untidy.get()
    }

    fn add(&self, place: &Place<'_>, fault: impl Into<String>) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() < MOST_FAULTS {
            faults.push((place.shown(), fault.into()));
        }
    }
}

/// Reads a value to its end. An error where it is no JSON, or is too large to be read on.
pub fn check<'de, D: Deserializer<'de>>(
    bound: &Bound,
    value: D,
    findings: &Findings,
) -> Result<(), D::Error> {
    let (place, null) = (Place::Root, Null::Wrong);
    Check { bound, place, null, findings, group: None }.deserialize(value)
}

/// Gives each field of a value its own name, and leaves out optional texts that are empty: tools with a
/// form send those for what is not given.
pub fn tidy(value: &mut Value, bound: &Bound) {
    match (value, bound) {
        (Value::Object(given), Bound::Fields(fields) | Bound::TextOrFields(_, _, fields)) => {
            for (name, value) in std::mem::take(given) {
                tidy_field(given, fields, &name, value);
            }
        }
        (Value::Object(given), Bound::Map { value: bound, .. }) => {
            given.values_mut().for_each(|value| tidy(value, bound));
        }
        (Value::Array(entries), Bound::List { each, .. }) => {
            entries.iter_mut().for_each(|entry| tidy(entry, each));
        }
        _ => (),
    }
}

fn tidy_field(
    tidied: &mut Map<String, Value>,
    fields: &HashMap<String, Field>,
    name: &str,
    mut value: Value,
) {
    match (names::meaning(fields, name), value) {
        (Meaning::Field(_, field), Value::String(text))
            if field.may_be_left_out() && text.is_empty() => {}
        (Meaning::Field(own, field), given) => {
            value = given;
            tidy(&mut value, &field.bound);
            tidied.insert(own.to_owned(), value);
        }
        (Meaning::Group(_), Value::Object(group)) => {
            for (name, value) in group {
                tidy_field(tidied, fields, &name, value);
            }
        }
        (Meaning::Group(_) | Meaning::ReadOnly | Meaning::Unknown, _) => (),
    }
}

/// Where in a body something stands.
enum Place<'p> {
    Root,
    Field(&'p Place<'p>, &'p str),
    Entry(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn shown(&self) -> String {
        let mut shown = String::new();
        self.write(&mut shown);
        if shown.is_empty() { ROOT.to_owned() } else { shown.chars().take(LONGEST_PLACE).collect() }
    }

    /// Whether the text there is a name or another label.
    fn is_label(&self) -> bool {
        match self {
            Self::Root => false,
            Self::Field(_, name) => names::is_label(name),
            Self::Entry(list, _) => list.is_label(),
        }
    }

    fn write(&self, shown: &mut String) {
        match self {
            Self::Root => (),
            Self::Field(within, name) => {
                within.write(shown);
                if !shown.is_empty() {
                    shown.push('.');
                }
                shown.push_str(name);
            }
            Self::Entry(within, at) => {
                within.write(shown);
                let _ = write!(shown, "[{at}]");
            }
        }
    }
}

/// What null means at a place, and an empty text.
#[derive(Clone, Copy)]
enum Null {
    NotGiven,
    /// Null means so, and an empty text is a fault.
    NotEmpty,
    Missing,
    /// Null is a fault, and a blank text as well.
    Blank,
    Wrong,
}

struct Check<'c> {
    bound: &'c Bound,
    place: Place<'c>,
    null: Null,
    findings: &'c Findings,
    /// Where this is an object with some of the fields of the one around it.
    group: Option<Group<'c>>,
}

impl Check<'_> {
    /// What ends the reading: it is named however many faults there are.
    fn last_fault(&self, fault: impl Into<String>) {
        self.findings.faults.borrow_mut().push((self.place.shown(), fault.into()));
    }

    fn fault(&self, fault: impl Into<String>) {
        self.findings.add(&self.place, fault);
    }

    /// That something else is expected here.
    fn wrong(&self) {
        let fault = match self.bound {
            Bound::Open => return,
            Bound::Text(..) => "must be a text",
            Bound::OneOf(values) => return self.value_fault(one_of(values)),
            Bound::TextOrNumber { .. } => "must be a text or a number",
            Bound::TextOrFields(..) => "must be a text or an object",
            Bound::Number(range) if range.whole => "must be a whole number",
            Bound::Number(_) => "must be a number",
            Bound::Flag => "must be true or false",
            Bound::List { .. } => "must be a list",
            Bound::Fields(_) | Bound::Object | Bound::Map { .. } => "must be an object",
        };
        self.fault(fault);
    }

    /// What is wrong with a value. Of an entry in a list, it is said of the list.
    fn value_fault(&self, fault: impl Into<String>) {
        match self.place {
            Place::Entry(list, _) => self.findings.add(list, fault),
            _ => self.fault(fault),
        }
    }

    fn number(&self, value: f64, is_whole: bool) {
        match self.bound {
            Bound::Number(range) if is_whole || !range.whole => {
                range.fault(value).into_iter().for_each(|fault| self.fault(fault));
            }
            Bound::TextOrNumber { whole, .. } if (is_whole || !whole) && value < 0.0 => {
                self.fault("must not be negative");
            }
            Bound::TextOrNumber { whole, .. } if is_whole || !whole => (),
            _ => self.wrong(),
        }
    }

    fn text(&self, text: &str, most: usize, judge: Option<Judge>) {
        let is_blank = text.trim().is_empty();
        match (self.null, self.findings.judged_at) {
            _ if is_longer(text, most) => self.fault(too_many(most, "characters")),
            _ if self.place.is_label() && !line::is_line(text) => self.value_fault(line::FAULT),
            (Null::NotEmpty, _) if text.is_empty() => self.fault("must not be empty"),
            (Null::NotGiven, _) if text.is_empty() => self.findings.untidy.set(true),
            (Null::NotGiven | Null::NotEmpty, _) if is_blank => (),
            (Null::Blank, Some(_)) if is_blank => self.fault("must not be empty"),
            (_, Some(now)) => {
                let fault = judge.and_then(|judge| judge(text, now).err());
                fault.into_iter().for_each(|fault| self.value_fault(formats::reason(&fault)));
            }
            (_, None) => (),
        }
    }

    fn fields<'de, A: MapAccess<'de>>(
        &self,
        fields: &HashMap<String, Field>,
        map: A,
    ) -> Result<(), A::Error> {
        let seen = RefCell::default();
        self.given(Group { fields, members: None, seen: &seen }, map)?;
        let seen = seen.into_inner();
        let mut missing: Vec<&str> = fields
            .iter()
            .filter(|(name, field)| field.required && !seen.iter().any(|(seen, _)| seen == *name))
            .map(|(name, _)| name.as_str())
            .collect();
        missing.sort_unstable();
        for name in missing {
            self.findings.add(&Place::Field(&self.place, name), "is required");
        }
        Ok(())
    }

    /// The fields that are given in an object.
    fn given<'de, A: MapAccess<'de>>(&self, group: Group<'_>, mut map: A) -> Result<(), A::Error> {
        let Group { fields, seen, .. } = group;
        while let Some(given) = map.next_key::<String>()? {
            let place = Place::Field(&self.place, &given);
            let (name, field) = match group.meaning(&given) {
                Meaning::Field(name, field) => (name, field),
                Meaning::Group(members) => {
                    self.findings.untidy.set(true);
                    let group = Some(Group { fields, members: Some(members), seen });
                    let (bound, null) = (self.bound, Null::NotGiven);
                    let check = Check { bound, place, null, findings: self.findings, group };
                    map.next_value_seed(check)?;
                    continue;
                }
                Meaning::ReadOnly => {
                    self.findings.untidy.set(true);
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Meaning::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    self.findings.add(&place, unknown(fields, &given));
                    continue;
                }
            };
            let place = Place::Field(&self.place, name);
            let before = seen.borrow().iter().find(|(known, _)| known == name).cloned();
            if let Some((_, before)) = before {
                self.findings.add(&place, format!("is given twice, as {before} and as {given}"));
            }
            let null = match (field.required, field.filled) {
                (true, true) => Null::Blank,
                (true, false) => Null::Missing,
                (false, true) => Null::NotEmpty,
                (false, false) => Null::NotGiven,
            };
            let bound = &field.bound;
            let check = Check { bound, place, null, findings: self.findings, group: None };
            map.next_value_seed(check)?;
            if name != given {
                self.findings.untidy.set(true);
            }
            seen.borrow_mut().push((name.to_owned(), given));
        }
        Ok(())
    }
}

/// Fields that are given together: all of an object, or some of them in an object of their own, as events
/// and lists show them.
#[derive(Clone, Copy)]
struct Group<'g> {
    fields: &'g HashMap<String, Field>,
    /// None for all.
    members: Option<&'static [&'static str]>,
    /// The own names of what was given so far, and the names under which it was given.
    seen: &'g RefCell<Vec<(String, String)>>,
}

impl<'g> Group<'g> {
    fn meaning(&self, name: &str) -> Meaning<'g> {
        match (names::meaning(self.fields, name), self.members) {
            (Meaning::Group(_), Some(_)) => Meaning::Unknown,
            (Meaning::Field(own, _), Some(members)) if !members.contains(&own) => Meaning::Unknown,
            (meaning, _) => meaning,
        }
    }
}

fn unknown(fields: &HashMap<String, Field>, given: &str) -> String {
    const FAULT: &str = "is not a field of this request";
    if let Some(near) = names::nearest(fields, given) {
        return format!("{FAULT}; the nearest is {near}");
    }
    let mut known: Vec<&str> = fields.keys().map(String::as_str).collect();
    known.sort_unstable();
    match known.is_empty() {
        true => FAULT.to_owned(),
        false => format!("{FAULT}, which knows {}", known.join(", ")),
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        // What is open may still be missing.
        match (self.bound, self.null) {
            (Bound::Open, Null::NotGiven | Null::NotEmpty | Null::Wrong) => {
                value.deserialize_ignored_any(IgnoredAny).map(|_| ())
            }
            _ => value.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        if !matches!(self.bound, Bound::Flag) {
            self.wrong();
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.number(value as f64, true);
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.number(value as f64, true);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.number(value, false);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        match self.null {
            Null::NotGiven | Null::NotEmpty => (),
            Null::Missing | Null::Blank => self.fault("is required"),
            Null::Wrong => self.wrong(),
        }
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        match self.bound {
            Bound::Text(most, judge) | Bound::TextOrFields(most, judge, _) => {
                self.text(text, *most, *judge);
            }
            Bound::TextOrNumber { most, .. } => self.text(text, *most, None),
            Bound::OneOf(values) => match self.null {
                Null::NotGiven if text.is_empty() => self.findings.untidy.set(true),
                Null::NotEmpty if text.is_empty() => self.fault("must not be empty"),
                _ if values.iter().any(|value| value == text) => (),
                _ => self.value_fault(one_of(values)),
            },
            _ => self.wrong(),
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Bound::List { least, most, each } = self.bound else {
            self.wrong();
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        for at in 0..*most {
            let place = Place::Entry(&self.place, at);
            let (null, findings) = (Null::Wrong, self.findings);
            let check = Check { bound: each, place, null, findings, group: None };
            if list.next_element_seed(check)?.is_none() {
                if at < *least && findings.judged_at.is_some() {
                    self.fault(format!("must have at least {least} entries"));
                }
                return Ok(());
            }
        }
        match list.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => {
                self.last_fault(too_many(*most, "entries"));
                Err(A::Error::custom("too many entries"))
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if let Some(group) = self.group {
            return self.given(group, map);
        }
        let (most, longest, bound) = match self.bound {
            Bound::Fields(fields) | Bound::TextOrFields(_, _, fields) => {
                return self.fields(fields, map);
            }
            Bound::Map { most, key, value } => (*most, *key, &**value),
            other => {
                if !matches!(other, Bound::Object) {
                    self.wrong();
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(());
            }
        };
        let mut count = 0;
        while let Some(name) = map.next_key::<String>()? {
            count += 1;
            if most < count {
                self.last_fault(too_many(most, "entries"));
                return Err(A::Error::custom("too many entries"));
            }
            if is_longer(&name, longest) {
                self.last_fault(format!("the names in it {}", too_many(longest, "characters")));
                return Err(A::Error::custom("too long a name"));
            }
            let place = Place::Field(&self.place, &name);
            let (null, findings) = (Null::Wrong, self.findings);
            map.next_value_seed(Check { bound, place, null, findings, group: None })?;
        }
        Ok(())
    }
}
