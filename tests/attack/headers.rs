//! Response headers: framing, sniffing, caching, CORS and media types of strangers.

use serde_json::json;

use crate::support::{
    PHONE,
    daemon::Daemon,
    raw::{Answer, request, send},
};

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async fn daemon(settings: &[(&str, &str)]) -> (tempfile::TempDir, Daemon) {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, settings).await;
    (folder, daemon)
}

fn ask(daemon: &Daemon, method: &str, path: &str, lines: &[&str]) -> Answer {
    send(&daemon.base, &request(method, &daemon.base, path, lines))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_bears_the_headers_that_keep_pages_out() {
    let (_folder, daemon) = daemon(&[]).await;
    let foreign = ["Origin: https://evil.example"];
    let long = format!("/{}", "a".repeat(5_000));
    for (method, path, lines, status) in [
        ("GET", "/", &[][..], 200),
        ("GET", "/health", &[], 200),
        ("GET", "/api/v1/sessions", &[], 200),
        ("GET", "/api/v1/sessions/none", &[], 404),
        ("GET", "/api/v1/sessions", &foreign, 401),
        ("GET", "/metrics", &[], 200),
        ("GET", "/openapi.json", &[], 200),
        ("GET", "/api-docs", &[], 302),
        ("GET", "/api-docs/index.html", &[], 200),
        ("GET", "/api-docs/swagger-ui-bundle.js", &[], 200),
        ("GET", "/api-docs/nothing.js", &[], 404),
        ("GET", "/assets/nothing.js", &[], 404),
        ("GET", "/llms.txt", &[], 200),
        ("GET", "/docs/sending.md", &[], 200),
        ("GET", "/docs/nothing.md", &[], 404),
        ("GET", "/nothing", &[], 404),
        ("GET", &long, &[], 414),
        ("POST", "/health", &[], 405),
        ("OPTIONS", "/api/v1/sessions", &foreign, 405),
        ("POST", "/api/v1/sessions", &["Content-Type: text/plain"], 400),
        ("GET", "/ws/none", &[], 404),
        ("GET", "/_simulator/phone", &[], 200),
        ("GET", "/_simulator/phone.js", &[], 200),
        ("GET", "/api/v1/chat/conversations", &[], 200),
        ("GET", "/api/media/none", &[], 404),
    ] {
        let answer = ask(&daemon, method, path, lines);
        let shown: String = path.chars().take(40).collect();
        // Which refusal a route gives is not this test's concern, only that it is one.
        assert_eq!(answer.status / 100, status / 100, "{method} {shown}: {}", answer.head);
        let header = |name: &str| answer.header(name).unwrap_or_default();
        assert_eq!(header("x-content-type-options"), "nosniff", "{method} {shown}");
        assert_eq!(header("x-frame-options"), "deny", "{method} {shown}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{method} {shown}");
        let policy = header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{method} {shown}: {policy}");
        assert!(policy.contains("default-src 'none'"), "{method} {shown}: {policy}");
        let resource = if path.starts_with("/api/media") { "cross-origin" } else { "same-origin" };
        assert_eq!(header("cross-origin-resource-policy"), resource, "{method} {shown}");
        let is_page = path == "/";
        let caching = if is_page { "no-cache" } else { "no-store" };
        assert_eq!(header("cache-control"), caching, "{method} {shown}");
        assert_eq!(header("access-control-allow-origin"), "", "{method} {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_runs_its_own_scripts_alone() {
    let (_folder, daemon) = daemon(&[]).await;
    let answer = ask(&daemon, "GET", "/api-docs/index.html", &[]);
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self'") && !policy.contains("script-src 'self' '"));
    // The page holds no script that this would stop.
    assert!(
        answer.body.contains("<script") && !answer.body.contains("<script>"),
        "{}",
        answer.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_file_is_shown_by_pages_of_others_and_not_framed() {
    let (_folder, daemon) = daemon(&[]).await;
    daemon.link("s", PHONE).await;
    let picture = json!({
        "chat": format!("{PHONE}@c.us"), "text": "a dot", "mime": "image/png",
        "filename": "dot.png", "mediaBase64": PNG,
    });
    daemon.post("/_simulator/v1/accounts/15550000011/messages", picture).await;
    let path = "/api/v1/chat/conversations";
    let is_there = |list: &serde_json::Value| list["data"][0]["id"].is_string();
    daemon.wait_until(path, "the conversation", is_there).await;
    let id = daemon.get(path).await["data"][0]["id"].as_str().unwrap().to_owned();
    let messages = daemon.get(&format!("{path}/{id}/messages")).await;
    let link = messages["messages"][0]["media"]["url"].as_str().unwrap();
    let path = &link[link.find("/api/media/").unwrap()..];
    let answer = ask(&daemon, "GET", path, &["Origin: https://shop.example"]);
    assert_eq!(answer.status, 200, "{path}: {}", answer.head);
    assert_eq!(answer.header("cross-origin-resource-policy").unwrap(), "cross-origin");
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("sandbox") && policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_listed_origin_may_call_with_a_credential() {
    let settings =
        [("OPENWA_AUTH", "required"), ("WAGATE_SERVER__CORS_ORIGINS", "https://app.example")];
    let (folder, daemon) = daemon(&settings).await;
    let key = std::fs::read_to_string(folder.path().join("data/bootstrap.key")).unwrap();
    let key = format!("Authorization: Bearer {}", key.trim());
    let asked = "Access-Control-Request-Method: POST";
    let wanted = "Access-Control-Request-Headers: authorization,content-type";
    let preflight = |origin: &str| {
        ask(&daemon, "OPTIONS", "/api/v1/sessions/a/send-text", &[origin, asked, wanted])
    };
    let answer = preflight("Origin: https://app.example");
    let header = |name: &str| answer.header(name).unwrap_or_default();
    assert_eq!(answer.status, 204, "{}", answer.head);
    assert_eq!(header("access-control-allow-origin"), "https://app.example");
    assert_eq!(header("access-control-allow-credentials"), "true");
    assert!(header("access-control-allow-methods").contains("post"));
    assert!(header("access-control-allow-headers").contains("authorization"));
    assert!(header("vary").contains("origin"));
    assert_ne!(header("access-control-max-age"), "");
    for origin in ["Origin: https://evil.example", "Origin: null", "Origin: http://app.example"] {
        let answer = preflight(origin);
        assert!(!answer.head.contains("access-control-"), "{origin}: {}", answer.head);
        assert!(answer.header("vary").unwrap().contains("origin"));
    }
    let lines = ["Origin: https://app.example", "Sec-Fetch-Site: cross-site", &key];
    let answer = ask(&daemon, "GET", "/api/v1/sessions", &lines);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin").unwrap(), "https://app.example");
    let exposed = answer.header("access-control-expose-headers").unwrap();
    for name in ["x-ratelimit-remaining", "x-request-id", "retry-after"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    // Its page can read why it was refused.
    let refused = ask(&daemon, "GET", "/api/v1/sessions", &lines[..2]);
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin").unwrap(), "https://app.example");
}
