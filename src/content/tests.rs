//! Quick replies and templates on a store: uniqueness, lists, uses, imports.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::{
    content::{
        Outcome, QuickReplies, QuickReplyChange, QuickReplyDraft, Status, TABLES, TemplateChange,
        TemplateDraft, TemplateFilter, Templates, Values, draft,
    },
    domain::{Clock, ErrorCode, Locale, clock::from_seconds},
    store::{Catalogue, Opener, Store},
};

const CATALOGUE: Catalogue = Catalogue::with(&[TABLES]);

async fn store() -> Store {
    Opener::of(CATALOGUE).temporary().await.unwrap()
}

fn clock() -> Clock {
    Clock::manual(from_seconds(1_000))
}

fn reply(shortcut: &str) -> QuickReplyDraft {
    QuickReplyDraft {
        shortcut: shortcut.to_owned(),
        content: "Hi {{contact.name}} from {{org.name}}".to_owned(),
        media: None,
        created_by: None,
    }
}

fn values() -> Values<'static> {
    Values {
        contact: None,
        business: Some("Acme"),
        agent: None,
        now: from_seconds(0),
        zone: TimeZone::UTC,
        locale: Locale::English,
    }
}

fn template(name: &str, language: &str, body: &str) -> Value {
    json!({
        "name": name, "language": language, "category": "UTILITY", "status": "APPROVED",
        "components": [{ "type": "BODY", "text": body }],
    })
}

fn drafted(name: &str, language: &str) -> TemplateDraft {
    draft(&template(name, language, "Hi {{1}}")).unwrap()
}

fn greeting() -> Vec<Value> {
    vec![json!({ "type": "body", "parameters": [{ "type": "text", "text": "Ada" }] })]
}

