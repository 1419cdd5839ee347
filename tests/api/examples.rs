//! The examples of the OpenAPI document work: each operation is sent as a person sends it from the document's page,
//! with the examples of its parameters and its body.
//!
//! The names of sessions, phones, chats and contacts in examples are those of the scene. Ids that a gateway chooses
//! itself are replaced by those of the scene, and `Scene::real` says which.

mod exceptions;

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use self::exceptions::{LAST, LATE, NOT_SENT};
use crate::{
    app::{ECHO, SILENT, TestApp},
    receiver::Receiver,
    support::document::DOCUMENT,
};

/// The phone of the session, as examples have it.
const PHONE: &str = "15551234567";
const SESSION: &str = "/api/v1/sessions/shop";
const OGG: &str = "T2dnUwACAAAAAAAAAAAAAAAAAAAAAAAAAAABE09wdXNIZWFkAQE4AYC7AAAAAAA=";

struct Example {
    name: &'static str,
    method: Method,
    path: &'static str,
    /// Names and examples of the parameters in the path, and of those in the query and in headers that have one.
    in_path: Vec<(&'static str, &'static str)>,
    in_query: Vec<(&'static str, &'static str)>,
    in_headers: Vec<(&'static str, &'static str)>,
    body: Option<&'static Value>,
}

impl Example {
    fn of(path: &'static str, method: &str, operation: &'static Value) -> Self {
        let parameters = operation["parameters"].as_array().unwrap();
        let examples = |place: &str| {
            let here = parameters.iter().filter(|parameter| parameter["in"] == place);
            let example =
                |one: &'static Value| Some((one["name"].as_str()?, one["example"].as_str()?));
            here.filter_map(example).collect()
        };
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let body = schema["$ref"].as_str().map(|reference| {
            let schema = DOCUMENT.pointer(&reference[1..]).unwrap();
            schema.get("example").unwrap_or_else(|| panic!("{method} {path} has no example"))
        });
        Self {
            name: operation["operationId"].as_str().unwrap(),
            method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
            path,
            in_path: examples("path"),
            in_query: examples("query"),
            in_headers: examples("header"),
            body,
        }
    }

    /// Its place among all: those that make something, then the others, then those that end something.
    fn place(&self) -> usize {
        let late = LATE.iter().chain(&LAST).position(|late| *late == self.name);
        late.map_or(0, |place| 1 + place)
    }
}

fn examples() -> Vec<Example> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| Example::of(path, method, operation))
    });
    let is_sent = |one: &Example| !NOT_SENT.iter().any(|(name, _)| *name == one.name);
    let mut all: Vec<Example> = all.filter(is_sent).collect();
    all.sort_by_key(Example::place);
    all
}

/// A linked session `shop` with a chat, messages of all kinds, a group, a tag, webhooks, a key and an entry in the
/// outbox; and sessions that show a code.
struct Scene {
    app: TestApp,
    ids: BTreeMap<&'static str, String>,
    receiver: Receiver,
}

