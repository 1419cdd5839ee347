//! The bounds of a request body: how long each text, list and map in it may be.
//!
//! They stand in the schema of the body's type, or are the usual ones where it names none. The
//! document shows them and `body_check` enforces them, so that both cannot differ.

use std::{any::TypeId, cell::RefCell, collections::HashMap, sync::Arc};

use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::kit::{
    check::formats::{self, Judge},
    describe::{Shape, shape},
};

/// Characters of a text, entries of a list and of a map whose schema names no bound.
const USUAL_TEXT: usize = 1_024;
const USUAL_LIST: usize = 100;
const USUAL_MAP: usize = 32;
/// Characters of a key and of a value in a map: names and values of headers.
const USUAL_KEY: usize = 128;
const USUAL_VALUE: usize = 4_096;

/// What is allowed at one place of a body.
#[derive(Debug)]
pub enum Bound {
    /// Anything.
    Open,
    /// Of at most so many characters, and of a format.
    Text(usize, Option<Judge>),
    /// One of these texts.
    OneOf(Vec<String>),
    /// An id that some clients send as a number, or an amount, which may have decimals.
    TextOrNumber {
        most: usize,
        whole: bool,
    },
    Number(Range),
    Flag,
    List {
        least: usize,
        most: usize,
        each: Box<Bound>,
    },
    Fields(HashMap<String, Field>),
    /// Any object.
    Object,
    /// Either of the two.
    TextOrFields(usize, Option<Judge>, HashMap<String, Field>),
    /// An object whose keys the caller chooses.
    Map {
        most: usize,
        key: usize,
        value: Box<Bound>,
    },
}

/// Which numbers are allowed.
#[derive(Debug)]
pub struct Range {
    pub whole: bool,
    least: Option<f64>,
    most: Option<f64>,
}

impl Range {
    /// What is wrong with a number, if anything is.
    pub fn fault(&self, value: f64) -> Option<String> {
        let is_small = self.least.is_some_and(|least| value < least);
        let is_large = self.most.is_some_and(|most| most < value);
        match (self.least, self.most) {
            _ if !is_small && !is_large => None,
            (Some(0.0), _) if is_small => Some("must not be negative".to_owned()),
            (Some(0.0) | None, Some(most)) => Some(format!("must be at most {most}")),
            (Some(least), Some(most)) => Some(format!("must be from {least} to {most}")),
            (Some(least), None) => Some(format!("must be at least {least}")),
            (None, None) => None,
        }
    }
}

impl Range {
    /// What a text must be that stands for such a number.
    pub fn in_words(&self) -> String {
        let kind = if self.whole { "a whole number" } else { "a number" };
        match (self.least, self.most) {
            (Some(least), Some(most)) => format!("must be {kind} from {least} to {most}"),
            (Some(least), None) => format!("must be {kind}, at least {least}"),
            (None, Some(most)) => format!("must be {kind}, at most {most}"),
            (None, None) => format!("must be {kind}"),
        }
    }
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    pub bound: Bound,
    pub required: bool,
    /// Whether an empty text is a fault, and not one that is not given.
    pub filled: bool,
    /// Whether an empty text has a meaning of its own: its schema says `minLength: 0`.
    pub may_be_empty: bool,
}

