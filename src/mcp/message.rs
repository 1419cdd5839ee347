//! Envelope of a JSON-RPC message: what it must have before the protocol reads it, and what of it a transport needs.
//! Pure.

use serde_json::{Map, Value, json};

/// Bytes of one message.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Characters of an id: it is repeated in the answer.
const LONGEST_ID: usize = 256;

const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;

/// The field of `_meta` by which a message names its revision of the protocol.
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// A message as far as its transport knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// None for a notification and for an answer: neither is answered.
    pub id: Option<Value>,
    /// None for an answer.
    pub method: Option<String>,
    /// The revision that the message names itself, as those of the modern era do.
    pub version: Option<String>,
    /// The name or the URI that the message is about.
    pub name: Option<String>,
}

/// A message that is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    code: i32,
    message: &'static str,
    id: Value,
}

impl Fault {
    fn request(message: &'static str) -> Self {
        Self { code: INVALID_REQUEST, message, id: Value::Null }
    }

    /// The answer to it.
    pub fn answer(&self) -> Value {
        error(&self.id, self.code, self.message)
    }
}

/// The answer of JSON-RPC to a message that fails.
pub fn error(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

/// Reads the envelope of a message.
pub fn read(bytes: &[u8]) -> Result<Envelope, Fault> {
    let fault = Fault { code: PARSE_ERROR, message: "The message is not JSON", id: Value::Null };
    let value: Value = serde_json::from_slice(bytes).map_err(|_| fault)?;
    let message = match value {
        Value::Object(message) => message,
        Value::Array(_) => return Err(Fault::request("Batches are not supported")),
        _ => return Err(Fault::request("A message is an object")),
    };
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(Fault::request("jsonrpc must be \"2.0\""));
    }
    let id = id(message.get("id"))?;
    let method = match message.get("method") {
        Some(Value::String(method)) => Some(method.clone()),
        Some(_) => return Err(Fault::request("method must be a text")),
        None if message.contains_key("result") || message.contains_key("error") => None,
        None => return Err(Fault::request("method is required")),
    };
    let none = Map::new();
    let params = match message.get("params") {
        None => &none,
        Some(Value::Object(params)) => params,
        Some(_) => {
            let message = "params must be an object";
            return Err(Fault { id: id.unwrap_or_default(), ..Fault::request(message) });
        }
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    Ok(Envelope {
        id: id.filter(|_| method.is_some()),
        version: text(params.get("_meta").and_then(|meta| meta.get(VERSION))),
        name: text(params.get(name_field(method.as_deref()))),
        method,
    })
}

/// The field of `params` that says what a message is about.
fn name_field(method: Option<&str>) -> &'static str {
    match method {
        Some("resources/read" | "resources/subscribe" | "resources/unsubscribe") => "uri",
        _ => "name",
    }
}

/// An id is a text or a whole number; none where there is none.
fn id(given: Option<&Value>) -> Result<Option<Value>, Fault> {
    let is_fine = match given {
        None => return Ok(None),
        Some(Value::String(text)) => text.chars().count() <= LONGEST_ID,
        Some(Value::Number(number)) => number.is_i64(),
        Some(_) => false,
    };
    let fault = "id must be a text of at most 256 characters or a whole number of 64 bits";
    if is_fine { Ok(given.cloned()) } else { Err(Fault::request(fault)) }
}

impl Envelope {
    /// The headers that say the same as the message, as the modern era wants them.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let Some(version) = &self.version else { return Vec::new() };
        let mut headers = vec![("mcp-protocol-version", version.clone())];
        headers.extend(self.method.clone().map(|method| ("mcp-method", method)));
        let is_named = matches!(
            self.method.as_deref(),
            Some(
                "tools/call"
                    | "prompts/get"
                    | "resources/read"
                    | "resources/subscribe"
                    | "resources/unsubscribe"
            )
        );
        headers.extend(self.name.clone().filter(|_| is_named).map(|name| ("mcp-name", name)));
        headers
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> i32 {
        read(text.as_bytes()).unwrap_err().code
    }

    #[test]
    fn what_is_no_message_is_named_by_its_code() {
        for text in ["", "{", "{\"jsonrpc\":\"2.0\"", "\u{0}", &"[".repeat(5_000)] {
            assert_eq!(code(text), PARSE_ERROR, "{text}");
        }
        let long = "x".repeat(LONGEST_ID + 1);
        for text in [
            "[]",
            "5",
            "null",
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":5}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":99999999999999999999999,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}"#,
            &format!(r#"{{"jsonrpc":"2.0","id":"{long}","method":"ping"}}"#),
        ] {
            assert_eq!(code(text), INVALID_REQUEST, "{text}");
        }
        let fault = read(br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":5}"#);
        assert_eq!(fault.unwrap_err().answer()["id"], 7);
    }

    #[test]
    fn a_message_of_the_modern_era_says_the_same_in_headers() {
        let text = json!({
            "jsonrpc": "2.0", "id": "a", "method": "tools/call",
            "params": { "name": "list_contacts", "_meta": { VERSION: "2026-07-28" } },
        });
        let headers = read(text.to_string().as_bytes()).unwrap().headers();
        let expected = [
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", "list_contacts"),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name, value.to_owned())));
        let legacy = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#;
        assert_eq!(read(legacy).unwrap().headers(), []);
    }

    #[test]
    fn notifications_and_answers_are_not_answered() {
        let note = read(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).unwrap();
        assert_eq!((note.id, note.method.is_some()), (None, true));
        let answer = read(br#"{"jsonrpc":"2.0","id":3,"result":{}}"#).unwrap();
        assert_eq!((answer.id, answer.method), (None, None));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