impl Scene {
    async fn begin() -> Self {
        let settings = [
            ("WAGATE_ACCOUNTS__REGISTRATION", "open"),
            ("WAGATE_ASSISTANT__BASE_URL", "simulated"),
            ("WAGATE_ASSISTANT__MODEL", "small"),
        ];
        let app = TestApp::start_with(&settings).await;
        let receiver = Receiver::start(&[]).await;
        Self { app, ids: BTreeMap::new(), receiver }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.app.post(path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer["data"].clone()
    }

    /// Stores an id of an answer under a name.
    fn note(&mut self, name: &'static str, id: &Value) {
        self.ids.insert(name, id.as_str().unwrap_or_else(|| panic!("{name}: {id}")).to_owned());
    }

    async fn prepare(&mut self, url: &str) {
        self.app.link("shop", PHONE).await;
        for unlinked in ["unlinked", "pairable", "to-scan", "to-pair"] {
            self.app.create(unlinked).await;
        }
        // A person with both ids, who writes.
        let visible = "/_simulator/v1/accounts/15550000003/identity";
        let (status, answer) =
            self.app.call(Method::PUT, visible, Some(json!({ "shown": "lid" }))).await;
        assert!(status.is_success(), "{answer}");
        let words = json!({ "chat": format!("{PHONE}@c.us"), "text": "Hello" });
        self.post("/_simulator/v1/accounts/15550000003/messages", words.clone()).await;
        self.messages(words).await;
        self.codes().await;
        let people = json!({ "name": "Friends", "participants": [ECHO] });
        let group = self.post(&format!("{SESSION}/groups"), people).await;
        self.note("group", &group["gid"]);
        let tag = self.post("/api/v1/tags", json!({ "name": "Made before" })).await;
        self.note("tag", &tag["tag"]["id"]);
        self.business().await;
        self.people().await;
        self.team_work().await;
        self.bots().await;
        let key = json!({ "name": "bot", "scopes": ["read"] });
        let key = self.post("/api/v1/api-keys", key).await;
        self.note("key", &key["id"]);
        let later = json!({
            "chatId": SILENT, "content": "Later",
            "sendAt": (self.app.gateway.services().clock.now() + std::time::Duration::from_secs(86_400)).to_string(),
        });
        let later = self.post(&format!("{SESSION}/send-text"), later).await;
        self.note("outbox", &later["outboxId"]);
        self.webhooks(url).await;
        let (_, devices) = self.app.get(&format!("/_simulator/v1/accounts/{PHONE}/devices")).await;
        self.note("device", &devices["data"]["devices"][0]["id"]);
    }

    /// What clients of the business API make, which answers without an envelope.
    async fn business(&mut self) {
        let contact = json!({ "phone": "+15550001111", "tags": ["vip"] });
        let (_, contact) = self.app.post("/api/whatsapp-api/contacts", contact).await;
        self.note("contact", &contact["id"]);
        let others = async || {
            let (_, page) = self.app.get("/api/whatsapp-api/chats").await;
            let known = self.ids["conversation"].as_str();
            let mut chats = page["chats"].as_array()?.iter().map(|chat| chat["id"].clone());
            chats.find(|id| *id != known)
        };
        let other = self.app.wait_for("another conversation", others).await;
        self.note("other conversation", &other);
        let link = json!({ "amount": "12.50", "description": "Invoice 4711" });
        let (_, link) = self.app.post("/api/whatsapp-api/payment-links", link).await;
        self.note("payment link", &link["id"]);
        let rule = json!({ "type": "exact", "keyword": "made before", "tag": "x" });
        let (_, rule) = self.app.post("/api/whatsapp-api/auto-tagging/rules", rule).await;
        self.note("rule", &rule["id"]);
        let reply = json!({ "shortcut": "/made-before", "content": "x" });
        let (_, reply) = self.app.post("/api/whatsapp-api/quick-replies", reply).await;
        self.note("quick reply", &reply["id"]);
        let template = json!({
            "name": "made_before", "language": "en", "category": "UTILITY",
            "components": [{ "type": "BODY", "text": "x" }],
        });
        let (_, template) = self.app.post("/api/whatsapp-api/templates", template).await;
        self.note("template", &template["id"]);
        let agent = json!({ "name": "Made before", "businessTask": "faq" });
        let (_, agent) = self.app.post("/api/whatsapp-api/ai-agents", agent).await;
        self.note("AI agent", &agent["id"]);
        let known = json!({ "title": "Made before", "content": "Refunds take five days." });
        let base = format!("/api/v1/kb/{}", agent["id"].as_str().unwrap());
        let (status, known) = self.app.post(&base, known).await;
        assert_eq!(status, 201, "{known}");
        self.note("document", &known["id"]);
        let sale = json!({
            "name": "spring_sale", "category": "MARKETING", "language": "en_US",
            "components": [{ "type": "BODY", "text": "All at half the price" }],
        });
        self.app.post("/api/whatsapp-api/templates", sale).await;
        for name in ["broadcast", "cancelled broadcast"] {
            let draft = json!({
                "name": name, "templateName": "spring_sale", "language": "en_US", "tags": ["vip"],
            });
            let (_, draft) = self.app.post("/api/whatsapp-api/broadcasts", draft).await;
            self.note(name, &draft["id"]);
        }
    }

    /// Somebody with an account, an invitation, and a second sign-in of the caller.
    async fn people(&mut self) {
        let user = json!({ "email": "made-before@example.com", "name": "Made before" });
        let (_, made) = self.app.post("/api/v1/users", user).await;
        self.note("user", &made["user"]["id"]);
        let invitation = json!({ "email": "invited@example.com" });
        let (_, made) = self.app.post("/api/v1/users/invitations", invitation).await;
        self.note("invitation", &made["invite"]["id"]);
        let again = json!({ "email": "owner@example.com", "password": "correct horse 7" });
        let (status, answer) = self.app.post("/api/v1/auth/login", again).await;
        assert_eq!(status, 200, "{answer}");
        let (_, logins) = self.app.get("/api/v1/auth/logins").await;
        let logins = logins["logins"].as_array().unwrap();
        let other = logins.iter().find(|login| login["current"] == false).unwrap();
        self.note("login", &other["id"]);
    }

    /// What people work with together.
    async fn team_work(&mut self) {
        let (_, team) = self.app.post("/api/v1/teams", json!({ "name": "Made before" })).await;
        self.note("team", &team["id"]);
        let path = format!("/api/v1/teams/{}/invite", self.ids["team"]);
        let body = json!({ "email": "made-before@example.com" });
        let (status, answer) = self.app.post(&path, body).await;
        assert_eq!(status, 201, "{answer}");
        let draft = json!({ "bot_id": self.ids["AI agent"], "title": "x", "content": "x" });
        let (_, response) = self.app.post("/api/v1/inbox/canned-responses", draft).await;
        self.note("canned response", &response["id"]);
        let (_, view) = self.app.post("/api/v1/inbox/views", json!({ "name": "x" })).await;
        self.note("view", &view["id"]);
        let (_, contact) = self.app.post("/api/v1/contacts", json!({ "name": "x" })).await;
        self.note("workspace contact", &contact["id"]);
        let (_, me) = self.app.get("/api/v1/auth/me").await;
        crate::workspace::added_to_a_team(&self.app, &me["user"]["id"]).await;
        let notified = async || {
            let (_, list) = self.app.get("/api/v1/notifications").await;
            list["notifications"].get(0).map(|one| one["id"].clone())
        };
        let id = self.app.wait_for("a notification", notified).await;
        self.note("notification", &id);
    }

    /// Bots, one with conversations.
    async fn bots(&mut self) {
        for name in ["bot", "bot to delete"] {
            let (_, made) = self.app.post("/api/v1/bots", json!({ "name": name })).await;
            self.note(name, &made["id"]);
        }
        let (_, made) = self.app.post("/api/v1/bots", json!({ "name": "On a page" })).await;
        let path = format!("/api/v1/bots/{}/activate", made["id"].as_str().unwrap());
        self.app.post(&path, json!({})).await;
        self.note("public token", &made["public_token"]);
        let path = format!("/api/v1/widget/{}", self.ids["public token"]);
        let (_, begun) = self.app.post(&format!("{path}/sessions"), json!({})).await;
        self.note("visitor token", &begun["visitor_token"]);
        self.note("visitor session", &begun["session_id"]);
        let hello = json!({ "message": "Hello!" });
        let headers = [("x-visitor-token", self.ids["visitor token"].as_str())];
        let chat = format!("{path}/chat");
        let (status, answer) = self.app.call_with(Method::POST, &chat, &headers, Some(hello)).await;
        assert_eq!(status, 200, "{answer}");
        for name in ["chat session", "chat session to delete"] {
            let body = json!({ "bot_id": self.ids["bot"], "message": "Hello!" });
            let (_, answer) = self.app.post("/api/v1/chat", body).await;
            self.note(name, &answer["session_id"]);
        }
        let bot = self.ids["bot"].clone();
        let ticket = json!({ "bot_id": bot, "subject": "Made before" });
        let rule = json!({
            "bot_id": bot, "name": "Made before", "trigger": { "type": "message_received" },
            "actions": [{ "type": "pause_bot" }], "enabled": false,
        });
        let flow = json!({
            "name": "Made before", "trigger": { "type": "any" }, "enabled": false,
            "steps": [{ "id": "end", "type": "end" }],
        });
        for (name, path, body) in [
            ("ticket", "/api/v1/tickets", ticket),
            ("task", "/api/v1/tasks", json!({ "title": "Made before", "assignee_id": "me" })),
            ("rule of a bot", "/api/v1/automations", rule),
            ("flow", "/api/whatsapp-api/flows", flow),
        ] {
            let (status, made) = self.app.post(path, body).await;
            assert_eq!(status, 201, "{path}: {made}");
            self.note(name, &made["id"]);
        }
    }

    async fn messages(&mut self, words: Value) {
        for name in ["text", "deleted", "deleted in chat", "deleted on phone"] {
            let body = json!({ "instance_id": "shop", "recipient": ECHO, "message": "Hello" });
            let sent = self.post("/api/v1/chat/send", body).await;
            self.note(name, &sent["message"]["whatsapp_id"]);
            let uuid = match name {
                "text" => "text uuid",
                _ => "deleted uuid",
            };
            self.note(uuid, &sent["message"]["uuid"]);
            self.note("conversation", &sent["conversation"]["id"]);
            self.note("instance", &sent["conversation"]["instance"]["uuid"]);
        }
        let file = json!({
            "instance_id": "shop", "recipient": ECHO, "media_type": "image",
            "media_data": crate::app::PNG,
        });
        let sent = self.post("/api/v1/chat/send-media", file).await;
        self.note("file", &sent["message"]["whatsapp_id"]);
        self.note("file uuid", &sent["message"]["uuid"]);
        let poll = json!({ "chatId": ECHO, "question": "Tea?", "options": ["Yes", "No"] });
        let poll = self.post(&format!("{SESSION}/send-poll"), poll).await;
        self.note("poll", &poll["messageId"]);
        let voice = json!({
            "chat": format!("{PHONE}@c.us"), "mediaBase64": OGG, "mime": "audio/ogg", "voice": true,
        });
        for (name, body) in [("came in", words), ("voice", voice)] {
            let sent = self.post("/_simulator/v1/accounts/15550000001/messages", body).await;
            let key =
                sent["message"]["id"].as_str().unwrap().rsplit('_').next().unwrap().to_owned();
            self.ids.insert(name, format!("false_{ECHO}_{key}"));
        }
    }

    async fn codes(&mut self) {
        let (_, code) = self.app.get("/api/v1/sessions/to-scan/qr?format=text").await;
        self.note("QR code", &code["data"]["qrText"]);
        let phone = json!({ "phone": PHONE });
        let code = self.post("/api/v1/sessions/to-pair/pairing-code", phone).await;
        self.note("pairing code", &code["code"]);
    }

    async fn webhooks(&mut self, url: &str) {
        let hook = json!({ "url": url, "events": ["contact.created"] });
        let (_, hook) = self.app.post("/api/whatsapp-api/webhooks", hook).await;
        self.note("business webhook", &hook["id"]);
        let hook = json!({ "bot_id": self.ids["bot"], "url": url });
        let (_, hook) = self.app.post("/api/v1/webhooks", hook).await;
        self.note("bot webhook", &hook["id"]);
        for (list, webhook, delivery) in [
            (format!("{SESSION}/webhooks"), "webhook", "delivery"),
            ("/api/v1/gateway-webhooks".to_owned(), "gateway webhook", "gateway delivery"),
        ] {
            let made = self.post(&list, json!({ "url": url, "events": ["*"] })).await;
            self.note(webhook, &made["id"]);
            let text = json!({ "chatId": SILENT, "content": "Hello" });
            self.post(&format!("{SESSION}/send-text"), text).await;
            let path = format!("{list}/{}/deliveries?status=delivered", self.ids[webhook]);
            let id = async || {
                let (_, found) = self.app.get(&path).await;
                let id = &found["data"][0]["id"];
                (!id.is_null()).then(|| id.clone())
            };
            let id = self.app.wait_for("a delivery", id).await;
            self.note(delivery, &id);
        }
    }

    /// What an example stands for in this scene; the example itself where a person may choose it.
    fn real(&self, operation: &str, example: &str) -> String {
        let is_of_gateway = operation.contains("Gateway");
        let name = match (operation, example) {
            ("createPairingCode", "shop") => return "pairable".to_owned(),
            ("getQrCode" | "getQrPng" | "getQrImage", "shop") => return "unlinked".to_owned(),
            ("scanQrCode", "2@abc,def,ghi") => "QR code",
            ("enterPairingCode", "2@abc,def,ghi") => "pairing code",
            ("getPoll" | "voteFromPhone", id) if id.contains('_') => "poll",
            ("downloadMessageMedia", id) if id.contains('_') => "file",
            ("deleteMessage", id) if id.contains('_') => "deleted",
            ("deleteFromPhone", id) if id.contains('_') => "deleted on phone",
            ("playOnPhone", id) if id.contains('_') => "voice",
            (_, id) if id.starts_with("true_") => "text",
            (_, id) if id.starts_with("false_") => "came in",
            (_, "120363000000000000@g.us") => "group",
            ("removeSimulatedDevice", "1") => "device",
            ("downloadChatMedia", id) if is_uuid(id) => "file uuid",
            ("deleteChatMessage", id) if is_uuid(id) => "deleted uuid",
            (_, id) if id.starts_with("pk_") => "public token",
            (_, id) if id.starts_with("eyJ") => "visitor token",
            (name, id) if is_uuid(id) => match () {
                // The name of a message is the page's to choose.
                () if name.contains("WidgetMessage") => return example.to_owned(),
                () if name.contains("Widget") => "visitor session",
                () if name.contains("WorkspaceContact") => "workspace contact",
                () if name == "listNotes" || name == "createNote" => "conversation",
                () if id.ends_with("440053") => "notification",
                () if id.ends_with("440054") => "team",
                () if id.ends_with("440055") => "AI agent",
                () if id.ends_with("440056") => "canned response",
                () if id.ends_with("440057") => "view",
                () if id.ends_with("440070") => "ticket",
                () if id.ends_with("440071") => "task",
                () if id.ends_with("440072") => "rule of a bot",
                () if name.ends_with("Flow") || name == "listFlowRuns" => "flow",
                () if name == "removeTeamMember" => "user",
                () if name == "deleteBot" => "bot to delete",
                () if name == "deleteChatSession" => "chat session to delete",
                () if id.ends_with("60") => "bot",
                () if id.ends_with("65") => "bot webhook",
                () if id.ends_with("61") => "chat session",
                () if ["getTag", "updateTag", "deleteTag"].contains(&name) => "tag",
                () if name.contains("Payment") && id.ends_with("50") => "payment link",
                () if name.contains("AutoTaggingRule") => "rule",
                () if name.contains("QuickReply") => "quick reply",
                () if name == "cancelBroadcast" => "cancelled broadcast",
                () if name.contains("Broadcast") => "broadcast",
                () if name.ends_with("Template") => "template",
                () if name.ends_with("AiAgent") => "AI agent",
                () if name.contains("Knowledge") && id.ends_with("ab01") => "document",
                () if name.contains("Knowledge") => "AI agent",
                () if name.contains("BusinessWebhook") => "business webhook",
                () if name == "deleteBusinessChat" => "other conversation",
                () if name.contains("BusinessChat") => "conversation",
                () if name.contains("User") || name.contains("ResetCode") => "user",
                () if name.contains("Invitation") => "invitation",
                () if name.contains("Login") => "login",
                () if name.contains("Business") => "contact",
                () if name.contains("Instance") => "instance",
                () if name.contains("Conversation") || name.contains("Automation") => {
                    "conversation"
                }
                () if name.contains("Message") && name.contains("Outbox") => "outbox",
                () if name.contains("Key") => "key",
                () if id.ends_with("30") && is_of_gateway => "gateway webhook",
                () if id.ends_with("30") => "webhook",
                () if id.ends_with("31") && is_of_gateway => "gateway delivery",
                () if id.ends_with("31") => "delivery",
                () => "text uuid",
            },
            _ => return example.to_owned(),
        };
        self.ids[name].clone()
    }

    fn path(&self, example: &Example) -> String {
        let mut path = example.path.to_owned();
        for (name, value) in &example.in_path {
            let value = self.real(example.name, value);
            path = path.replace(&format!("{{{name}}}"), &value);
        }
        assert!(!path.contains('{'), "{path} has a parameter without an example");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &example.in_query {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    fn body(&self, operation: &str, body: &Value) -> Value {
        match body {
            Value::String(text) => self.real(operation, text).into(),
            Value::Array(items) => items.iter().map(|item| self.body(operation, item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter();
                fields.map(|(name, value)| (name.clone(), self.body(operation, value))).collect()
            }
            other => other.clone(),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.matches('-').count() == 4
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_works_as_it_stands() {
    let mut all = examples();
    assert!(140 < all.len(), "{} examples", all.len());
    let mut scene = Scene::begin().await;
    // The first account owns the workspace.
    scene.app.token().await;
    for first in ["createSession", "registerUser"] {
        let first = all.iter().position(|one| one.name == first).unwrap();
        let first = all.remove(first);
        let (status, answer) = scene.app.post(first.path, first.body.unwrap().clone()).await;
        assert_eq!(status, 201, "{answer}");
    }
    let url = scene.receiver.url.clone();
    scene.prepare(&url).await;
    let mut failed = Vec::new();
    for example in all {
        let path = scene.path(&example);
        let body = example.body.map(|body| scene.body(example.name, body));
        let headers = example.in_headers.iter();
        let headers: Vec<(&str, String)> =
            headers.map(|(name, value)| (*name, scene.real(example.name, value))).collect();
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let called = scene.app.call_with(example.method.clone(), &path, &headers, body.clone());
        let (status, answer) = called.await;
        if !(status.is_success() || status.is_redirection()) {
            let body = body.unwrap_or_default();
            failed.push(format!(
                "{} ({} {path}) with {body}: {status} {answer}",
                example.name, example.method
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    scene.app.stop().await;
}
