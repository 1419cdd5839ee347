//! The bounds of a request body: how long each text, list and map in it may be.
//!
//! They stand in the schema of the body's type, or are the usual ones where it names none. The
//! document shows them and [`Bound::check`] enforces them, so that both cannot differ. The check
//! comes before the body becomes values: a list is refused at its first entry too many.

use std::{any::TypeId, cell::RefCell, collections::HashMap, fmt, sync::Arc};

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::endpoint::{Shape, shape};

/// Characters of a text, entries of a list and of a map whose schema names no bound.
const USUAL_TEXT: usize = 1_024;
const USUAL_LIST: usize = 100;
const USUAL_MAP: usize = 32;
/// Characters of a key and of a value in a map: names and values of headers.
const USUAL_KEY: usize = 128;
const USUAL_VALUE: usize = 4_096;

/// What is allowed at one place of a body.
#[derive(Debug, PartialEq, Eq)]
pub enum Bound {
    /// Nothing reads it, or it is no text, list or object.
    Open,
    Text(usize),
    List(usize, Box<Bound>),
    Fields(HashMap<String, Bound>),
    /// An object whose keys the caller chooses.
    Map {
        most: usize,
        key: usize,
        value: Box<Bound>,
    },
}

/// Gives each text, list and map of a schema the usual bound where it names none.
pub fn fill_in(schema: &mut Value) {
    fill_in_with(schema, USUAL_TEXT);
}

fn fill_in_with(schema: &mut Value, usual_text: usize) {
    let Some(schema) = schema.as_object_mut() else { return };
    let is_listed = schema.contains_key("enum") || schema.contains_key("const");
    if is(schema, "string") && !is_listed {
        schema.entry("maxLength").or_insert(usual_text.into());
    }
    if is(schema, "array") {
        schema.entry("maxItems").or_insert(USUAL_LIST.into());
    }
    if schema.get("additionalProperties").is_some_and(Value::is_object) {
        schema.entry("maxProperties").or_insert(USUAL_MAP.into());
    }
    for (name, part) in schema.iter_mut() {
        match (name.as_str(), part) {
            ("items", part) => fill_in(part),
            ("additionalProperties", part) => fill_in_with(part, USUAL_VALUE),
            ("propertyNames", part) => fill_in_with(part, USUAL_KEY),
            ("properties", Value::Object(fields)) => fields.values_mut().for_each(fill_in),
            ("allOf" | "oneOf" | "anyOf", Value::Array(parts)) => {
                parts.iter_mut().for_each(fill_in);
            }
            _ => (),
        }
    }
}

fn is(schema: &Map<String, Value>, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|known| known == kind),
        _ => false,
    }
}

thread_local! {
    /// Made once for each type of body on each worker.
    static KNOWN: RefCell<HashMap<TypeId, Arc<Bound>>> = RefCell::default();
}

impl Bound {
    /// Those of a type, as its schema says.
    pub fn of<T: ToSchema + 'static>() -> Arc<Self> {
        let key = TypeId::of::<T>();
        let known = KNOWN.with_borrow(|known| known.get(&key).cloned());
        known.unwrap_or_else(|| {
            let made = Arc::new(Self::of_shape(&shape::<T>()));
            KNOWN.with_borrow_mut(|known| known.insert(key, made.clone()));
            made
        })
    }

    fn of_shape(shape: &Shape) -> Self {
        let value = |schema: &_| serde_json::to_value(schema).unwrap_or(Value::Null);
        let others = shape.others.iter().map(|(name, schema)| (name.as_str(), value(schema)));
        Self::read(value(&shape.schema), &others.collect())
    }

    fn read(mut schema: Value, others: &HashMap<&str, Value>) -> Self {
        fill_in(&mut schema);
        Self::of_schema(&schema, others)
    }

    fn of_schema(schema: &Value, others: &HashMap<&str, Value>) -> Self {
        let Some(schema) = schema.as_object() else { return Self::Open };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return others.get(name).map_or(Self::Open, |of| Self::read(of.clone(), others));
        }
        let number = |name: &str| {
            let found = schema.get(name).and_then(Value::as_u64);
            found.map_or(usize::MAX, |found| usize::try_from(found).unwrap_or(usize::MAX))
        };
        let part =
            |name: &str| schema.get(name).map_or(Self::Open, |part| Self::of_schema(part, others));
        let own = if is(schema, "string") {
            Self::Text(number("maxLength"))
        } else if is(schema, "array") {
            Self::List(number("maxItems"), Box::new(part("items")))
        } else if schema.get("additionalProperties").is_some_and(Value::is_object) {
            let (most, value) = (number("maxProperties"), Box::new(part("additionalProperties")));
            let key = match part("propertyNames") {
                Self::Text(most) => most,
                _ => USUAL_KEY,
            };
            Self::Map { most, key, value }
        } else if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
            let bound =
                |(name, field): (&String, &Value)| (name.clone(), Self::of_schema(field, others));
            Self::Fields(fields.iter().map(bound).collect())
        } else {
            Self::Open
        };
        let parts = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|name| schema.get(name));
        let parts = parts.filter_map(Value::as_array).flatten();
        parts.fold(own, |all, part| all.with(Self::of_schema(part, others)))
    }

    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open, other) => other,
            (Self::Fields(mut fields), Self::Fields(others)) => {
                fields.extend(others);
                Self::Fields(fields)
            }
            (own, _) => own,
        }
    }

    /// Reads a value to its end and keeps nothing of it; an error where it is over a bound.
    pub fn check<'de, D: Deserializer<'de>>(&self, value: D) -> Result<(), D::Error> {
        Check(self).deserialize(value)
    }
}

