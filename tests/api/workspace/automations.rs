//! Rules of bots: what starts them, what they do, and that nothing is done twice or for ever.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    chat::write,
    receiver::Receiver,
    workspace::{answered, bot, bot_replies::Desk, delete, get, member, owner, post, put, text},
};

const ALL: &str = "/api/v1/automations";
const ADA: &str = "15550000031";
const BOB: &str = "15550000032";

fn rule(bot: &Value, trigger: &str, conditions: Value, actions: Value) -> Value {
    json!({
        "bot_id": bot, "name": "Rule", "trigger": { "type": trigger }, "conditions": conditions,
        "actions": actions,
    })
}

impl Desk {
    async fn rule(&self, trigger: &str, conditions: Value, actions: Value) -> Value {
        let body = rule(&self.bot["id"], trigger, conditions, actions);
        answered(post(&self.app, ALL, body, Some(&self.token)).await, 201)
    }

    async fn ran(&self, rule: &Value) -> u64 {
        let path = format!("{ALL}/{}", text(&self.bot["id"]));
        let list = answered(get(&self.app, &path, Some(&self.token)).await, 200);
        let mut all = list["automations"].as_array().unwrap().iter();
        all.find(|one| one["id"] == rule["id"]).unwrap()["run_count"].as_u64().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_starts_the_rules_whose_conditions_hold_before_the_bot_answers() {
    let desk = Desk::new(json!({})).await;
    let receiver = Receiver::start(&[]).await;
    let hook = json!({
        "bot_id": desk.bot["id"], "url": receiver.url, "events": ["automation_triggered"],
    });
    answered(post(&desk.app, "/api/v1/webhooks", hook, Some(&desk.token)).await, 201);
    let refund = json!([{ "field": "message.text", "op": "contains", "value": "refund" }]);
    let me = answered(get(&desk.app, "/api/v1/auth/me", Some(&desk.token)).await, 200);
    let one = desk
        .rule(
            "message_received",
            refund,
            json!([
                { "type": "send_message", "text": "We look into it" },
                { "type": "add_tag", "tag": "refund" },
                { "type": "add_note", "text": "A refund" },
                { "type": "create_ticket", "subject": "A refund", "priority": "high" },
                { "type": "create_task", "title": "Call", "assignee_id": me["user"]["id"],
                  "due_in_minutes": 60 },
                { "type": "handoff" },
            ]),
        )
        .await;
    let never = json!([{ "field": "session.channel", "op": "equals", "value": "sms" }]);
    let other = desk.rule("message_received", never, json!([{ "type": "pause_bot" }])).await;
    // The bot answers what no rule is for.
    desk.says(BOB, "Hi", 2).await;
    let session = desk.says(ADA, "I want a REFUND", 2).await;
    desk.has(ADA, &["We look into it"]).await;
    assert_eq!(
        (&session["status"], &session["handoff_reason"]),
        (&json!("open"), &json!("automation"))
    );
    let session = desk.until(ADA, |one| one["tags"] == json!(["refund"])).await;
    let session = text(&session["id"]);
    let bot = text(&desk.bot["id"]);
    let app = &desk.app;
    let token = Some(desk.token.as_str());
    let tickets = get(app, &format!("/api/v1/tickets/{bot}"), token).await.body;
    let ticket = &tickets["tickets"][0];
    assert_eq!((&tickets["total"], &ticket["session_id"]), (&json!(1), &json!(session)));
    assert_eq!((&ticket["priority"], &ticket["created_by"]), (&json!("high"), &Value::Null));
    let tasks = get(app, "/api/v1/tasks", token).await.body;
    assert_eq!((&tasks["total"], &tasks["tasks"][0]["title"]), (&json!(1), &json!("Call")));
    let notes = get(app, &format!("/api/v1/inbox/notes/{session}"), token).await.body;
    assert_eq!(notes["notes"][0]["content"], "A refund");
    assert_eq!((desk.ran(&one).await, desk.ran(&other).await), (1, 0));
    let runs = get(app, &format!("{ALL}/{}/runs", text(&one["id"])), token).await.body;
    let run = &runs["runs"][0];
    assert_eq!((runs["runs"].as_array().unwrap().len(), &run["session_id"]), (1, &json!(session)));
    assert!(run["actions"].as_array().unwrap().iter().all(|one| one["done"] == true), "{run}");
    let got = receiver.reach(1).await;
    let shown = &got[0].body;
    assert_eq!((&shown["event"], &shown["bot_id"]), (&json!("automation_triggered"), &json!(bot)));
    assert_eq!(
        (&shown["data"]["automation"]["id"], &shown["data"]["session_id"]),
        (&one["id"], &json!(session))
    );
    assert_eq!(shown["data"]["actions"].as_array().unwrap().len(), 6);
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_follow_what_people_do_and_what_rules_do_starts_none() {
    let desk = Desk::new(json!({})).await;
    // Each would start the other for ever.
    let tagged = json!([{ "type": "remove_tag", "tag": "a" }, { "type": "add_tag", "tag": "b" }]);
    let on_tag = desk.rule("tag_added", json!([]), tagged).await;
    let reopen = json!([{ "type": "set_status", "status": "open" }]);
    let resolved = json!([{ "field": "session.status", "op": "equals", "value": "resolved" }]);
    let on_status = desk.rule("status_changed", resolved, reopen).await;
    let on_handoff = desk
        .rule("handoff_requested", json!([]), json!([{ "type": "add_tag", "tag": "person" }]))
        .await;
    let session = desk.says(ADA, "Hi", 2).await;
    desk.put(&session, "tags", json!({ "tags": ["a"] })).await;
    desk.until(ADA, |one| one["tags"] == json!(["b"])).await;
    desk.put(&session, "status", json!({ "status": "resolved" })).await;
    desk.until(ADA, |one| one["status"] == "open").await;
    desk.app.gateway.services().inbox.caught_up().await.unwrap();
    assert_eq!((desk.ran(&on_tag).await, desk.ran(&on_status).await), (1, 1));
    desk.says(BOB, "I want a human", 2).await;
    desk.until(BOB, |one| one["tags"] == json!(["person"])).await;
    assert_eq!((desk.ran(&on_handoff).await, desk.ran(&on_tag).await), (1, 1));
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_hands_a_resolved_conversation_over_opens_it_again() {
    let desk = Desk::new(json!({})).await;
    let resolved = json!([{ "field": "session.status", "op": "equals", "value": "resolved" }]);
    desk.rule("status_changed", resolved, json!([{ "type": "handoff" }])).await;
    let session = desk.says(ADA, "Hi", 2).await;
    desk.put(&session, "status", json!({ "status": "resolved" })).await;
    let one = desk.until(ADA, |one| one["status"] == "open").await;
    assert_eq!(one["handoff_requested"], true);
    let opened = desk.logged("conversation.opened").await;
    assert_eq!((opened.len(), &opened[1]["reopened"]), (2, &json!(true)), "{opened:?}");
    let path = format!("/api/whatsapp-api/chats/{}", text(&session["id"]));
    let chat = answered(get(&desk.app, &path, Some(&desk.token)).await, 200)["chat"].clone();
    assert_eq!(chat["resolvedAt"], Value::Null, "{chat}");
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_in_which_nobody_writes_starts_a_rule_once() {
    let desk = Desk::new(json!({})).await;
    let mut body = rule(
        &desk.bot["id"],
        "session_idle",
        json!([]),
        json!([{ "type": "send_message", "text": "Are you still there?" }]),
    );
    body["trigger"]["minutes"] = json!(30);
    let idle = answered(post(&desk.app, ALL, body, Some(&desk.token)).await, 201);
    let hello = "Welcome to Acme";
    desk.says(ADA, "Hi", 2).await;
    desk.clock.advance(Duration::from_secs(20 * 60));
    desk.says(ADA, "Hi", 4).await;
    desk.clock.advance(Duration::from_secs(20 * 60));
    desk.app.gateway.services().inbox.caught_up().await.unwrap();
    assert_eq!(desk.ran(&idle).await, 0);
    desk.clock.advance(Duration::from_secs(15 * 60));
    desk.until(ADA, |one| one["message_count"] == 5).await;
    desk.has(ADA, &[hello, hello, "Are you still there?"]).await;
    desk.clock.advance(Duration::from_secs(120 * 60));
    desk.app.gateway.services().inbox.caught_up().await.unwrap();
    assert_eq!(desk.ran(&idle).await, 1);
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_cannot_be_done_is_noted_and_five_rules_are_the_most() {
    let desk = Desk::new(json!({})).await;
    let (_, graces) = member(&desk.app, &desk.token, "grace@example.com", "AGENT").await;
    let actions = json!([
        { "type": "assign", "user_id": graces }, { "type": "add_tag", "tag": "done" },
    ]);
    let first = desk.rule("message_received", json!([]), actions).await;
    let mut rules = Vec::new();
    for _ in 0..5 {
        let note = json!([{ "type": "add_note", "text": "x" }]);
        rules.push(desk.rule("message_received", json!([]), note).await);
    }
    answered(delete(&desk.app, &format!("/api/v1/users/{graces}"), &desk.token).await, 200);
    write(&desk.app, ADA, "Hi").await;
    desk.until(ADA, |one| one["tags"] == json!(["done"])).await;
    let runs = format!("{ALL}/{}/runs", text(&first["id"]));
    let runs = answered(get(&desk.app, &runs, Some(&desk.token)).await, 200);
    let actions = &runs["runs"][0]["actions"];
    assert_eq!((&actions[0]["done"], &actions[1]["done"]), (&json!(false), &json!(true)));
    assert_eq!(actions[0]["error"], "the person has no account any more, or may not write");
    let mut ran = Vec::new();
    for rule in &rules {
        ran.push(desk.ran(rule).await);
    }
    assert_eq!(ran, [1, 1, 1, 1, 0]);
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_tested_without_effect_changed_copied_and_gone_with_its_bot() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let desk = json!(bot(&app, &ada).await);
    let refund = json!([{ "field": "message.text", "op": "starts_with", "value": "Refund" }]);
    let body = rule(&desk, "message_received", refund, json!([{ "type": "handoff" }]));
    let made = answered(post(&app, ALL, body, Some(&ada)).await, 201);
    let one = format!("{ALL}/{}", text(&made["id"]));
    let test = async |message: &str| {
        let body = json!({ "message": message });
        answered(post(&app, &format!("{one}/test"), body, Some(&ada)).await, 200)
    };
    let yes = test("refund, please").await;
    assert_eq!((&yes["matches"], &yes["actions"][0]["type"]), (&json!(true), &json!("handoff")));
    assert_eq!(test("A refund").await["conditions"], json!([false]));
    let change = json!({ "conditions": [], "enabled": false, "match": "any" });
    let changed = answered(put(&app, &one, change, &ada).await, 200);
    assert_eq!((&changed["enabled"], &changed["conditions"]), (&json!(false), &json!([])));
    assert_eq!(changed["actions"], made["actions"]);
    let path = format!("/api/v1/bots/{}", text(&desk));
    let copy = answered(post(&app, &format!("{path}/duplicate"), json!({}), Some(&ada)).await, 201);
    let of_copy = format!("{ALL}/{}", text(&copy["id"]));
    let copied = answered(get(&app, &of_copy, Some(&ada)).await, 200);
    assert_eq!(
        (&copied["total"], &copied["automations"][0]["enabled"]),
        (&json!(1), &json!(false))
    );
    answered(delete(&app, &path, &ada).await, 200);
    answered(put(&app, &one, json!({ "enabled": true }), &ada).await, 404);
    answered(delete(&app, &one, &ada).await, 404);
    assert_eq!(answered(get(&app, &of_copy, Some(&ada)).await, 200)["total"], 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_cannot_be_is_refused_and_rules_are_of_bots_that_one_manages() {
    let app = TestApp::start().await;
    let (ada, _) = owner(&app).await;
    let (grace, _) = member(&app, &ada, "grace@example.com", "AGENT").await;
    let (viewer, viewers) = member(&app, &ada, "viewer@example.com", "VIEWER").await;
    let desk = json!(bot(&app, &ada).await);
    let good = || rule(&desk, "message_received", json!([]), json!([{ "type": "handoff" }]));
    let condition =
        |field: &str, op: &str, value: Value| json!([{ "field": field, "op": op, "value": value }]);
    for (field, value, named) in [
        ("name", json!(""), "name"),
        ("trigger", json!({ "type": "session_idle" }), "trigger.minutes"),
        ("trigger", json!({ "type": "tag_added", "minutes": 5 }), "trigger.minutes"),
        ("trigger", json!({ "type": "full_moon" }), "trigger.type"),
        ("conditions", condition("message.text", "gt", json!("a")), "conditions[0]"),
        ("conditions", condition("rating", "equals", json!("a")), "conditions[0]"),
        ("conditions", condition("rating", "in", json!([])), "conditions[0]"),
        ("conditions", condition("rating", "in", json!({})), "conditions[0].value"),
        ("actions", json!([]), "actions"),
        ("actions", json!([{ "type": "send_message" }]), "actions[0].text"),
        ("actions", json!([{ "type": "handoff", "text": "x" }]), "actions[0].text"),
        ("actions", json!([{ "type": "assign", "user_id": "Ada" }]), "actions[0].user_id"),
        ("actions", json!([{ "type": "assign", "user_id": viewers }]), "actions[0].user_id"),
        (
            "actions",
            json!([{ "type": "assign", "user_id": "00000000-0000-4000-8000-00000000000f" }]),
            "actions[0].user_id",
        ),
        ("actions", json!(vec![json!({ "type": "handoff" }); 11]), "actions"),
    ] {
        let mut body = good();
        body[field] = value;
        let refused = answered(post(&app, ALL, body, Some(&ada)).await, 400);
        assert!(refused["details"]["fields"].get(named).is_some(), "{named}: {refused}");
    }
    answered(post(&app, ALL, good(), Some(&viewer)).await, 403);
    let one = answered(post(&app, ALL, good(), Some(&ada)).await, 201);
    let path = format!("{ALL}/{}", text(&one["id"]));
    answered(post(&app, ALL, good(), Some(&grace)).await, 404);
    answered(get(&app, &format!("{ALL}/{}", text(&desk)), Some(&grace)).await, 404);
    answered(get(&app, &format!("{path}/runs"), Some(&grace)).await, 404);
    answered(put(&app, &path, json!({ "enabled": false }), &grace).await, 404);
    answered(delete(&app, &path, &grace).await, 404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_tried_in_the_order_that_they_are_given() {
    let desk = Desk::new(json!({})).await;
    let (app, token) = (&desk.app, desk.token.as_str());
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        let action = json!([{ "type": "send_message", "text": name }]);
        let made = desk.rule("message_received", json!([]), action).await;
        assert_eq!(made["position"], ids.len() + 1);
        ids.push(text(&made["id"]));
    }
    let order = async || {
        let path = format!("{ALL}/{}", text(&desk.bot["id"]));
        let list = answered(get(app, &path, Some(token)).await, 200);
        let all = list["automations"].as_array().unwrap().clone();
        let positions: Vec<u64> = all.iter().filter_map(|one| one["position"].as_u64()).collect();
        assert_eq!(positions, (1..=all.len() as u64).collect::<Vec<_>>());
        all.iter().map(|one| text(&one["id"])).collect::<Vec<_>>()
    };
    let place = async |id: &str, position: u64| {
        put(app, &format!("{ALL}/{id}"), json!({ "position": position }), token).await
    };
    let moved = answered(place(&ids[2], 1).await, 200);
    assert_eq!(moved["position"], 1);
    let expected = [&ids[2], &ids[0], &ids[1]].map(Clone::clone);
    assert_eq!(order().await, expected);
    // Behind the last is the last; before the first there is nothing.
    assert_eq!(answered(place(&ids[2], 9).await, 200)["position"], 3);
    assert_eq!(order().await, ids);
    answered(place(&ids[0], 0).await, 400);
    answered(place(&ids[2], 1).await, 200);
    let made = desk.rule("message_received", json!([]), json!([{ "type": "pause_bot" }])).await;
    assert_eq!(made["position"], 4);
    desk.says(ADA, "Hi", 4).await;
    desk.has(ADA, &["three", "one", "two"]).await;
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_with_a_rule_or_a_flow_is_said_at_once() {
    let desk = Desk::new(json!({})).await;
    let wrong = json!({
        "bot_id": desk.bot["id"], "name": "Rule", "trigger": { "type": "session_idle" },
        "conditions": [{ "field": "rating", "op": "contains", "value": 1 }],
        "actions": [{ "type": "send_message", "text": "" }, { "type": "add_tag" }],
    });
    let named = |refused: &Value| {
        let fields = [&refused["details"]["fields"], &refused["fields"]];
        fields
            .into_iter()
            .find_map(Value::as_object)
            .unwrap()
            .keys()
            .cloned()
            .collect::<std::collections::BTreeSet<_>>()
    };
    let refused = answered(post(&desk.app, ALL, wrong.clone(), Some(&desk.token)).await, 400);
    let expected = ["actions[0].text", "actions[1].tag", "conditions[0]", "trigger.minutes"];
    assert_eq!(named(&refused), expected.map(str::to_owned).into(), "{refused}");
    let made = desk.rule("message_received", json!([]), json!([{ "type": "pause_bot" }])).await;
    let path = format!("{ALL}/{}", text(&made["id"]));
    let mut change = wrong;
    change.as_object_mut().unwrap().remove("bot_id");
    let refused = answered(put(&desk.app, &path, change, &desk.token).await, 400);
    assert_eq!(named(&refused), expected.map(str::to_owned).into(), "{refused}");
    let flow = json!({
        "name": "Flow", "trigger": { "type": "keyword", "keywords": [] },
        "steps": [{ "id": "a", "type": "message", "text": "" }, { "id": "b", "type": "question" }],
    });
    let path = "/api/whatsapp-api/flows";
    let refused = answered(post(&desk.app, path, flow, Some(&desk.token)).await, 400);
    let expected = ["steps[0].text", "steps[1].saveTo", "steps[1].text", "trigger.keywords"];
    assert_eq!(named(&refused), expected.map(str::to_owned).into(), "{refused}");
    desk.app.stop().await;
}
