//! Callers without a key: other users, reverse proxies, foreign pages.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    PATIENCE, PHONE,
    daemon::{Daemon, PROGRAM},
    proxies::{self, Proxy},
    raw::{self, STRANGER, request, send, send_and_leave, send_as},
};

const SESSIONS: &str = "/api/v1/sessions";
/// The lines with which nginx passes WebSockets on.
const WEBSOCKET: &str = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
proxy_set_header Connection $http_connection;";

async fn daemon(settings: &[(&str, &str)]) -> (tempfile::TempDir, Daemon) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, settings).await;
    (folder, daemon)
}

fn port(daemon: &Daemon) -> u16 {
    raw::address(&daemon.base).rsplit_once(':').unwrap().1.parse().unwrap()
}

/// What a remote caller gets through a proxy: with the proxy's own host, and with one of this machine.
fn through(proxy: &Proxy) -> [u16; 2] {
    let own = send(&proxy.base, &request("GET", &proxy.base, SESSIONS, &[])).status;
    let local = send(&proxy.base, &request("GET", &proxy.base, SESSIONS, &["Host: localhost"]));
    [own, local.status]
}

async fn nginx_before(daemon: &Daemon, lines: &str) -> Option<Proxy> {
    let target = &daemon.base;
    let server = format!(
        "server {{ listen 127.0.0.1:PORT; location / {{ proxy_pass {target}; {lines} }} }}"
    );
    proxies::nginx(&server).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_the_same_user_needs_no_key() {
    let (_folder, daemon) = daemon(&[]).await;
    for host in ["localhost", "127.0.0.1:8080", "[::1]:1"] {
        let host = format!("Host: {host}");
        assert_eq!(
            send(&daemon.base, &request("GET", &daemon.base, SESSIONS, &[&host])).status,
            200
        );
    }
    // Over a connection that stays, and one that has said all that it will.
    assert_eq!(daemon.get(SESSIONS).await, json!([]));
    assert_eq!(daemon.get(SESSIONS).await, json!([]));
    let doctor = daemon.get("/api/v1/doctor").await;
    let found = doctor.as_array().unwrap().iter().find(|check| check["name"] == "callers").unwrap();
    assert!(found["found"].as_str().unwrap().contains("without a key"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_of_the_machine_needs_a_key() {
    if !proxies::other_users() {
        return;
    }
    let (_folder, daemon) = daemon(&[]).await;
    let ask = |method: &str, path: &str, lines: &[&str]| {
        send_as(STRANGER, &daemon.base, &request(method, &daemon.base, path, lines))
    };
    for path in [SESSIONS, "/metrics", "/_simulator/v1/accounts", "/api/v1/doctor", "/info"] {
        let answer = ask("GET", path, &[]);
        assert_eq!(answer.status, 401, "{path}: {}", answer.body);
    }
    assert_eq!(ask("POST", "/api/v1/backup", &[]).status, 401);
    let (name, scopes) = ("x", ["read"]);
    let key = daemon.post("/api/v1/api-keys", json!({ "name": name, "scopes": scopes })).await;
    let header = format!("X-API-Key: {}", key["key"].as_str().unwrap());
    assert_eq!(ask("GET", SESSIONS, &[&header]).status, 200);
    assert_eq!(ask("GET", "/health", &[]).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_distinguished_over_ipv6_as_well() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        println!("skipped: this machine has no IPv6");
        return;
    }
    let (_folder, daemon) = daemon(&[("WAGATE_LISTEN", "[::1]:8080")]).await;
    let text = request("GET", &daemon.base, SESSIONS, &[]);
    assert_eq!(send(&daemon.base, &text).status, 200, "{}", daemon.base);
    if proxies::other_users() {
        assert_eq!(send_as(STRANGER, &daemon.base, &text).status, 401);
    }
}

/// The gateway as a service runs it: by a user of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_of_another_user_lets_that_user_and_root_in() {
    const OWN: u32 = 65_533;
    if !proxies::other_users() {
        return;
    }
    let mut version = tokio::process::Command::new(PROGRAM);
    let version = version.arg("--version").uid(OWN).gid(OWN).output().await;
    if !version.is_ok_and(|output| output.status.success()) {
        println!("skipped: other users cannot reach {PROGRAM}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(folder.path(), Some(OWN), Some(OWN)).unwrap();
    let mut command = tokio::process::Command::new(PROGRAM);
    command.uid(OWN).gid(OWN);
    let daemon = Daemon::run(command, folder.path(), 0, &[]).await;
    let text = request("GET", &daemon.base, SESSIONS, &[]);
    assert_eq!(send(&daemon.base, &text).status, 200, "root");
    assert_eq!(send_as(OWN, &daemon.base, &text).status, 200, "its own user");
    assert_eq!(send_as(STRANGER, &daemon.base, &text).status, 401, "another");
}

/// A socket whose process has closed it says that it is root's.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_leaves_at_once_is_not_taken_for_root() {
    if !proxies::other_users() {
        return;
    }
    let (_folder, daemon) = daemon(&[]).await;
    for number in 0..40 {
        let body = format!("{{\"sessionId\":\"left-{number}\"}}");
        let text = format!(
            "POST {SESSIONS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        send_and_leave(STRANGER, &daemon.base, &text);
    }
    // Each was answered, or its connection had ended, before this one is.
    let metrics = daemon.http.get(format!("{}/metrics", daemon.base)).send().await.unwrap();
    assert_eq!(metrics.status(), 200);
    assert_eq!(daemon.get(SESSIONS).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_through_nginx_needs_a_key() {
    if !proxies::other_users() {
        return;
    }
    let (_folder, daemon) = daemon(&[]).await;
    let with_host = format!("{WEBSOCKET} proxy_set_header Host $host;");
    let forwarded = format!("{with_host} proxy_set_header X-Forwarded-For $remote_addr;");
    for lines in ["", WEBSOCKET, &with_host, &forwarded] {
        let Some(proxy) = nginx_before(&daemon, lines).await else { return };
        assert_eq!(through(&proxy), [401, 401], "nginx with '{lines}'");
        let make = request("POST", &proxy.base, "/api/v1/api-keys", &["Host: localhost"]);
        assert_eq!(send(&proxy.base, &make).status, 401);
        // A WebSocket too, and one that is made to look as if it came from the gateway's own page.
        let socket = [
            "Host: localhost",
            "Origin: http://localhost",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ];
        assert_eq!(send(&proxy.base, &request("GET", &proxy.base, "/ws/a", &socket)).status, 401);
    }
    let keys = daemon.get("/api/v1/api-keys").await;
    assert_eq!(keys.as_array().map(Vec::len), Some(1), "only the first one: {keys}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_through_haproxy_or_a_tunnel_needs_a_key() {
    if !proxies::other_users() {
        return;
    }
    let (_folder, daemon) = daemon(&[]).await;
    for lines in ["mode http", "mode http\n  option forwardfor", "mode tcp"] {
        let Some(proxy) = proxies::haproxy(lines, port(&daemon)).await else { return };
        assert_eq!(through(&proxy), [401, 401], "HAProxy with '{lines}'");
    }
}

/// The configuration of docs/deploy.md, but for TLS.
#[tokio::test(flavor = "multi_thread")]
async fn the_documented_proxy_passes_keys_and_nobody_else() {
    if !proxies::other_users() {
        return;
    }
    let settings = [("OPENWA_AUTH", "required"), ("WAGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1")];
    let (folder, daemon) = daemon(&settings).await;
    let document = include_str!("../../docs/deploy.md");
    let block = document.split("```nginx\n").nth(1).unwrap().split("```").next().unwrap();
    let server: String = block
        .lines()
        .filter(|line| !line.contains("ssl_certificate"))
        .map(|line| {
            let line = line.replace("listen 8443 ssl", "listen 127.0.0.1:PORT");
            line.replace("http://127.0.0.1:8080", &daemon.base) + "\n"
        })
        .collect();
    let Some(proxy) = proxies::nginx(&server).await else { return };
    assert_eq!(through(&proxy), [401, 401]);
    let key = std::fs::read_to_string(folder.path().join("data/bootstrap.key")).unwrap();
    let http = wagate::egress::local_client().unwrap();
    let ask = |method: Method, path: &str| {
        http.request(method, format!("{}{path}", proxy.base)).bearer_auth(key.trim())
    };
    let made = ask(Method::POST, SESSIONS).json(&json!({ "sessionId": "a" })).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let url = format!("{}/ws/a?api_key={}", proxy.base.replacen("http", "ws", 1), key.trim());
    let opened = tokio::time::timeout(PATIENCE, tokio_tungstenite::connect_async(url)).await;
    assert!(opened.unwrap().is_ok(), "the proxy passes WebSockets on");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_mark_of_a_proxy_means_not_local() {
    let (_folder, daemon) = daemon(&[]).await;
    for line in [
        "Via: 1.1 proxy",
        "Forwarded: for=203.0.113.9",
        "X-Forwarded-For: 127.0.0.1",
        "x-forwarded-host: localhost",
        "X-FORWARDED-PROTO: https",
        "X-Forwarded-Server: a",
        "X-Forwarded-Anything: a",
        "X-Real-IP: 127.0.0.1",
        "CF-Connecting-IP: 127.0.0.1",
        "CF-Ray: 1",
        "True-Client-IP: 127.0.0.1",
        "Via:",
    ] {
        let answer = send(&daemon.base, &request("GET", &daemon.base, SESSIONS, &[line]));
        assert_eq!(answer.status, 401, "{line}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_wants_a_key_once_others_are_meant_to_call() {
    for (name, value) in [
        ("WAGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("PUBLIC_URL", "https://gateway.example.com"),
        ("HOST", "0.0.0.0"),
    ] {
        let (_folder, daemon) = daemon(&[(name, value)]).await;
        let base = daemon.base.replace("0.0.0.0", "127.0.0.1");
        assert_eq!(send(&base, &request("GET", &base, SESSIONS, &[])).status, 401, "{name}");
        assert_eq!(send(&base, &request("GET", &base, "/health", &[])).status, 200, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_itself_sends_is_never_local() {
    let (_folder, daemon) = daemon(&[]).await;
    for line in ["User-Agent: wagate/0.1.0", "webhook-id: msg_1", "user-agent: WAGATE/9"] {
        let text = request("POST", &daemon.base, "/api/v1/sessions/b/restart", &[line]);
        assert_eq!(send(&daemon.base, &text).status, 401, "{line}");
    }
}

/// Lines of a browser that acts for a foreign page, or for one that is not known.
const FOREIGN: [&[&str]; 12] = [
    &["Origin: https://evil.example"],
    &["Origin: null"],
    &["Origin:"],
    &["Origin: http://localhost:1", "Origin: https://evil.example"],
    &["Origin: http://127.0.0.1"],
    &["Origin: https://app.example"],
    &["Sec-Fetch-Site: cross-site"],
    &["Sec-Fetch-Site: same-site"],
    &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: object"],
    &["Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"],
    &["Host: evil.example"],
    &["Host: localhost.evil.example:8080"],
];

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_is_refused_in_every_mode() {
    let basic = format!("Authorization: Basic {}", BASE64.encode("me:secret"));
    let user = [("OPENWA_BASIC_USER", "me"), ("OPENWA_BASIC_PASSWORD", "secret")];
    for (mode, credential) in [("auto", ""), ("open", ""), ("required", basic.as_str())] {
        let settings = [("OPENWA_AUTH", mode), user[0], user[1]];
        let (_folder, daemon) = daemon(&settings).await;
        daemon_session(&daemon, credential).await;
        let ask = |method: &str, path: &str, lines: &[&str]| {
            let lines: Vec<&str> = lines
                .iter()
                .copied()
                .chain((!credential.is_empty()).then_some(credential))
                .collect();
            send(&daemon.base, &request(method, &daemon.base, path, &lines))
        };
        let own = format!("Origin: {}", daemon.base);
        for lines in
            [&[][..], &[own.as_str()], &["Sec-Fetch-Site: same-origin"], &["Sec-Fetch-Site: none"]]
        {
            assert_eq!(ask("GET", SESSIONS, lines).status, 200, "{mode} {lines:?}");
        }
        for lines in FOREIGN {
            for (method, path) in [
                ("GET", SESSIONS),
                ("GET", "/api/v1/sessions/a/chats/15550000011@c.us/messages"),
                ("POST", "/api/v1/sessions/a/logout"),
                ("GET", "/metrics"),
            ] {
                let answer = ask(method, path, lines);
                assert_eq!(answer.status, 401, "{mode} {method} {path} {lines:?}");
                // No dialog asks the person for a password on behalf of that page.
                let challenge = answer.header("www-authenticate").unwrap_or_default();
                assert!(!challenge.contains("basic"), "{mode} {lines:?}: {challenge}");
            }
            let mut socket = lines.to_vec();
            socket.extend([
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ]);
            assert_eq!(ask("GET", "/ws/a?since=0", &socket).status, 401, "{mode} {lines:?}");
        }
        // Nothing of it had an effect.
        assert_eq!(ask("GET", "/api/v1/sessions/a", &[]).status, 200);
        // Bytes that are no text, where a browser would write an origin.
        let mut bytes = request("GET", &daemon.base, SESSIONS, &["Origin: http://x?"]).into_bytes();
        let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
        bytes[at] = 0xff;
        assert_eq!(raw::send_bytes(&daemon.base, &bytes).status, 401, "{mode}");
    }
}

async fn daemon_session(daemon: &Daemon, credential: &str) {
    let mut request = daemon.http.post(format!("{}{SESSIONS}", daemon.base));
    if let Some((_, value)) = credential.split_once(": ") {
        request = request.header("authorization", value);
    }
    let answer = request.json(&json!({ "sessionId": "a" })).send().await.unwrap();
    assert_eq!(answer.status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_header_is_no_forged_request() {
    let (folder, daemon) = daemon(&[("OPENWA_AUTH", "required")]).await;
    let key = std::fs::read_to_string(folder.path().join("data/bootstrap.key")).unwrap();
    for header in
        [format!("X-API-Key: {}", key.trim()), format!("Authorization: Bearer {}", key.trim())]
    {
        for lines in FOREIGN {
            let mut lines = lines.to_vec();
            lines.push(&header);
            let answer = send(&daemon.base, &request("GET", &daemon.base, SESSIONS, &lines));
            assert_eq!(answer.status, 200, "{lines:?}: {}", answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_the_settings_name_are_known() {
    let settings = [("OPENWA_AUTH", "open"), ("WAGATE_SERVER__ALLOWED_HOSTS", "wagate")];
    let (_folder, daemon) = daemon(&settings).await;
    for (host, status) in [
        ("wagate:8080", 200),
        ("192.0.2.7:8080", 200),
        ("[2001:db8::7]", 200),
        ("gateway.example.com", 401),
        ("wagate.evil.example", 401),
    ] {
        let host = format!("Host: {host}");
        let answer = send(&daemon.base, &request("GET", &daemon.base, SESSIONS, &[&host]));
        assert_eq!(answer.status, status, "{host}");
        if status == 401 {
            assert!(answer.body.contains("server.allowed_hosts"), "{}", answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_origin_does_not_open_the_door_without_a_key() {
    let settings = [("WAGATE_SERVER__CORS_ORIGINS", "https://app.example")];
    let (_folder, daemon) = daemon(&settings).await;
    let lines = ["Origin: https://app.example", "Sec-Fetch-Site: cross-site"];
    assert_eq!(send(&daemon.base, &request("GET", &daemon.base, SESSIONS, &lines)).status, 401);
}

/// What a foreign page tries, and then reports to its own server.
const PAGE: &str = r#"<!doctype html><body><script>
const base = "BASE";
const socket = new Promise((tell) => {
  const one = new WebSocket(base.replace("http", "ws") + "/ws/a?since=0");
  one.onopen = () => tell("open");
  one.onerror = () => tell("refused");
});
const shown = (path) => new Promise((tell) => {
  const one = document.createElement("object");
  one.onload = () => tell("shown");
  one.onerror = () => tell("refused");
  one.data = base + path;
  document.body.append(one);
});
const send = fetch(base + "/api/v1/sessions/a/logout", { method: "POST", mode: "no-cors" })
  .then(() => "answered", () => "failed");
const read = fetch(base + "/api/v1/sessions").then(() => "read", () => "kept");
Promise.all([socket, shown("/api/v1/sessions/a"), shown("/api/v1/sessions/none"), send, read])
  .then((found) => fetch("/found?" + found.join(",")));
</script>"#;

/// Serves the page until it has reported. Each connection has a task of its own, since a browser also opens
/// connections that it uses late or never.
async fn page_server(listener: tokio::net::TcpListener, page: String) -> String {
    let (report, mut reported) = tokio::sync::mpsc::channel(1);
    loop {
        tokio::select! {
            Some(found) = reported.recv() => return found,
            accepted = listener.accept() => {
                let (stream, _) = accepted.unwrap();
                tokio::spawn(serve_page(stream, page.clone(), report.clone()));
            }
        }
    }
}

async fn serve_page(
    mut stream: tokio::net::TcpStream,
    page: String,
    report: tokio::sync::mpsc::Sender<String>,
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut head = [0; 4096];
    let length = stream.read(&mut head).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    let line = head.lines().next().unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    if let Some((_, found)) = line.split_once("/found?") {
        let found = found.split(' ').next().unwrap_or_default().to_owned();
        let _ = report.send(found).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_page_in_a_real_browser_learns_and_changes_nothing() {
    let Some(chromium) = wagate::driver::browser::find(None) else {
        println!("skipped: {}", wagate::driver::browser::install_hint());
        return;
    };
    for mode in ["auto", "open"] {
        let (folder, daemon) = daemon(&[("OPENWA_AUTH", mode)]).await;
        daemon.link("a", PHONE).await;
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let page = PAGE.replace("BASE", &daemon.base);
        let mut browser = tokio::process::Command::new(&chromium)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg(url)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let found = tokio::time::timeout(PATIENCE * 3, page_server(listener, page)).await;
        browser.kill().await.unwrap();
        let found = found.expect("the page did not report");
        let found: Vec<&str> = found.split(',').collect();
        assert_eq!(found[..3], ["refused"; 3], "{mode}: {found:?}");
        assert_eq!(found[4], "kept", "{mode}: {found:?}");
        let status = daemon.get("/api/v1/sessions/a/status").await;
        assert_eq!(status["status"], "ready", "{mode}: {status}");
    }
}
