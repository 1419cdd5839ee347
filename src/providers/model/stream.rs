//! Stream of a reply: server-sent events, whose data are pieces of it in JSON. Pure.

use serde_json::Value;

use crate::providers::model::reply::{HANDOFF_FUNCTION, HANDOFF_MARK, ModelError};

/// Bytes of an event.
const LARGEST_EVENT: usize = 256 * 1024;
/// Data that ends a stream.
const DONE: &str = "[DONE]";

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Piece(String),
    Done,
}

/// Reads a stream however it is cut into chunks.
#[derive(Debug, Default)]
pub struct Events {
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The last byte was a carriage return, which a line feed may follow.
    after_return: bool,
    data: String,
    has_data: bool,
}

impl Events {
    /// What the events say that end with this chunk.
    pub fn read(&mut self, chunk: &[u8]) -> Result<Vec<Said>, ModelError> {
        let mut said = Vec::new();
        for byte in chunk {
            let is_second = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if is_second => (),
                b'\n' | b'\r' => {
                    let line = std::mem::take(&mut self.line);
                    said.extend(self.end_line(&line)?);
                    // What stands behind the end is not read.
                    if said.last() == Some(&Said::Done) {
                        break;
                    }
                }
                _ if LARGEST_EVENT <= self.line.len() + self.data.len() => {
                    return Err(ModelError::Broken);
                }
                _ => self.line.push(*byte),
            }
        }
        Ok(said)
    }

    /// The same for the end of the stream, which need not end its last event.
    pub fn end(&mut self) -> Result<Vec<Said>, ModelError> {
        let line = std::mem::take(&mut self.line);
        let mut said = Vec::new();
        if !line.is_empty() {
            said.extend(self.end_line(&line)?);
        }
        said.extend(self.end_event()?);
        Ok(said)
    }

    fn end_line(&mut self, line: &[u8]) -> Result<Option<Said>, ModelError> {
        if line.is_empty() {
            return self.end_event();
        }
        // Comments keep a connection open; names and ids of events say nothing here.
        if let Some(data) = line.strip_prefix(b"data:") {
            let data = std::str::from_utf8(data).map_err(|_| ModelError::Broken)?;
            if self.has_data {
                self.data.push('\n');
            }
            self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            self.has_data = true;
        }
        Ok(None)
    }

    fn end_event(&mut self) -> Result<Option<Said>, ModelError> {
        let data = std::mem::take(&mut self.data);
        if !std::mem::take(&mut self.has_data) || data.trim().is_empty() {
            return Ok(None);
        }
        if data.trim() == DONE {
            return Ok(Some(Said::Done));
        }
        let value: Value = serde_json::from_str(&data).map_err(|_| ModelError::Broken)?;
        piece_of(&value, "delta")
    }
}

/// The text of an answer without a stream.
pub fn whole(body: &[u8]) -> Result<String, ModelError> {
    let value: Value = serde_json::from_slice(body).map_err(|_| ModelError::Broken)?;
    match piece_of(&value, "message")? {
        Some(Said::Piece(text)) => Ok(text),
        Some(Said::Done) | None => Err(ModelError::Broken),
    }
}

