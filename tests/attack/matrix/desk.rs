//! A workspace whose people have records of their own: strangers, and those who see a bot together.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{
    callers::{Caller, EventStream, REQUIRED},
    support::{
        daemon::Daemon,
        receiver::{Answer, Receiver},
    },
};

/// In every text of a foreign record.
pub const MARK: &str = "FOREIGN";
/// The id of nothing.
pub const UNKNOWN: &str = "00000000-0000-4000-8000-00000000000f";
const PASSWORD: &str = "correct horse 7";
/// What moves by itself; and how much a colleague has to do, which everybody sees.
const MOVING: [&str; 10] = [
    "uptime",
    "memory",
    "generated_at",
    "cached",
    "last_seen_at",
    "timestamp",
    "last_login_at",
    "failure_count",
    "last_delivery_at",
    "active_conversations",
];

pub struct Desk {
    _folder: tempfile::TempDir,
    daemon: Daemon,
    owner: Caller,
    /// Who has a bot.
    ada: Caller,
    /// Who sees it through a team.
    ben: Caller,
    vera: Caller,
    /// Who do not see it.
    cid: Caller,
    cyd: Caller,
    key: Caller,
    /// What Cid has.
    pub own: BTreeMap<&'static str, String>,
    stream: Mutex<EventStream>,
    receiver: Receiver,
}

