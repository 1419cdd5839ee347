//! Foreign records: nobody sees, counts or changes what is of a bot, a team or a person that they may not see.
//!
//! Every operation of the OpenAPI document is tried with the ids of foreign records, in its path, its query and its
//! body, and answers as for ids that do not exist. What lists and figures say before the foreign records are made and
//! afterwards is the same.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Operation,
    desk::{Desk, MARK, UNKNOWN, without_what_moves},
    records::{KINDS, Kind, NAMING, Seen, WITH_SHARED, fits},
};
use crate::{callers::Caller, support::document::DOCUMENT};

/// Streams, and the tools that are called by themselves.
const ENDLESS: [&str; 4] =
    ["GET /api/v1/events", "GET /api/mcp/sse", "GET /ws/{sessionId}", "POST /api/mcp"];

/// An operation with what the document says of its parameters and its body.
struct Tried<'d> {
    operation: &'d Operation,
    kind: &'static Kind,
    /// Names of its parameters in the query.
    query: BTreeSet<&'d str>,
    /// The example of its body.
    body: Option<Value>,
}

impl<'d> Tried<'d> {
    fn all(operations: &'d [Operation]) -> Vec<Self> {
        let of = |operation: &'d Operation| {
            let name = operation.name();
            let kind = Kind::of(&name).unwrap_or_else(|| panic!("no kind of record: {name}"));
            let document: &'d Value =
                &DOCUMENT["paths"][&operation.path][operation.method.as_str().to_lowercase()];
            let parameters = document["parameters"].as_array().into_iter().flatten();
            let in_query = parameters.filter(|one| one["in"] == "query");
            let query = in_query.filter_map(|one| one["name"].as_str()).collect();
            let schema = &document["requestBody"]["content"]["application/json"]["schema"];
            Self { operation, kind, query, body: example_of(schema) }
        };
        operations.iter().map(of).collect()
    }

    fn name(&self) -> String {
        self.operation.name()
    }

    /// Whether its answer comes to an end, and it neither ends the sign-in of who calls nor needs no credential.
    fn is_for(&self, method: Option<&Method>) -> bool {
        let is_of_method = method.is_none_or(|method| self.operation.method == *method);
        let is_endless =
            ENDLESS.contains(&self.name().as_str()) || self.operation.path.ends_with("/events");
        let is_own = self.kind.name == "sign-ins" && self.operation.method != Method::GET;
        is_of_method && !is_endless && !is_own && self.operation.scope.is_some()
    }

    /// Its path with an id in place of each parameter.
    fn path(&self, id: &str) -> String {
        let mut parts = self.operation.path.split('/').collect::<Vec<_>>();
        for part in &mut parts {
            if part.starts_with('{') {
                *part = id;
            }
        }
        parts.join("/")
    }

    fn has_id(&self) -> bool {
        self.operation.path.contains('{')
    }

    /// The query that names a record in each parameter that can; none where none can.
    fn naming_query(&self, ids: &BTreeMap<&str, String>) -> Option<String> {
        let named = NAMING.iter().filter(|(name, _)| self.query.contains(name));
        let pairs: Vec<String> = named.map(|(name, of)| format!("{name}={}", ids[of])).collect();
        (!pairs.is_empty()).then(|| pairs.join("&"))
    }

    /// The example of its body, in which each field that can names a record, and whether one does.
    fn body(&self, ids: &BTreeMap<&str, String>) -> (Option<Value>, bool) {
        let Some(mut body) = self.body.clone() else { return (None, false) };
        let mut names_one = false;
        for (field, of) in NAMING.iter().filter(|(field, _)| self.operation.fields.contains(*field))
        {
            let id = json!(ids[of]);
            body[field] = if field.ends_with("_ids") { json!([id]) } else { id };
            names_one = true;
        }
        (Some(body), names_one)
    }
}

fn example_of(schema: &Value) -> Option<Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return example_of(DOCUMENT.pointer(reference.trim_start_matches('#'))?);
    }
    let example = &schema["example"];
    schema.is_object().then(|| if example.is_object() { example.clone() } else { json!({}) })
}

/// An id of the same form that does not exist.
fn nothing_like(id: &str) -> String {
    match id.strip_prefix("pk_") {
        Some(secret) => format!("pk_{}", "0".repeat(secret.len())),
        None => UNKNOWN.to_owned(),
    }
}

