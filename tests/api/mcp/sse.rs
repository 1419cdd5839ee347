//! HTTP+SSE: messages by POST, answers on a stream.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};
use wagate::egress;

use crate::{
    app::{PATIENCE, TestApp},
    mcp::{MODERN, meta, request},
};

/// A stream as an assistant has it.
struct Stream {
    pieces: std::pin::Pin<Box<dyn futures_util::Stream<Item = Option<Vec<u8>>> + Send>>,
    text: String,
    /// Where messages go.
    place: String,
    key: String,
}

impl Stream {
    async fn try_open(app: &TestApp, key: &str) -> Result<Self, u16> {
        let client = egress::local_client().unwrap();
        let response =
            client.get(format!("{}/api/mcp/sse", app.base)).bearer_auth(key).send().await.unwrap();
        if !response.status().is_success() {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let pieces = response.bytes_stream().map(|piece| piece.ok().map(|piece| piece.to_vec()));
        let (text, place) = (String::new(), String::new());
        let mut stream = Self { pieces: Box::pin(pieces), text, place, key: key.to_owned() };
        let (event, data) = stream.event().await.unwrap();
        assert_eq!(event, "endpoint");
        assert!(data.starts_with("/api/mcp/messages?sessionId="), "{data}");
        stream.place = format!("{}{data}", app.base);
        Ok(stream)
    }

    async fn open(app: &TestApp, key: &str) -> Self {
        Self::try_open(app, key).await.unwrap()
    }

    /// The next event; none where the stream ended.
    async fn event(&mut self) -> Option<(String, String)> {
        let next = async {
            loop {
                if let Some((frame, rest)) = self.text.split_once("\n\n") {
                    let (frame, rest) = (frame.to_owned(), rest.to_owned());
                    self.text = rest;
                    let line = |name: &str| {
                        frame.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)
                    };
                    if let Some(event) = line("event: ") {
                        return Some((event, line("data: ").unwrap_or_default()));
                    }
                    continue;
                }
                let piece = self.pieces.next().await??;
                self.text.push_str(std::str::from_utf8(&piece).unwrap());
            }
        };
        tokio::time::timeout(PATIENCE, next).await.expect("no event came")
    }

    async fn message(&mut self) -> Value {
        let (event, data) = self.event().await.expect("the stream ended");
        assert_eq!(event, "message");
        serde_json::from_str(&data).unwrap()
    }

    async fn post(&self, app: &TestApp, key: &str, message: &Value) -> u16 {
        let sent = app.http.post(&self.place).bearer_auth(key).json(message);
        sent.send().await.unwrap().status().as_u16()
    }