/// The text of the first choice; none where there is none, as beside the figures of use at the end of a stream.
fn piece_of(value: &Value, part: &str) -> Result<Option<Said>, ModelError> {
    if value.get("error").is_some_and(|error| !error.is_null()) || !value.is_object() {
        return Err(ModelError::Broken);
    }
    let text = value.pointer(&format!("/choices/0/{part}/content")).and_then(Value::as_str);
    let mut text = text.unwrap_or_default().to_owned();
    // Of a call in pieces, the first alone has the name.
    let calls = value.pointer(&format!("/choices/0/{part}/tool_calls")).and_then(Value::as_array);
    let is_handoff = |call: &Value| {
        let name = call.pointer("/function/name").and_then(Value::as_str);
        name.is_some_and(|name| name.trim() == HANDOFF_FUNCTION)
    };
    if calls.into_iter().flatten().any(is_handoff) {
        text.push_str(HANDOFF_MARK);
    }
    Ok((!text.is_empty()).then_some(Said::Piece(text)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(stream: &str) -> Result<Vec<Said>, ModelError> {
        let mut events = Events::default();
        let mut said = events.read(stream.as_bytes())?;
        said.extend(events.end()?);
        Ok(said)
    }

    fn piece(text: &str) -> Said {
        Said::Piece(text.to_owned())
    }

    fn event(text: &str) -> String {
        serde_json::json!({ "choices": [{ "index": 0, "delta": { "content": text } }] }).to_string()
    }

    #[test]
    fn pieces_are_read_with_every_end_of_line_and_among_comments() {
        for end in ["\n", "\r\n", "\r"] {
            let (hi, you) = (event("Hi"), event(" you"));
            let stream = [
                ": open",
                "",
                "event: message",
                &format!("data: {hi}"),
                "",
                &format!("data:{you}"),
                "",
                "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}",
                "",
                "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}",
                "",
                ": still here",
                "data: [DONE]",
                "",
                "",
            ]
            .join(end);
            assert_eq!(read(&stream), Ok(vec![piece("Hi"), piece(" you"), Said::Done]), "{end:?}");
        }
    }

    #[test]
    fn an_event_may_have_several_lines_and_the_last_no_end() {
        let stream = "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"x\"}}]}";
        assert_eq!(read(stream), Ok(vec![piece("x")]));
        assert_eq!(read("data: [DONE]"), Ok(vec![Said::Done]));
        let mut events = Events::default();
        let behind = b"data: [DONE]\n\ndata: nonsense\n\n";
        assert_eq!(events.read(behind), Ok(vec![Said::Done]));
        assert_eq!(read(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_reply_is_an_error() {
        for stream in
            ["data: {\n\n", "data: 7\n\n", "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"]
        {
            assert_eq!(read(stream), Err(ModelError::Broken), "{stream}");
        }
        let endless = "x".repeat(LARGEST_EVENT + 1);
        assert_eq!(read(&endless), Err(ModelError::Broken));
        let endless = "data: xxxxxxxx\n".repeat(LARGEST_EVENT / 8 + 1);
        assert_eq!(read(&endless), Err(ModelError::Broken));
        let answer = br#"{"choices":[{"message":{"role":"assistant","content":"Hello"}}]}"#;
        assert_eq!(whole(answer), Ok("Hello".to_owned()));
        assert_eq!(whole(b"{\"choices\":[]}"), Err(ModelError::Broken));
    }

    #[test]
    fn a_call_of_the_function_is_the_mark_once() {
        let call = |name: Option<&str>, arguments: &str| {
            let function = serde_json::json!({ "name": name, "arguments": arguments });
            let calls = serde_json::json!([{ "index": 0, "function": function }]);
            let delta = serde_json::json!({ "content": null, "tool_calls": calls });
            format!("data: {}\n\n", serde_json::json!({ "choices": [{ "delta": delta }] }))
        };
        let stream = format!(
            "data: {}\n\n{}{}data: [DONE]\n\n",
            event("One moment."),
            call(Some("handoff"), ""),
            call(None, "{\"reason\":\"upset\"}")
        );
        assert_eq!(read(&stream), Ok(vec![piece("One moment."), piece(HANDOFF_MARK), Said::Done]));
        assert_eq!(read(&call(Some("weather"), "{}")), Ok(vec![]));
        let answer = br#"{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"handoff"}}]}}]}"#;
        assert_eq!(whole(answer), Ok(HANDOFF_MARK.to_owned()));
    }

    proptest! {
        #[test]
        fn a_stream_says_the_same_however_it_is_cut(
            texts in prop::collection::vec("\\PC{1,8}", 0..6), cuts in prop::collection::vec(0_usize..400, 0..8),
        ) {
            let stream: String =
                texts.iter().map(|text| format!("data: {}\r\n\r\n", event(text))).collect();
            let bytes = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let (mut events, mut said) = (Events::default(), Vec::new());
            for part in cuts.windows(2) {
                said.extend(events.read(&bytes[part[0]..part[1]]).unwrap());
            }
            said.extend(events.end().unwrap());
            let expected: Vec<Said> = texts.iter().map(|text| piece(text)).collect();
            prop_assert_eq!(said, expected);
        }
    }
}