impl Desk {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Daemon::start_with(folder.path(), 0, &[REQUIRED]).await;
        let key = Caller::owner(&daemon, folder.path());
        let first = json!({ "email": "owner@example.com", "password": PASSWORD, "name": "Owner" });
        let (status, answer) = key.post("/api/v1/auth/register", first).await;
        assert_eq!(status, 201, "{answer}");
        let owner = Caller::with_key(&daemon, answer["token"].as_str().unwrap());
        let (ada, _) = person(&daemon, &owner, "ada", "AGENT").await;
        let (ben, _) = person(&daemon, &owner, "ben", "AGENT").await;
        let (vera, _) = person(&daemon, &owner, "vera", "VIEWER").await;
        let (cid, _) = person(&daemon, &owner, "cid", "AGENT").await;
        let (cyd, _) = person(&daemon, &owner, "cyd", "VIEWER").await;
        let scopes = ["read", "conversations", "contacts", "bots", "send", "broadcasts", "mcp"];
        let (_, secret) = key.make_key(json!({ "name": "program", "scopes": scopes })).await;
        let program = Caller::with_key(&daemon, &secret);
        let own = records(&cid, &owner, "own").await;
        let stream = Mutex::new(cid.stream("/api/v1/events?since=0&inbox=true").await);
        let receiver = Receiver::start(&[Answer::status("200 OK")]).await;
        let hook = json!({ "bot_id": own["bot"], "url": receiver.url });
        made(&owner, "/api/v1/webhooks", hook).await;
        Self {
            _folder: folder,
            daemon,
            owner,
            ada,
            ben,
            vera,
            cid,
            cyd,
            key: program,
            own,
            stream,
            receiver,
        }
    }

    pub fn strangers(&self) -> Vec<(&'static str, &Caller)> {
        vec![("a stranger", &self.cid), ("a viewer", &self.cyd), ("a key", &self.key)]
    }

    pub fn insiders(&self) -> Vec<(&'static str, &Caller)> {
        vec![
            ("the owner of the bot", &self.ada),
            ("a colleague", &self.ben),
            ("a viewer of the team", &self.vera),
            ("an administrator", &self.owner),
        ]
    }

    pub fn nobody(&self) -> Caller {
        Caller::without_key(&self.daemon)
    }

    pub fn with_key(&self, key: &str) -> Caller {
        Caller::with_key(&self.daemon, key)
    }

    /// Lets a bot answer visitors.
    pub async fn activate(&self, bot: &str) {
        let path = format!("/api/v1/bots/{bot}/activate");
        let (status, answer) = self.owner.post(&path, json!({})).await;
        assert_eq!(status, 200, "{answer}");
    }

    pub fn colleague(&self) -> &Caller {
        &self.ben
    }

    /// The records that strangers do not see; the id of each.
    pub async fn make_foreign(&self) -> BTreeMap<&'static str, String> {
        let mut foreign = records(&self.ada, &self.owner, MARK).await;
        let team = made(&self.ada, "/api/v1/teams", json!({ "name": "FOREIGN team" })).await;
        let team = text(&team["id"]);
        for name in ["ben", "vera"] {
            let role = if name == "ben" { "agent" } else { "viewer" };
            let body = json!({ "email": format!("{name}@example.com"), "role": role });
            made(&self.ada, &format!("/api/v1/teams/{team}/invite"), body).await;
        }
        let share = json!({ "bot_id": foreign["bot"], "permission": "view" });
        let path = format!("/api/v1/teams/{team}/share-bot");
        let (status, answer) = self.ada.post(&path, share).await;
        assert_eq!(status, 200, "{answer}");
        foreign.insert("team", team);
        foreign
    }

    /// What the owner of the bot sees, which strangers must not change.
    pub async fn owners_view(&self, ids: &BTreeMap<&str, String>) -> BTreeMap<String, Value> {
        let (bot, session, team) = (&ids["bot"], &ids["conversation"], &ids["team"]);
        let mut view = BTreeMap::new();
        for path in [
            format!("/api/v1/bots/{bot}"),
            format!("/api/v1/kb/{bot}"),
            format!("/api/v1/automations/{bot}"),
            format!("/api/v1/webhooks/{bot}"),
            format!("/api/v1/tickets/{bot}"),
            format!("/api/v1/chat/history/{session}"),
            format!("/api/v1/inbox/notes/{session}"),
            format!("/api/v1/inbox/stats/{bot}"),
            format!("/api/v1/inbox/canned-responses/{bot}"),
            "/api/v1/inbox/views".to_owned(),
            "/api/v1/tasks?scope=team".to_owned(),
            format!("/api/v1/teams/{team}/members"),
        ] {
            let (status, mut answer) = self.ada.get(&path).await;
            assert_eq!(status, 200, "{path}: {answer}");
            without_what_moves(&mut answer);
            view.insert(path, answer);
        }
        view
    }

    /// What tools for assistants show of foreign records.
    pub async fn tools_show(&self, foreign: &BTreeMap<&'static str, String>) -> Vec<String> {
        let ask = async |method: &str, params: Value| {
            let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
            self.key.post("/api/mcp", message).await.1
        };
        let listed = ask("tools/list", json!({})).await;
        let tools = listed["result"]["tools"].as_array().unwrap();
        assert!(10 < tools.len(), "{listed}");
        let mut shown = Vec::new();
        for tool in tools {
            let properties = tool["inputSchema"]["properties"].as_object().unwrap();
            for id in foreign.values() {
                let mut arguments = json!({});
                for name in properties.keys() {
                    let is_id = name == "id" || name.ends_with("Id");
                    if is_id {
                        arguments[name] = json!(id);
                    } else if name == "query" || name == "search" || name == "content" {
                        arguments[name] = json!(MARK);
                    }
                }
                let params = json!({ "name": tool["name"], "arguments": arguments });
                let answer = ask("tools/call", params).await.to_string();
                // The words of the request itself may come back in a refusal.
                if answer.contains("\"isError\":false") && answer.contains(MARK) {
                    shown.push(format!("{}: {answer}", tool["name"]));
                }
            }
        }
        shown
    }

    /// Checks that the stream and the webhook of a stranger carry nothing foreign.
    pub async fn listeners_got_nothing(&self, foreign: &BTreeMap<&'static str, String>) {
        let body = json!({
            "bot_id": self.own["bot"], "session_id": self.own["conversation"], "message": "my last words",
        });
        let (status, answer) = self.cid.post("/api/v1/chat", body).await;
        assert_eq!(status, 200, "{answer}");
        let mut count = 1;
        loop {
            let got = self.receiver.reach(count).await;
            assert!(got.iter().all(|one| !one.text.contains(MARK)));
            if got.iter().any(|one| one.text.contains("my last words")) {
                break;
            }
            count = got.len() + 1;
        }
        // The stranger's own message is the last event: all that is foreign was logged before it.
        let mut stream = self.stream.lock().await;
        let text = stream.reach(answer["message_id"].as_str().unwrap()).await;
        assert!(!text.contains(MARK), "{text}");
        for of in ["bot", "conversation", "message", "note"] {
            assert!(!text.contains(&foreign[of]), "{of}: {text}");
        }
    }
}

