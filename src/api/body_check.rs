//! Check of a request body against its schema: everything that is wrong with it, in one reading.
//!
//! It comes before the body becomes values, and keeps nothing of it. A list is refused at its first
//! entry too many. Values that only the handler can judge are left to it.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt::{self, Write},
};

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;

use crate::api::{
    bounds::{Bound, Field, is_longer, too_many},
    names,
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
}

impl Findings {
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
    Check { bound, place: Place::Root, null: Null::Wrong, findings }.deserialize(value)
}

/// Gives each field of a value its own name, and leaves out optional texts that are empty: tools with a
/// form send those for what is not given.
pub fn tidy(value: &mut Value, bound: &Bound) {
    match (value, bound) {
        (Value::Object(given), Bound::Fields(fields) | Bound::TextOrFields(_, fields)) => {
            for (name, mut value) in std::mem::take(given) {
                let Some((own, field)) = names::find(fields, &name) else { continue };
                if field.may_be_left_out() && value == "" {
                    continue;
                }
                tidy(&mut value, &field.bound);
                given.insert(own.to_owned(), value);
            }
        }
        (Value::Object(given), Bound::Map { value: bound, .. }) => {
            given.values_mut().for_each(|value| tidy(value, bound));
        }
        (Value::Array(entries), Bound::List(_, bound)) => {
            entries.iter_mut().for_each(|entry| tidy(entry, bound));
        }
        _ => (),
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
    Wrong,
}

struct Check<'c> {
    bound: &'c Bound,
    place: Place<'c>,
    null: Null,
    findings: &'c Findings,
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
            Bound::Text(_) => "must be a text",
            Bound::TextOrNumber(_) => "must be a text or a number",
            Bound::TextOrFields(..) => "must be a text or an object",
            Bound::Number { whole: true, .. } => "must be a whole number",
            Bound::Number { whole: false, .. } => "must be a number",
            Bound::Flag => "must be true or false",
            Bound::List(..) => "must be a list",
            Bound::Fields(_) | Bound::Map { .. } => "must be an object",
        };
        self.fault(fault);
    }

    fn number(&self, is_whole: bool, is_negative: bool) {
        match self.bound {
            Bound::Number { whole: true, .. } | Bound::TextOrNumber(_) if !is_whole => self.wrong(),
            Bound::Number { positive: true, .. } if is_negative => {
                self.fault("must not be negative")
            }
            Bound::Number { .. } | Bound::TextOrNumber(_) => (),
            _ => self.wrong(),
        }
    }

    fn fields<'de, A: MapAccess<'de>>(
        &self,
        fields: &HashMap<String, Field>,
        mut map: A,
    ) -> Result<(), A::Error> {
        let mut seen: Vec<(&str, String)> = Vec::new();
        while let Some(given) = map.next_key::<String>()? {
            let Some((name, field)) = names::find(fields, &given) else {
                map.next_value::<IgnoredAny>()?;
                self.findings.add(&Place::Field(&self.place, &given), unknown(fields, &given));
                continue;
            };
            let place = Place::Field(&self.place, name);
            if let Some((_, before)) = seen.iter().find(|(known, _)| *known == name) {
                self.findings.add(&place, format!("is given twice, as {before} and as {given}"));
            }
            let null = match (field.required, field.filled) {
                (true, _) => Null::Missing,
                (false, true) => Null::NotEmpty,
                (false, false) => Null::NotGiven,
            };
            let check = Check { bound: &field.bound, place, null, findings: self.findings };
            map.next_value_seed(check)?;
            if name != given {
                self.findings.untidy.set(true);
            }
            seen.push((name, given));
        }
        let mut missing: Vec<&str> = fields
            .iter()
            .filter(|(name, field)| field.required && !seen.iter().any(|(seen, _)| seen == name))
            .map(|(name, _)| name.as_str())
            .collect();
        missing.sort_unstable();
        for name in missing {
            self.findings.add(&Place::Field(&self.place, name), "is required");
        }
        Ok(())
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

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.number(true, value < 0);
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.number(true, false);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.number(false, value < 0.0);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        match self.null {
            Null::NotGiven | Null::NotEmpty => (),
            Null::Missing => self.fault("is required"),
            Null::Wrong => self.wrong(),
        }
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        match *self.bound {
            Bound::Text(most) | Bound::TextOrNumber(most) | Bound::TextOrFields(most, _) => {
                match self.null {
                    _ if is_longer(text, most) => self.fault(too_many(most, "characters")),
                    Null::NotEmpty if text.is_empty() => self.fault("must not be empty"),
                    Null::NotGiven if text.is_empty() => self.findings.untidy.set(true),
                    _ => (),
                }
            }
            _ => self.wrong(),
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Bound::List(most, each) = self.bound else {
            self.wrong();
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        for at in 0..*most {
            let place = Place::Entry(&self.place, at);
            let check = Check { bound: each, place, null: Null::Wrong, findings: self.findings };
            if list.next_element_seed(check)?.is_none() {
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
        let (most, longest, bound) = match self.bound {
            Bound::Fields(fields) | Bound::TextOrFields(_, fields) => {
                return self.fields(fields, map);
            }
            Bound::Map { most, key, value } => (*most, *key, &**value),
            _ => {
                self.wrong();
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
            let check = Check { bound, place, null: Null::Wrong, findings: self.findings };
            map.next_value_seed(check)?;
        }
        Ok(())
    }
}
