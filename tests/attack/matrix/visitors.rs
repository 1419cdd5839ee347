//! Visitors of web pages: a visitor's token and the public token of a bot, against every operation. They open what the rules
//! list, for the bot and the conversation that they are of; no other operation takes them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Operation,
    desk::{Desk, MARK, UNKNOWN},
    ids,
    rules::{FOR_VISITORS, LINK_OR_KEY, WITH_PUBLIC_TOKEN},
};
use crate::{callers::Caller, support::document::DOCUMENT};

/// A refusal comes at once; a stream that opens does not end.
const AT_ONCE: Duration = Duration::from_secs(5);
/// Ends the conversation, so that it is tried last.
const CLOSE: &str = "POST /api/v1/widget/{token}/close";

/// A visitor's conversation with a bot.
struct Visit {
    /// The public token of the bot.
    bot: String,
    session: String,
    /// The visitor's own.
    token: String,
    message: String,
}

/// Begins a conversation of a visitor, who says something.
async fn visit(desk: &Desk, bot: &str, words: &str) -> Visit {
    let nobody = desk.nobody();
    let at = |what: &str| format!("/api/v1/widget/{bot}/{what}");
    let who = json!({ "visitor": { "name": words } });
    let (status, begun) = nobody.post(&at("sessions"), who).await;
    assert_eq!(status, 201, "{begun}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (session, token) = (text(&begun["session_id"]), text(&begun["visitor_token"]));
    let caller = nobody.with_header("x-visitor-token", &token);
    let (status, said) = caller.post(&at("chat"), json!({ "message": words })).await;
    assert_eq!(status, 200, "{said}");
    Visit { bot: bot.to_owned(), session, token, message: text(&said["message_id"]) }
}

/// An operation of the widget with these ids: its path with its query, and its body.
fn request(operation: &Operation, visit: &Visit) -> (String, Option<Value>) {
    let path =
        operation.path.replace("{token}", &visit.bot).replace("{session_id}", &visit.session);
    let name = operation.name();
    let query = match name.ends_with("/events") {
        true => format!("?session_id={}", visit.session),
        false => String::new(),
    };
    let mut body = json!({
        "message": "May I?", "session_id": visit.session, "type": "thumbs_up",
        "message_id": visit.message, "subject": "A question", "reason": "A person, please",
    });
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|field, _| operation.fields.contains(field));
    }
    (format!("{path}{query}"), (operation.method != Method::GET).then_some(body))
}

