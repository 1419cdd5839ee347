//! The timeline of a contact, and the advertisement that led it here.

use reqwest::Method;
use serde_json::{Value, json};
use wagate::domain::details::AdContext;

use crate::{
    app::TestApp,
    business::{call, created, get, writes, writes_after},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_told_newest_first_in_pages_without_gaps() {
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
