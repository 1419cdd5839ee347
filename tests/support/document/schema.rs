//! A validator of JSON Schema 2020-12, as far as the OpenAPI document uses it. A keyword that it does not know fails.
//!
//! Objects are closed: a field that no schema names is a fault, unless `additionalProperties` allows it.
//! The crates for this turn on features of `serde_json` and `idna`: every dependency would then be compiled twice,
//! for the program and for its tests. `make fuzz-api` validates with such a library as well.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use wagate::domain::Timestamp;

/// Keywords that say nothing about validity.
const NOTES: [&str; 7] =
    ["default", "deprecated", "description", "discriminator", "example", "examples", "title"];

/// Keywords that say which fields an object has.
const SHAPES: [&str; 6] = ["$ref", "additionalProperties", "allOf", "anyOf", "oneOf", "properties"];

/// A document, whose schemas refer to each other by pointers into it.
#[derive(Clone, Copy)]
pub struct Schemas<'a>(pub &'a Value);

/// What is wrong with a value.
#[derive(Default)]
struct Verdict {
    /// What breaks the schema.
    faults: Vec<String>,
    /// Fields that no schema names.
    undocumented: Vec<String>,
    /// Fields of this very object that a schema names.
    named: BTreeSet<String>,
    /// Whether the object may have any other field.
    is_open: bool,
}

impl Verdict {
    fn fault(&mut self, at: &str, text: impl std::fmt::Display) {
        let at = if at.is_empty() { "/" } else { at };
        self.faults.push(format!("{at}: {text}"));
    }

    /// Adds what another schema says of the same value.
    fn join(&mut self, part: Self) {
        self.named.extend(part.named.iter().cloned());
        self.is_open |= part.is_open;
        self.enclose(part);
    }

    /// Adds what is said of a value within this one.
    fn enclose(&mut self, inner: Self) {
        self.faults.extend(inner.faults);
        self.undocumented.extend(inner.undocumented);
    }
}

