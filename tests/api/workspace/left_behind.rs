//! What goes with a conversation, a session, a bot or a person, and what is seen by whom it concerns alone.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wagate::{
    domain::{Jid, SessionId},
    inbox::InboxFilter,
};

use crate::{
    app::{PHONE, TestApp},
    chat::write,
    workspace::{
        answered,
        bots::{activate, bot},
        chat::say,
        delete, get,
        guest::{Guest, active},
        member, office, on_a_clock, owner, post, text,
    },
};

const FLOWS: &str = "/api/whatsapp-api/flows";

fn flow(name: &str, more: Value) -> Value {
    let mut flow = json!({
        "name": name, "trigger": { "type": "keyword", "keywords": ["desk"] },
        "steps": [{ "id": "hello", "type": "message", "text": "Hello" }],
    });
    flow.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    flow
}

async fn flows_of(app: &TestApp, token: &str) -> Vec<String> {
    let list = answered(get(app, FLOWS, Some(token)).await, 200);
    list["flows"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_and_channels_of_a_removed_session_go_with_it() {
    let (app, ada, _) = office().await;
    let made = bot(&app, &ada, json!({
        "name": "Desk", "channels": [{ "type": "whatsapp", "session_id": "s" }, { "type": "web" }],
    }))
    .await;
    answered(post(&app, FLOWS, flow("Of s", json!({ "sessionId": "s" })), Some(&ada)).await, 201);
    answered(post(&app, FLOWS, flow("Of all", json!({})), Some(&ada)).await, 201);
    assert_eq!(flows_of(&app, &ada).await, ["Of s", "Of all"]);
    let (status, _) = app.call(Method::DELETE, "/api/v1/sessions/s", None).await;
    assert_eq!(status, 200);
    assert_eq!(flows_of(&app, &ada).await, ["Of all"]);
    // One of the same name is another session.
    app.ready("s", "15550009999").await;
    assert_eq!(flows_of(&app, &ada).await, ["Of all"]);
    let path = format!("/api/v1/bots/{}", text(&made["id"]));
    let shown = answered(get(&app, &path, Some(&ada)).await, 200);
    assert_eq!(shown["channels"], json!([{ "type": "web" }]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_are_shown_to_who_sees_their_bot_and_those_of_all_to_administrators() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (agent, _) = member(&app, &ada, "agent@example.com", "AGENT").await;
    let (admin, _) = member(&app, &ada, "admin@example.com", "ADMIN").await;
    let own = bot(&app, &agent, json!({ "name": "Of the agent" })).await;
    let foreign = bot(&app, &ada, json!({ "name": "Of Ada" })).await;
    let mut ids = Vec::new();
    for (name, more) in [
        ("own", json!({ "agentId": own["id"] })),
        ("foreign", json!({ "agentId": foreign["id"] })),
        ("all", json!({})),
    ] {
        let made = answered(post(&app, FLOWS, flow(name, more), Some(&ada)).await, 201);
        ids.push(text(&made["id"]));
    }
    assert_eq!(flows_of(&app, &admin).await, ["own", "foreign", "all"]);
    assert_eq!(flows_of(&app, &agent).await, ["own"]);
    for (id, status) in ids.iter().zip([200, 404, 404]) {
        let answer = get(&app, &format!("{FLOWS}/{id}"), Some(&agent)).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_visitor_said_and_thought_goes_with_the_conversation_and_an_empty_channel_with_its_bot()
 {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let made = bot(&app, &ada, json!({ "name": "Desk" })).await;
    activate(&app, &ada, &made).await;
    let body = json!({
        "bot_id": made["id"], "message": "Hello!",
        "visitor": { "id": "v-1", "name": "Ada", "email": "visitor@example.com" },
    });
    let said = say(&app, &ada, body).await;
    let session = text(&said["session_id"]);
    let thumb = json!({
        "session_id": session, "type": "thumbs_up", "message_id": said["message_id"],
    });
    answered(post(&app, "/api/v1/chat/feedback", thumb, Some(&ada)).await, 200);
    let csat = json!({ "session_id": session, "type": "csat", "rating": 5, "comment": "Kind" });
    answered(post(&app, "/api/v1/chat/feedback", csat, Some(&ada)).await, 200);
    let services = app.gateway.services();
    let channel = SessionId::of_web(text(&made["id"]).parse().unwrap());
    let filter = InboxFilter { sessions: vec![channel.clone()], ..InboxFilter::default() };
    let states = services.inbox.page(&filter, None, (0, 9)).await.unwrap().items;
    let state = states.iter().find(|state| state.session == channel).unwrap().clone();
    let known = services.web_chats.visitor(&channel, &state.chat).await.unwrap();
    assert_eq!(known.email.as_deref(), Some("visitor@example.com"));
    assert_eq!(services.web_chats.ratings(std::slice::from_ref(&state)).await.unwrap(), [Some(5)]);

    let bot_path = format!("/api/v1/bots/{}", text(&made["id"]));
    answered(delete(&app, &bot_path, &ada).await, 200);
    assert!(services.supervisor.get(&channel).is_ok(), "its conversation stays");
    answered(delete(&app, &format!("/api/v1/chat/sessions/{session}"), &ada).await, 200);
    let known = services.web_chats.visitor(&channel, &state.chat).await.unwrap();
    assert_eq!(known, Default::default());
    assert_eq!(services.web_chats.ratings(&[state]).await.unwrap(), [None]);
    assert!(services.supervisor.get(&channel).is_err(), "and with the last one the channel goes");

    // One without a conversation goes with its bot.
    let (other, token) = active(&app, &ada, json!({ "name": "Other" })).await;
    let guest = Guest::of(&app, &token).await;
    let _events = guest.follow(None).await;
    let channel = SessionId::of_web(text(&other["id"]).parse().unwrap());
    assert!(services.supervisor.get(&channel).is_ok());
    answered(delete(&app, &format!("/api/v1/bots/{}", text(&other["id"])), &ada).await, 200);
    assert!(services.supervisor.get(&channel).is_err());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_writes_nothing_is_forgotten_and_one_who_writes_is_not() {
    let (app, clock) = on_a_clock(&[]).await;
    let (ada, _) = owner(&app).await;
    let (made, token) = active(&app, &ada, json!({ "name": "Desk" })).await;
    let path = format!("/api/v1/widget/{token}/sessions");
    let channel = SessionId::of_web(text(&made["id"]).parse().unwrap());
    let mut chats = Vec::new();
    for name in ["Silent", "Speaks"] {
        let body = json!({ "visitor": { "name": name } });
        let begun = answered(post(&app, &path, body, None).await, 201);
        let (visitor, session) = (text(&begun["visitor_token"]), text(&begun["session_id"]));
        let claims = visitor.split('.').nth(1).unwrap();
        let claims = data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let chat = Jid::of_visitor(text(&claims["conv"]).parse().unwrap());
        chats.push((Guest { app: &app, token: token.clone(), visitor, session }, chat));
    }
    chats[1].0.say("Hello!").await;
    let services = app.gateway.services();
    let name =
        async |at: usize| services.web_chats.visitor(&channel, &chats[at].1).await.unwrap().name;
    assert_eq!(
        (name(0).await.as_deref(), name(1).await.as_deref()),
        (Some("Silent"), Some("Speaks"))
    );
    clock.advance(Duration::from_secs(30 * 24 * 3_600 + 60));
    app.wait_for("the visitor to be forgotten", async || {
        clock.advance(Duration::from_secs(60));
        name(0).await.is_none().then_some(())
    })
    .await;
    assert_eq!(name(1).await.as_deref(), Some("Speaks"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_turn_of_a_removed_account_is_forgotten_and_the_others_go_on() {
    let (app, ada, _) = office().await;
    let made = bot(&app, &ada, json!({ "name": "Desk" })).await;
    activate(&app, &ada, &made).await;
    let id = text(&made["id"]);
    let mut people = Vec::new();
    for email in ["one@example.com", "two@example.com", "three@example.com"] {
        let (token, person) = member(&app, &ada, email, "ADMIN").await;
        post(&app, "/api/v1/presence/heartbeat", json!({}), Some(&token)).await;
        people.push(person);
    }
    people.sort();
    let assigned = async || {
        let said = say(&app, &ada, json!({ "bot_id": id, "message": "I want a human" })).await;
        let body = json!({ "session_ids": [said["session_id"]] });
        let path = format!("/api/v1/inbox/auto-assign/{id}");
        let answer = answered(post(&app, &path, body, Some(&ada)).await, 200);
        text(&answer["assigned"][0]["agent_id"])
    };
    assert_eq!(assigned().await, people[0]);
    assert_eq!(assigned().await, people[1]);
    answered(delete(&app, &format!("/api/v1/users/{}", people[1]), &ada).await, 200);
    // Nobody is known to have been the last, so it begins again.
    assert_eq!(assigned().await, people[0]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_with_accounts_have_names_in_the_figures_of_agents() {
    let (app, ada, id) = office().await;
    write(&app, "15550000071", "Hello").await;
    let found = async || {
        let list = get(&app, "/api/whatsapp-api/chats", Some(&ada)).await.body;
        list["chats"][0]["id"].as_str().map(str::to_owned)
    };
    let chat = app.wait_for("the conversation", found).await;
    let path = format!("/api/whatsapp-api/chats/{chat}/assign");
    answered(post(&app, &path, json!({ "userId": id }), Some(&ada)).await, 200);
    let path = "/api/whatsapp-api/analytics/agents";
    let shown = async || {
        let figures = answered(get(&app, path, Some(&ada)).await, 200);
        let all = figures["agents"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["userId"] == id.as_str())
    };
    let shown = app.wait_for("the figures of the person", shown).await;
    assert_eq!(shown["name"], "Ada Lovelace");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_of_an_answer_takes_a_place_while_it_lasts() {
    let settings = [
        ("WAGATE_LIMITS__STREAMS_PER_ADDRESS", "1"),
        ("WAGATE_ASSISTANT__BASE_URL", "simulated"),
        ("WAGATE_ASSISTANT__MODEL", "small"),
    ];
    let app = TestApp::start_with(&settings).await;
    let (ada, _) = owner(&app).await;
    let draft = json!({ "name": "Desk", "model": { "provider": "openai" } });
    let (_, token) = active(&app, &ada, draft).await;
    let guest = Guest::of(&app, &token).await;
    let slow = json!({ "text": "One two three", "pause_ms": 10_000 });
    assert_eq!(app.post("/_simulator/v1/model", slow).await.0, 200);
    let url = format!("{}/api/v1/widget/{token}/stream", app.base);
    let body = json!({ "message": "Hello!" });
    let request = app.http.post(url).header("x-visitor-token", guest.visitor.as_str());
    let mut held = request.json(&body).send().await.unwrap();
    assert_eq!(held.status().as_u16(), 200);
    assert!(held.chunk().await.unwrap().is_some());
    let refused = guest.ask(Method::POST, "stream", Some(json!({ "message": "Again" }))).await;
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("RATE_LIMITED")));
    // What was refused was not said.
    let history = guest.history().await;
    assert_eq!(history["messages"].as_array().unwrap().len(), 1, "{history}");
    drop(held);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_gives_a_conversation_up_says_so_in_the_log() {
    let settings = [
        ("WAGATE_ASSISTANT__BASE_URL", "simulated"),
        ("WAGATE_ASSISTANT__MODEL", "small"),
        ("WAGATE_ASSISTANT__GATHER_SECONDS", "0"),
    ];
    let app = TestApp::start_with(&settings).await;
    app.ready("s", PHONE).await;
    let (ada, _) = owner(&app).await;
    let draft = json!({
        "name": "Desk", "model": { "provider": "openai" },
        "channels": [{ "type": "whatsapp", "session_id": "s" }],
    });
    let made = bot(&app, &ada, draft).await;
    activate(&app, &ada, &made).await;
    let slow = json!({ "text": "Never said", "pause_ms": 10_000 });
    assert_eq!(app.post("/_simulator/v1/model", slow).await.0, 200);
    write(&app, "15550000072", "Hello").await;
    let path = "/api/whatsapp-api/chats";
    let status = async |wanted: &str| {
        let list = get(&app, path, Some(&ada)).await.body;
        (list["chats"][0]["status"] == wanted).then_some(())
    };
    app.wait_for("the bot to have it", async || status("AI_ACTIVE").await).await;
    answered(delete(&app, &format!("/api/v1/bots/{}", text(&made["id"])), &ada).await, 200);
    app.wait_for("it to wait for people", async || status("OPEN").await).await;
    let given_up = async || {
        let events = app.gateway.services().events.read(None, 0, 10_000).await.unwrap();
        let kinds = events.iter().filter_map(|event| event.body.module());
        let count = kinds.filter(|event| event.kind == "conversation.given_up").count();
        (count != 0).then_some(count)
    };
    assert_eq!(app.wait_for("the event", given_up).await, 1);
    app.stop().await;
}
