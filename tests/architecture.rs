//! Holds the layers: who may use whom, which crate is named where, and how large a file may be.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails, and scripts/lines-per-route prints a table"
)]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/endpoints.rs"]
mod endpoints;
#[path = "architecture/types.rs"]
mod types;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every module of the library, lowest first, as `src/lib.rs` lists them. Each may use those
/// before it.
const LAYERS: [&str; 55] = [
    "typescript",
    "domain",
    "config",
    "telemetry",
    "lifecycle",
    "memory",
    "peer",
    "descriptors",
    "breakpoint",
    "private",
    "egress",
    "mcp",
    "vault",
    "store",
    "events",
    "jobs",
    "simulator",
    "providers",
    "mail",
    "driver",
    "session",
    "messaging",
    "search",
    "knowledge",
    "settings",
    "contacts",
    "accounts",
    "audit",
    "policy",
    "bots",
    "answers",
    "inbox",
    "work_items",
    "content",
    "campaigns",
    "sms",
    "web_chat",
    "widget",
    "payments",
    "teams",
    "notes",
    "presence",
    "assignment",
    "automation",
    "notifications",
    "analytics",
    "webhooks",
    "backup",
    "doctor",
    "services",
    "tables",
    "api",
    "gateway",
    "demo",
    "",
];

/// Uses that the order allows and the design does not.
const FORBIDDEN: [(&str, &str); 18] = [
    ("simulator", "store"),
    ("simulator", "events"),
    ("driver", "store"),
    ("driver", "events"),
    ("contacts", "driver"),
    ("contacts", "session"),
    ("contacts", "messaging"),
    ("content", "driver"),
    ("content", "session"),
    ("content", "messaging"),
    ("providers", "store"),
    ("providers", "events"),
    ("payments", "driver"),
    ("payments", "session"),
    ("webhooks", "driver"),
    ("webhooks", "session"),
    ("api", "store"),
    ("api", "driver"),
];

/// The part of a module that may be used where the whole may not.
const ALLOWED: [(&str, &str); 3] = [
    ("simulator", "store::local::"),
    ("webhooks", "session::SessionTables"),
    ("content", "messaging::Hold"),
];

/// Crates that are named in one place alone.
const CONFINED: [(&str, &[&str]); 23] = [
    ("argon2::", &["src/accounts/people/password.rs"]),
    ("lettre::", &["src/providers/mail/smtp.rs"]),
    ("rmcp::", &["src/api/mcp/"]),
    ("chacha20poly1305::", &["src/vault/"]),
    ("netlink_sys::", &["src/peer/sock_diag.rs"]),
    ("hyper_rustls::", &["src/egress/client.rs"]),
    ("csv::", &["src/contacts/import/", "src/knowledge/extract/plain.rs"]),
    ("html5gum::", &["src/knowledge/extract/html.rs"]),
    ("lopdf::", &["src/knowledge/extract/"]),
    ("quick_xml::", &["src/knowledge/extract/docx.rs"]),
    ("zip::", &["src/knowledge/extract/"]),
    ("aho_corasick::", &["src/contacts/auto_tags.rs"]),
    ("tantivy::", &["src/search/index.rs"]),
    ("rmp_serde::", &["src/store/values.rs"]),
    ("sled::", &["src/store/engine/"]),
    ("crossbeam_epoch::", &["src/store/engine/gathering.rs"]),
    ("chromiumoxide::", &["src/driver/browser/"]),
    ("actix_web::", &["src/api/"]),
    ("actix_multipart::", &["src/api/"]),
    ("actix_ws::", &["src/api/"]),
    ("actix_http::", &["src/api/server/"]),
    ("actix_server::", &["src/api/server/"]),
    (
        "reqwest::",
        &[
            "src/egress/api_client.rs",
            "src/egress/credential.rs",
            "src/egress/fetch.rs",
            "src/egress/owner.rs",
            "src/egress/request_clients.rs",
            "src/egress/stream_client.rs",
            "src/backup/remote.rs",
            "src/demo/",
        ],
    ),
];