impl Schemas<'_> {
    /// All that is wrong with a value.
    pub fn faults(self, schema: &Value, value: &Value) -> Vec<String> {
        let Verdict { mut faults, undocumented, .. } = self.whole(schema, value, "");
        faults.extend(undocumented);
        faults
    }

    /// Judges a value by all of its schema. Only here is it known which fields are named anywhere.
    fn whole(self, schema: &Value, value: &Value, at: &str) -> Verdict {
        let mut verdict = self.part(schema, value, at);
        if let (Value::Object(fields), false) = (value, verdict.is_open) {
            let unnamed = fields.keys().filter(|name| !verdict.named.contains(*name));
            let unnamed: Vec<String> =
                unnamed.map(|name| format!("{at}/{name}: is not in the document")).collect();
            verdict.undocumented.extend(unnamed);
        }
        verdict
    }

    /// Judges a value by a schema that may be one of several for it.
    fn part(self, schema: &Value, value: &Value, at: &str) -> Verdict {
        let mut verdict = Verdict::default();
        let Some(schema) = schema.as_object() else {
            verdict.is_open = true;
            if *schema == Value::Bool(false) {
                verdict.fault(at, "must not be there");
            }
            return verdict;
        };
        for (keyword, rule) in schema {
            match keyword.as_str() {
                "$ref" => verdict.join(self.part(self.referred(rule), value, at)),
                "allOf" => {
                    for schema in list(rule) {
                        verdict.join(self.part(schema, value, at));
                    }
                }
                "oneOf" => verdict.join(self.branch(list(rule), true, value, at)),
                "anyOf" => verdict.join(self.branch(list(rule), false, value, at)),
                known if NOTES.contains(&known) || known.starts_with("x-") => (),
                _ => self.keyword(keyword, rule, schema, value, at, &mut verdict),
            }
        }
        verdict.is_open |= !SHAPES.iter().any(|shape| schema.contains_key(*shape));
        verdict
    }

    fn referred(&self, reference: &Value) -> &Value {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#')).unwrap();
        self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    /// Judges a value by the branch that it fulfils.
    fn branch(self, branches: &[Value], only: bool, value: &Value, at: &str) -> Verdict {
        let verdicts = branches.iter().map(|branch| self.part(branch, value, at));
        let (fitting, others): (Vec<_>, Vec<_>) =
            verdicts.partition(|verdict| verdict.faults.is_empty());
        let count = fitting.len();
        let unnamed =
            |verdict: &Verdict| (verdict.undocumented.len(), usize::MAX - verdict.named.len());
        let Some(mut best) = fitting.into_iter().min_by_key(unnamed) else {
            let mut none = Verdict { is_open: true, ..Verdict::default() };
            let all: Vec<String> = others.into_iter().flat_map(|other| other.faults).collect();
            none.fault(at, format!("fits no branch ({})", all.join("; ")));
            return none;
        };
        if only && 1 < count {
            best.fault(at, format!("fits {count} branches of oneOf"));
        }
        best
    }

    fn keyword(
        self,
        keyword: &str,
        rule: &Value,
        schema: &Map<String, Value>,
        value: &Value,
        at: &str,
        verdict: &mut Verdict,
    ) {
        let number = rule.as_f64().unwrap_or(f64::NAN);
        let is_long = |length: usize| number < length as f64;
        let is_short = |length: usize| (length as f64) < number;
        let is_fault = match (keyword, value) {
            ("type", value) => !types(rule).iter().any(|kind| is_of(value, kind)),
            ("const", value) => value != rule,
            ("enum", value) => !list(rule).contains(value),
            ("minimum", Value::Number(given)) => given.as_f64().unwrap() < number,
            ("maximum", Value::Number(given)) => number < given.as_f64().unwrap(),
            ("minLength", Value::String(text)) => is_short(text.chars().count()),
            ("maxLength", Value::String(text)) => is_long(text.chars().count()),
            ("minItems", Value::Array(items)) => is_short(items.len()),
            ("maxItems", Value::Array(items)) => is_long(items.len()),
            ("maxProperties", Value::Object(fields)) => is_long(fields.len()),
            ("format", value) => !is_formatted(value, rule.as_str().unwrap()),
            ("items", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    verdict.enclose(self.whole(rule, item, &format!("{at}/{index}")));
                }
                false
            }
            ("required", Value::Object(fields)) => {
                let names = list(rule).iter().map(|name| name.as_str().unwrap());
                for name in names.filter(|name| !fields.contains_key(*name)) {
                    verdict.fault(at, format!("lacks {name}"));
                }
                false
            }
            ("properties", Value::Object(fields)) => {
                for (name, schema) in rule.as_object().unwrap() {
                    verdict.named.insert(name.clone());
                    if let Some(value) = fields.get(name) {
                        verdict.enclose(self.whole(schema, value, &format!("{at}/{name}")));
                    }
                }
                false
            }
            ("propertyNames", Value::Object(fields)) => {
                for name in fields.keys() {
                    verdict.enclose(self.whole(
                        rule,
                        &name.as_str().into(),
                        &format!("{at}/{name}"),
                    ));
                }
                false
            }
            ("additionalProperties", Value::Object(fields)) => {
                verdict.is_open |= *rule != Value::Bool(false);
                let own = schema.get("properties").and_then(Value::as_object);
                let is_own = |name: &str| own.is_some_and(|own| own.contains_key(name));
                for (name, value) in fields.iter().filter(|(name, _)| !is_own(name)) {
                    verdict.enclose(self.whole(rule, value, &format!("{at}/{name}")));
                }
                false
            }
            (
                "minimum"
                | "maximum"
                | "minLength"
                | "maxLength"
                | "minItems"
                | "maxItems"
                | "maxProperties"
                | "items"
                | "required"
                | "properties"
                | "propertyNames"
                | "additionalProperties",
                _,
            ) => false,
            (unknown, _) => panic!("the validator does not know the keyword {unknown}"),
        };
        if is_fault {
            verdict.fault(at, format!("{} is against {keyword} {rule}", shortened(value)));
        }
    }
}

fn list(rule: &Value) -> &[Value] {
    rule.as_array().map_or(&[], Vec::as_slice)
}

fn types(rule: &Value) -> Vec<&str> {
    match rule {
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("{unknown} is no type"),
    }
}

/// Formats that are not known say nothing, as in JSON Schema itself.
fn is_formatted(value: &Value, format: &str) -> bool {
    match (value, format) {
        (Value::Number(_), "int32") => {
            value.as_i64().is_some_and(|it| u32::try_from(it.abs()).is_ok())
        }
        (Value::Number(_), "int64") => value.is_i64() || value.is_u64(),
        (Value::String(text), "uuid") => uuid::Uuid::parse_str(text).is_ok(),
        (Value::String(text), "date-time") => text.parse::<Timestamp>().is_ok(),
        _ => true,
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