impl Field {
    /// Whether an empty text means that it is not given.
    pub fn may_be_left_out(&self) -> bool {
        let is_text =
            matches!(self.bound, Bound::Text(..) | Bound::TextOrNumber { .. } | Bound::OneOf(_));
        is_text && !self.required && !self.filled && !self.may_be_empty
    }
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
    // The largest that the type has.
    if is(schema, "integer") && schema.get("format").is_some_and(|format| format == "int32") {
        let is_positive = schema.get("minimum").and_then(Value::as_f64).is_some_and(|n| 0.0 <= n);
        let most = if is_positive { i64::from(u32::MAX) } else { i64::from(i32::MAX) };
        schema.entry("maximum").or_insert(most.into());
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

    /// Characters of the longest text that is allowed anywhere in it.
    pub fn longest_text(&self) -> usize {
        let of_fields = |fields: &HashMap<String, Field>| {
            fields.values().map(|field| field.bound.longest_text()).max().unwrap_or(0)
        };
        match self {
            Self::Text(most, _) | Self::TextOrNumber { most, .. } => *most,
            Self::List { each, .. } => each.longest_text(),
            Self::Map { value, .. } => value.longest_text(),
            Self::Fields(fields) => of_fields(fields),
            Self::TextOrFields(most, _, fields) => of_fields(fields).max(*most),
            Self::Open | Self::OneOf(_) | Self::Number(_) | Self::Flag | Self::Object => 0,
        }
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
        let own = if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let values = values.iter().filter_map(Value::as_str).map(str::to_owned);
            Self::OneOf(values.collect())
        } else if is(schema, "string") {
            let most = number("maxLength");
            let format = schema.get("format").and_then(Value::as_str);
            let judge = format.and_then(formats::judge);
            match (is(schema, "integer"), is(schema, "number")) {
                (false, false) => Self::Text(most, judge),
                (whole, _) => Self::TextOrNumber { most, whole },
            }
        } else if is(schema, "integer") || is(schema, "number") {
            let end = |name: &str| schema.get(name).and_then(Value::as_f64);
            let (least, most) = (end("minimum"), end("maximum"));
            Self::Number(Range { whole: !is(schema, "number"), least, most })
        } else if is(schema, "boolean") {
            Self::Flag
        } else if is(schema, "array") {
            let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
            let least = usize::try_from(least).unwrap_or(usize::MAX);
            Self::List { least, most: number("maxItems"), each: Box::new(part("items")) }
        } else if schema.get("additionalProperties").is_some_and(Value::is_object) {
            let (most, value) = (number("maxProperties"), Box::new(part("additionalProperties")));
            let key = match part("propertyNames") {
                Self::Text(most, _) => most,
                _ => USUAL_KEY,
            };
            Self::Map { most, key, value }
        } else if let Some(fields) = schema.get("properties").and_then(Value::as_object) {
            let list = schema.get("required").and_then(Value::as_array);
            let is_required =
                |name: &str| list.is_some_and(|all| all.iter().any(|one| one == name));
            let field = |(name, field): (&String, &Value)| {
                let (bound, required) = (Self::of_schema(field, others), is_required(name));
                let least = field.get("minLength").and_then(Value::as_u64);
                let (filled, may_be_empty) =
                    (least.is_some_and(|least| 0 < least), least == Some(0));
                (name.clone(), Field { bound, required, filled, may_be_empty })
            };
            Self::Fields(fields.iter().map(field).collect())
        } else if is(schema, "object") {
            Self::Object
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
            (Self::Object, other @ Self::Fields(_)) => other,
            (Self::Fields(mut fields), Self::Fields(others)) => {
                fields.extend(others);
                Self::Fields(fields)
            }
            (Self::Text(most, judge), Self::Fields(fields))
            | (Self::Fields(fields), Self::Text(most, judge)) => {
                Self::TextOrFields(most, judge, fields)
            }
            (own, _) => own,
        }
    }
}

