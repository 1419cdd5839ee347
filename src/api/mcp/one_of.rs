//! An answer that is one of several, for tools that stand for several endpoints.

use std::marker::PhantomData;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::api::{
    kit::{dialect::Json, shape},
    mcp::{outcome::ToolAnswer, schema},
};

/// The answers that there are.
pub trait Answers: 'static {
    fn schemas() -> Vec<Value>;
}

macro_rules! answers {
    ($($name:ident)*) => {
        impl<$($name: ToSchema + 'static),*> Answers for ($($name,)*) {
            fn schemas() -> Vec<Value> {
                vec![$(shape::<$name>().resolved()),*]
            }
        }
    };
}
answers! { A B }
answers! { A B C D }

/// One of the answers.
pub struct OneOf<A>(Json, PhantomData<A>);

impl<A> OneOf<A> {
    /// Of one that was written.
    pub fn written(answer: Json) -> Self {
        Self(answer, PhantomData)
    }
}

impl<A: Answers> ToolAnswer for OneOf<A> {
    fn into_parts(self) -> (Json, Option<Vec<u8>>) {
        (self.0, None)
    }

    fn schema() -> Map<String, Value> {
        schema::of_answer(joined::<A>())
    }
}

/// One object with the fields of all answers, of which those are required that all have.
fn joined<A: Answers>() -> Value {
    let all = A::schemas();
    let mut fields: Map<String, Value> = Map::new();
    for schema in &all {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            match fields.get_mut(name) {
                Some(known) if known == field => (),
                Some(known) => *known = json!({ "description": field["description"] }),
                None => _ = fields.insert(name.clone(), field.clone()),
            }
        }
    }
    let is_required = |name: &&String| {
        all.iter().all(|schema| {
            schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == *name))
        })
    };
    let required: Vec<&String> = fields.keys().filter(is_required).collect();
    json!({ "type": "object", "required": required, "properties": fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct One {
        id: String,
        total: u64,
    }

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema is read")]
    struct Other {
        id: String,
        note: Option<String>,
    }

    #[test]
    fn an_answer_has_the_fields_of_all_and_must_have_those_of_each() {
        let schema = Value::Object(OneOf::<(One, Other)>::schema());
        let names: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert!(["id", "total", "note"].iter().all(|name| names.iter().any(|one| one == name)));
        assert_eq!(schema["else"]["required"], json!(["id"]));
    }
}
