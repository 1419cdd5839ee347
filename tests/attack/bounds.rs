//! Bounds: sizes of fields, lists, bodies and pictures, and the media types that strangers name.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use reqwest::Method;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{ECHO, PATIENCE, PHONE, SILENT, daemon::Daemon, document::DOCUMENT};

async fn started() -> (TempDir, Daemon) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    (folder, daemon)
}

/// The slowest answer of /health while something else goes on.
async fn slowest_health(daemon: &Daemon, meanwhile: impl Future<Output = ()>) -> Duration {
    let mut meanwhile = std::pin::pin!(meanwhile);
    let mut slowest = Duration::ZERO;
    let url = format!("{}/health", daemon.base());
    loop {
        let begun = Instant::now();
        let asked = async { daemon.http.get(&url).send().await.unwrap().status() };
        tokio::select! {
            () = &mut meanwhile => return slowest,
            status = asked => assert_eq!(status, 200),
        }
        slowest = slowest.max(begun.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_are_refused_at_once_and_hold_nobody_up() {
    let (_folder, daemon) = started().await;
    daemon.link("a", PHONE).await;
    let ids = |count: u64| -> Vec<String> {
        (0..count).map(|n| format!("{}@c.us", 15_550_100_000 + n)).collect()
    };
    let send = async |path: &str, body: Value, statuses: &[u16]| {
        let path = format!("/api/v1/sessions/a/{path}");
        let (status, answer) = daemon.try_call(Method::POST, &path, Some(body)).await.unwrap();
        assert!(statuses.contains(&status), "{path}: {status} {answer}");
        answer
    };
    let mentions = |count| json!({ "chatId": ECHO, "content": "x", "mentions": ids(count) });
    let begun = Instant::now();
    let attack = async {
        for _ in 0..4 {
            // Over what such a body may have, and under it.
            send("send-text", mentions(130_000), &[413]).await;
            let answer = send("send-text", mentions(40_000), &[400]).await;
            let fault = &answer["error"]["details"]["fields"]["mentions"][0];
            assert_eq!(fault, "must have at most 100 entries");
            let group = json!({ "name": "g", "participants": ids(10_000) });
            let answer = send("groups", group, &[400]).await;
            assert!(answer["error"]["details"]["fields"]["participants"].is_array(), "{answer}");
        }
    };
    let slowest = slowest_health(&daemon, attack).await;
    println!("12 attacks took {:?}; the slowest /health {slowest:?}", begun.elapsed());
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    send("send-text", mentions(101), &[400]).await;
    send("send-text", mentions(100), &[200]).await;
    daemon.stop().await;
}

/// A schema of the document with its references followed.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Every schema of a value that a body may hold, with the path to it.
fn parts(document: &Value, schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    let schema = resolved(document, schema);
    found.push((path.to_owned(), schema.clone()));
    let of = |name: &str| schema[name].as_object().cloned().unwrap_or_default();
    for (name, field) in of("properties") {
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        parts(document, &field, &path, found);
    }
    for name in ["allOf", "oneOf", "anyOf"] {
        for part in schema[name].as_array().into_iter().flatten() {
            parts(document, part, path, found);
        }
    }
    if schema["items"].is_object() {
        parts(document, &schema["items"], &format!("{path}[0]"), found);
    }
    if schema["additionalProperties"].is_object() {
        parts(document, &schema["additionalProperties"], &format!("{path}.key"), found);
    }
}

fn is(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind
        || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
}

/// Whether the document says how much a value may hold. A closed list of values says it too.
fn has_bound(schema: &Value, bound: &str) -> bool {
    schema[bound].is_u64() || schema["enum"].as_array().is_some_and(|values| !values.is_empty())
}

/// Every operation: method, path and what the document says of it.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            all.push((method, path.clone(), operation.clone()));
        }
    }
    all
}

