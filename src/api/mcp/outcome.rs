//! Outcome of a tool: what it answers, as text, as data and perhaps as a picture; or why not.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value};

use crate::{
    api::{
        dialects::Business,
        kit::{
            Call, Content, Created, Data, DescribeAnswer, Operation, Paged, Public, Sent, Written,
            dialect::{Dialect, Json},
        },
        mcp::schema,
    },
    domain::Error,
};

/// What a tool answers.
pub struct Done {
    pub data: Value,
    /// A PNG to show with it.
    pub picture: Option<Vec<u8>>,
}

/// An answer of an endpoint that a tool can give.
pub trait Told {
    /// Its data, and a picture beside it.
    fn told(self) -> (Json, Option<Vec<u8>>);

    /// The schema of the data.
    fn schema() -> Map<String, Value>;
}

macro_rules! told {
    ($($answer:ident)*) => {$(
        impl<T> Told for $answer<T>
        where
            Self: DescribeAnswer + Written,
        {
            fn told(self) -> (Json, Option<Vec<u8>>) {
                (self.written(), None)
            }

            fn schema() -> Map<String, Value> {
                described::<Self>()
            }
        }
    )*};
}
told! { Data Created Paged Sent }

/// The schema that an endpoint's answer has in the document.
fn described<A: DescribeAnswer>() -> Map<String, Value> {
    let operation = Operation::of::<(Call<Public>,), A>();
    match operation.successes.first().map(|success| success.content) {
        Some(Content::Data(shape)) => schema::of_answer(shape().resolved()),
        _ => Map::new(),
    }
}

/// Data with a picture beside it.
pub struct Pictured<T> {
    pub data: Data<T>,
    pub png: Vec<u8>,
}

impl<T> Told for Pictured<T>
where
    Data<T>: DescribeAnswer,
{
    fn told(self) -> (Json, Option<Vec<u8>>) {
        (self.data.written(), Some(self.png))
    }

    fn schema() -> Map<String, Value> {
        described::<Data<T>>()
    }
}

impl Done {
    pub fn of(answer: impl Told) -> Result<Self, Error> {
        let (data, picture) = answer.told();
        let data = data.and_then(|data| serde_json::from_str(data.get()));
        let failed = |error| Error::internal(format!("the answer cannot be written: {error}"));
        Ok(Self { data: data.map_err(failed)?, picture })
    }

    pub fn shown(self) -> CallToolResult {
        let mut result = CallToolResult::structured(self.data);
        if let Some(png) = self.picture {
            result.content.insert(0, ContentBlock::image(BASE64.encode(png), "image/png"));
        }
        result
    }
}

/// A refusal as a result, which an assistant can read: the body that the endpoint's error has.
pub fn refused(error: &Error) -> CallToolResult {
    CallToolResult::structured_error(Business.failure(error).body)
}

/// The code of an error, as the log has it.
pub fn code(error: &Error) -> &'static str {
    Business.failure(error).code
}