/// Where rules are decided without waiting for anything or sharing anything, so that they can be tested
/// with no world around them.
const PURE: [&str; 95] = [
    "src/domain/line.rs",
    "src/automation/conditions.rs",
    "src/automation/flow_checks.rs",
    "src/automation/flow_steps.rs",
    "src/automation/pattern.rs",
    "src/automation/rule_checks.rs",
    "src/inbox/sms_parts.rs",
    "src/work_items/rules.rs",
    "src/knowledge/answer.rs",
    "src/knowledge/chunks.rs",
    "src/knowledge/draft.rs",
    "src/knowledge/index.rs",
    "src/knowledge/prepared.rs",
    "src/knowledge/smalltalk.rs",
    "src/knowledge/words.rs",
    "src/providers/model/stream.rs",
    "src/analytics/calendar.rs",
    "src/analytics/counts.rs",
    "src/analytics/period.rs",
    "src/analytics/spans.rs",
    "src/accounts/people/rules.rs",
    "src/accounts/people/totp.rs",
    "src/accounts/role.rs",
    "src/api/kit/check/names.rs",
    "src/bots/checks.rs",
    "src/campaigns/pacing.rs",
    "src/campaigns/recipient_state.rs",
    "src/campaigns/status.rs",
    "src/api/mcp/schema.rs",
    "src/contacts/checks.rs",
    "src/contacts/consent.rs",
    "src/contacts/import/row.rs",
    "src/contacts/import/sheet.rs",
    "src/contacts/keyword.rs",
    "src/contacts/tags.rs",
    "src/content/fields.rs",
    "src/content/inserted_text.rs",
    "src/content/placeholders.rs",
    "src/content/variables.rs",
    "src/content/templates/form.rs",
    "src/content/templates/numbered.rs",
    "src/content/templates/parameters.rs",
    "src/content/templates/rendering.rs",
    "src/domain/address.rs",
    "src/domain/contact_draft.rs",
    "src/domain/locale.rs",
    "src/domain/money.rs",
    "src/domain/proxy.rs",
    "src/domain/schedule.rs",
    "src/domain/shown.rs",
    "src/driver/browser/reach.rs",
    "src/egress/reach.rs",
    "src/events/effect.rs",
    "src/events/progress.rs",
    "src/session/actor/recovery_state.rs",
    "src/session/actor/send_pause.rs",
    "src/session/actor/stalls.rs",
    "src/session/actor/timers.rs",
    "src/session/admission.rs",
    "src/session/restart.rs",
    "src/session/recovery.rs",
    "src/inbox/changes.rs",
    "src/inbox/reply_policy.rs",
    "src/inbox/status.rs",
    "src/providers/payments/stripe_event.rs",
    "src/providers/payments/stripe_signature.rs",
    "src/inbox/survey.rs",
    "src/providers/sms/twilio_signature.rs",
    "src/mcp/message.rs",
    "src/messaging/conversations/message_filter.rs",
    "src/messaging/mentions.rs",
    "src/notes/mentions.rs",
    "src/notifications/kind.rs",
    "src/presence/board.rs",
    "src/inbox/view_filters.rs",
    "src/messaging/outbound/message_rules.rs",
    "src/messaging/outbound/outbox/queue.rs",
    "src/messaging/outbound/outbox/timers.rs",
    "src/messaging/sync/message_diff.rs",
    "src/settings/in_effect.rs",
    "src/settings/patch.rs",
    "src/policy/mod.rs",
    "src/policy/hourly.rs",
    "src/policy/quiet_hours.rs",
    "src/policy/refusal.rs",
    "src/policy/window.rs",
    "src/webhooks/checks.rs",
    "src/webhooks/concurrency.rs",
    "src/webhooks/in_flight.rs",
    "src/webhooks/outage.rs",
    "src/webhooks/schedule.rs",
    "src/webhooks/signature.rs",
    "src/webhooks/verdict.rs",
    "src/widget/origins.rs",
    "src/widget/visit.rs",
];
const IMPURE: [&str; 7] =
    ["async ", ".await", "Mutex", "RwLock", "Atomic", "tokio::sync", "std::fs"];

const MOST_LINES: usize = 500;

