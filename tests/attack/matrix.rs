//! The permission matrix: every operation of the table of routes, tried by every kind of caller.
//!
//! It is made from the OpenAPI documents, which are made from the table, so that a new route is in it
//! by itself. A route without a rule fails here, and so does a new public one until it is named.
//!
//! Refusals are tried on a session that exists and belongs to somebody else; what its owner sees of it
//! is the same afterwards. Who is let in is tried last, since that changes things.

mod desk;
mod foreign;
mod records;
mod rules;
mod visitors;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::Clock;

use self::rules::{LINK_OR_KEY, ROLES, is_public};
use crate::{
    callers::{Caller, REQUIRED},
    support::{
        PHONE, SILENT,
        daemon::Daemon,
        document::DOCUMENT,
        receiver::{Answer, Receiver},
    },
};

const FOREIGN_PHONE: &str = "15558889999";
/// As long as the name of the session that exists, so that answers can be compared.
const FOREIGN: &str = "foreign";
const NOWHERE: &str = "nowhere";
const SCOPES: [&str; 9] =
    ["*", "read", "send", "contacts", "conversations", "broadcasts", "bots", "admin", "mcp"];
const SENDS: u64 = 500;
/// A refusal comes at once; who waits longer was let in.
const AT_ONCE: Duration = Duration::from_secs(5);

/// One operation, and what the table says of it.
struct Operation {
    method: Method,
    path: String,
    /// None for everybody.
    scope: Option<String>,
    /// For everybody, and yet a credential that is given must be good.
    knows_callers: bool,
    reach: String,
    /// The fields that its body knows: another would be refused before anything is looked up.
    fields: BTreeSet<String>,
}

impl Operation {
    fn all(document: &Value) -> Vec<Self> {
        let paths = document["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path, method, operation))
        });
        let read = |(path, method, operation): (&String, &String, &Value)| {
            let name = format!("{} {path}", method.to_uppercase());
            let scope = operation.get("x-scope").unwrap_or_else(|| panic!("no rule: {name}"));
            let scope = scope.as_str().map(str::to_owned);
            let reach = operation["x-keys-of-one-session"].as_str();
            let reach =
                reach.unwrap_or_else(|| panic!("no rule for bound keys: {name}")).to_owned();
            let is_public = is_public(&name);
            assert_eq!(scope.is_none(), is_public, "{name}: is it for everybody?");
            let method = method.to_uppercase().parse().unwrap();
            let takes_any = operation["security"].as_array().unwrap().is_empty();
            let knows_callers = is_public && !takes_any;
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let fields = fields_of(document, schema);
            Self { method, path: path.clone(), scope, knows_callers, reach, fields }
        };
        operations.map(read).collect()
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it is for a person with these scopes.
    fn is_for(&self, role: &str, scopes: &[&str]) -> bool {
        let scope = self.scope.as_deref().unwrap_or_default();
        let may_write = role != "VIEWER" || self.method == Method::GET;
        scope == "person" || scopes.contains(&scope) && may_write
    }

    /// The path with values for its parameters. A parameter that has none fails the test: name one.
    fn at(&self, session: &str, ids: &BTreeMap<&str, String>) -> String {
        let uuid = match self.path.as_str() {
            path if path.contains("/conversations/") => "conversation",
            path if path.contains("/messages/") => "message",
            path if path.contains("/instances/") => "instance",
            path if path.contains("/tags/") => "tag",
            _ => "message",
        };
        let of_conversation = [
            "/whatsapp-api/chats/",
            "/api/conversations/",
            "/inbox/notes/",
            "/inbox/summary/",
            "/inbox/sessions/",
            "/chat/history/",
        ];
        let is_of_conversation = of_conversation.iter().any(|part| self.path.contains(part));
        let id = if is_of_conversation { "conversation" } else { "id" };
        let path = self.path.replace("{sessionId}", session).replace("{uuid}", &ids[uuid]);
        let mut path = path.replace("{id}", &ids[id]);
        for (name, value) in ids {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        assert!(!path.contains('{'), "{}: a parameter without a value", self.name());
        path
    }

    fn body(&self, ids: &BTreeMap<&str, String>) -> Option<Value> {
        // Each field that a body may have, all of them pointing at what is foreign.
        let mut body = json!({
            "sessionId": FOREIGN, "instance_id": ids["instance"], "conversation_id": ids["conversation"],
            "conversationId": ids["conversation"], "recipient": SILENT, "to": SILENT, "message": "INTRUDER", "chatId": SILENT, "content": "INTRUDER",
            "reply_to": ids["message"], "tag_ids": [ids["tag"]], "name": "INTRUDER",
            "url": "http://127.0.0.1:9/intruder", "events": ["*"], "scopes": ["*"], "emoji": "x",
            "phone": "15550001111", "subject": "INTRUDER", "participants": [SILENT],
            "since": "2020-01-01T00:00:00Z", "color": "#000000",
        });
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|name, _| self.fields.contains(name));
        }
        (self.method != Method::GET).then_some(body)
    }
}

