//! The language model of the settings: whether there is one, how it answered last, and a test of it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answers::Health,
    api::{
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{Bots, Bucket, Call, Data, Repeat},
    },
    providers::model::ModelRequest,
};

const TAG: &str = "Bots";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/assistant", status)
            .named("getLanguageModel")
            .about(
                TAG,
                "The language model that words the answers of bots, and how it answered last",
            )
            .details("What is said of its answers is of the time since the start of the gateway."),
        Endpoint::post("/api/v1/assistant/test", test)
            .named("testLanguageModel")
            .about(TAG, "Ask the language model for one word")
            .details("200 also where it failed, or where there is none: `success` says which.")
            .limited(Bucket::Assistant)
            .repeats(Repeat::Repeatable),
    ]
}

/// The language model of the settings.
#[derive(Serialize, ToSchema)]
#[schema(as = LanguageModel)]
struct ModelView {
    /// Whether the settings name one.
    #[schema(example = true)]
    configured: bool,
    /// Its name; null without one.
    #[schema(example = "llama3.2")]
    model: Option<String>,
    /// Where it is asked; null without one.
    #[schema(example = "http://127.0.0.1:11434/v1")]
    address: Option<String>,
    /// When it answered last, RFC 3339; null where it has not.
    #[schema(example = "2026-03-24T10:31:00Z")]
    last_answer_at: Option<String>,
    /// Why it gave no answer, the last time that it gave none; null where it always did.
    #[schema(example = json!(null))]
    last_error: Option<String>,
    /// When that was, RFC 3339.
    #[schema(example = json!(null))]
    last_error_at: Option<String>,
}

async fn status(call: Call<Bots>) -> Result<Data<ModelView>, ApiError> {
    let model = call.assistant.model();
    let Health { last_answer_at, last_error } = call.assistant.health();
    Ok(Data::of(ModelView {
        configured: model.is_some(),
        model: model.map(|model| model.name(&ModelRequest::default())),
        address: model.map(|model| model.address()),
        last_answer_at: last_answer_at.map(time),
        last_error: last_error.map(|(_, error)| error.to_string()),
        last_error_at: last_error.map(|(at, _)| time(at)),
    }))
}

/// A test of the language model.
#[derive(Serialize, ToSchema)]
#[schema(as = LanguageModelTest)]
struct TestView {
    /// Whether it answered.
    #[schema(example = true)]
    success: bool,
    /// Its name; null without one.
    #[schema(example = "llama3.2")]
    model: Option<String>,
    /// How long its answer took, in milliseconds.
    #[schema(example = 480)]
    duration_ms: u64,
    /// The beginning of what it said; null where it failed.
    #[schema(example = "OK")]
    answer: Option<String>,
    /// Why it gave no answer; null where it gave one.
    #[schema(example = json!(null))]
    error: Option<String>,
}

async fn test(call: Call<Bots>) -> Result<Data<TestView>, ApiError> {
    let Some(test) = call.assistant.test().await else {
        let error = Some("the settings name no language model".to_owned());
        let nothing = TestView { success: false, model: None, duration_ms: 0, answer: None, error };
        return Ok(Data::of(nothing));
    };
    let duration_ms = u64::try_from(test.took.as_millis()).unwrap_or(u64::MAX);
    let (model, success) = (Some(test.model), test.answer.is_ok());
    let (answer, error) = match test.answer {
        Ok(answer) => (Some(answer), None),
        Err(error) => (None, Some(error.to_string())),
    };
    Ok(Data::of(TestView { success, model, duration_ms, answer, error }))
}