#[tokio::test]
async fn of_two_with_one_shortcut_at_the_same_time_one_is_made() {
    let store = store().await;
    let (one, other) =
        (QuickReplies::new(store.clone(), clock()), QuickReplies::new(store, clock()));
    for round in 0..20 {
        let shortcut = format!("hello-{round}");
        let (first, second) = tokio::join!(
            one.create(reply(&shortcut)),
            other.create(reply(&shortcut.to_uppercase()))
        );
        let errors: Vec<ErrorCode> = [&first, &second]
            .into_iter()
            .filter_map(|made| Some(made.as_ref().err()?.code))
            .collect();
        assert_eq!(errors, [ErrorCode::Conflict], "{first:?} {second:?}");
    }
    assert_eq!(one.list("").await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_list_begins_with_what_was_typed() {
    let replies = QuickReplies::new(store().await, clock());
    for shortcut in ["/greeting", "/Great", "/bye", "/gr", "/grz"] {
        replies.create(reply(shortcut)).await.unwrap();
    }
    let list = async |prefix: &str| {
        let found = replies.list(prefix).await.unwrap();
        found.into_iter().map(|one| one.shortcut.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ["/bye", "/gr", "/Great", "/greeting", "/grz"]);
    assert_eq!(list("/").await.len(), 5);
    assert_eq!(list("/GRE").await, ["/Great", "/greeting"]);
    assert_eq!(list("gr").await, ["/gr", "/Great", "/greeting", "/grz"]);
    for other in ["/x", "/greetings", "g r", "é"] {
        assert!(list(other).await.is_empty(), "{other}");
    }
}

#[tokio::test]
async fn a_shortcut_that_was_given_up_is_free() {
    let replies = QuickReplies::new(store().await, clock());
    let one = replies.create(reply("/one")).await.unwrap();
    let two = replies.create(reply("/two")).await.unwrap();
    let to = |shortcut: &str| QuickReplyChange {
        shortcut: Some(shortcut.to_owned()),
        ..QuickReplyChange::default()
    };
    let taken = replies.change(two.id, to("/ONE")).await.unwrap_err();
    assert_eq!(taken.code, ErrorCode::Conflict);
    // Its own is not another's.
    assert_eq!(replies.change(one.id, to("/One")).await.unwrap().shortcut.as_str(), "/One");
    replies.change(one.id, to("/three")).await.unwrap();
    replies.change(two.id, to("/one")).await.unwrap();
    replies.delete(two.id).await.unwrap();
    assert_eq!(replies.delete(two.id).await.unwrap_err().code, ErrorCode::NotFound);
    replies.create(reply("/one")).await.unwrap();
}

#[tokio::test]
async fn each_use_counts_once() {
    let store = store().await;
    let replies = QuickReplies::new(store, clock());
    let made = replies.create(reply("/hi")).await.unwrap();
    let values = values();
    let uses = (0..10).map(|_| replies.render(made.id, &values));
    for filled in futures_util::future::join_all(uses).await {
        let filled = filled.unwrap();
        assert_eq!(filled.text, "Hi {{contact.name}} from Acme");
        assert_eq!(filled.missing, ["contact.name"]);
    }
    assert_eq!(replies.get(made.id).await.unwrap().usage_count, 10);
}

#[tokio::test]
async fn a_text_that_outgrows_a_message_is_refused_and_not_counted() {
    let replies = QuickReplies::new(store().await, clock());
    let content = "{{org.name}}".repeat(300);
    let made = replies.create(QuickReplyDraft { content, ..reply("/long") }).await.unwrap();
    let name = "x".repeat(60);
    let long = Values { business: Some(&name), ..values() };
    assert_eq!(replies.render(made.id, &long).await.unwrap_err().code, ErrorCode::Invalid);
    assert_eq!(replies.get(made.id).await.unwrap().usage_count, 0);
}

#[tokio::test]
async fn a_name_is_there_once_in_each_language() {
    let store = store().await;
    let (one, other) = (Templates::new(store.clone(), clock()), Templates::new(store, clock()));
    for round in 0..20 {
        let name = format!("hello_{round}");
        let (first, second) =
            tokio::join!(one.create(drafted(&name, "en")), other.create(drafted(&name, "en")));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    }
    let german = one.create(drafted("hello_0", "de")).await.unwrap();
    let to = |language: &str| TemplateChange {
        language: Some(language.to_owned()),
        ..TemplateChange::default()
    };
    let taken = one.change(german.id, to("en")).await.unwrap_err();
    assert_eq!(taken.code, ErrorCode::Conflict);
    assert_eq!(one.change(german.id, to("de_AT")).await.unwrap().language, "de_AT");
    one.create(drafted("hello_0", "de")).await.unwrap();
}

#[tokio::test]
async fn only_a_known_and_approved_template_is_rendered() {
    let templates = Templates::new(store().await, clock());
    let made = templates.create(drafted("hello", "en_US")).await.unwrap();
    let rendered = templates.render("hello", "en_US", &greeting()).await.unwrap();
    assert_eq!((rendered.text.as_str(), rendered.template.id), ("Hi Ada", made.id));
    let other = templates.render("hello", "de", &greeting()).await.unwrap_err();
    assert_eq!(other.code, ErrorCode::NotFound);
    assert!(other.message.contains("en_US"), "{other}");
    let unknown = templates.render("bye", "en_US", &greeting()).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
    let few = templates.render("hello", "en_US", &[]).await.unwrap_err();
    assert_eq!(few.message, "Template requires 1 body parameter, got 0");
    let set = |status| TemplateChange { status: Some(status), ..TemplateChange::default() };
    templates.change(made.id, set(Status::Draft)).await.unwrap();
    let draft = templates.render("hello", "en_US", &greeting()).await.unwrap_err();
    assert_eq!(draft.code, ErrorCode::Invalid);
    templates.change(made.id, set(Status::Approved)).await.unwrap();
    templates.render("hello", "en_US", &greeting()).await.unwrap();
    templates.delete(made.id).await.unwrap();
    let gone = templates.render("hello", "en_US", &greeting()).await.unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn an_import_makes_replaces_and_names_what_it_cannot_take() {
    let templates = Templates::new(store().await, clock());
    let known = templates.create(drafted("known", "en")).await.unwrap();
    let refused = {
        let mut refused = template("refused", "en", "Win!");
        refused["status"] = json!("REJECTED");
        refused["rejected_reason"] = json!("PROMOTIONAL");
        refused
    };
    let rows = [
        template("fresh", "en", "Hi"),
        template("known", "en", "Hello {{1}}"),
        template("Bad Name", "en", "Hi"),
        json!(5),
        refused.clone(),
        template("fresh", "en", "Hi again"),
    ];
    let results = templates.import(&rows).await.unwrap().results;
    let words: Vec<&str> = results
        .iter()
        .map(|one| match one.outcome {
            Outcome::Created(_) => "created",
            Outcome::Updated(_) => "updated",
            Outcome::Failed(_) => "failed",
        })
        .collect();
    assert_eq!(words, ["created", "updated", "failed", "failed", "created", "updated"]);
    assert_eq!(results[2].name.as_deref(), Some("Bad Name"));
    let now = templates.get(known.id).await.unwrap();
    assert_eq!((now.parts.body.as_str(), now.created_at), ("Hello {{1}}", known.created_at));
    let drafts = TemplateFilter { status: Some(Status::Draft), ..TemplateFilter::default() };
    let drafts = templates.list(&drafts).await.unwrap();
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].rejection_reason.as_deref(), Some("PROMOTIONAL"));
    let all = templates.list(&TemplateFilter::default()).await.unwrap();
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["fresh", "known", "refused"]);
    // The same again changes nothing but the time.
    templates.import(&rows).await.unwrap();
    assert_eq!(templates.list(&TemplateFilter::default()).await.unwrap().len(), 3);
}