/// The status and the text of an answer; no text where it goes on.
async fn answer(caller: &Caller, operation: &Operation, visit: &Visit) -> (u16, String) {
    let (path, body) = request(operation, visit);
    let response = caller.request(operation.method.clone(), &path, body).send().await.unwrap();
    let status = response.status().as_u16();
    let text = tokio::time::timeout(AT_ONCE, response.text()).await;
    (status, text.map(Result::unwrap).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_visitors_and_of_bots_open_what_the_rules_list_and_nothing_else() {
    let operations = Operation::all(&DOCUMENT);
    let of_widget: Vec<&Operation> =
        operations.iter().filter(|one| one.path.starts_with("/api/v1/widget/")).collect();
    for name in FOR_VISITORS.iter().chain(&WITH_PUBLIC_TOKEN) {
        assert!(operations.iter().any(|one| one.name() == *name), "{name}: there is no such");
    }
    for one in &of_widget {
        let lists = [&FOR_VISITORS[..], &WITH_PUBLIC_TOKEN[..]];
        let listed = lists.iter().filter(|list| list.contains(&one.name().as_str())).count();
        assert_eq!(listed, 1, "{}: for whom is it?", one.name());
    }

    let desk = Desk::start().await;
    let foreign = desk.make_foreign().await;
    for bot in [&desk.own["bot"], &foreign["bot"]] {
        desk.activate(bot).await;
    }
    let own = visit(&desk, &desk.own["token"], "my words").await;
    let beside = visit(&desk, &desk.own["token"], &format!("{MARK} of the same bot")).await;
    let elsewhere = visit(&desk, &foreign["token"], &format!("{MARK} of another bot")).await;
    let before = desk.owners_view(&foreign).await;
    let nobody = desk.nobody();
    let visitor = nobody.with_header("x-visitor-token", &own.token);

    // As credentials they are good for nothing.
    let mut tried = 0;
    let named = |id: &str| {
        ids(&[
            ("instance", id),
            ("conversation", id),
            ("message", id),
            ("tag", id),
            ("webhookId", id),
            ("deliveryId", id),
            ("keyId", id),
            ("outboxId", id),
            ("consumer", "search"),
            ("number", "1"),
            ("id", id),
            ("session_id", id),
        ])
    };
    for operation in &operations {
        let name = operation.name();
        let needs_key = operation.scope.is_some() || operation.knows_callers || name == LINK_OR_KEY;
        for token in [&own.token, &own.bot, &elsewhere.bot] {
            let credentials = [
                desk.with_key(token).with_header("x-visitor-token", &own.token),
                nobody.with_header("x-api-key", token),
            ];
            for id in [&own.session, &elsewhere.session] {
                let values = named(id);
                let (path, body) = (operation.at("shop", &values), operation.body(&values));
                for caller in credentials.iter().filter(|_| needs_key) {
                    let method = operation.method.clone();
                    let (status, text) = caller.ask(method, &path, body.clone()).await;
                    assert_eq!(status, 401, "{token}: {name}: {text}");
                    assert!(!text.to_string().contains(MARK), "{name}: {text}");
                    tried += 1;
                }
            }
        }
    }
    assert!(1_000 < tried, "{tried}");

    for operation in of_widget.iter().filter(|one| one.name() != CLOSE) {
        check_widget(operation, (&nobody, &visitor), (&own, &beside, &elsewhere)).await;
    }
    for (path, after) in desk.owners_view(&foreign).await {
        assert_eq!(after, before[&path], "{path}: a visitor changed it");
    }
    let close = of_widget.iter().find(|one| one.name() == CLOSE).unwrap();
    check_widget(close, (&nobody, &visitor), (&own, &beside, &elsewhere)).await;
}

/// Who comes through to an operation of the widget, and what they see.
async fn check_widget(
    operation: &Operation,
    (nobody, visitor): (&Caller, &Caller),
    (own, beside, elsewhere): (&Visit, &Visit, &Visit),
) {
    let name = operation.name();
    let is_for_visitors = FOR_VISITORS.contains(&name.as_str());
    // The public token alone.
    let (status, text) = answer(nobody, operation, own).await;
    assert_eq!(status == 401, is_for_visitors, "{name}: {status} {text}");
    assert!(!text.contains(MARK), "{name}: {text}");
    if !is_for_visitors {
        assert!(status < 300, "{name}: {status} {text}");
        return;
    }
    // The token of a visitor of another bot, and one of the own for another bot.
    let of_other = nobody.with_header("x-visitor-token", &elsewhere.token);
    for (caller, at) in [(&of_other, own), (visitor, elsewhere)] {
        let (status, text) = answer(caller, operation, at).await;
        assert_eq!(status, 401, "{name}: {text}");
        assert!(!text.contains(MARK), "{name}: {text}");
    }
    // A foreign conversation is as one that is not there.
    let (path, body) = request(operation, own);
    let names_session =
        path.contains(&own.session) || body.is_some_and(|body| body.get("session_id").is_some());
    if names_session {
        let with = |session: &str, message: &str| Visit {
            bot: own.bot.clone(),
            session: session.to_owned(),
            token: own.token.clone(),
            message: message.to_owned(),
        };
        let nothing = answer(visitor, operation, &with(UNKNOWN, UNKNOWN)).await;
        for other in [beside, elsewhere] {
            let got = answer(visitor, operation, &with(&other.session, &other.message)).await;
            assert_eq!(got.0, 404, "{name}: {}", got.1);
            assert_eq!(got, nothing, "{name}: it tells that something exists");
        }
    }
    let (status, text) = answer(visitor, operation, own).await;
    assert!(status < 300, "{name}: {status} {text}");
    assert!(!text.contains(MARK), "{name}: {text}");
}
