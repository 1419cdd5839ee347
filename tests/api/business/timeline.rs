//! The timeline of a contact, and the advertisement that led it here.

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::{Timestamp, details::AdContext};

use crate::{
    app::{PHONE, TestApp},
    business::{call, chats::chat_with, created, get, writes, writes_after},
    chat::write,
};

const ADA: &str = "15550000011";

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_reported_newest_first_in_pages_without_gaps() {
    let app = TestApp::start().await;
    let contact = writes(&app, "15550000001", "Hi").await.contact;
    let path = format!("/contacts/{}", contact.id);
    writes(&app, "15550000001", "STOP").await;
    writes(&app, "15550000001", "START").await;
    call(&app, Method::PATCH, &path, Some(json!({ "tags": ["vip"], "name": "Ada" }))).await;
    call(&app, Method::DELETE, &format!("{path}/tags/vip"), None).await;
    let all = get(&app, &format!("{path}/timeline")).await;
    let types = |page: &Value| -> Vec<String> {
        let events = page["events"].as_array().unwrap().iter();
        events.map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    let expected = [
        "tag_removed",
        "audit",
        "tag_added",
        "audit",
        "opt_in",
        "message_received",
        "opt_out",
        "message_received",
        "opt_in",
        "message_received",
        "contact_created",
    ];
    assert_eq!(types(&all), expected);
    let audit = &all["events"][3];
    assert_eq!(audit["actor"]["type"], "key");
    assert_eq!(audit["data"], json!({ "action": "contact.updated", "fields": ["name", "tags"] }));
    assert_eq!(all["events"][6]["actor"], json!({ "type": "contact", "id": null }));
    let (mut before, mut seen) = (String::new(), Vec::new());
    loop {
        let page = get(&app, &format!("{path}/timeline?limit=2{before}")).await;
        seen.extend(types(&page));
        let last = page["events"].as_array().unwrap().last().unwrap()["at"].as_str().unwrap();
        before = format!("&before={last}");
        if page["hasMore"] == false {
            break;
        }
    }
    assert_eq!(seen, expected);
    let some = get(&app, &format!("{path}/timeline?type=opt_in,opt_out")).await;
    assert_eq!(types(&some), ["opt_in", "opt_out", "opt_in"]);
    for query in ["type=nonsense", "before=yesterday", "limit=201"] {
        let asked = call(&app, Method::GET, &format!("{path}/timeline?{query}"), None).await;
        assert_eq!(asked.0, 400, "{query}");
    }
    app.stop().await;
}

/// What the inbox notes, over the network and by requests.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_answered_and_resolved_is_reported_newest_first() {
    let app = TestApp::start().await;
    app.ready("shop", PHONE).await;
    write(&app, ADA, "Hi").await;
    let chat = chat_with(&app, ADA).await;
    let (id, contact) = (chat["id"].as_str().unwrap(), chat["contact"]["id"].as_str().unwrap());
    let path = format!("/contacts/{contact}");
    let read = get(&app, &path).await;
    let expected = json!([{ "id": id, "status": "OPEN", "channel": "whatsapp" }]);
    assert_eq!(read["conversations"], expected);
    let body = json!({ "to": ADA, "text": "Hello" });
    assert_eq!(call(&app, Method::POST, "/send", Some(body)).await.0, 200);
    app.wait_for("the message in the timeline", || async {
        let page = get(&app, &format!("{path}/timeline?type=message_sent")).await;
        page["events"].get(0).map(drop)
    })
    .await;
    for opted_in in [false, true] {
        let body = json!({ "optedIn": opted_in, "proof": "by telephone" });
        let to = format!("{path}/opt-in");
        assert_eq!(call(&app, Method::POST, &to, Some(body)).await.0, 200);
    }
    let to = format!("/chats/{id}/resolve");
    assert_eq!(call(&app, Method::POST, &to, Some(json!({ "sendCsat": false }))).await.0, 200);
    let expected = [
        "conversation_resolved",
        "opt_in",
        "opt_out",
        "message_sent",
        "conversation_opened",
        "message_received",
        "opt_in",
        "contact_created",
    ];
    let reported = async |query: &str| -> Vec<(String, String)> {
        let page = get(&app, &format!("{path}/timeline?{query}")).await;
        let events = page["events"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        events.map(|event| (text(&event["type"]), text(&event["at"]))).collect()
    };
    let kinds = "type=conversation_resolved,opt_in,opt_out,message_sent,conversation_opened,message_received,contact_created";
    let all = app
        .wait_for("the whole timeline", || async {
            let all = reported(kinds).await;
            (all.len() == expected.len()).then_some(all)
        })
        .await;
    let types: Vec<&str> = all.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(sorted(types.clone()), sorted(expected.to_vec()));
    assert_eq!(types[..4], expected[..4]);
    let at = |one: &(String, String)| one.1.parse::<Timestamp>().unwrap();
    assert!(all.windows(2).all(|pair| at(&pair[1]) < at(&pair[0])), "{all:?}");
    assert!(!reported("type=audit").await.is_empty());
    // Page by page nothing is missing.
    let (mut before, mut paged) = (String::new(), Vec::new());
    loop {
        let page = reported(&format!("{kinds}&limit=3{before}")).await;
        let Some((_, at)) = page.last() else { break };
        before = format!("&before={at}");
        paged.extend(page);
    }
    assert_eq!(paged, all);
    app.stop().await;
}

fn sorted(mut all: Vec<&str>) -> Vec<&str> {
    all.sort_unstable();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn an_advertisement_is_kept_with_the_contact_and_cannot_be_set() {
    let app = TestApp::start().await;
    let ad = |id: &str| AdContext {
        source: Some("ad".to_owned()),
        id: Some(id.to_owned()),
        url: Some("https://fb.me/1".to_owned()),
        title: Some("Shoes".to_owned()),
        ..AdContext::default()
    };
    let link = AdContext { source: None, ..ad("0") };
    let contact = writes_after(&app, "15550000001", "Hi", Some(&link)).await.contact;
    let path = format!("/contacts/{}", contact.id);
    assert_eq!(get(&app, &path).await["attributes"], json!({}));
    for id in ["1", "2"] {
        writes_after(&app, "15550000001", "Hi", Some(&ad(id))).await;
    }
    let attributes = get(&app, &path).await["attributes"].clone();
    assert_eq!(attributes["ctwa"]["sourceId"], "2");
    assert_eq!(attributes["ctwaFirst"]["sourceId"], "1");
    assert_eq!(attributes["ctwa"]["headline"], "Shoes");
    let timeline = get(&app, &format!("{path}/timeline?type=ctwa")).await;
    assert_eq!(timeline["events"].as_array().unwrap().len(), 2);
    created(&app, "/contacts", json!({ "phone": "+15550000002" })).await;
    app.stop().await;
}