/// The names of the fields at the top of a schema.
fn fields_of(document: &Value, schema: &Value) -> BTreeSet<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let referred = document.pointer(reference.trim_start_matches('#')).unwrap();
        return fields_of(document, referred);
    }
    let own = schema["properties"].as_object().into_iter().flatten();
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let of_parts = parts.flat_map(|part| fields_of(document, part));
    own.map(|(name, _)| name.clone()).chain(of_parts).collect()
}

/// Ids for the parameters of paths.
fn ids(pairs: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
    let usual = [
        ("chatId", SILENT),
        ("contactId", SILENT),
        ("chat", SILENT),
        ("groupId", "120363000000000000@g.us"),
        ("messageId", "true_15550000003@c.us_3EB0A1B2C3D4E5F6A7B8C9"),
        ("phone", FOREIGN_PHONE),
        ("device", "1"),
        ("file", "x.js"),
        ("page", "sending.md"),
        ("token", "pk_0123456789abcdefghijkl"),
        ("session_id", "00000000-0000-4000-8000-00000000000e"),
        ("id", "00000000-0000-4000-8000-00000000000e"),
        ("uid", "00000000-0000-4000-8000-00000000000e"),
    ];
    usual.iter().chain(pairs).map(|(name, value)| (*name, (*value).to_owned())).collect()
}

async fn ask(
    caller: &Caller,
    operation: &Operation,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    caller.ask(operation.method.clone(), path, body).await
}

/// Whether a caller is let in: neither for want of a key nor of a permission is it refused.
async fn is_let_in(
    caller: &Caller,
    operation: &Operation,
    path: &str,
    body: Option<Value>,
) -> bool {
    let request = caller.request(operation.method.clone(), path, body).send();
    match tokio::time::timeout(AT_ONCE, request).await {
        Ok(answer) => !matches!(answer.unwrap().status().as_u16(), 401 | 403),
        Err(_) => true,
    }
}

struct Setting {
    _folder: tempfile::TempDir,
    daemon: Daemon,
    owner: Caller,
    /// Of what belongs to the foreign session.
    foreign: BTreeMap<&'static str, String>,
    /// Of nothing at all.
    nowhere: BTreeMap<&'static str, String>,
    operations: Vec<Operation>,
}