/// The same text for foreign ids and for ids that do not exist.
fn without_ids(answer: &Value, ids: &BTreeMap<&str, String>) -> String {
    ids.values().fold(answer.to_string(), |text, id| text.replace(id.as_str(), "ID"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_changes_what_is_foreign() {
    let operations = Operation::all(&DOCUMENT);
    let tried = Tried::all(&operations);
    for path in KINDS.iter().flat_map(|kind| kind.paths) {
        let is_used = operations.iter().any(|one| fits(&one.name(), path));
        assert!(is_used, "{path}: no operation is there");
    }

    let desk = Desk::start().await;
    let mut before = Vec::new();
    for (who, stranger) in desk.strangers() {
        before.push(seen_by(who, stranger, &tried, &desk.own).await);
    }
    let foreign = desk.make_foreign().await;
    let mut shown_to_strangers = Vec::new();
    for ((who, stranger), before) in desk.strangers().into_iter().zip(before) {
        let after = seen_by(who, stranger, &tried, &desk.own).await;
        for (path, answer) in &after {
            let is_shown = answer.to_string().contains(MARK);
            let goes_on = path.ends_with("/deliveries");
            if is_shown || (!goes_on && answer != &before[path]) {
                shown_to_strangers.push(format!("{who}: {path}: was {} is {answer}", before[path]));
            }
        }
    }
    let none = BTreeMap::from_iter(foreign.iter().map(|(name, id)| (*name, nothing_like(id))));
    let before = desk.owners_view(&foreign).await;
    for (who, stranger) in desk.strangers() {
        for one in tried.iter().filter(|one| one.is_for(None)) {
            try_as_stranger((who, stranger), one, (&foreign, &none), &mut shown_to_strangers).await;
        }
    }
    shown_to_strangers.extend(desk.tools_show(&foreign).await);
    for (path, after) in desk.owners_view(&foreign).await {
        if after != before[&path] {
            shown_to_strangers.push(format!("{path}: changed: {} {after}", before[&path]));
        }
    }
    assert!(shown_to_strangers.is_empty(), "{}", shown_to_strangers.join("\n"));

    // The other way round: who sees the bot sees each kind of record of it.
    let mut shown: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (who, caller) in desk.insiders() {
        for one in tried.iter().filter(|one| one.is_for(Some(&Method::GET)) && one.has_id()) {
            for id in foreign.values() {
                let (status, answer) = caller.get(&one.path(id)).await;
                if status == 200 && answer.to_string().contains(MARK) {
                    shown.entry(who).or_default().insert(one.kind.name);
                }
            }
        }
    }
    for (who, _) in desk.insiders() {
        for kind in KINDS.iter().filter(|kind| kind.seen == Seen::WithBot) {
            let is_for_writers = kind.name == "webhooks of bots" && who == "a viewer of the team";
            let has_list = tried.iter().any(|one| {
                one.kind.name == kind.name && one.is_for(Some(&Method::GET)) && one.has_id()
            });
            let is_shown = shown.get(who).is_some_and(|kinds| kinds.contains(kind.name));
            // Figures name nothing.
            let has_words = kind.name != "figures of bots";
            let is_due = has_list && has_words && !is_for_writers;
            assert!(is_shown || !is_due, "{who} does not see {}: {shown:?}", kind.name);
        }
    }
    // A bot that is shared to be looked at is not changed.
    let before = desk.owners_view(&foreign).await;
    for one in tried.iter().filter(|one| one.operation.scope.as_deref() == Some("bots")) {
        let is_allowed = WITH_SHARED.contains(&one.name().as_str());
        if one.operation.method == Method::GET || is_allowed {
            continue;
        }
        for id in foreign.values() {
            let (body, _) = one.body(&foreign);
            let method = one.operation.method.clone();
            let (status, answer) = desk.colleague().ask(method, &one.path(id), body).await;
            assert!(400 <= status, "a colleague: {}: {status} {answer}", one.name());
        }
    }
    for (path, after) in desk.owners_view(&foreign).await {
        assert_eq!(after, before[&path], "{path}: a colleague changed it");
    }
    desk.listeners_got_nothing(&foreign).await;
}

/// What a caller is answered to each reading operation, with the ids of its own records.
async fn seen_by(
    who: &str,
    caller: &Caller,
    tried: &[Tried<'_>],
    own: &BTreeMap<&'static str, String>,
) -> BTreeMap<String, Value> {
    let mut seen = BTreeMap::new();
    for one in tried.iter().filter(|one| one.is_for(Some(&Method::GET))) {
        let ids: Vec<&str> =
            if one.has_id() { own.values().map(String::as_str).collect() } else { vec![""] };
        for id in ids {
            let path = one.path(id);
            let (status, mut answer) = caller.get(&path).await;
            assert!(status < 500, "{who}: {path}: {status} {answer}");
            without_what_moves(&mut answer);
            seen.insert(path, answer);
        }
    }
    seen
}

/// Tries an operation with foreign ids and with ids that do not exist.
async fn try_as_stranger(
    (who, stranger): (&str, &Caller),
    one: &Tried<'_>,
    (foreign, none): (&BTreeMap<&'static str, String>, &BTreeMap<&'static str, String>),
    shown: &mut Vec<String>,
) {
    let name = one.name();
    let ask = async |path: String, body: Option<Value>, ids| {
        let (status, answer) = stranger.ask(one.operation.method.clone(), &path, body).await;
        (status, without_ids(&answer, ids))
    };
    let mut queries = vec![String::new()];
    let mut unknown_queries = vec![String::new()];
    if let (Some(query), Some(unknown)) = (one.naming_query(foreign), one.naming_query(none)) {
        queries.push(format!("?{query}"));
        unknown_queries.push(format!("?{unknown}"));
    }
    let ids: Vec<(&str, &str)> = if one.has_id() {
        foreign.iter().map(|(name, id)| (id.as_str(), none[name].as_str())).collect()
    } else {
        vec![("", "")]
    };
    let ((body, names_one), (no_body, _)) = (one.body(foreign), one.body(none));
    for (query, unknown_query) in queries.iter().zip(&unknown_queries) {
        let names_record = one.has_id() || !query.is_empty() || names_one;
        if !names_record && one.operation.method != Method::GET {
            // It concerns nothing foreign.
            continue;
        }
        let mut unknowns = BTreeMap::new();
        for (id, unknown) in &ids {
            if !unknowns.contains_key(unknown) {
                let path = format!("{}{unknown_query}", one.path(unknown));
                unknowns.insert(unknown, ask(path, no_body.clone(), none).await);
            }
            let unknown = &unknowns[unknown];
            let path = format!("{}{query}", one.path(id));
            let (status, answer) = ask(path.clone(), body.clone(), foreign).await;
            let is_other = names_record && (status, &answer) != (unknown.0, &unknown.1);
            if is_other || answer.contains(MARK) {
                shown.push(format!(
                    "{who}: {name}: {path}: {status} {answer}, and of nothing {unknown:?}"
                ));
            }
        }
    }
}