    async fn ask(&mut self, app: &TestApp, message: &Value) -> Value {
        assert_eq!(self.post(app, &self.key.clone(), message).await, 202);
        self.message().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_on_the_stream_in_either_era() {
    let app = TestApp::start().await;
    let mut stream = Stream::open(&app, app.key().await).await;
    let client = json!({ "name": "test", "version": "1" });
    let hello =
        json!({ "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": client });
    let answer = stream.ask(&app, &request("initialize", hello)).await;
    assert_eq!(answer["result"]["protocolVersion"], "2024-11-05", "{answer}");
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(stream.post(&app, app.key().await, &note).await, 202);
    let draft = json!({ "name": "create_contact", "arguments": { "phone": "+15550001111" } });
    let answer = stream.ask(&app, &request("tools/call", draft)).await;
    assert_eq!(answer["result"]["structuredContent"]["phone"], "+15550001111", "{answer}");
    let modern = json!({ "name": "list_contacts", "arguments": {}, "_meta": meta(MODERN) });
    let answer = stream.ask(&app, &request("tools/call", modern)).await;
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    let answer = stream.ask(&app, &request("tools/call", json!({ "name": "nothing" }))).await;
    assert_eq!(answer["error"]["code"], -32_602, "{answer}");
    drop(stream);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_its_callers_alone_and_ends_with_the_key() {
    let app = TestApp::start().await;
    let keys = &app.gateway.services().api_keys;
    let (record, key) = keys.create("own", vec!["mcp".to_owned()], None, None).await.unwrap();
    let other = app.key_of(&["mcp"], None).await;
    let mut stream = Stream::open(&app, &key).await;
    let ping = request("ping", json!({}));
    assert_eq!(stream.post(&app, &other, &ping).await, 403);
    let unknown = format!("{}/api/mcp/messages?sessionId={}", app.base, uuid::Uuid::new_v4());
    for (place, expected) in [
        (unknown, 404),
        (format!("{}/api/mcp/messages?sessionId=x", app.base), 404),
        (format!("{}/api/mcp/messages", app.base), 400),
    ] {
        let sent = app.http.post(&place).bearer_auth(&key).json(&ping).send().await.unwrap();
        assert_eq!(sent.status().as_u16(), expected, "{place}");
    }
    assert_eq!(stream.post(&app, &key, &json!([])).await, 400);
    assert_eq!(stream.ask(&app, &ping).await["result"], json!({}));
    keys.revoke(record.id).await.unwrap();
    assert!(stream.event().await.is_none());
    let denied = app.key_of(&["read"], None).await;
    assert_eq!(Stream::try_open(&app, &denied).await.err(), Some(403));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_a_hundred_streams_at_once_and_half_of_them_for_one_key() {
    let app = TestApp::start().await;
    let scopes = vec!["mcp".to_owned()];
    let keys = &app.gateway.services().api_keys;
    let (record, key) = keys.create("first", scopes, None, None).await.unwrap();
    let (first, keys) = (record.id, [key, app.key_of(&["mcp"], None).await]);
    let mut streams = Vec::new();
    for key in &keys {
        for _ in 0..50 {
            streams.push(Stream::open(&app, key).await);
        }
        let refused = Stream::try_open(&app, key).await.err();
        assert!(matches!(refused, Some(429 | 503)), "{refused:?}");
    }
    let third = app.key_of(&["mcp"], None).await;
    assert_eq!(Stream::try_open(&app, &third).await.err(), Some(503));
    let ping = request("ping", json!({}));
    for stream in &mut streams {
        assert_eq!(stream.ask(&app, &ping).await["result"], json!({}));
    }
    // What ends with its key gives its place back.
    app.gateway.services().api_keys.revoke(first).await.unwrap();
    for stream in &mut streams[..50] {
        assert!(stream.event().await.is_none());
    }
    drop((Stream::open(&app, &third).await, streams));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_cut_off_and_others_go_on() {
    let app = TestApp::start().await;
    let key = app.key().await;
    // What it does not read is larger than what the system holds for it.
    for number in 0..20 {
        let draft = json!({
            "phone": format!("+155500011{number:02}"), "notes": "x".repeat(4_000),
        });
        assert_eq!(app.post("/api/whatsapp-api/contacts", draft).await.0, 201);
    }
    let slow = Stream::open(&app, key).await;
    let mut quick = Stream::open(&app, key).await;
    let list =
        request("tools/call", json!({ "name": "list_contacts", "arguments": { "limit": 100 } }));
    let cut = async {
        // Once it is cut off, nobody knows it any more.
        loop {
            match slow.post(&app, key, &list).await {
                404 => break,
                429 => tokio::time::sleep(Duration::from_millis(5)).await,
                status => assert_eq!(status, 202),
            }
        }
    };
    tokio::time::timeout(PATIENCE, cut).await.expect("it is not cut off");
    assert_eq!(quick.ask(&app, &request("ping", json!({}))).await["result"], json!({}));
    drop((slow, quick));
    app.stop().await;
}

/// A client that hangs up is noticed by a ping that it does not take.
const NOTICED: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_gives_its_place_back_soon() {
    let app = TestApp::start().await;
    let key = app.key().await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(Stream::open(&app, key).await);
    }
    assert_eq!(Stream::try_open(&app, key).await.err(), Some(429));
    streams.truncate(40);
    let begun = Instant::now();
    let mut others = Vec::new();
    while others.len() < 10 {
        match Stream::try_open(&app, key).await {
            Ok(stream) => others.push(stream),
            Err(status) => {
                assert_eq!(status, 429);
                assert!(begun.elapsed() < NOTICED, "nobody noticed that 10 have left");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    // Those that stayed lost nothing.
    for stream in streams.iter_mut().chain(&mut others) {
        let answer = stream.ask(&app, &request("ping", json!({}))).await;
        assert_eq!(answer["result"], json!({}));
    }
    drop((streams, others));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_refused_and_the_stream_goes_on() {
    let app = TestApp::start().await;
    let key = app.key().await;
    let mut stream = Stream::open(&app, key).await;
    let ping = request("ping", json!({})).to_string();
    let large = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": { "x": "x".repeat(1_100_000) } });
    for (body, expected) in [
        (String::new(), 400),
        (ping[..ping.len() / 2].to_owned(), 400),
        (format!("[{ping},{ping}]"), 400),
        (format!("{ping}{ping}"), 400),
        (format!("{ping}\n{ping}"), 400),
        ("[".repeat(200_000), 400),
        (json!({ "jsonrpc": "2.0", "id": "x".repeat(10_000), "method": "ping" }).to_string(), 400),
        (json!({ "jsonrpc": "2.0", "id": {}, "method": "ping" }).to_string(), 400),
        (json!({ "jsonrpc": "2.0", "id": 1, "method": ["ping"] }).to_string(), 400),
        (json!({ "jsonrpc": "2.0", "id": 1, "method": "ping", "params": 7 }).to_string(), 400),
        (large.to_string(), 413),
    ] {
        let shown: String = body.chars().take(80).collect();
        let sent = app.http.post(&stream.place).bearer_auth(key);
        let sent = sent.header("content-type", "application/json").body(body);
        assert_eq!(sent.send().await.unwrap().status().as_u16(), expected, "{shown}");
    }
    // Answers to nobody's request are taken, and answered by nothing.
    let answer = json!({ "jsonrpc": "2.0", "id": 9, "result": {} });
    assert_eq!(stream.post(&app, key, &answer).await, 202);
    let next =
        stream.ask(&app, &json!({ "jsonrpc": "2.0", "id": "after", "method": "ping" })).await;
    assert_eq!(next, json!({ "jsonrpc": "2.0", "id": "after", "result": {} }));
    drop(stream);
    app.stop().await;
}