/// What is said of a text that is none of those that are allowed.
pub fn one_of<T: AsRef<str>>(values: &[T]) -> String {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    format!("must be one of: {}", values.join(", "))
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
    use crate::api::kit::check::{self as body_check, Findings};

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
        either: Option<Either>,
        number: u32,
        flag: Option<bool>,
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
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its schema is read")]
    enum Either {
        Fields(Inner),
        Text(String),
    }

    #[derive(serde::Deserialize, ToSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Rest {
        #[schema(max_length = 4)]
        word: Option<String>,
    }

    fn check(value: &Value) -> Result<(), String> {
        let (text, findings) = (value.to_string(), Findings::default());
        let bound = Bound::of::<Example>();
        let read =
            body_check::check(&bound, &mut serde_json::Deserializer::from_str(&text), &findings);
        let faults = findings.into_faults();
        assert!(read.is_ok() || !faults.is_empty(), "{read:?}");
        let all: Vec<String> =
            faults.into_iter().map(|(place, fault)| format!("{place}: {fault}")).collect();
        if all.is_empty() { Ok(()) } else { Err(all.join("; ")) }
    }

    /// A body with all that is required, and these fields.
    fn with(fields: &Value) -> Value {
        let mut body = json!({ "usual": "x", "number": 5 });
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        body
    }

    #[test]
    fn each_kind_of_field_has_its_bound() {
        for value in [
            json!({}),
            json!({ "short": "äöüäö", "usual": "x".repeat(USUAL_TEXT), "list": ["a", "b"] }),
            json!({ "inner": { "text": "abc" }, "word": "abcd", "map": { "k": "v" } }),
            json!({ "either": "x".repeat(USUAL_TEXT) }),
            json!({ "either": { "text": "abc" } }),
            json!({ "short": null, "list": null, "map": null, "inner": null, "number": 5 }),
        ] {
            assert_eq!(check(&with(&value)), Ok(()), "{value}");
        }
        for (value, most) in [
            (json!({ "short": "äöüäöü" }), "5 characters"),
            (json!({ "usual": "x".repeat(USUAL_TEXT + 1) }), "1,024 characters"),
            (json!({ "list": ["a", "b", "c"] }), "2 entries"),
            (json!({ "list": ["x".repeat(USUAL_TEXT + 1)] }), "1,024 characters"),
            (json!({ "inner": { "text": "abcd" } }), "3 characters"),
            (json!({ "word": "abcde" }), "4 characters"),
            (json!({ "either": "x".repeat(USUAL_TEXT + 1) }), "1,024 characters"),
            (json!({ "either": { "text": "abcd" } }), "3 characters"),
            (json!({ "map": { "x".repeat(USUAL_KEY + 1): "v" } }), "128 characters"),
            (json!({ "map": { "k": "x".repeat(USUAL_VALUE + 1) } }), "4,096 characters"),
        ] {
            let refused = check(&with(&value)).unwrap_err();
            assert!(refused.contains(&format!("{TOO_MANY}{most}")), "{refused}");
        }
        let many: Map<_, _> = (0..=USUAL_MAP).map(|n| (n.to_string(), json!("v"))).collect();
        assert!(check(&with(&json!({ "map": many }))).unwrap_err().contains("32 entries"));
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let body = json!({
            "short": { "a": 1 }, "list": [5, null], "inner": { "tex": "a" }, "map": [1],
            "nmber": 5, "number": -1.5, "flag": "yes", "word": null,
            "either": 5,
        });
        let expected = [
            "short: must be a text",
            "list[0]: must be a text",
            "list[1]: must be a text",
            "inner.tex: is not a field of this request; the nearest is text",
            "inner.text: is required",
            "map: must be an object",
            "nmber: is not a field of this request; the nearest is number",
            "number: must be a whole number",
            "flag: must be true or false",
            "either: must be a text or an object",
            "usual: is required",
        ];
        let refused = check(&body).unwrap_err();
        let mut found: Vec<&str> = refused.split("; ").collect();
        found.sort_unstable();
        let joined = expected.join("; ");
        let mut expected: Vec<&str> = joined.split("; ").collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(check(&json!([1, 2])), Err("body: must be an object".to_owned()));
        assert_eq!(
            check(&json!({ "usual": null, "number": 5 })),
            Err("usual: is required".to_owned())
        );
        let negative = check(&with(&json!({ "number": -1 })));
        assert_eq!(negative, Err("number: must not be negative".to_owned()));
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
            prop_assert_eq!(check(&with(&json!({ "short": text }))).is_ok(), is_short);
        }
    }
}