fn body_parts(document: &Value, operation: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    if schema.is_object() {
        parts(document, schema, "", &mut found);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_list_and_parameter_of_the_document_has_a_bound() {
    let (_folder, daemon) = started().await;
    let document = &*DOCUMENT;
    let mut count = 0;
    for (method, path, operation) in operations(document) {
        for parameter in operation["parameters"].as_array().unwrap() {
            let parameter = resolved(document, parameter);
            let schema = &parameter["schema"];
            let is_bounded = !is(schema, "string") || has_bound(schema, "maxLength");
            assert!(is_bounded, "{method} {path}: {parameter}");
        }
        for (field, schema) in body_parts(document, &operation) {
            for (kind, bound) in [("string", "maxLength"), ("array", "maxItems")] {
                let is_bounded = !is(&schema, kind) || has_bound(&schema, bound);
                assert!(is_bounded, "{method} {path}: {field} has no {bound}: {schema}");
            }
            let is_map = schema["additionalProperties"].is_object();
            assert!(!is_map || schema["maxProperties"].is_u64(), "{method} {path}: {field}");
            count += 1;
        }
    }
    assert!(100 < count, "{count}");
    daemon.stop().await;
}

/// What an answer says of each field, in the words of any of the APIs.
fn fields_of(answer: &Value) -> &Value {
    let places = [&answer["fields"], &answer["details"]["fields"]];
    let bare = places.into_iter().find(|fields| fields.is_object());
    bare.unwrap_or(&answer["error"]["details"]["fields"])
}

/// JSON-RPC has no place for the names of fields: it says in words what is wrong with its envelope.
fn is_reported_by_rpc(path: &str, answer: &Value) -> bool {
    path.starts_with("/api/mcp") && answer["error"]["message"].is_string()
}

/// A body in which one part has this value; lists and objects around it hold nothing else.
fn with(path: &str, value: Value) -> Value {
    let Some((first, rest)) = path.split_once('.') else {
        return listed(path, value);
    };
    listed(first, with(rest, value))
}

/// A field, whose value lies in as many lists as its name says.
fn listed(name: &str, value: Value) -> Value {
    match name.strip_suffix("[0]") {
        Some(list) => listed(list, json!([value])),
        None => json!({ name: value }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_over_its_bound_is_refused_by_name_and_nothing_of_it_is_kept() {
    let (_folder, daemon) = started().await;
    daemon.link("a", PHONE).await;
    let document = &*DOCUMENT;
    let mut tried = 0;
    for (method, path, operation) in operations(document) {
        let at = path.replace("{sessionId}", "a");
        for (field, schema) in body_parts(document, &operation) {
            // What holds a file is as long as its body may be: that has a test of its own.
            let value = if let Some(most) = schema["maxLength"].as_u64() {
                if 1_000_000 < most {
                    continue;
                }
                json!("x".repeat(usize::try_from(most).unwrap() + 1))
            } else if let Some(most) = schema["maxItems"].as_u64() {
                json!(vec!["x"; usize::try_from(most).unwrap() + 1])
            } else if let Some(most) = schema["maxProperties"].as_u64() {
                (0..=most).map(|n| (n.to_string(), json!("x"))).collect::<Map<_, _>>().into()
            } else {
                continue;
            };
            // Only the shape of the path matters: what is too long is refused before it is looked up.
            let path = at.replace(['{', '}'], "");
            let called = daemon.try_call(method.clone(), &path, Some(with(&field, value))).await;
            let (status, answer) = called.unwrap();
            let is_named = fields_of(&answer).get(&field).is_some();
            let is_named = is_named || is_reported_by_rpc(&path, &answer);
            let is_refused = status == 413 || (matches!(status, 400 | 422) && is_named);
            assert!(is_refused, "{method} {path} {field}: {status} {answer}");
            tried += 1;
        }
        for parameter in operation["parameters"].as_array().unwrap() {
            let most = parameter["schema"]["maxLength"].as_u64();
            let (Some(most), Some("query")) = (most, parameter["in"].as_str()) else { continue };
            let name = parameter["name"].as_str().unwrap();
            let value = "x".repeat(usize::try_from(most).unwrap() + 1);
            let path = format!("{}?{name}={value}", at.replace(['{', '}'], ""));
            let called = daemon.try_call(method.clone(), &path, None).await;
            let (status, answer) = called.unwrap();
            let is_named = fields_of(&answer).get(name).is_some();
            let is_named = is_named || is_reported_by_rpc(&path, &answer);
            // A ticket is a credential: one that was never given is refused as such.
            let is_refused = status == 414
                || (status == 401 && name == "ticket")
                || (matches!(status, 400 | 422) && is_named);
            assert!(is_refused, "{method} {at}?{name}: {status} {answer}");
            tried += 1;
        }
    }
    println!("{tried} values over their bounds were refused");
    assert!(100 < tried, "{tried}");
    for (path, count) in
        [("/api/v1/gateway-webhooks?all=true", 0), ("/api/v1/api-keys", 1), ("/api/v1/sessions", 1)]
    {
        let kept = daemon.get(path).await;
        let kept = kept.as_array().unwrap();
        assert!(kept.len() <= count, "{path}: {kept:?}");
    }
    let outbox = daemon.get("/api/v1/sessions/a/outbox").await;
    assert_eq!(outbox["outbox"], json!([]));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_refused_by_the_length_that_it_declares_and_by_the_one_it_has() {
    let (_folder, daemon) = started().await;
    let address = daemon.base().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: 20000000000\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.expect("it waits for 20 GB").unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("larger than 256 KiB"), "{answer}");

    let url = format!("{}/api/v1/sessions", daemon.base());
    let padded = |size: usize| format!("{{\"sessionId\":\"../x\"{}}}", " ".repeat(size));
    for (size, status) in [(200 * 1024, 400), (257 * 1024, 413)] {
        // With a length, and in chunks without one.
        let pieces = vec![Ok::<_, std::io::Error>(padded(size))];
        let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        for body in [reqwest::Body::from(padded(size)), chunked] {
            let request = daemon.http.post(&url).header("content-type", "application/json");
            assert_eq!(request.body(body).send().await.unwrap().status(), status, "{size}");
        }
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_passes_however_its_characters_are_written() {
    let (_folder, daemon) = started().await;
    daemon.link("a", PHONE).await;
    let url = format!("{}/api/v1/sessions/a/send-text", daemon.base());
    // Each character as two escapes: twelve bytes.
    let text = "\\ud83d\\ude00".repeat(65_536);
    let body = format!("{{\"chatId\":\"{ECHO}\",\"content\":\"{text}\"}}");
    let request = daemon.http.post(&url).header("content-type", "application/json").body(body);
    assert_eq!(request.send().await.unwrap().status(), 200);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_media_type_never_reaches_a_header_as_it_is() {
    let (_folder, daemon) = started().await;
    daemon.link("a", PHONE).await;
    // Somebody who answers nothing.
    daemon.send("a", SILENT, "hello").await;
    let unknown = "application/octet-stream";
    for (at, (mime, shown, how)) in [
        ("image/png\r\nset-cookie: a=b", unknown, "attachment"),
        ("image/png\u{0}", unknown, "attachment"),
        ("nonsense", unknown, "attachment"),
        ("image/SVG", "image/svg", "attachment"),
        ("image/svg+xml", "image/svg+xml", "attachment"),
        ("text/html; charset=utf-8", "text/html; charset=utf-8", "attachment"),
        ("image/png", "image/png", "inline"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("file {at}");
        let written = json!({
            "chat": format!("{PHONE}@c.us"), "text": text, "mime": mime, "filename": "a\r\nb",
            "mediaBase64": BASE64.encode("<svg onload=alert(1)>"),
        });
        daemon.post("/_simulator/v1/accounts/15550000003/messages", written).await;
        let path = format!("/api/v1/sessions/a/chats/{SILENT}/messages");
        let is_there = |all: &Value| message(all, &text).is_some();
        daemon.wait_until(&path, &text, is_there).await;
        let all = daemon.get(&path).await;
        let found = message(&all, &text).unwrap();
        assert_eq!(found["mimetype"], shown, "{mime:?}");
        let id = found["id"].as_str().unwrap();
        let plain = daemon.get("/api/v1/messages?per_page=1").await;
        let link = plain["messages"][0]["media_url"].as_str().unwrap().to_owned();
        let link = if link.starts_with('/') { format!("{}{link}", daemon.base()) } else { link };
        let media = format!("{}/api/v1/sessions/a/messages/{id}/media", daemon.base());
        for url in [media, link] {
            let answer = daemon.http.get(&url).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{mime:?} {url}");
            let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("content-type"), shown, "{mime:?}");
            let disposition = header("content-disposition");
            assert_eq!(disposition, format!("{how}; filename*=UTF-8''ab"), "{mime:?}");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert!(!answer.headers().contains_key("set-cookie"));
        }
    }
    daemon.stop().await;
}

fn message<'a>(all: &'a Value, text: &str) -> Option<&'a Value> {
    all.as_array()?.iter().find(|one| one["caption"] == text || one["body"] == text)
}

/// A picture of this size, all black.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::ImageLuma8(image::GrayImage::new(width, height));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_cut_off_mislabelled_or_huge_is_refused() {
    let (_folder, daemon) = started().await;
    daemon.link("a", PHONE).await;
    let whole = png(40, 30);
    let bitmap = b"BM\x1a\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\x01\0\x01\0\x01\0\x18\0\xff\xff\xff\0";
    let tiff = b"II*\0\x08\0\0\0\0\0\0\0\0\0";
    for (what, bytes, why) in [
        ("a cut off PNG", &whole[..whole.len() - 20], "cut off"),
        ("the head of a PNG", &whole[..33], "cut off"),
        ("a BMP", bitmap.as_slice(), "image/bmp"),
        ("a TIFF", tiff.as_slice(), "image/tiff"),
        ("100 megapixels", &png(10_000, 10_000), "10000 x 10000"),
    ] {
        let data = format!("data:image/png;base64,{}", BASE64.encode(bytes));
        let body = json!({ "chatId": ECHO, "data": data });
        let path = "/api/v1/sessions/a/send-image";
        let (status, answer) = daemon.try_call(Method::POST, path, Some(body)).await.unwrap();
        assert_eq!(status, 400, "{what}: {answer}");
        assert_eq!(answer["error"]["code"], "UNSUPPORTED_MEDIA", "{what}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(why), "{what}: {answer}");
        let body = json!({
            "instance_id": "a", "recipient": ECHO, "media_type": "image", "media_data": data,
        });
        let path = "/api/v1/chat/send-media";
        let (status, answer) = daemon.try_call(Method::POST, path, Some(body)).await.unwrap();
        assert_eq!(status, 422, "{what}: {answer}");
    }
    let data = format!("data:image/png;base64,{}", BASE64.encode(&whole));
    let body = json!({ "chatId": ECHO, "data": data });
    daemon.post("/api/v1/sessions/a/send-image", body).await;
    daemon.stop().await;
}
