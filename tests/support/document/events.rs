//! Validation of events against the document: frames of WebSockets, server-sent events, deliveries to webhooks.

use serde_json::{Value, json};

use crate::support::document::{DOCUMENT, agree, schema::Schemas};

/// Fails unless a frame of a WebSocket is as the document says.
pub fn check_frame(frame: &Value) {
    check("WebSocketFrame", frame);
}

/// Fails unless the body of a delivery is as the document says.
pub fn check_delivery(body: &Value) {
    let event = body["event"].as_str().unwrap_or_default();
    let request = &DOCUMENT["webhooks"][event]["post"]["requestBody"];
    let schema = &request["content"]["application/json"]["schema"];
    assert!(!schema.is_null(), "the document has no webhook {event}: {body:#}");
    let faults = Schemas(&DOCUMENT).faults(schema, body);
    agree(&faults, || format!("a webhook got {body:#}"));
}

/// Reads a stream of server-sent events piece by piece.
#[derive(Default)]
pub struct Stream {
    unread: Vec<u8>,
}

impl Stream {
    /// Fails unless all events that are whole by now are as the document says.
    pub fn check(&mut self, piece: &[u8]) {
        self.unread.extend_from_slice(piece);
        while let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
            let block: Vec<u8> = self.unread.drain(..end + 2).collect();
            check_block(std::str::from_utf8(&block).unwrap());
        }
    }
}

fn check_block(block: &str) {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let Some(data) = field("data:") else { return };
    let data = serde_json::from_str(data).unwrap();
    match field("event:") {
        Some("reset") => check("StreamReset", &data),
        Some("closed") => check("StreamClosed", &data),
        name => {
            check("Event", &data);
            assert_eq!(name, data["event"].as_str(), "{block}");
        }
    }
}

fn check(name: &str, value: &Value) {
    let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
    let faults = Schemas(&DOCUMENT).faults(&schema, value);
    agree(&faults, || format!("{name}: {value:#}"));
}
