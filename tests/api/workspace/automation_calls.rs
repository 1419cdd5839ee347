//! Rules of bots that compare by regular expression, and that call a webhook of the bot.

use serde_json::{Value, json};

use crate::{
    receiver::Receiver,
    support::document::events::check_delivery,
    workspace::{answered, bot_replies::Desk, bots::bot, delete, get, post, put, text},
};

const ALL: &str = "/api/v1/automations";
const ADA: &str = "15550000041";
const BOB: &str = "15550000042";

fn rule(bot: &Value, conditions: Value, actions: Value) -> Value {
    json!({
        "bot_id": bot, "name": "Orders", "trigger": { "type": "message_received" },
        "conditions": conditions, "actions": actions,
    })
}

fn matching(pattern: &str) -> Value {
    json!([{ "field": "message.text", "op": "regex", "value": pattern }])
}

async fn webhook(desk: &Desk, bot: &Value, url: &str) -> Value {
    let hook = json!({ "bot_id": bot, "url": url, "events": ["kb_updated"] });
    answered(post(&desk.app, "/api/v1/webhooks", hook, Some(&desk.token)).await, 201)
}

/// The figures of a rule.
async fn shown(desk: &Desk, rule: &Value) -> Value {
    let path = format!("{ALL}/{}", text(&desk.bot["id"]));
    let list = answered(get(&desk.app, &path, Some(&desk.token)).await, 200);
    let mut all = list["automations"].as_array().unwrap().iter();
    all.find(|one| one["id"] == rule["id"]).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_calls_the_webhook_that_it_names_once_and_no_other() {
    let desk = Desk::new(json!({})).await;
    let (called, other) = (Receiver::start(&[]).await, Receiver::start(&[]).await);
    let hook = webhook(&desk, &desk.bot["id"], &called.url).await;
    webhook(&desk, &desk.bot["id"], &other.url).await;
    let action = json!([{ "type": "call_webhook", "webhook_id": hook["id"] }]);
    let body = rule(&desk.bot["id"], matching(r"\border\s+#?(\d{4,})\b"), action.clone());
    let made = answered(post(&desk.app, ALL, body, Some(&desk.token)).await, 201);
    assert_eq!(made["actions"], action);
    assert_eq!(made["conditions"], matching(r"\border\s+#?(\d{4,})\b"));
    desk.says(BOB, "Where is order 12?", 2).await;
    let session = desk.says(ADA, "Where is ORDER #4711?", 2).await;
    let got = called.reach(1).await;
    let delivered = &got[0].body;
    check_delivery(delivered);
    assert_eq!(
        (&delivered["event"], &delivered["bot_id"]),
        (&json!("webhook_called"), &desk.bot["id"])
    );
    let data = &delivered["data"];
    assert_eq!(
        (&data["automation"]["id"], &data["session_id"], &data["session"]["id"]),
        (&made["id"], &session["id"], &session["id"])
    );
    assert_eq!(data["message"]["content"], "Where is ORDER #4711?");
    assert!(!got[0].header("webhook-signature").is_empty());
    // In the list of deliveries as any other.
    let path = format!("/api/v1/webhooks/{}/deliveries", text(&desk.bot["id"]));
    let listed = async || {
        let list = answered(get(&desk.app, &path, Some(&desk.token)).await, 200);
        let all = list["deliveries"].as_array().unwrap().clone();
        (all.len() == 1 && all[0]["status"] == "delivered").then_some(all)
    };
    let all = desk.app.wait_for("the delivery", listed).await;
    assert_eq!((&all[0]["event"], &all[0]["webhook_id"]), (&json!("webhook_called"), &hook["id"]));
    assert_eq!(other.counted(), 0);

    // One that is switched off, and one that is gone, is noted with the rule.
    let one = format!("/api/v1/webhooks/{}", text(&hook["id"]));
    answered(put(&desk.app, &one, json!({ "is_active": false }), &desk.token).await, 200);
    desk.says("15550000043", "And order 4712?", 2).await;
    let figures = shown(&desk, &made).await;
    let fault = text(&figures["last_error"]);
    assert!(fault.contains("switched off"), "{figures}");
    answered(delete(&desk.app, &one, &desk.token).await, 200);
    desk.says("15550000044", "And order 4713?", 2).await;
    let figures = shown(&desk, &made).await;
    assert!(text(&figures["last_error"]).contains("no such webhook"), "{figures}");
    assert_eq!((&figures["run_count"], called.counted()), (&json!(3), 1));
    desk.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_that_is_none_or_too_much_and_a_foreign_webhook_are_refused() {
    let desk = Desk::new(json!({})).await;
    let receiver = Receiver::start(&[]).await;
    let stranger = bot(&desk.app, &desk.token, json!({ "name": "Other" })).await;
    let foreign = webhook(&desk, &stranger["id"], &receiver.url).await;
    let (id, pause) = (&desk.bot["id"], json!([{ "type": "pause_bot" }]));
    let calling = |id: Value| json!([{ "type": "call_webhook", "webhook_id": id }]);
    let of_channel = json!([{ "field": "session.channel", "op": "regex", "value": "sms" }]);
    for (body, field) in [
        (rule(id, matching("(order"), pause.clone()), "conditions[0]"),
        (rule(id, matching(r"\w{500}{500}"), pause.clone()), "conditions[0]"),
        (rule(id, matching(r"(a)\1"), pause.clone()), "conditions[0]"),
        (rule(id, matching(&"x".repeat(201)), pause.clone()), "conditions[0]"),
        (rule(id, of_channel, pause), "conditions[0]"),
        (rule(id, json!([]), calling(foreign["id"].clone())), "actions[0].webhook_id"),
        (rule(id, json!([]), calling(json!("x"))), "actions[0].webhook_id"),
        (rule(id, json!([]), json!([{ "type": "call_webhook" }])), "actions[0].webhook_id"),
    ] {
        let refused = post(&desk.app, ALL, body.clone(), Some(&desk.token)).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.body.to_string().contains(field), "{body}: {}", refused.body);
    }
    let fine = rule(id, matching("^hi"), json!([{ "type": "add_tag", "tag": "hi" }]));
    let made = answered(post(&desk.app, ALL, fine, Some(&desk.token)).await, 201);
    let path = format!("{ALL}/{}", text(&made["id"]));
    let change = json!({ "actions": calling(foreign["id"].clone()) });
    assert_eq!(put(&desk.app, &path, change, &desk.token).await.status, 400);
    desk.app.stop().await;
}
