//! Lists of the workspace: their pages, and the search by e-mail address.

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    chat::write,
    workspace::{
        answered,
        bots::{activate, bot},
        chat::say,
        conversation, get, office, owner, post, text,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn every_list_says_how_many_there_are_and_which_page_it_is() {
    let (app, ada, _) = office().await;
    let made = bot(&app, &ada, json!({ "name": "Desk" })).await;
    let id = text(&made["id"]);
    let chat = conversation(&app, &ada, "15550000071").await;
    let team =
        answered(post(&app, "/api/v1/teams", json!({ "name": "Desk" }), Some(&ada)).await, 201);
    let team = text(&team["id"]);
    for path in [
        "bots".to_owned(),
        "users".to_owned(),
        "users/invitations".to_owned(),
        "auth/logins".to_owned(),
        format!("automations/{id}"),
        format!("webhooks/{id}"),
        format!("kb/{id}"),
        format!("tickets/{id}"),
        format!("chat/sessions/{id}"),
        format!("inbox/conversations/{id}"),
        format!("inbox/canned-responses/{id}"),
        format!("inbox/notes/{chat}"),
        "inbox/views".to_owned(),
        "tasks".to_owned(),
        "contacts".to_owned(),
        "notifications".to_owned(),
        "teams".to_owned(),
        format!("teams/{team}/members"),
        "presence/team".to_owned(),
        "presence/available".to_owned(),
    ] {
        let path = format!("/api/v1/{path}");
        let list = answered(get(&app, &path, Some(&ada)).await, 200);
        assert!(list["total"].is_u64(), "{path}: {list}");
        assert_eq!((&list["page"], &list["per_page"]), (&json!(1), &json!(20)), "{path}");
        let second =
            answered(get(&app, &format!("{path}?page=2&per_page=1"), Some(&ada)).await, 200);
        assert_eq!((&second["page"], &second["per_page"]), (&json!(2), &json!(1)), "{path}");
        assert_eq!(second["total"], list["total"], "{path}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn short_lists_hold_all_entries_unless_a_page_is_asked_for() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    for n in 0..21 {
        bot(&app, &ada, json!({ "name": format!("Bot {n}") })).await;
    }
    for (query, page, per_page, held) in
        [("", 1, 21, 21), ("?page=1", 1, 20, 20), ("?page=2", 2, 20, 1), ("?per_page=4", 1, 4, 4)]
    {
        let list = answered(get(&app, &format!("/api/v1/bots{query}"), Some(&ada)).await, 200);
        let shown = json!([list["page"], list["per_page"], list["total"]]);
        assert_eq!(shown, json!([page, per_page, 21]), "{query}");
        assert_eq!(list["bots"].as_array().unwrap().len(), held, "{query}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_their_email_address_and_by_its_beginning() {
    let (app, ada, _) = office().await;
    let made = bot(&app, &ada, json!({ "name": "Desk", "channels": [{ "type": "web" }] })).await;
    activate(&app, &ada, &made).await;
    let contact =
        json!({ "name": "J. Roe", "phone": "+15550000072", "email": "Jane.Roe@Example.com" });
    answered(post(&app, "/api/v1/contacts", contact, Some(&ada)).await, 201);
    let other = json!({ "name": "Grace", "email": "grace@example.com" });
    answered(post(&app, "/api/v1/contacts", other, Some(&ada)).await, 201);
    conversation(&app, &ada, "15550000072").await;
    write(&app, "15550000073", "Hello").await;
    let visitor = json!({ "name": "V", "email": "Visitor+1@example.com" });
    let said = json!({ "bot_id": made["id"], "message": "Hello", "visitor": visitor });
    let session = text(&say(&app, &ada, said).await["session_id"]);
    say(&app, &ada, json!({ "bot_id": made["id"], "message": "Hello" })).await;

    let total = async |path: &str| {
        let list = answered(get(&app, path, Some(&ada)).await, 200);
        let total = list["total"].as_u64().or(list["pagination"]["total"].as_u64());
        (total.unwrap(), list)
    };
    let id = text(&made["id"]);
    let business = ["/api/whatsapp-api/contacts", "/api/whatsapp-api/chats"];
    for (search, found) in [
        ("jane.roe%40example.com", 1),
        ("JANE.ROE%40EXAMPLE.COM", 1),
        ("jane.roe%40", 1),
        ("jane.r", 1),
        ("roe%40example.com", 0),
        ("jane.roe%40example.org", 0),
    ] {
        let (count, shown) = total(&format!("/api/v1/contacts?search={search}")).await;
        assert_eq!(count, found, "{search}: {shown}");
        // The business API finds people by name and number.
        for list in business {
            let (count, shown) = total(&format!("{list}?search={search}")).await;
            assert_eq!(count, 0, "{list} {search}: {shown}");
        }
    }
    for (search, found) in [
        ("visitor%2B1%40example.com", 1),
        ("VISITOR%2B1%40Example.Com", 1),
        ("visitor%2B", 1),
        ("example.com", 0),
        ("visitor%2B2", 0),
    ] {
        for list in ["chat/sessions", "inbox/conversations"] {
            let (total, shown) = total(&format!("/api/v1/{list}/{id}?search={search}")).await;
            assert_eq!(total, found, "{list} {search}: {shown}");
            let name = if list == "chat/sessions" { "sessions" } else { "conversations" };
            let first: &Value = &shown[name][0]["id"];
            assert!(found == 0 || *first == json!(session), "{shown}");
        }
    }
    app.stop().await;
}
