//! Fields of requests: null told from nothing, and the names of fields in errors.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::Error;

/// A field that is given, be it null; to be used with a default of none for one that is not.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The value of a field that has two names. A request that gives both must mean one thing.
pub fn same<T: PartialEq>(
    (name, one): (&str, Option<T>),
    (other_name, other): (&str, Option<T>),
) -> Result<Option<T>, Error> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => {
            let fault = format!("differs from {name}, which means the same");
            Err(Error::invalid_field(other_name, fault))
        }
        (one, other) => Ok(one.or(other)),
    }
}

/// The same error with the names of its fields in snake case.
pub fn in_snake_case(error: Error) -> Error {
    renamed(error, snake)
}

/// The same error with other names of its fields.
pub fn renamed(error: Error, name: impl Fn(&str) -> String) -> Error {
    let Some(Value::Object(fields)) = error.details.get("fields") else { return error };
    let texts = |faults: &Value| -> Vec<String> {
        let faults = faults.as_array().into_iter().flatten();
        faults.filter_map(|fault| fault.as_str().map(str::to_owned)).collect()
    };
    let named = fields.iter().flat_map(|(known, faults)| {
        let name = name(known);
        texts(faults).into_iter().map(move |fault| (name.clone(), fault))
    });
    let renamed = Error::invalid_fields(named.collect());
    Error { message: renamed.message, details: renamed.details, ..error }
}

/// A name in snake case.
pub fn snake(name: &str) -> String {
    let mut written = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            written.push('_');
        }
        written.push(letter.to_ascii_lowercase());
    }
    written
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_named_as_in_requests() {
        let error = Error::invalid_field("handoff.afterFallbacks", "must be between 1 and 20");
        let error = in_snake_case(error);
        assert_eq!(error.message, "handoff.after_fallbacks: must be between 1 and 20");
        let fields = json!({ "handoff.after_fallbacks": ["must be between 1 and 20"] });
        assert_eq!(error.details["fields"], fields);
        assert_eq!(in_snake_case(Error::invalid("x")), Error::invalid("x"));
    }
}
