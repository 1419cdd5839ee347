//! What bots know: documents of every kind, the search in them and answers.

use std::io::{Cursor, Write};

use reqwest::Method;
use serde_json::{Value, json};
use wagate::knowledge::{AnswerKind, AnswerTerms, Change, KnowledgeEvent};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    app::TestApp,
    receiver::{Answer as Says, Receiver},
    workspace::{ask, bots, get, member, owner, post, text},
};

const PRIVATE: (&str, &str) = ("WAGATE_MEDIA__ALLOW_PRIVATE_SOURCES", "true");
const LARGEST: usize = 10 * 1024 * 1024;

async fn bot(app: &TestApp) -> String {
    let draft = json!({ "name": "Support Bot", "businessTask": "faq" });
    let (status, made) = app.post("/api/whatsapp-api/ai-agents", draft).await;
    assert_eq!(status, 201, "{made}");
    text(&made["id"])
}

/// Sends a form with a file.
async fn upload(
    app: &TestApp,
    (method, path): (Method, &str),
    (name, bytes): (&str, &[u8]),
    token: &str,
) -> (u16, Value) {
    let head = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    let body = [head.as_bytes(), bytes, b"\r\n--x--\r\n"].concat();
    let request = app.http.request(method, format!("{}{path}", app.base)).bearer_auth(token);
    let request = request.header("content-type", "multipart/form-data; boundary=x").body(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// What the bot says to a message, with the titles of its sources.
async fn said(app: &TestApp, bot: &str, message: &str) -> (AnswerKind, String, Vec<String>) {
    let retrieval = &app.gateway.services().retrieval;
    let terms = AnswerTerms::default();
    let answer = retrieval.answer(bot.parse().unwrap(), message, &terms).await.unwrap();
    let sources = answer.sources.into_iter().map(|source| source.title).collect();
    (answer.kind, answer.text, sources)
}

async fn changes(app: &TestApp) -> Vec<Change> {
    let events = app.gateway.services().events.read(None, 0, 1_000).await.unwrap();
    let events = events.iter().filter_map(|event| event.body.read());
    events.map(|KnowledgeEvent::Updated { change, .. }| change).collect()
}

fn docx(paragraph: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    let xml = format!(
        "<w:document><w:body><w:p><w:r><w:t>{paragraph}</w:t></w:r></w:p></w:body></w:document>"
    );
    writer.write_all(xml.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_answers_from_texts_questions_and_files_until_they_are_deleted() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let bot = bot(&app).await;
    let base = format!("/api/v1/kb/{bot}");
    let returns =
        json!({ "title": "Returns", "content": "Returns are free for 30 days. We sell tea." });
    let made = post(&app, &base, returns, Some(&token)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let returns = made.body;
    let expected = json!({
        "id": returns["id"], "bot_id": bot, "title": "Returns", "type": "text", "status": "ready",
        "size": 42, "chunk_count": 1, "created_at": returns["created_at"], "updated_at": returns["created_at"],
    });
    assert_eq!(returns, expected);
    let question = json!({ "bot_id": bot, "message": "Are returns free?" });
    let chat = post(&app, "/api/v1/chat", question, Some(&token)).await;
    assert_eq!(chat.status, 200, "{}", chat.body);
    assert_eq!(chat.body["response"], "Returns are free for 30 days.");
    assert_eq!(chat.body["sources"][0]["document_id"], returns["id"]);
    let faq = json!({ "question": "What are your opening hours?", "answer": "From nine to five." });
    let faq = post(&app, &base, faq, Some(&token)).await;
    assert_eq!(
        (faq.status, &faq.body["type"], &faq.body["title"]),
        (201, &json!("faq"), &json!("What are your opening hours?"))
    );
    let place = || (Method::POST, base.as_str());
    let (status, md) =
        upload(&app, place(), ("ship.md", b"# Ships\n\nParcels leave on *Tuesday*."), &token).await;
    assert_eq!(
        (status, &md["type"], &md["status"], &md["title"]),
        (201, &json!("file"), &json!("ready"), &json!("ship.md"))
    );
    let (status, word) =
        upload(&app, place(), ("warranty.docx", &docx("The warranty lasts two years.")), &token)
            .await;
    assert_eq!((status, &word["status"]), (201, &json!("ready")), "{word}");

    let sentence =
        |text: &str, source: &str| (AnswerKind::Found, text.to_owned(), vec![source.to_owned()]);
    assert_eq!(
        said(&app, &bot, "Are returns free?").await,
        sentence("Returns are free for 30 days.", "Returns")
    );
    assert_eq!(
        said(&app, &bot, "When do parcels leave?").await,
        sentence("Parcels leave on *Tuesday*.", "ship.md")
    );
    assert_eq!(
        said(&app, &bot, "And what about the warranty?").await.1,
        "The warranty lasts two years."
    );
    let hours = said(&app, &bot, "what are your opening hours").await;
    assert_eq!((hours.0, hours.1.as_str()), (AnswerKind::Faq, "From nine to five."));
    assert_eq!(said(&app, &bot, "Do you like the moon?").await.0, AnswerKind::Fallback);
    let search = json!({ "query": "returns", "limit": 1 });
    let found = post(&app, &format!("{base}/search"), search, Some(&token)).await;
    let hit = json!({ "document_id": returns["id"], "title": "Returns", "score": 1.0,
        "excerpt": "Returns are free for 30 days. We sell tea." });
    assert_eq!((found.status, found.body), (200, json!({ "results": [hit] })));
    let listed = get(&app, &base, Some(&token)).await.body;
    assert_eq!((&listed["total"], &listed["documents"][0]), (&json!(4), &returns));

    let one = format!("/api/v1/kb/documents/{}", text(&returns["id"]));
    let opened = get(&app, &one, Some(&token)).await.body;
    assert_eq!(opened["content"], "Returns are free for 30 days. We sell tea.");
    let changed = json!({ "content": "Returns cost five euros." });
    let changed = ask(&app, Method::PUT, &one, Some(changed), Some(&token)).await;
    assert_eq!((changed.status, &changed.body["title"]), (200, &json!("Returns")));
    assert_eq!(said(&app, &bot, "What do returns cost?").await.1, "Returns cost five euros.");
    assert_eq!(ask(&app, Method::DELETE, &one, None, Some(&token)).await.status, 200);
    assert_eq!(said(&app, &bot, "What do returns cost?").await.0, AnswerKind::Fallback);
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(ask(&app, method, &one, None, Some(&token)).await.status, 404);
    }
    let expected = [[Change::Added; 4].as_slice(), &[Change::Changed, Change::Deleted]].concat();
    assert_eq!(changes(&app).await, expected);

    // With the bot goes what it knows.
    let (status, _) =
        app.call(Method::DELETE, &format!("/api/whatsapp-api/ai-agents/{bot}"), None).await;
    assert_eq!(status, 200);
    assert_eq!(get(&app, &base, Some(&token)).await.status, 404);
    let document = format!("/api/v1/kb/documents/{}", text(&md["id"]));
    assert_eq!(get(&app, &document, Some(&token)).await.status, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let (token, _) = owner(&app).await;
    let bot = bot(&app).await;
    let base = format!("/api/v1/kb/{bot}");
    for (name, bytes, status, code) in [
        ("setup.exe", b"MZ\0".to_vec(), 400, "VALIDATION_ERROR"),
        ("setup.txt", b"MZ\0".to_vec(), 400, "VALIDATION_ERROR"),
        ("a.docx", b"MZ\0".to_vec(), 400, "VALIDATION_ERROR"),
        ("a.pdf", b"MZ\0".to_vec(), 400, "VALIDATION_ERROR"),
        ("empty.txt", b" ".to_vec(), 400, "VALIDATION_ERROR"),
        ("none.txt", Vec::new(), 400, "VALIDATION_ERROR"),
        ("large.txt", vec![b'a'; LARGEST + 1], 413, "PAYLOAD_TOO_LARGE"),
    ] {
        let answer = upload(&app, (Method::POST, &base), (name, &bytes), &token).await;
        assert_eq!((answer.0, &answer.1["code"]), (status, &json!(code)), "{name}: {}", answer.1);
    }
    for (body, field) in [
        (json!({}), ""),
        (json!({ "title": "x" }), ""),
        (json!({ "content": "x" }), "title"),
        (json!({ "question": "x" }), "answer"),
        (json!({ "answer": "x" }), "question"),
        (json!({ "title": "x", "content": "y", "url": "http://example.com" }), ""),
        (json!({ "title": "x", "content": " " }), "content"),
        (json!({ "title": "x".repeat(201), "content": "y" }), "title"),
        (json!({ "question": "x", "answer": "y".repeat(4_001) }), "answer"),
        (json!({ "url": "file:///etc/passwd" }), "url"),
        (json!({ "url": "http://127.0.0.1/" }), "url"),
        (json!({ "nonsense": "x" }), "nonsense"),
    ] {
        let answer = post(&app, &base, body.clone(), Some(&token)).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        let fields = &answer.body["details"]["fields"];
        assert!(field.is_empty() || fields[field].is_array(), "{body}: {}", answer.body);
    }
    let nobody = "/api/v1/kb/01980a3e-7c1e-7f6a-b3d8-5e901c47ffff";
    let draft = json!({ "title": "x", "content": "y" });
    assert_eq!(post(&app, nobody, draft, Some(&token)).await.status, 404);
    assert_eq!(
        post(&app, &format!("{nobody}/search"), json!({ "query": "x" }), Some(&token)).await.status,
        404
    );
    assert_eq!(get(&app, nobody, Some(&token)).await.status, 404);
    assert_eq!(get(&app, &base, Some(&token)).await.body["total"], 0);
    assert!(changes(&app).await.is_empty());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_fetched_and_fetched_again() {
    let app = TestApp::start_with(&[PRIVATE]).await;
    let (token, _) = owner(&app).await;
    let bot = bot(&app).await;
    let page = |text: &str| {
        let body = format!("<title>x</title><p>{text}</p>");
        Says::Says("200 OK\r\ncontent-type: text/html".to_owned(), body)
    };
    let image = Says::Says("200 OK\r\ncontent-type: image/png".to_owned(), "x".to_owned());
    let gone = Says::status("404 Not Found");
    let receiver =
        Receiver::start(&[page("Tea is green."), page("Tea is black."), gone, image]).await;
    let base = format!("/api/v1/kb/{bot}");
    let made = post(&app, &base, json!({ "url": receiver.url }), Some(&token)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let page = made.body;
    assert_eq!(
        (&page["type"], &page["status"], &page["url"]),
        (&json!("url"), &json!("ready"), &json!(receiver.url))
    );
    assert_eq!(said(&app, &bot, "What is tea?").await.1, "Tea is green.");
    let one = format!("/api/v1/kb/documents/{}", text(&page["id"]));
    let again = async || ask(&app, Method::PUT, &one, Some(json!({})), Some(&token)).await.body;
    assert_eq!(again().await["status"], "ready");
    assert_eq!(said(&app, &bot, "What is tea?").await.1, "Tea is black.");
    for reason in ["404", ".pdf"] {
        let failed = again().await;
        assert_eq!(failed["status"], "failed");
        assert!(failed["error"].as_str().unwrap().contains(reason), "{failed}");
        assert_eq!(said(&app, &bot, "What is tea?").await.1, "Tea is black.", "it is still known");
    }
    assert_eq!(receiver.got.lock().await.len(), 4);
    let left = std::fs::read_dir(app.folder.path().join("knowledge")).unwrap().count();
    assert_eq!(left, 0, "a download was left behind");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bot_knows_is_for_those_who_see_it_and_changed_by_those_who_manage_it() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (agent, _) = member(&app, &ada, "agent@example.com", "AGENT").await;
    let (other, _) = member(&app, &ada, "other@example.com", "AGENT").await;
    let (viewer, _) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    let key = app.key_of(&["bots", "read"], None).await;
    let bot = text(&bots::bot(&app, &agent, json!({ "name": "Tea" })).await["id"]);
    let base = format!("/api/v1/kb/{bot}");
    let draft = || json!({ "title": "Tea", "content": "Tea is green." });
    let made = post(&app, &base, draft(), Some(&agent)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let one = format!("/api/v1/kb/documents/{}", text(&made.body["id"]));
    let search = format!("{base}/search");
    let title = || Some(json!({ "title": "x" }));
    for caller in [&other, &key] {
        for path in [&base, &one] {
            assert_eq!(get(&app, path, Some(caller)).await.status, 404);
        }
        assert_eq!(post(&app, &base, draft(), Some(caller)).await.status, 404);
        let body = json!({ "query": "tea" });
        assert_eq!(post(&app, &search, body, Some(caller)).await.status, 404);
        assert_eq!(ask(&app, Method::PUT, &one, title(), Some(caller)).await.status, 404);
        assert_eq!(ask(&app, Method::DELETE, &one, None, Some(caller)).await.status, 404);
    }
    for path in [&base, &one] {
        assert_eq!(get(&app, path, Some(&ada)).await.status, 200);
        assert_eq!(get(&app, path, Some(&viewer)).await.status, 404);
        assert_eq!(get(&app, path, None).await.status, 401);
    }
    assert_eq!(post(&app, &base, draft(), Some(&viewer)).await.status, 403);
    // Shared with a team to look at, it is read and not changed.
    let team = post(&app, "/api/v1/teams", json!({ "name": "Tea" }), Some(&ada)).await;
    let team = format!("/api/v1/teams/{}", text(&team.body["id"]));
    let body = json!({ "email": "other@example.com" });
    assert_eq!(post(&app, &format!("{team}/invite"), body, Some(&ada)).await.status, 201);
    let body = json!({ "bot_id": bot, "permission": "view" });
    assert_eq!(post(&app, &format!("{team}/share-bot"), body, Some(&ada)).await.status, 200);
    assert_eq!(get(&app, &one, Some(&other)).await.status, 200);
    assert_eq!(ask(&app, Method::PUT, &one, title(), Some(&other)).await.status, 403);
    assert_eq!(ask(&app, Method::PUT, &one, title(), Some(&agent)).await.status, 200);
    assert_eq!(ask(&app, Method::DELETE, &one, None, Some(&agent)).await.status, 200);
    // With the bot goes what it knows.
    assert_eq!(post(&app, &base, draft(), Some(&agent)).await.status, 201);
    let path = format!("/api/v1/bots/{bot}");
    assert_eq!(ask(&app, Method::DELETE, &path, None, Some(&agent)).await.status, 200);
    let left = app.gateway.services().knowledge.list(bot.parse().unwrap()).await.unwrap();
    assert!(left.is_empty());
    app.stop().await;
}
