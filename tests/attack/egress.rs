//! Egress: where webhooks and fetched files may lead.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    PATIENCE, PHONE,
    daemon::Daemon,
    receiver::{Answer, Receiver},
};

const AUTH: &str = "OPENWA_AUTH";
const TARGETS: &str = "WAGATE_WEBHOOKS__ALLOW_PRIVATE_TARGETS";
const LISTED: &str = "WAGATE_WEBHOOKS__ALLOWED_TARGETS";
const HOOKS: &str = "/api/v1/sessions/a/webhooks";
const ALL_HOOKS: &str = "/api/v1/gateway-webhooks";

/// A gateway with a session `a`, and two callers: its owner, and a key for `a` with the scope `admin`.
struct Scene {
    daemon: Daemon,
    owner: String,
    tenant: String,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Daemon::start_with(folder.path(), 0, settings).await;
        let key = folder.path().join("data/bootstrap.key");
        let owner = std::fs::read_to_string(key).unwrap().trim().to_owned();
        let mut scene = Self { daemon, owner, tenant: String::new(), _folder: folder };
        let body = json!({ "sessionId": "a", "waitForQR": false });
        let (status, answer) = scene.as_owner(Method::POST, "/api/v1/sessions", body).await;
        assert_eq!(status, 201, "{answer}");
        let key =
            json!({ "name": "tenant", "scopes": ["admin", "read", "send"], "sessionId": "a" });
        let (status, answer) = scene.as_owner(Method::POST, "/api/v1/api-keys", key).await;
        assert!(status < 300, "{answer}");
        let data = &answer["data"];
        scene.tenant = data["key"].as_str().or(data["secret"].as_str()).unwrap().to_owned();
        scene
    }

    async fn ask(&self, key: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.daemon.base);
        let request = self.daemon.http.request(method, url).bearer_auth(key);
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    async fn as_owner(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        self.ask(&self.owner, method, path, body).await
    }

    async fn as_tenant(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        self.ask(&self.tenant, method, path, body).await
    }

    fn port(&self) -> u16 {
        self.daemon.base.rsplit_once(':').unwrap().1.trim_end_matches('/').parse().unwrap()
    }

    /// Registers a webhook of the session. Its path.
    async fn hook(&self, key: &str, url: &str) -> String {
        let body = json!({ "url": url, "events": ["message"] });
        let (status, answer) = self.ask(key, Method::POST, HOOKS, body).await;
        assert_eq!(status, 201, "{url}: {answer}");
        format!("{HOOKS}/{}", answer["data"]["id"].as_str().unwrap())
    }

    /// The answer to a registration that must be refused.
    async fn refusal(&self, key: &str, list: &str, url: &str) -> String {
        let (status, answer) = self.ask(key, Method::POST, list, json!({ "url": url })).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("VALIDATION_ERROR")),
            "{url}: {answer}"
        );
        answer["error"]["message"].as_str().unwrap().to_owned()
    }
}

/// Hosts that mean this machine, in all spellings, and its own names and addresses.
fn own_hosts() -> Vec<String> {
    let mut hosts: Vec<String> = [
        "127.0.0.1",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.1",
        "127.9.9.9",
        "2130706433",
        "0x7f000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:0:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "127。0。0。1",
    ]
    .map(str::to_owned)
    .to_vec();
    let known = std::fs::read_to_string(Path::new("/etc/hosts")).unwrap_or_default();
    hosts.extend(known.lines().filter_map(|line| {
        let (address, names) = line.split_once(char::is_whitespace)?;
        let name = names.split_whitespace().next()?;
        address.starts_with("127.").then(|| name.to_owned())
    }));
    match interface_address() {
        Some(address) => hosts.push(address),
        None => println!("skipped: this machine has no address but loopback"),
    }
    hosts
}

