//! Outcome of a tool: what it answers, as text, as data and perhaps as a picture; or why not.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};
use uuid::Uuid;

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
    /// Its data as JSON, as the endpoint wrote it.
    json: String,
    /// A PNG to show with it.
    picture: Option<Vec<u8>>,
}

/// An answer of an endpoint that a tool can give.
pub trait ToolAnswer {
    /// Its data, and a picture beside it.
    fn into_parts(self) -> (Json, Option<Vec<u8>>);

    /// The schema of the data.
    fn schema() -> Map<String, Value>;
}

macro_rules! tool_answers {
    ($($answer:ident)*) => {$(
        impl<T> ToolAnswer for $answer<T>
        where
            Self: DescribeAnswer + Written,
        {
            fn into_parts(self) -> (Json, Option<Vec<u8>>) {
                (self.written(), None)
            }

            fn schema() -> Map<String, Value> {
                described::<Self>()
            }
        }
    )*};
}
tool_answers! { Data Created Paged Sent }

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

impl<T> ToolAnswer for Pictured<T>
where
    Data<T>: DescribeAnswer,
{
    fn into_parts(self) -> (Json, Option<Vec<u8>>) {
        (self.data.written(), Some(self.png))
    }

    fn schema() -> Map<String, Value> {
        described::<Data<T>>()
    }
}

impl Done {
    pub fn of(answer: impl ToolAnswer) -> Result<Self, Error> {
        let (written, picture) = answer.into_parts();
        let failed = |error| Error::internal(format!("the answer cannot be written: {error}"));
        Ok(Self { json: String::from(Box::<str>::from(written.map_err(failed)?)), picture })
    }

    pub fn data(&self) -> Result<Value, Error> {
        let failed = |error| Error::internal(format!("the answer cannot be read: {error}"));
        serde_json::from_str(&self.json).map_err(failed)
    }

    /// The result as the protocol has it, where a mark stands for the data, and what is put there.
    pub fn shown(self) -> (CallToolResult, Marked) {
        // An object, as the data is: the older era has no others.
        let mark = json!({ Uuid::new_v4().to_string(): null });
        let mut result = CallToolResult::success(vec![ContentBlock::text(self.json.as_str())]);
        let marked = Marked { mark: mark.to_string(), json: self.json };
        result.structured_content = Some(mark);
        if let Some(png) = self.picture {
            result.content.insert(0, ContentBlock::image(BASE64.encode(png), "image/png"));
        }
        (result, marked)
    }
}

/// JSON that is put into an answer as it is: read into values and written again, it would cost as much as the
/// endpoint's whole work. Its mark is random, so that it is nothing that somebody wrote.
pub struct Marked {
    mark: String,
    json: String,
}

impl Marked {
    /// An answer with the JSON in place of its mark.
    pub fn put_into(self, answer: Bytes) -> Bytes {
        let text = std::str::from_utf8(&answer).unwrap_or_default();
        match text.split_once(&self.mark) {
            Some((before, after)) => [before, &self.json, after].concat().into(),
            None => answer,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stands_in_the_answer_as_the_endpoint_wrote_it() {
        let json = r#"{"name":"a \"quoted\" name","total":1.50}"#.to_owned();
        let (result, marked) = Done { json: json.clone(), picture: Some(vec![1]) }.shown();
        let written = serde_json::to_vec(&result).unwrap();
        let answer = marked.put_into(written.into());
        let shown = std::str::from_utf8(&answer).unwrap();
        assert!(shown.contains(&format!("\"structuredContent\":{json}")), "{shown}");
        let shown: Value = serde_json::from_str(shown).unwrap();
        assert_eq!(shown["content"][0]["type"], "image");
        assert_eq!(shown["content"][1]["text"], json.as_str());
    }

    #[test]
    fn an_answer_without_the_mark_stays_as_it_is() {
        let (_, marked) = Done { json: "{}".to_owned(), picture: None }.shown();
        let answer = Bytes::from_static(b"{\"error\":1}");
        assert_eq!(marked.put_into(answer.clone()), answer);
    }
}