/// Takes out of an answer what moves by itself.
pub fn without_what_moves(answer: &mut Value) {
    match answer {
        Value::Object(fields) => {
            for moving in MOVING {
                fields.remove(moving);
            }
            fields.values_mut().for_each(without_what_moves);
        }
        Value::Array(items) => items.iter_mut().for_each(without_what_moves),
        _ => (),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn made(caller: &Caller, path: &str, body: Value) -> Value {
    let (status, answer) = caller.post(path, body).await;
    assert_eq!(status, 201, "{path}: {answer}");
    answer
}

/// Somebody in a role, who is signed in, and their id.
async fn person(daemon: &Daemon, owner: &Caller, name: &str, role: &str) -> (Caller, String) {
    let email = format!("{name}@example.com");
    let draft = json!({ "email": email, "password": PASSWORD, "name": name, "role": role });
    let account = made(owner, "/api/v1/users", draft).await;
    let body = json!({ "email": email, "password": PASSWORD });
    let (status, answer) = Caller::without_key(daemon).post("/api/v1/auth/login", body).await;
    assert_eq!(status, 200, "{answer}");
    let caller = Caller::with_key(daemon, answer["token"].as_str().unwrap());
    (caller, text(&account["user"]["id"]))
}

/// One record of each kind that somebody has, with a mark in each text; the id of each.
async fn records(caller: &Caller, owner: &Caller, mark: &str) -> BTreeMap<&'static str, String> {
    let named = |kind: &str| format!("{mark} {kind}");
    let bot = made(caller, "/api/v1/bots", json!({ "name": named("bot") })).await;
    let (bot, token) = (text(&bot["id"]), text(&bot["public_token"]));
    let knowledge = json!({ "title": named("title"), "content": named("content") });
    let document = made(caller, &format!("/api/v1/kb/{bot}"), knowledge).await;
    let rule = json!({
        "bot_id": bot, "name": named("rule"), "trigger": { "type": "message_received" },
        "actions": [{ "type": "add_tag", "tag": "seen" }],
    });
    let rule = made(caller, "/api/v1/automations", rule).await;
    let hook = json!({ "bot_id": bot, "url": format!("http://127.0.0.1:9/{mark}"), "description": named("hook") });
    let hook = made(owner, "/api/v1/webhooks", hook).await;
    let say = json!({
        "bot_id": bot, "message": named("words"), "visitor": { "name": named("visitor") },
    });
    let (status, said) = caller.post("/api/v1/chat", say).await;
    assert_eq!(status, 200, "{said}");
    let session = text(&said["session_id"]);
    let assign = json!({ "agent_id": "me" });
    let path = format!("/api/v1/inbox/sessions/{session}/assign");
    let (status, answer) = caller.ask(Method::PUT, &path, Some(assign)).await;
    assert_eq!(status, 200, "{answer}");
    let rating =
        json!({ "session_id": session, "type": "csat", "rating": 5, "comment": named("comment") });
    let (status, answer) = caller.post("/api/v1/chat/feedback", rating).await;
    assert_eq!(status, 200, "{answer}");
    let note = json!({ "content": named("note") });
    let note = made(caller, &format!("/api/v1/inbox/notes/{session}"), note).await;
    let canned = json!({ "bot_id": bot, "title": named("canned"), "content": named("answer") });
    let canned = made(caller, "/api/v1/inbox/canned-responses", canned).await;
    let view = made(caller, "/api/v1/inbox/views", json!({ "name": named("view") })).await;
    let ticket = json!({ "bot_id": bot, "session_id": session, "subject": named("ticket") });
    let ticket = made(caller, "/api/v1/tickets", ticket).await;
    let task = json!({ "title": named("task"), "assignee_id": "me", "session_id": session });
    let task = made(caller, "/api/v1/tasks", task).await;
    BTreeMap::from([
        ("bot", bot),
        ("token", token),
        ("document", text(&document["id"])),
        ("rule", text(&rule["id"])),
        ("webhook", text(&hook["id"])),
        ("conversation", session),
        ("message", text(&said["message_id"])),
        ("note", text(&note["id"])),
        ("canned", text(&canned["id"])),
        ("view", text(&view["id"])),
        ("ticket", text(&ticket["id"])),
        ("task", text(&task["id"])),
    ])
}