impl Setting {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sends = SENDS.to_string();
        let settings = [REQUIRED, ("WAGATE_LIMITS__MESSAGING", sends.as_str())];
        let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
        let owner = Caller::owner(&daemon, folder.path());
        owner.link("mine", PHONE).await;
        owner.link(FOREIGN, FOREIGN_PHONE).await;
        let document = &*DOCUMENT;
        let operations = Operation::all(document);
        assert!(130 < operations.len());
        let send =
            json!({ "instance_id": FOREIGN, "recipient": SILENT, "message": "FOREIGN text" });
        let sent = owner.done(Method::POST, "/api/v1/chat/send", Some(send)).await;
        let tag = json!({ "name": "FOREIGN tag" });
        let tag = owner.done(Method::POST, "/api/v1/tags", Some(tag)).await["tag"]["id"].clone();
        let conversation = sent["conversation"]["id"].as_str().unwrap();
        let path = format!("/api/v1/conversations/{conversation}/tags");
        owner.done(Method::PUT, &path, Some(json!({ "tag_ids": [tag] }))).await;
        let hook = json!({ "url": "http://127.0.0.1:9/FOREIGN", "events": ["call"] });
        let path = format!("/api/v1/sessions/{FOREIGN}/webhooks");
        let hook = owner.done(Method::POST, &path, Some(hook)).await["id"].clone();
        let session = owner.done(Method::GET, &format!("/api/v1/sessions/{FOREIGN}"), None).await;
        let in_an_hour = (Clock::system().now() + Duration::from_secs(3_600)).to_string();
        let later = json!({ "chatId": SILENT, "content": "FOREIGN later", "sendAt": in_an_hour });
        let path = format!("/api/v1/sessions/{FOREIGN}/send-text");
        let waiting = owner.done(Method::POST, &path, Some(later)).await;
        // Nothing moves by itself any more once the first message has arrived.
        let outbox = format!("/api/v1/sessions/{FOREIGN}/outbox");
        let arrived = |entry: &Value| entry["state"] == "delivered";
        let is_quiet =
            |data: &Value| data["outbox"].as_array().is_some_and(|all| all.iter().any(arrived));
        owner.wait_until(&outbox, is_quiet).await;
        let (key, _) = owner.make_key(json!({ "name": "FOREIGN", "scopes": ["read"] })).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let foreign = ids(&[
            ("instance", &text(&session["uuid"])),
            ("conversation", conversation),
            ("message", &text(&sent["message"]["uuid"])),
            ("tag", &text(&tag)),
            ("webhookId", &text(&hook)),
            ("deliveryId", "00000000-0000-4000-8000-000000000001"),
            ("keyId", &key),
            ("outboxId", &text(&waiting["outboxId"])),
            ("consumer", "search"),
            ("number", "1"),
        ]);
        let unknown = "00000000-0000-4000-8000-00000000000f";
        let nowhere = ids(&[
            ("instance", unknown),
            ("conversation", unknown),
            ("message", unknown),
            ("tag", unknown),
            ("webhookId", unknown),
            ("deliveryId", unknown),
            ("keyId", unknown),
            ("outboxId", unknown),
            ("phone", "15550009999"),
            ("consumer", "nobody"),
            ("number", "1"),
        ]);
        Self { _folder: folder, daemon, owner, foreign, nowhere, operations }
    }

    /// A new key, and its id.
    async fn key(&self, scopes: &[&str], session: Option<&str>) -> (String, Caller) {
        let mut draft = json!({ "name": "matrix", "scopes": scopes });
        if let Some(session) = session {
            draft["sessionId"] = session.into();
        }
        let (id, secret) = self.owner.make_key(draft).await;
        (id, Caller::with_key(&self.daemon, &secret))
    }

    /// Somebody in a role, who is signed in.
    async fn person(&self, role: &str) -> Caller {
        const PASSWORD: &str = "correct horse 7";
        let email = format!("{role}@example.com");
        let owner = json!({ "email": "owner@example.com", "password": PASSWORD, "name": "Owner" });
        // The first account is an owner's; of the next roles this one is there.
        let (status, _) = self.owner.post("/api/v1/auth/register", owner).await;
        assert!(matches!(status, 201 | 409), "{status}");
        let draft = json!({ "email": email, "password": PASSWORD, "name": role, "role": role });
        let (status, answer) = self.owner.post("/api/v1/users", draft).await;
        assert_eq!(status, 201, "{answer}");
        let nobody = Caller::without_key(&self.daemon);
        let body = json!({ "email": email, "password": PASSWORD });
        let (status, answer) = nobody.post("/api/v1/auth/login", body).await;
        assert_eq!(status, 200, "{answer}");
        Caller::with_key(&self.daemon, answer["token"].as_str().unwrap())
    }

    /// Sends that the foreign session has left in this minute, after one more of its owner's.
    async fn sends_left(&self) -> u64 {
        let path = format!("/api/v1/sessions/{FOREIGN}/send-text");
        let body = json!({ "chatId": SILENT, "content": "FOREIGN again" });
        let answer = self.owner.request(Method::POST, &path, Some(body)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        answer.headers()["x-ratelimit-remaining"].to_str().unwrap().parse().unwrap()
    }

    /// What the owner sees of the foreign session, without what moves by itself.
    async fn owners_view(&self) -> Vec<(String, Value)> {
        let conversation = &self.foreign["conversation"];
        let mut view = Vec::new();
        for path in [
            format!("/api/v1/sessions/{FOREIGN}"),
            format!("/api/v1/sessions/{FOREIGN}/webhooks"),
            format!("/api/v1/sessions/{FOREIGN}/chats"),
            format!("/api/v1/sessions/{FOREIGN}/outbox"),
            format!("/api/v1/conversations/{conversation}"),
            format!("/api/v1/conversations/{conversation}/messages"),
            format!("/_simulator/v1/accounts/{FOREIGN_PHONE}/devices"),
            "/api/v1/tags".to_owned(),
            "/api/v1/gateway-webhooks".to_owned(),
        ] {
            let (status, mut answer) = self.owner.get(&path).await;
            assert_eq!(status, 200, "{path}");
            if let Some(data) = answer["data"].as_object_mut() {
                for moving in ["memory", "lastActivity"] {
                    data.remove(moving);
                }
            }
            view.push((path, answer));
        }
        view
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_callers_without_the_right() {
    let setting = Setting::start().await;
    let before = setting.owners_view().await;
    let nobody = Caller::without_key(&setting.daemon);
    let (id, revoked) = setting.key(&["*"], None).await;
    setting.owner.revoke(&id).await;
    let end = (Clock::system().now() + Duration::from_secs(1)).to_string();
    let draft = json!({ "name": "matrix", "scopes": ["*"], "expiresAt": end });
    let expired = Caller::with_key(&setting.daemon, &setting.owner.make_key(draft).await.1);
    while expired.get("/api/v1/sessions").await.0 != 401 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let keyless = [("nobody", &nobody), ("a revoked key", &revoked), ("an expired key", &expired)];
    let mut scoped = Vec::new();
    for scope in SCOPES {
        scoped.push((scope, setting.key(&[scope], None).await.1));
    }
    let mut people = Vec::new();
    for (role, scopes) in ROLES {
        people.push((role, scopes, setting.person(role).await));
    }
    let mut tried = 0;
    for operation in &setting.operations {
        let (name, path) = (operation.name(), operation.at(FOREIGN, &setting.foreign));
        let body = operation.body(&setting.foreign);
        for (who, caller) in keyless {
            let (status, answer) = ask(caller, operation, &path, body.clone()).await;
            let is_wrong = operation.knows_callers && who != "nobody";
            let needs_key = operation.scope.is_some() || name == LINK_OR_KEY || is_wrong;
            assert_eq!(status == 401, needs_key, "{who}: {name}: {status} {answer}");
        }
        let Some(needed) = &operation.scope else { continue };
        for (scope, caller) in &scoped {
            if scope != needed && *scope != "*" {
                let (status, answer) = ask(caller, operation, &path, body.clone()).await;
                assert_eq!(status, 403, "{scope}: {name}: {answer}");
                tried += 1;
            }
        }
        for (role, scopes, caller) in &people {
            if !operation.is_for(role, scopes) {
                let (status, answer) = ask(caller, operation, &path, body.clone()).await;
                assert_eq!(status, 403, "{role}: {name}: {answer}");
                tried += 1;
            }
        }
    }
    assert!(500 < tried, "{tried}");
    for ((path, before), (_, after)) in before.into_iter().zip(setting.owners_view().await) {
        assert_eq!(before, after, "{path}: somebody changed it");
    }
    assert!(SENDS - 3 <= setting.sends_left().await, "somebody used up its sends");
    // The other way round: who has the scope comes through. Of nothing that exists, for it may be removed.
    for operation in &setting.operations {
        let Some(needed) = &operation.scope else { continue };
        let path = operation.at(NOWHERE, &setting.nowhere);
        for (scope, caller) in scoped.iter().filter(|(scope, _)| scope == needed) {
            let body = (operation.method != Method::GET).then(|| json!({}));
            let name = operation.name();
            assert!(is_let_in(caller, operation, &path, body).await, "{scope}: {name}");
        }
        // What concerns the person alone would end the sign-in.
        for (role, scopes, caller) in people.iter().filter(|_| needed != "person") {
            if operation.is_for(role, scopes) {
                let body = (operation.method != Method::GET).then(|| json!({}));
                let name = operation.name();
                assert!(is_let_in(caller, operation, &path, body).await, "{role}: {name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_one_session_neither_sees_nor_changes_nor_finds_another() {
    let setting = Setting::start().await;
    let receiver = Receiver::start(&[Answer::status("200 OK")]).await;
    let (_, owner_of_mine) = setting.key(&["*"], Some("mine")).await;
    let (_, admin) = setting.key(&["admin", "read"], Some("mine")).await;
    let hook = json!({ "url": receiver.url, "events": ["*"] });
    let path = "/api/v1/sessions/mine/webhooks";
    // Its owner does: a key for one session has no webhook on loopback.
    setting.owner.done(Method::POST, path, Some(hook)).await;
    let mut stream = owner_of_mine.stream("/api/v1/events?since=0").await;
    let before = setting.owners_view().await;
    let marks: Vec<&String> =
        ["instance", "conversation", "message", "tag", "webhookId", "outboxId", "phone"]
            .map(|name| &setting.foreign[name])
            .into();
    let shows_foreign = |text: &str| {
        text.contains("FOREIGN") || marks.iter().any(|mark| text.contains(mark.as_str()))
    };
    for operation in setting.operations.iter().filter(|one| one.scope.is_some()) {
        let name = operation.name();
        let theirs = operation.at(FOREIGN, &setting.foreign);
        let (real, none) = (operation.body(&setting.foreign), operation.body(&setting.nowhere));
        for (who, caller) in [("*", &owner_of_mine), ("admin", &admin)] {
            let is_endless = ["/events", "/sse"].iter().any(|end| operation.path.ends_with(end));
            if is_endless && operation.reach != "its session" {
                // It goes on for ever: read below.
                continue;
            }
            let (status, answer) = ask(caller, operation, &theirs, real.clone()).await;
            let scope = operation.scope.as_deref().unwrap_or_default();
            let may = who == "*" || scope == "admin" || scope == "read";
            match operation.reach.as_str() {
                _ if !may => assert_eq!(status, 403, "{who}: {name}"),
                "its session" => {
                    assert_eq!(status, 404, "{who}: {name}: {answer}");
                    // A session that is not there gets the same answer.
                    let path = operation.at(NOWHERE, &setting.foreign);
                    let (other, unknown) = ask(caller, operation, &path, real.clone()).await;
                    let unknown = unknown.to_string().replace(NOWHERE, FOREIGN);
                    assert_eq!((other, unknown), (404, answer.to_string()), "{who}: {name}");
                }
                "nothing" => assert_eq!(status, 403, "{who}: {name}: {answer}"),
                _ => {
                    let shown = answer.to_string();
                    // What the caller said itself may come back in a refusal.
                    assert!(!shows_foreign(&shown) || status >= 400, "{who}: {name}: {shown}");
                    assert!(!shown.contains("FOREIGN"), "{who}: {name}: {shown}");
                    if operation.path.contains('{') {
                        assert!((400..500).contains(&status), "{who}: {name}: {status} {shown}");
                        let path = operation.at(NOWHERE, &setting.nowhere);
                        let (other, _) = ask(caller, operation, &path, none.clone()).await;
                        assert_eq!(other, status, "{who}: {name}: it tells that something exists");
                    }
                }
            }
        }
    }
    for ((path, before), (_, after)) in before.into_iter().zip(setting.owners_view().await) {
        assert_eq!(before, after, "{path}: somebody changed it");
    }
    assert!(SENDS - 3 <= setting.sends_left().await, "somebody used up its sends");

    // Events: nothing foreign by stream, WebSocket or webhook, whatever comes before the own ones.
    for path in [format!("/ws/{FOREIGN}"), format!("/ws/{FOREIGN}?since=0")] {
        assert_eq!(owner_of_mine.socket(&path).await.err().unwrap().0, 404, "{path}");
    }
    let mut socket = owner_of_mine.socket("/ws/mine?since=0").await.ok().unwrap();
    for (session, text) in [(FOREIGN, "FOREIGN event"), ("mine", "my own event")] {
        let body = json!({ "chatId": SILENT, "content": text });
        let path = format!("/api/v1/sessions/{session}/send-text");
        setting.owner.done(Method::POST, &path, Some(body)).await;
    }
    let received = stream.reach("my own event").await;
    assert!(!shows_foreign(received), "{received}");
    loop {
        let frame = socket.next().await.unwrap();
        assert!(!shows_foreign(&frame.to_string()), "{frame}");
        if frame["data"]["body"] == "my own event" {
            break;
        }
    }
    let mut count = 1;
    loop {
        let got = receiver.reach(count).await;
        assert!(got.iter().all(|one| !shows_foreign(&one.text)));
        if got.iter().any(|one| one.text.contains("my own event")) {
            break;
        }
        count = got.len() + 1;
    }
}