struct Check<'b>(&'b Bound);

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        match self.0 {
            Bound::Open => value.deserialize_ignored_any(IgnoredAny).map(|_| ()),
            _ => value.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    // What a value is otherwise is seen when it is read in earnest.
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        match *self.0 {
            Bound::Text(most) if is_longer(text, most) => {
                Err(E::custom(too_many(most, "characters")))
            }
            _ => Ok(()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        static OPEN: Bound = Bound::Open;
        let (most, each) = match self.0 {
            Bound::List(most, each) => (*most, &**each),
            _ => (usize::MAX, &OPEN),
        };
        for _ in 0..most {
            if list.next_element_seed(Check(each))?.is_none() {
                return Ok(());
            }
        }
        match list.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::custom(too_many(most, "entries"))),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let most = match self.0 {
            Bound::Map { most, .. } => *most,
            _ => usize::MAX,
        };
        let mut count = 0;
        while let Some(bound) = map.next_key_seed(Key(self.0))? {
            count += 1;
            if most < count {
                return Err(A::Error::custom(too_many(most, "entries")));
            }
            map.next_value_seed(Check(bound))?;
        }
        Ok(())
    }
}

/// A key of an object; what is allowed behind it.
struct Key<'b>(&'b Bound);

impl<'de, 'b> DeserializeSeed<'de> for Key<'b> {
    type Value = &'b Bound;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<&'b Bound, D::Error> {
        key.deserialize_identifier(self)
    }
}

impl<'b> Visitor<'_> for Key<'b> {
    type Value = &'b Bound;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<&'b Bound, E> {
        static OPEN: Bound = Bound::Open;
        match self.0 {
            Bound::Fields(fields) => Ok(fields.get(name).unwrap_or(&OPEN)),
            Bound::Map { key, .. } if is_longer(name, *key) => {
                Err(E::custom(format!("the names in it {}", too_many(*key, "characters"))))
            }
            Bound::Map { value, .. } => Ok(value),
            _ => Ok(&OPEN),
        }
    }
}

/// Whether a text has more characters than this.
pub fn is_longer(text: &str, most: usize) -> bool {
    most < text.len() && text.chars().nth(most).is_some()
}

/// How an error of a bound begins, so that it is known among others.
pub const TOO_MANY: &str = "must have at most ";

/// What is said of a text or list that is too long.
pub fn too_many(most: usize, what: &str) -> String {
    let digits = most.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if 0 < place && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    format!("{TOO_MANY}{shown} {what}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[derive(serde::Deserialize, ToSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Example {
        #[schema(max_length = 5)]
        short: Option<String>,
        usual: String,
        #[schema(max_items = 2)]
        list: Option<Vec<String>>,
        map: Option<BTreeMap<String, String>>,
        inner: Option<Inner>,
        number: u32,
        #[serde(flatten)]
        rest: Rest,
    }

    #[derive(serde::Deserialize, ToSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Inner {
        #[schema(max_length = 3)]
        text: String,
    }

    #[derive(serde::Deserialize, ToSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Rest {
        #[schema(max_length = 4)]
        word: Option<String>,
    }

    fn check(value: &Value) -> Result<(), String> {
        let text = value.to_string();
        let bound = Bound::of::<Example>();
        bound.check(&mut serde_json::Deserializer::from_str(&text)).map_err(|e| e.to_string())
    }

    #[test]
    fn each_kind_of_field_has_its_bound() {
        for value in [
            json!({}),
            json!({ "short": "äöüäö", "usual": "x".repeat(USUAL_TEXT), "list": ["a", "b"] }),
            json!({ "inner": { "text": "abc" }, "word": "abcd", "map": { "k": "v" } }),
            json!({ "short": null, "list": null, "map": null, "inner": null, "number": 5 }),
            json!({ "unknown": ["x".repeat(2_000)] }),
            // Of another type: that is said where it is read.
            json!({ "short": { "a": 1 }, "list": "x", "inner": 5, "map": [1, 2, 3] }),
            json!([1, 2]),
        ] {
            assert_eq!(check(&value), Ok(()), "{value}");
        }
        for (value, most) in [
            (json!({ "short": "äöüäöü" }), "5 characters"),
            (json!({ "usual": "x".repeat(USUAL_TEXT + 1) }), "1,024 characters"),
            (json!({ "list": ["a", "b", "c"] }), "2 entries"),
            (json!({ "list": ["x".repeat(USUAL_TEXT + 1)] }), "1,024 characters"),
            (json!({ "inner": { "text": "abcd" } }), "3 characters"),
            (json!({ "word": "abcde" }), "4 characters"),
            (json!({ "map": { "x".repeat(USUAL_KEY + 1): "v" } }), "128 characters"),
            (json!({ "map": { "k": "x".repeat(USUAL_VALUE + 1) } }), "4,096 characters"),
        ] {
            let refused = check(&value).unwrap_err();
            assert!(refused.contains(&format!("{TOO_MANY}{most}")), "{refused}");
        }
        let many: Map<_, _> = (0..=USUAL_MAP).map(|n| (n.to_string(), json!("v"))).collect();
        assert!(check(&json!({ "map": many })).unwrap_err().contains("32 entries"));
    }

    #[test]
    fn what_has_a_fixed_set_of_values_needs_no_bound() {
        let mut schema = json!({ "type": "string", "enum": ["a"] });
        fill_in(&mut schema);
        assert_eq!(schema, json!({ "type": "string", "enum": ["a"] }));
    }

    proptest! {
        #[test]
        fn a_text_passes_exactly_up_to_its_bound(text in "\\PC{0,12}") {
            let is_short = text.chars().count() <= 5;
            prop_assert_eq!(check(&json!({ "short": text })).is_ok(), is_short);
        }
    }
}
