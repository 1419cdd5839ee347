//! Lists of the Chat API: pages that neither skip nor repeat, history that is fetched once, reads
//! without a line, tags, instances, and who may see what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{PHONE, SILENT, TestApp, code},
    chat::{conversation, messages, send, write},
};

const ADA: &str = "15550000011";

fn ids(messages: &[Value]) -> Vec<u64> {
    messages.iter().map(|message| message["id"].as_u64().unwrap()).collect()
}

fn bodies(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|message| message["message_body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn history_from_before_the_login_is_fetched_in_order_and_kept() {
    let app = TestApp::start().await;
    // The account had a life before it was linked.
    let body = json!({ "phone": PHONE, "name": "Owner" });
    assert!(app.post("/_simulator/v1/accounts", body).await.0.is_success());
    for number in 0..130 {
        write(&app, ADA, &format!("old {number}")).await;
    }
    app.ready("s", PHONE).await;
    let one = conversation(&app, ADA).await;
    write(&app, ADA, "new").await;
    app.wait_for("the new message", || async {
        (conversation(&app, ADA).await["last_message"] == "new").then_some(())
    })
    .await;

    let (mut before, mut all) = (String::new(), Vec::new());
    loop {
        let path = format!(
            "/api/v1/chat/conversations/{}/messages?limit=40{before}",
            one["id"].as_str().unwrap()
        );
        let (status, answer) = app.get(&path).await;
        assert_eq!(status, 200, "{answer}");
        let page = answer["data"]["messages"].as_array().unwrap().clone();
        assert!(ids(&page).is_sorted());
        before = format!("&before_id={}", page[0]["id"]);
        all.splice(0..0, page);
        if answer["data"]["has_more"] == false {
            break;
        }
    }
    let wanted: Vec<String> =
        (0..130).map(|number| format!("old {number}")).chain(["new".to_owned()]).collect();
    assert_eq!(bodies(&all), wanted);
    assert!(ids(&all).is_sorted());

    // Forward from the first, in other steps; and nothing of it needs a line any more.
    let body = json!({ "connected": false });
    app.post(&format!("/_simulator/v1/accounts/{PHONE}/line"), body).await;
    let mut forward = vec![all[0].clone()];
    loop {
        let after = forward.last().unwrap()["id"].clone();
        let page = messages(&app, &one, &format!("?after_id={after}&limit=27")).await;
        if page.is_empty() {
            break;
        }
        forward.extend(page);
    }
    assert_eq!(ids(&forward), ids(&all));
    let restore = json!({ "connected": true });
    app.post(&format!("/_simulator/v1/accounts/{PHONE}/line"), restore).await;
    let both = format!(
        "/api/v1/chat/conversations/{}/messages?after_id=1&before_id=2",
        one["id"].as_str().unwrap()
    );
    assert_eq!(app.get(&both).await.0, 422);

    // Deleted, none of it comes back when the session does.
    let path = format!("/api/v1/conversations/{}", one["id"].as_str().unwrap());
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    let reported = app.gateway.services().events.newest();
    let app = TestApp::start_in(app.stop().await, &[]).await;
    app.wait_for_status("s", "ready").await;
    app.wait_for("the chats to be read", || async {
        let (_, chats) = app.get("/api/v1/sessions/s/chats").await;
        (chats["data"] != json!([])).then_some(())
    })
    .await;
    let (_, listed) = app.get("/api/v1/chat/conversations").await;
    assert_eq!(listed["data"]["total"], 0, "{listed}");
    let (_, stored) = app.get("/api/v1/messages").await;
    assert_eq!(stored["data"]["messages"], json!([]));
    let events = app.gateway.services().events.read(None, reported, 100).await.unwrap();
    let is_message =
        |event: &&std::sync::Arc<wagate::domain::Event>| event.body.name() == "message";
    assert_eq!(events.iter().filter(is_message).count(), 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_work_while_the_session_is_gone_and_numbers_outlive_the_gateway() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let sent = send(&app, SILENT, "before").await;
    let folder = app.stop().await;

    let app = TestApp::start_in(folder, &[]).await;
    app.wait_for_status("s", "ready").await;
    let again = send(&app, SILENT, "after").await;
    assert_eq!(again["conversation"]["id"], sent["conversation"]["id"]);
    assert!(sent["message"]["id"].as_u64() < again["message"]["id"].as_u64());
    let device = app.get(&format!("/_simulator/v1/accounts/{PHONE}/devices")).await.1;
    let device = device["data"]["devices"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/_simulator/v1/accounts/{PHONE}/devices/{device}");
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    app.wait_for("the session to be gone", || async {
        let (_, answer) = app.get("/api/v1/instances").await;
        (answer["data"]["instances"][0]["connected"] == false).then_some(())
    })
    .await;
    let one = conversation(&app, "15550000003").await;
    assert_ne!(one["instance"]["status"], "connected");
    let shown = messages(&app, &one, "").await;
    assert_eq!(bodies(&shown), ["before", "after"]);
    assert_eq!(
        (&shown[0]["id"], &shown[0]["uuid"]),
        (&sent["message"]["id"], &sent["message"]["uuid"])
    );
    let path = format!("/api/v1/chat/conversations/{}", one["id"].as_str().unwrap());
    assert_eq!(app.post(&format!("{path}/mark-read"), json!({})).await.0, 200);
    let body = json!({ "instance_id": "s", "recipient": SILENT, "message": "x" });
    let (status, answer) = app.post("/api/v1/chat/send", body).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "INSTANCE_NOT_CONNECTED"), "{answer}");
    let (status, answer) = app.post(&format!("{path}/archive"), json!({})).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "INSTANCE_NOT_CONNECTED"), "{answer}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_of_two_instances_come_in_pages_by_their_activity() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    app.ready("t", "15551112222").await;
    for number in 1..=7 {
        let phone = format!("1555000010{number}");
        assert!(
            app.post("/_simulator/v1/accounts", json!({ "phone": phone })).await.0.is_success()
        );
        let instance = if number % 2 == 0 { "s" } else { "t" };
        let body = json!({ "instance_id": instance, "recipient": phone, "message": "hello" });
        assert_eq!(app.post("/api/v1/chat/send", body).await.0, 200);
    }
    let (_, all) = app.get("/api/v1/chat/conversations?per_page=100").await;
    let all = all["data"]["data"].as_array().unwrap().clone();
    let mut paged = Vec::new();
    for page in 1..=3 {
        let path = format!("/api/v1/chat/conversations?per_page=3&page={page}");
        let (_, answer) = app.get(&path).await;
        let data = &answer["data"];
        assert_eq!((&data["total"], &data["last_page"]), (&json!(7), &json!(3)), "{data}");
        assert_eq!(data["next_page_url"].is_null(), page == 3);
        paged.extend(data["data"].as_array().unwrap().clone());
    }
    let names = |all: &[Value]| all.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&paged), names(&all));
    let (_, of_one) = app.get("/api/v1/chat/conversations?instance_id=t").await;
    assert_eq!(of_one["data"]["total"], 4);
    let (status, answer) = app.get("/api/v1/chat/conversations?instance_id=u").await;
    assert_eq!((status.as_u16(), code(&answer)), (404, "INSTANCE_NOT_FOUND"));

    let (_, feed) = app.get("/api/v1/messages?per_page=4&direction=outgoing").await;
    let first = feed["data"]["messages"].as_array().unwrap().clone();
    let next = &feed["data"]["next_before_id"];
    let (_, feed) = app.get(&format!("/api/v1/messages?per_page=4&before_id={next}")).await;
    let second = feed["data"]["messages"].as_array().unwrap().clone();
    assert_eq!((first.len(), second.len(), &feed["data"]["has_more"]), (4, 3, &json!(false)));
    let mut found = ids(&[first, second].concat());
    assert!(found.is_sorted_by(|one, other| other < one));
    found.dedup();
    assert_eq!(found.len(), 7);
    let (_, none) = app.get("/api/v1/messages?direction=incoming").await;
    assert_eq!(none["data"]["messages"], json!([]));
    assert_eq!(app.get("/api/v1/messages?direction=up").await.0, 422);
    assert_eq!(app.get("/api/v1/messages?status=lost").await.0, 422);
    let id = all[0]["id"].as_str().unwrap();
    let (_, of_chat) = app.get(&format!("/api/v1/messages?conversation_id={id}")).await;
    assert_eq!(of_chat["data"]["messages"].as_array().map(Vec::len), Some(1));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_found_whatever_marks_case_and_signs_a_name_or_number_has() {
    let app = TestApp::start().await;
    let people =
        [("15550001001", "José Müller"), ("15550001002", "مَرْحَبًا"), ("15550001003", "Łucja")];
    for (phone, name) in people {
        let body = json!({ "phone": phone, "name": name });
        assert!(app.post("/_simulator/v1/accounts", body).await.0.is_success());
    }
    app.ready("s", PHONE).await;
    for (phone, _) in people {
        write(&app, phone, "hello").await;
        conversation(&app, phone).await;
    }
    for (search, wanted) in [
        ("jose", &people[..1]),
        ("MULLER", &people[..1]),
        ("josé mü", &people[..1]),
        ("مرحبا", &people[1..2]),
        ("lucja", &people[2..]),
        ("+1 (555) 000-1003", &people[2..]),
        ("15550001003", &people[2..]),
        ("15550001003@c.us", &people[2..]),
        ("+1 555 000 1003@s.whatsapp.net", &people[2..]),
        ("15550001004@c.us", &[]),
        ("１５５５ ０００１００３", &people[2..]),
        ("+1 555", &people[..]),
        ("\u{301}", &[]),
        ("josef", &[]),
        ("15550001004", &[]),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(search.as_bytes()).collect();
        let (status, answer) = app.get(&format!("/api/v1/chat/conversations?search={query}")).await;
        assert_eq!(status, 200, "{answer}");
        let found = answer["data"]["data"].as_array().unwrap().iter();
        let mut found: Vec<_> =
            found.map(|one| one["contact_number"].as_str().unwrap().to_owned()).collect();
        found.sort();
        assert_eq!(found, wanted.iter().map(|(phone, _)| *phone).collect::<Vec<_>>(), "{search}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_tagged_paused_and_deleted() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    let sent = send(&app, SILENT, "hello").await;
    let id = sent["conversation"]["id"].as_str().unwrap();
    let (status, made) =
        app.post("/api/v1/tags", json!({ "name": "VIP", "color": "#F59E0B" })).await;
    assert_eq!(status, 201, "{made}");
    let tag = made["data"]["tag"]["id"].as_str().unwrap().to_owned();
    let (status, answer) = app.post("/api/v1/tags", json!({ "name": "vip" })).await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(app.post("/api/v1/tags", json!({ "name": "x", "color": "red" })).await.0, 422);
    let path = format!("/api/v1/conversations/{id}/tags");
    let unknown = json!({ "tag_ids": ["660e8400-e29b-41d4-a716-446655440045"] });
    assert_eq!(app.call(Method::PUT, &path, Some(unknown)).await.0, 422);
    let (_, answer) = app.call(Method::PUT, &path, Some(json!({ "tag_ids": [tag] }))).await;
    assert_eq!(answer["data"]["tags"][0]["name"], "VIP");
    let path = format!("/api/v1/tags/{tag}");
    let (_, answer) = app.call(Method::PATCH, &path, Some(json!({ "name": "Gold" }))).await;
    assert_eq!(answer["data"]["tag"]["conversations_count"], 1);
    assert_eq!(conversation(&app, "15550000003").await["tags"][0]["name"], "Gold");
    let (_, listed) = app.get("/api/v1/tags").await;
    assert_eq!(listed["data"]["tags"][0]["color"], "#f59e0b");
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    let (status, answer) = app.get(&path).await;
    assert_eq!((status.as_u16(), code(&answer)), (404, "TAG_NOT_FOUND"));
    assert_eq!(conversation(&app, "15550000003").await["tags"], json!([]));

    let chat = format!("/api/v1/chat/conversations/{id}");
    let body = json!({ "reason": "a person took over" });
    let (status, answer) = app.post(&format!("{chat}/pause-automation"), body).await;
    assert_eq!(status, 200, "{answer}");
    let data = &answer["data"];
    assert_eq!((&data["conversation_id"], &data["automation_paused"]), (&json!(id), &json!(true)));
    assert_eq!(data["reason"], "a person took over");
    write(&app, "15550000003", "an event of the engine").await;
    app.wait_for("the event", || async {
        (conversation(&app, "15550000003").await["unread_count"] == 1).then_some(())
    })
    .await;
    assert_eq!(conversation(&app, "15550000003").await["automation_paused"], true);
    let (_, answer) = app.post(&format!("{chat}/resume-automation"), json!({})).await;
    assert_eq!(answer["data"]["automation_paused"], false);

    let path = format!("/api/v1/conversations/{id}");
    assert_eq!(app.call(Method::DELETE, &path, None).await.0, 200);
    assert_eq!(app.get(&path).await.0, 404);
    let (_, listed) = app.get("/api/v1/conversations").await;
    assert_eq!(listed["data"]["total"], 0, "{listed}");
    write(&app, "15550000003", "anew").await;
    let anew = conversation(&app, "15550000003").await;
    assert_eq!(anew["id"], id);
    assert_eq!(bodies(&messages(&app, &anew, "").await), ["anew"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_show_their_state_their_code_and_what_they_sent() {
    let app = TestApp::start().await;
    app.create("s").await;
    let (_, answer) = app.get("/api/v1/instances?status=qr_ready").await;
    let uuid = answer["data"]["instances"][0]["uuid"].as_str().unwrap().to_owned();
    let (status, answer) = app.get(&format!("/api/v1/instances/{uuid}/qr")).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["data"]["qr_code"].as_str().unwrap().starts_with("data:image/png;base64,"));
    assert_eq!(answer["data"]["qr_expired"], false);
    app.link("s", PHONE).await;
    send(&app, SILENT, "one").await;
    write(&app, "15550000003", "two").await;
    let stats = app
        .wait_for("both to be counted", || async {
            let (_, answer) = app.get(&format!("/api/v1/instances/{uuid}/stats")).await;
            (answer["data"]["messages_received_today"] == 1).then(|| answer["data"].clone())
        })
        .await;
    assert_eq!(
        (&stats["messages_sent_today"], &stats["messages_this_week"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&stats["messages_this_month"], &stats["conversations_count"]),
        (&json!(1), &json!(1))
    );
    let (_, one) = app.get("/api/v1/instances/1").await;
    assert_eq!((&one["data"]["uuid"], &one["data"]["phone_number"]), (&json!(uuid), &json!(PHONE)));
    let (_, state) = app.get(&format!("/api/v1/instances/{uuid}/status?realtime=true")).await;
    assert_eq!(
        (&state["data"]["status"], &state["data"]["connected"]),
        (&json!("connected"), &json!(true))
    );
    assert_eq!(app.get("/api/v1/instances?status=well").await.0, 422);
    assert_eq!(code(&app.get("/api/v1/instances/none").await.1), "INSTANCE_NOT_FOUND");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_one_instance_needs_no_name_and_sees_nothing_else() {
    let app = TestApp::start().await;
    app.ready("s", PHONE).await;
    app.ready("t", "15551112222").await;
    let of_t = json!({ "instance_id": "t", "recipient": SILENT, "message": "of t" });
    let (_, other) = app.post("/api/v1/chat/send", of_t.clone()).await;
    let keys = &app.gateway.services().api_keys;
    let only = Some("s".parse().unwrap());
    let (_, bound) = keys.create("bound", vec!["*".to_owned()], only, None).await.unwrap();
    let (_, reader) = keys.create("reader", vec!["read".to_owned()], None, None).await.unwrap();
    let ask = async |key: &str, method: Method, path: &str, body: Option<Value>| {
        let mut request = app.http.request(method, format!("{}{path}", app.base)).bearer_auth(key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap_or_default())
    };
    let body = json!({ "recipient": SILENT, "message": "of s" });
    let (status, sent) = ask(&bound, Method::POST, "/api/v1/chat/send", Some(body)).await;
    assert_eq!(status, 200, "{sent}");
    let (status, answer) = ask(&bound, Method::POST, "/api/v1/chat/send", Some(of_t)).await;
    assert_eq!((status, code(&answer)), (404, "INSTANCE_NOT_FOUND"));
    let (_, listed) = ask(&bound, Method::GET, "/api/v1/chat/conversations", None).await;
    assert_eq!(listed["data"]["total"], 1);
    let (_, listed) = ask(&bound, Method::GET, "/api/v1/messages", None).await;
    assert_eq!(listed["data"]["messages"].as_array().map(Vec::len), Some(1), "{listed}");
    let (_, listed) = ask(&bound, Method::GET, "/api/v1/instances", None).await;
    assert_eq!(listed["data"]["instances"].as_array().map(Vec::len), Some(1));
    let there = other["data"]["conversation"]["id"].as_str().unwrap();
    let message = other["data"]["message"]["uuid"].as_str().unwrap();
    for (method, path, expected) in [
        (
            Method::GET,
            format!("/api/v1/chat/conversations/{there}/messages"),
            "CONVERSATION_NOT_FOUND",
        ),
        (Method::GET, format!("/api/v1/conversations/{there}"), "CONVERSATION_NOT_FOUND"),
        (Method::DELETE, format!("/api/v1/chat/messages/{message}"), "MESSAGE_NOT_FOUND"),
        (Method::GET, format!("/api/v1/chat/messages/{message}/media"), "MESSAGE_NOT_FOUND"),
    ] {
        let (status, answer) = ask(&bound, method, &path, None).await;
        assert_eq!((status, code(&answer)), (404, expected), "{path}");
    }
    let (status, _) = ask(&bound, Method::POST, "/api/v1/tags", Some(json!({ "name": "x" }))).await;
    assert_eq!(status, 403);
    let (status, answer) = ask(&reader, Method::GET, "/api/v1/chat/conversations", None).await;
    assert_eq!((status, code(&answer)), (403, "FORBIDDEN"));
    let (status, answer) = ask("wag_wrong", Method::GET, "/api/v1/chat/conversations", None).await;
    assert_eq!((status, code(&answer)), (401, "UNAUTHENTICATED"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_limited_and_sends_by_their_session_too() {
    let limits = [("WAGATE_LIMITS__CHAT", "6"), ("WAGATE_LIMITS__MESSAGING", "2")];
    let app = TestApp::start_with(&limits).await;
    app.ready("s", PHONE).await;
    let body = json!({ "instance_id": "s", "recipient": SILENT, "message": "x" });
    let post = async || {
        let request = app.http.post(format!("{}/api/v1/chat/send", app.base)).json(&body);
        let response = request.send().await.unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            value.to_str().ok()?.parse::<u64>().ok()
        };
        let shown =
            (header("x-ratelimit-limit"), header("x-ratelimit-remaining"), header("retry-after"));
        (response.status().as_u16(), shown, response.json::<Value>().await.unwrap())
    };
    assert_eq!(post().await.1, (Some(2), Some(1), None));
    assert_eq!(post().await.1, (Some(2), Some(0), None));
    let (status, (_, _, retry), answer) = post().await;
    assert_eq!((status, code(&answer)), (429, "RATE_LIMIT_EXCEEDED"));
    assert_eq!(answer["error"]["details"]["bucket"], "messaging");
    assert!(retry.is_some_and(|seconds| (1..=60).contains(&seconds)));
    for _ in 0..3 {
        assert_eq!(app.get("/api/v1/tags").await.0, 200);
    }
    let (status, answer) = app.get("/api/v1/tags").await;
    assert_eq!((status.as_u16(), &answer["error"]["details"]["bucket"]), (429, &json!("chat")));
    app.stop().await;
}
