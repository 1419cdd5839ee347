//! No secret reaches a log: the real program is taken through linking, sends, webhooks, proxies, keys
//! and faults, and every line that it wrote is searched.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{ECHO, PHONE, SILENT},
    daemon::{Daemon, PROGRAM},
    receiver::{Answer, Receiver},
};

/// Each stands for one kind of what is never logged.
const TEXT_OUT: &str = "a-text-that-goes-out-4711";
const TEXT_IN: &str = "a-text-that-comes-in-4712";
const OWN_SECRET: &str = "whsec_YS1zZWNyZXQtb2YtdGhlLWNhbGxlci00NzEzLWFuZC1tb3Jl";
const HEADER: &str = "Bearer a-header-of-the-receivers-4714";
const IN_URL: &str = "a-token-in-an-address-4715";
const PROXY_PASSWORD: &str = "a-proxy-password-4716";
const WRONG_KEY: &str = "a-key-that-is-none-4717";
const BASIC_PASSWORD: &str = "a-basic-password-4718";

/// What a run showed its caller, so that it can be looked for.
struct Reported {
    secrets: Vec<String>,
    log: String,
}

/// Takes a gateway through everything that handles a secret, with this filter on its log.
async fn run(folder: &Path, filter: &str, format: &str) -> Reported {
    let log = folder.join("log");
    let settings = [
        ("WAGATE_LOG__FILTER", filter),
        ("WAGATE_LOG__FORMAT", format),
        ("WAGATE_OPENWA__BASIC_USER", "somebody"),
        ("WAGATE_OPENWA__BASIC_PASSWORD", BASIC_PASSWORD),
        ("WAGATE_WEBHOOKS__RETRY_SCHEDULE", "5ms"),
        ("WAGATE_WEBHOOKS__DISABLE_AFTER_FAILURES", "2"),
        ("WAGATE_WEBHOOKS__DISABLE_AFTER_HOURS", "0"),
    ];
    // A shell that hands over its place, and the log to a file.
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", "log=$1; shift; exec \"$@\" 2>\"$log\"", "sh"]).arg(&log).arg(PROGRAM);
    let daemon = Daemon::run(command, folder, 0, &settings).await;
    let mut secrets =
        vec![std::fs::read_to_string(folder.join("data/bootstrap.key")).unwrap().trim().to_owned()];
    daemon.link("s", PHONE).await;

    let receiver = Receiver::choosing(|got, _| {
        let fails = got.body["event"] == "ack";
        Answer::status(if fails { "500 Oops" } else { "200 OK" })
    })
    .await;
    let headers = json!({ "authorization": HEADER });
    for (url, secret) in [
        (format!("{}?token={IN_URL}", receiver.url), Some(OWN_SECRET)),
        (receiver.url.clone(), None),
    ] {
        let body = json!({ "url": url, "events": ["*"], "headers": headers, "secret": secret });
        let hook = daemon.post("/api/v1/sessions/s/webhooks", body).await;
        secrets.extend(hook["secret"].as_str().map(str::to_owned));
        let path = format!("/api/v1/sessions/s/webhooks/{}", hook["id"].as_str().unwrap());
        daemon.post(&format!("{path}/test"), json!({})).await;
        let rotated = daemon.post(&format!("{path}/rotate-secret"), json!({})).await;
        secrets.extend(rotated["secret"].as_str().map(str::to_owned));
    }
    // Nobody listens there: what a failed attempt says must not name the address.
    let gone = json!({ "url": format!("http://127.0.0.1:9/{IN_URL}"), "events": ["*"] });
    daemon.post("/api/v1/sessions/s/webhooks", gone).await;

    let key = daemon.post("/api/v1/api-keys", json!({ "name": "k", "scopes": ["read"] })).await;
    let key = key["key"].as_str().or(key["secret"].as_str()).unwrap().to_owned();
    for key in [&key, WRONG_KEY] {
        let request = daemon.http.get(format!("{}/api/v1/sessions?api_key={key}", daemon.base));
        let _ = request
            .header("x-api-key", key)
            .header("authorization", format!("Bearer {key}"))
            .send()
            .await
            .unwrap();
    }
    secrets.push(key);
    let request = daemon.http.get(format!("{}/api/v1/sessions", daemon.base));
    let _ = request.basic_auth("somebody", Some(BASIC_PASSWORD)).send().await.unwrap();

    secrets.push(visitor_token(&daemon, &secrets[0]).await);
    // A browser behind a proxy that is not there, the same without a browser, and what is no proxy.
    let proxy = |protocol: &str| json!({ "protocol": protocol, "address": "127.0.0.1:9", "username": "u", "password": PROXY_PASSWORD });
    for (id, engine, protocol) in [("b", "browser", "http"), ("p", "simulated", "socks5")] {
        let config = json!({ "engine": engine, "proxyServerCredentials": proxy(protocol) });
        let body = json!({ "sessionId": id, "config": config });
        let (status, answer) =
            daemon.try_call(Method::POST, "/api/v1/sessions", Some(body)).await.unwrap();
        assert_ne!(status, 400, "{answer}");
        let status = daemon.get(&format!("/api/v1/sessions/{id}")).await;
        assert!(status.to_string().contains("****"), "{status}");
    }
    let bad =
        json!({ "sessionId": "q", "config": { "proxyServerCredentials": proxy("nonsense") } });
    let refused = daemon.try_call(Method::POST, "/api/v1/sessions", Some(bad)).await.unwrap();
    assert_eq!(refused.0, 400, "{}", refused.1);

    for chat in [ECHO, SILENT] {
        daemon.send("s", chat, TEXT_OUT).await;
    }
    // The answer is a send as well: refused below in place of ours, it would not be there to be logged.
    let is_answered = |messages: &Value| {
        messages.as_array().unwrap().iter().any(|message| message["fromMe"] == false)
    };
    let path = format!("/api/v1/sessions/s/chats/{ECHO}/messages");
    daemon.wait_until(&path, "the answer", is_answered).await;
    let body = json!({ "chat": format!("{PHONE}@c.us"), "text": TEXT_IN });
    daemon.post("/_simulator/v1/accounts/15550000011/messages", body).await;
    daemon.wait_for_newest("s", TEXT_IN).await;
    // Errors are logged too: a refused send, and an engine that dies in the middle.
    let refuse = json!({ "refuseSends": 1 });
    daemon.call(Method::PUT, "/_simulator/v1/faults", Some(refuse)).await;
    let send = || Some(json!({ "chatId": SILENT, "content": TEXT_OUT }));
    let path = "/api/v1/sessions/s/send-text";
    assert_eq!(daemon.try_call(Method::POST, path, send()).await.unwrap().0, 502);
    let malformed = json!({ "chatId": TEXT_OUT, "content": [TEXT_OUT] });
    let _ = daemon.try_call(Method::POST, path, Some(malformed)).await;
    let crash = format!("/_simulator/v1/accounts/{PHONE}/page-fault");
    daemon.post(&crash, json!({ "fault": "crash" })).await;
    let _ = daemon.try_call(Method::POST, path, send()).await;
    let is_off =
        |hooks: &Value| hooks.as_array().unwrap().iter().any(|hook| hook["enabled"] == false);
    daemon.wait_until("/api/v1/sessions/s/webhooks", "an endpoint to be given up", is_off).await;
    daemon.stop().await;
    Reported { secrets, log: std::fs::read_to_string(log).unwrap() }
}