/// An address of this machine that is not loopback.
fn interface_address() -> Option<String> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then(|| ip.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_never_leads_to_the_gateway_in_any_mode() {
    for (auth, targets, listed) in [
        ("auto", "auto", ""),
        ("auto", "yes", "0.0.0.0/0,::/0,localhost,*.localhost"),
        ("required", "yes", ""),
        ("open", "no", "127.0.0.0/8"),
    ] {
        let scene = Scene::start(&[(AUTH, auth), (TARGETS, targets), (LISTED, listed)]).await;
        let port = scene.port();
        for host in own_hosts() {
            let url = format!("http://{host}:{port}/api/v1/sessions/a/restart");
            scene.refusal(&scene.owner, HOOKS, &url).await;
            scene.refusal(&scene.owner, ALL_HOOKS, &url).await;
            // A name is looked at for a key for one session when it is used, without a word about it.
            let body = json!({ "url": url });
            let (status, answer) = scene.as_tenant(Method::POST, HOOKS, body).await;
            if status == 201 {
                let path = format!("{HOOKS}/{}/test", answer["data"]["id"].as_str().unwrap());
                let (_, tried) = scene.as_tenant(Method::POST, &path, Value::Null).await;
                assert!(tried["data"]["status"].is_null(), "{url}: {tried}");
            } else {
                assert_eq!(status, 400, "{url}: {answer}");
            }
        }
        // Neither where the simulated page is served, nor by a change.
        let (_, page) = scene.as_owner(Method::GET, "/_simulator/v1/page", Value::Null).await;
        let door = page["data"]["resolveTo"].as_str().or(page["resolveTo"].as_str()).unwrap();
        scene.refusal(&scene.owner, HOOKS, &format!("https://{door}/")).await;
        let path = scene.hook(&scene.owner, "http://8.8.8.8/hook").await;
        let url = format!("http://127.0.0.1:{port}/api/v1/backup");
        let (status, answer) = scene.as_owner(Method::PATCH, &path, json!({ "url": url })).await;
        assert_eq!(status, 400, "{answer}");
        scene.daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_address_of_the_gateway_is_the_gateway() {
    let settings = [("PUBLIC_URL", "https://gateway.invalid"), (TARGETS, "yes")];
    let scene = Scene::start(&settings).await;
    for url in ["https://gateway.invalid/api/v1/backup", "https://GATEWAY.invalid.:443/"] {
        let message = scene.refusal(&scene.owner, ALL_HOOKS, url).await;
        assert!(message.contains("the gateway itself"), "{message}");
    }
    scene.hook(&scene.owner, "https://hooks.gateway.invalid/").await;
    scene.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_is_loopback_alone_and_for_callers_of_all_sessions_alone() {
    let scene = Scene::start(&[]).await;
    let receiver = Receiver::start(&[]).await;
    let path = scene.hook(&scene.owner, &receiver.url).await;
    let (_, tried) = scene.as_owner(Method::POST, &format!("{path}/test"), Value::Null).await;
    assert_eq!(tried["data"]["status"], 200, "{tried}");
    for (url, word) in [
        ("http://172.18.0.5:5678/hook", "172.18.0.5, a private address"),
        ("http://10.0.0.1/", "webhooks.allow_private_targets = \"yes\""),
        ("http://192.168.1.1/", "webhooks.allowed_targets"),
        ("http://100.64.0.1/", "private"),
        ("http://[fd00::1]/", "private"),
        ("http://169.254.1.1/", "link-local"),
        ("http://169.254.169.254/latest/meta-data", "never"),
        ("http://[fd00:ec2::254]/", "never"),
        ("http://100.100.100.200/", "never"),
        ("http://[3fff::1]/", "reserved"),
        ("http://[2001:10::1]/", "reserved"),
    ] {
        let message = scene.refusal(&scene.owner, HOOKS, url).await;
        assert!(message.contains(word), "{url}: {message}");
        let message = scene.refusal(&scene.tenant, HOOKS, url).await;
        assert!(message.contains("webhooks.allowed_targets"), "{url}: {message}");
        assert!(!message.contains("address,") && !message.contains("private"), "{message}");
    }
    // The key for one session gets nowhere on this machine: neither by its own webhook nor by one of the owner.
    scene.refusal(&scene.tenant, HOOKS, "http://127.0.0.1:9000/").await;
    scene.refusal(&scene.tenant, HOOKS, &receiver.url).await;
    for change in [
        json!({ "url": "http://127.0.0.1:9000/" }),
        json!({ "headers": { "authorization": "mine" } }),
        json!({ "url": receiver.url, "headers": { "x-forwarded-for": "8.8.8.8" } }),
    ] {
        let (status, answer) = scene.as_tenant(Method::PATCH, &path, change).await;
        assert_eq!(status, 400, "{answer}");
    }
    let (status, _) = scene.as_tenant(Method::PATCH, &path, json!({ "events": ["ack"] })).await;
    assert_eq!(status, 200);
    let (_, tried) = scene.as_owner(Method::POST, &format!("{path}/test"), Value::Null).await;
    assert_eq!(tried["data"]["status"], 200, "{tried}");
    scene.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_looked_at_when_it_is_used_and_a_stranger_learns_nothing_of_it() {
    let scene = Scene::start(&[]).await;
    let known = own_hosts().into_iter().find(|host| {
        host.bytes().all(|byte| byte.is_ascii_lowercase()) && !host.contains("localhost")
    });
    let Some(known) = known else {
        println!("skipped: this machine has no name of its own in /etc/hosts");
        return;
    };
    let receiver = Receiver::start(&[]).await;
    let port = receiver.url.trim_end_matches("/hook").rsplit_once(':').unwrap().1.to_owned();
    let mut answers = Vec::new();
    for host in [known.as_str(), "no-such-name.invalid"] {
        let path = scene.hook(&scene.tenant, &format!("http://{host}:{port}/")).await;
        let (_, tried) = scene.as_tenant(Method::POST, &format!("{path}/test"), Value::Null).await;
        answers.push((tried["data"]["status"].clone(), tried["data"]["error"].clone()));
        // The owner's word for the same webhook takes it up.
        if host == known {
            scene.as_owner(Method::PATCH, &path, json!({ "events": ["*"] })).await;
            let (_, tried) =
                scene.as_owner(Method::POST, &format!("{path}/test"), Value::Null).await;
            assert!(tried["data"]["status"].is_null(), "{tried}");
            let body = json!({ "url": format!("http://{host}:{port}/") });
            let (status, answer) = scene.as_owner(Method::POST, HOOKS, body).await;
            assert_eq!(status, 200, "{answer}");
            let (_, tried) =
                scene.as_owner(Method::POST, &format!("{path}/test"), Value::Null).await;
            assert_eq!(tried["data"]["status"], 200, "{tried}");
        }
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].0.is_null());
    scene.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_is_no_behind_a_proxy_and_a_listed_target_is_allowed_to_everybody() {
    let receiver = Receiver::start(&[]).await;
    let address = receiver.url.trim_start_matches("http://").trim_end_matches("/hook");
    for outside in [
        ("WAGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("PUBLIC_URL", "https://gateway.invalid"),
        ("HOST", "0.0.0.0"),
    ] {
        let scene = Scene::start(&[outside, (LISTED, address)]).await;
        let message = scene.refusal(&scene.owner, HOOKS, "http://127.0.0.1:9000/hook").await;
        assert!(message.contains("webhooks.allow_private_targets"), "{outside:?}: {message}");
        for key in [&scene.tenant, &scene.owner] {
            let (status, answer) =
                scene.ask(key, Method::POST, HOOKS, json!({ "url": receiver.url })).await;
            assert!(status < 300, "{outside:?}: {answer}");
            let path = format!("{HOOKS}/{}/test", answer["data"]["id"].as_str().unwrap());
            let (_, tried) = scene.ask(key, Method::POST, &path, Value::Null).await;
            assert_eq!(tried["data"]["status"], 200, "{tried}");
        }
        scene.daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_private_receiver_answers_is_for_administrators_of_all_sessions() {
    let receiver = Receiver::choosing(|_, _| Answer::BrokenBody).await;
    let scene = Scene::start(&[(TARGETS, "yes")]).await;
    let path = scene.hook(&scene.tenant, &receiver.url).await;
    let test = format!("{path}/test");
    let (_, tried) = scene.as_tenant(Method::POST, &test, Value::Null).await;
    assert_eq!((&tried["data"]["status"], &tried["data"]["response"]), (&json!(200), &Value::Null));
    let (_, tried) = scene.as_owner(Method::POST, &test, Value::Null).await;
    assert_eq!(tried["data"]["response"], "only this", "{tried}");
    // The same of what is delivered: a key that may only read gets no answers of the network either.
    let key = json!({ "name": "reader", "scopes": ["read"] });
    let (_, made) = scene.as_owner(Method::POST, "/api/v1/api-keys", key).await;
    let reader = made["data"]["key"].as_str().or(made["data"]["secret"].as_str()).unwrap();
    scene.as_owner(Method::PATCH, &path, json!({ "events": ["*"] })).await;
    scene.as_owner(Method::POST, "/api/v1/sessions/a/restart", json!({})).await;
    let list = format!("{path}/deliveries?status=delivered");
    let delivered = async {
        loop {
            let (_, answer) = scene.as_owner(Method::GET, &list, Value::Null).await;
            if answer["data"][0]["attempts"][0]["response"] == "only this" {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, delivered).await.expect("nothing is delivered");
    for key in [reader, &scene.tenant] {
        let (_, answer) = scene.ask(key, Method::GET, &list, Value::Null).await;
        let attempt = &answer["data"][0]["attempts"][0];
        assert_eq!((&attempt["status"], &attempt["response"]), (&json!(200), &Value::Null));
    }
    scene.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_is_one_webhook_in_the_form_that_is_sent() {
    let scene = Scene::start(&[]).await;
    let mut ids = Vec::new();
    for url in ["http:127.0.0.1:9000", "http://127.0.0.1:9000/#x", "HTTP://127.1:9000/"] {
        let (status, answer) = scene.as_owner(Method::POST, HOOKS, json!({ "url": url })).await;
        assert!(status < 300, "{answer}");
        assert_eq!(answer["data"]["url"], "http://127.0.0.1:9000/");
        ids.push(answer["data"]["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let body = json!({ "url": "http://8.8.8.8/\r\nX: y" });
    let (_, answer) = scene.as_owner(Method::POST, HOOKS, body).await;
    assert_eq!(answer["data"]["url"], "http://8.8.8.8/X:%20y");

    let many: Vec<&str> = vec!["message"; 5_000];
    let headers = |count: usize, size: usize| -> Value {
        (0..count)
            .map(|n| (format!("x-{n}"), json!("v".repeat(size))))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    for (field, value) in [
        ("secret", json!("x")),
        ("secret", json!("x".repeat(23))),
        ("secret", json!("whsec_c2hvcnQ=")),
        ("secret", json!("x".repeat(10_000))),
        ("events", json!(many)),
        ("events", json!(["m".repeat(100_000)])),
        ("headers", headers(21, 1)),
        ("headers", headers(20, 4_000)),
        ("headers", json!({ "x".repeat(1_000): "v" })),
        ("headers", json!({ "x-a": "1", "X-A": "2" })),
    ] {
        let mut body = json!({ "url": "http://8.8.8.8/more" });
        body[field] = value;
        let (status, answer) = scene.as_owner(Method::POST, HOOKS, body).await;
        assert_eq!(status, 400, "{field}: {answer}");
        assert!(answer.to_string().len() < 2_000, "{field}");
    }
    let body = json!({ "url": "http://8.8.8.8/more", "secret": "x".repeat(24) });
    assert_eq!(scene.as_owner(Method::POST, HOOKS, body).await.0, 201);
    scene.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_never_fetched_from_the_gateway_itself() {
    let scene = Scene::start(&[("WAGATE_MEDIA__ALLOW_PRIVATE_SOURCES", "true")]).await;
    let scan = async |path: &str, body: Value| scene.as_owner(Method::POST, path, body).await;
    let (_, qr) = scene
        .as_owner(Method::GET, "/api/v1/sessions/a/qr?format=text&wait=true", Value::Null)
        .await;
    let body = json!({ "code": qr["data"]["qrText"], "name": "Owner" });
    scan(&format!("/_simulator/v1/accounts/{PHONE}/scan"), body).await;
    let ready = async {
        while scene.as_owner(Method::GET, "/api/v1/sessions/a/status", Value::Null).await.1["data"]
            ["status"]
            != "ready"
        {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.expect("it is not linked");
    let port = scene.port();
    let redirect = format!("302 Found\r\nlocation: http://127.0.0.1:{port}/api/v1/info");
    let receiver = Redirect::start(&redirect).await;
    for url in [
        format!("http://127.0.0.1:{port}/api/v1/info"),
        format!("http://localhost:{port}/openapi.json"),
        format!("http://[::ffff:127.0.0.1]:{port}/openapi.json"),
        receiver.clone(),
    ] {
        for key in [&scene.owner, &scene.tenant] {
            let body = json!({
                "instance_id": "a", "recipient": "15550000003@c.us", "media_url": url,
                "media_type": "document",
            });
            let (status, answer) =
                scene.ask(key, Method::POST, "/api/v1/chat/send-media", body).await;
            assert_eq!(status, 422, "{url}: {answer}");
            let is_named = answer.to_string().contains("the gateway itself");
            assert_eq!(is_named, *key == scene.owner, "{answer}");
        }
    }
    scene.daemon.stop().await;
}

/// Answers every request with one status line.
struct Redirect;

impl Redirect {
    async fn start(line: &str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/file", listener.local_addr().unwrap());
        let answer = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4_096];
                let _ = stream.read(&mut head).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        url
    }
}