#[test]
fn every_file_keeps_to_the_rules_and_to_its_layer() {
    let mut faults = Vec::new();
    for path in ["src", "bin"].into_iter().flat_map(|folder| rust_files(Path::new(folder))) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.to_string_lossy().replace('\\', "/");
        faults.extend(faults_of(&name, &text).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn no_file_of_tests_or_benchmarks_is_too_long() {
    let files = ["tests", "benches"].into_iter().flat_map(|folder| rust_files(Path::new(folder)));
    let lengths = files.map(|path| {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        (path, lines)
    });
    let long: Vec<(PathBuf, usize)> = lengths.filter(|(_, lines)| MOST_LINES < *lines).collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:?}");
}

#[test]
fn the_files_of_pure_rules_are_there() {
    let lost: Vec<&str> = PURE.into_iter().filter(|name| !Path::new(name).exists()).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn the_list_of_layers_is_that_of_the_library() {
    let library = fs::read_to_string("src/lib.rs").unwrap();
    let listed: Vec<&str> = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(listed, LAYERS[..LAYERS.len() - 1]);
}

#[test]
fn each_rule_finds_a_breach() {
    let breaches = [
        ("src/domain/x.rs", "//! x\nuse crate::store::Store;\n", "must not use `store`"),
        (
            "src/api/x.rs",
            "//! x\nuse crate::{domain::Jid, store::Batch};\n",
            "must not use `store`",
        ),
        ("src/api/x.rs", "//! x\nfn f() { crate::driver::x() }\n", "must not use `driver`"),
        ("src/simulator/x.rs", "//! x\nuse crate::store::Store;\n", "must not use `store`"),
        ("src/driver/x.rs", "//! x\nuse crate::store::local::Key;\n", "must not use `store`"),
        ("src/session/x.rs", "//! x\nuse sled::Db;\n", "`sled::`"),
        ("src/session/x.rs", "//! x\nuse super::y;\n", "super::"),
        ("src/session/x.rs", "fn f() {}\n", "no module doc"),
        ("src/session/x.rs", "//! x\nfn f() { Timestamp::now() }\n", "asks what time it is"),
        ("src/session/restart.rs", "//! x\nasync fn f() {}\n", "pure rules"),
        ("src/api/x.rs", "//! x\nfn f() { HttpServer::new(app) }\n", "nodelay"),
        ("src/session/x.rs", &format!("//! x\n{}", "\n".repeat(MOST_LINES)), "lines"),
    ];
    for (name, text, expected) in breaches {
        let faults = faults_of(name, text);
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{name} {text:?}: {faults:?}");
    }
    let innocent =
        "//! x\nuse crate::{\n    domain::{Jid, store::Other},\n    events::EventLog,\n};\n";
    assert_eq!(faults_of("src/session/x.rs", innocent), Vec::<String>::new());
    let innocent = "//! x\nuse crate::{\n    domain::Jid,\n    store::local::{Key, Range},\n};\n";
    assert_eq!(faults_of("src/simulator/x.rs", innocent), Vec::<String>::new());
}

#[test]
fn every_test_that_the_documents_name_exists() {
    let code: String = ["src", "tests"]
        .iter()
        .flat_map(|folder| rust_files(Path::new(folder)))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let document = fs::read_to_string("docs/reliability.md").unwrap();
    // The names of tests are the only words there with so many underscores.
    let named = document.split('`').filter(|word| {
        4 < word.matches('_').count() && word.chars().all(|ch| ch.is_alphanumeric() || ch == '_')
    });
    let named: Vec<&str> = named.filter(|word| !word.starts_with("wagate_")).collect();
    assert!(!named.is_empty());
    for name in named {
        assert!(code.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}

fn faults_of(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push("no module doc on the first line".to_owned());
    }
    let lines = text.lines().count();
    if MOST_LINES < lines {
        faults.push(format!("{lines} lines are more than {MOST_LINES}"));
    }
    // Tests stand last in a file and may reach anywhere.
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: String = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    if code.contains("super::") {
        faults.push("`super::`: name it from the root with `crate::`".to_owned());
    }
    if code.contains("Timestamp::now(") && name != "src/domain/clock.rs" {
        faults.push("only domain/clock.rs asks what time it is".to_owned());
    }
    if PURE.contains(&name) {
        let impure = IMPURE.iter().filter(|word| code.contains(*word));
        faults.extend(impure.map(|word| format!("`{word}` in a file of pure rules")));
    }
    let accepts = code.contains("listener.accept()") || code.contains("Server::");
    let is_tcp = code.contains("TcpListener") || code.contains("HttpServer");
    if accepts && is_tcp && !name.ends_with("/tests.rs") && !code.contains("nodelay(true)") {
        faults
            .push("accepts connections without `nodelay(true)`: small frames come late".to_owned());
    }
    for (path, homes) in CONFINED {
        let at_home = homes.iter().any(|home| name.starts_with(home));
        // A module of ours may bear the crate's name.
        let named = code.replace(&format!("self::{path}"), "").contains(path);
        if named && !at_home {
            faults.push(format!("`{path}` belongs to {}", homes.join(" and ")));
        }
    }
    let Some(layer) = layer_of(name) else { return faults };
    let Some(rank) = rank(&layer) else {
        faults.push(format!("module `{layer}` is in no layer"));
        return faults;
    };
    let parts = ALLOWED.iter().filter(|(user, _)| *user == layer);
    let code = parts.fold(code, |code, (_, part)| code.replace(part, ""));
    for used in modules_used(&code) {
        let is_allowed = rank_of_use(&used).is_none_or(|of| of <= rank)
            && !FORBIDDEN.contains(&(layer.as_str(), used.as_str()));
        if !is_allowed {
            faults.push(format!("`{layer}` must not use `{used}`"));
        }
    }
    faults
}

/// The module that a file belongs to; none for the root of the library.
fn layer_of(name: &str) -> Option<String> {
    let first = name.strip_prefix("src/")?.split('/').next()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (module != "lib").then(|| module.to_owned())
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == module)
}

fn rank_of_use(module: &str) -> Option<usize> {
    rank(module)
}

/// What follows `crate::` in paths and at the top level of `{…}` lists.
fn modules_used(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => used.extend(top_level(list)),
            None => used.push(word(rest)),
        }
    }
    used
}

fn top_level(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut current) = (0_usize, Vec::new(), String::new());
    for ch in list.chars() {
        match ch {
            '}' if depth == 0 => break,
            ',' if depth == 0 => names.push(std::mem::take(&mut current)),
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 0 => current.push(ch),
            _ => (),
        }
    }
    names.push(current);
    names.iter().map(|name| word(name.trim())).filter(|name| !name.is_empty()).collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|ch| ch.is_alphanumeric() || *ch == '_').collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