/// The token of a visitor of a bot, which was used for a good and for a bad request.
async fn visitor_token(daemon: &Daemon, key: &str) -> String {
    let ask = async |path: &str, body: Value, headers: &[(&str, &str)]| -> Value {
        let mut request = daemon.http.post(format!("{}/api/v1{path}", daemon.base)).json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().json().await.unwrap()
    };
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
    let by_key = [("x-api-key", key)];
    let bot = ask("/bots", json!({ "name": "One" }), &by_key).await;
    ask(&format!("/bots/{}/activate", text(&bot["id"])), json!({}), &by_key).await;
    let widget = format!("/widget/{}", text(&bot["public_token"]));
    let token = text(&ask(&format!("{widget}/sessions"), json!({}), &[]).await["visitor_token"]);
    let by_token = [("x-visitor-token", token.as_str())];
    let chat = format!("{widget}/chat");
    let said = ask(&chat, json!({ "message": TEXT_IN }), &by_token).await;
    assert!(said["response"].is_string(), "{said}");
    ask(&chat, json!({ "message": [TEXT_IN] }), &by_token).await;
    token
}

impl Reported {
    fn lacks(&self, what: &str, words: &[&str]) {
        for word in words {
            let found = self.log.lines().find(|line| line.contains(word));
            assert!(found.is_none(), "{what} is in the log: {found:?}");
        }
    }

    fn lacks_credentials(&self) {
        assert!(6 <= self.secrets.len(), "{} secrets were shown", self.secrets.len());
        let reported: Vec<&str> = self.secrets.iter().map(String::as_str).collect();
        self.lacks("a secret that the gateway made", &reported);
        let bodies: Vec<&str> = reported.iter().filter_map(|secret| secret.get(8..40)).collect();
        self.lacks("a part of a secret", &bodies);
        self.lacks("a secret of a caller", &[OWN_SECRET, HEADER, IN_URL, WRONG_KEY]);
        self.lacks("a password", &[PROXY_PASSWORD, BASIC_PASSWORD]);
        // The same as a header carries it.
        self.lacks("a password in base64", &["c29tZWJvZHk6YS1iYXNpYy"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_holds_no_secret_and_no_text_of_a_message() {
    for format in ["text", "json"] {
        let folder = tempfile::tempdir().unwrap();
        let reported = run(folder.path(), "info", format).await;
        assert!(reported.log.contains("session s is ready"), "{}", reported.log);
        assert!(reported.log.contains("is disabled"), "{}", reported.log);
        reported.lacks_credentials();
        reported.lacks("a text", &[TEXT_OUT, TEXT_IN]);
        reported.lacks("a telephone number", &[PHONE, "15550000003", "15550000011"]);
        println!("{format}: {} lines at info without a secret", reported.log.lines().count());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_even_a_log_of_everything_holds_a_credential() {
    let folder = tempfile::tempdir().unwrap();
    let reported = run(folder.path(), "wagate=trace,debug", "text").await;
    reported.lacks_credentials();
    println!("{} lines at debug without a credential", reported.log.lines().count());
}
