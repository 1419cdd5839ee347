//! Schemas of texts with a closed set of values.

use serde_json::Value;
use utoipa::openapi::{ObjectBuilder, Schema, Type, schema::SchemaType};

/// The schema of a text that is one of these, or null.
pub fn choice(about: &str, values: &[&str]) -> Schema {
    let kinds = SchemaType::from_iter([Type::String, Type::Null]);
    let values = values.iter().map(|value| Value::from(*value)).chain([Value::Null]);
    let schema = ObjectBuilder::new().schema_type(kinds).enum_values(Some(values));
    Schema::Object(schema.description(Some(about)).build())
}

/// The schema of a text that is one of these.
pub fn required_choice(about: &str, values: &[&str]) -> Schema {
    let values = Some(values.iter().copied());
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(values);
    Schema::Object(schema.description(Some(about)).build())
}
