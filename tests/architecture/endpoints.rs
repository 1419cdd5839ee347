//! Size of endpoints: what a plain endpoint costs with its documentation.
//!
//! The lines of an endpoint are its declaration (`Endpoint::get(…)` with name, summary and details) and its handler, with
//! doc comments and attributes. What it reads and answers with (bodies, queries, views) belongs to the resource and is
//! shared by its endpoints: of that the table counts whole files, without tests, beside it.
//! `scripts/lines-per-route` prints both.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::rust_files;

/// The most lines of a plain endpoint.
const MOST_LINES: usize = 30;

/// Endpoints that are not plain: how many lines they have at most, and why. They may shrink and not grow.
const LARGER: [(&str, usize, &str); 10] = [
    (
        "src/api/business/chats.rs patch",
        48,
        "changes of five services, all of which are checked before the first is made",
    ),
    (
        "src/api/business/messages.rs list",
        61,
        "six filters over the log of all messages, read in steps",
    ),
    (
        "src/api/business/payment_links.rs create",
        40,
        "a link with its message: the send is checked before the link is made",
    ),
    (
        "src/api/chat/messages.rs linked",
        55,
        "a signed link opens files of three owners, and says to nobody what there is",
    ),
    (
        "src/api/sessions/chats.rs list",
        38,
        "search by name, digits or either id in what the engine lists",
    ),
    (
        "src/api/sessions/contacts.rs list",
        39,
        "search by name, digits or either id in what the engine lists",
    ),
    ("src/api/streams/websocket.rs open", 53, "a WebSocket: the upgrade and its task"),
    (
        "src/api/workspace/inbox_send.rs send",
        44,
        "a send, with the view of what is not in the log yet",
    ),
    (
        "src/api/workspace/inbox_stats.rs stats",
        66,
        "thirteen figures of one page, each from its own list",
    ),
    (
        "src/api/workspace/widget/events.rs follow",
        54,
        "a stream of events: its beginning and its task",
    ),
];

const VERBS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// An endpoint, by the file that declares it and the name of its handler.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counted {
    file: String,
    handler: String,
    declaration: usize,
    /// None where the handler was not found.
    code: Option<usize>,
}

impl Counted {
    fn lines(&self) -> usize {
        self.declaration + self.code.unwrap_or(0)
    }

    fn name(&self) -> String {
        format!("{} {}", self.file, self.handler)
    }
}

#[test]
fn a_plain_endpoint_with_its_documentation_is_short() {
    let mut faults = Vec::new();
    let all = counted(&sources());
    for endpoint in &all {
        let (name, lines) = (endpoint.name(), endpoint.lines());
        match LARGER.iter().find(|(larger, ..)| *larger == name) {
            _ if endpoint.code.is_none() => faults.push(format!("the handler of {name} is not found")),
            Some((_, most, _)) if *most < lines => {
                faults.push(format!("{name} has grown from {most} to {lines} lines"));
            }
            Some(_) if lines <= MOST_LINES => {
                faults.push(format!("{name} has {lines} lines: remove its entry"));
            }
            None if MOST_LINES < lines => faults.push(format!(
                "{name} has {lines} lines, and {MOST_LINES} is the limit: a handler reads, calls a service and answers"
            )),
            _ => (),
        }
    }
    for (name, ..) in LARGER {
        if !all.iter().any(|endpoint| endpoint.name() == name) {
            faults.push(format!("there is no endpoint {name}: remove its entry"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Prints the table of `scripts/lines-per-route`.
#[test]
fn lines_per_endpoint() {
    let files = sources();
    let all = counted(&files);
    assert!(!all.is_empty());
    println!("endpoints  median  mean  most  whole files per endpoint  family");
    let mut families: BTreeMap<String, Vec<&Counted>> = BTreeMap::new();
    for endpoint in &all {
        let family = endpoint.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        families.entry(family.to_owned()).or_default().push(endpoint);
    }
    families.insert("all".to_owned(), all.iter().collect());
    for (family, endpoints) in &families {
        let mut lines: Vec<usize> = endpoints.iter().map(|endpoint| endpoint.lines()).collect();
        lines.sort_unstable();
        let declares = |file: &str| endpoints.iter().any(|endpoint| endpoint.file == file);
        let whole = files.iter().filter(|(file, _)| declares(file));
        let whole: usize = whole.map(|(_, text)| text.lines().count()).sum();
        let count = lines.len();
        println!(
            "{count:9} {:7} {:5} {:5} {:25}  {family}",
            lines[count / 2],
            lines.iter().sum::<usize>() / count,
            lines[count - 1],
            whole / count,
        );
    }
}

#[test]
fn declaration_and_handler_are_counted_wherever_the_handler_is() {
    let rows = "fn all() {\n    vec![\n        Endpoint::get(ALL, list),\n        kept(Endpoint::post(concat!($p, \"/{id}\"), other::make::<T>))\n            .about(\"a, (b\"),\n    ]\n}\n\n/// Lists.\n#[x]\nasync fn list() {\n    1\n}\n\n#[cfg(test)]\nmod tests {\n    Endpoint::get(A, b)\n}\n";
    let made = "pub async fn make<T>(\n    a: u8,\n) {\n}\n";
    let files = [("src/api/a/rows.rs", rows), ("src/api/a/other.rs", made)];
    let files: Vec<(String, String)> = files
        .iter()
        .map(|(file, text)| ((*file).to_owned(), without_tests(text).to_owned()))
        .collect();
    let found = counted(&files);
    let expected = |handler: &str, declaration, code| Counted {
        file: "src/api/a/rows.rs".to_owned(),
        handler: handler.to_owned(),
        declaration,
        code: Some(code),
    };
    assert_eq!(found, [expected("list", 1, 5), expected("other::make", 2, 4)]);
}

/// The files of the API without their tests; those of another folder where `API_SOURCES` names one.
fn sources() -> Vec<(String, String)> {
    let root = std::env::var_os("API_SOURCES").map_or_else(PathBuf::new, PathBuf::from);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        (path, without_tests(&text).to_owned())
    };
    rust_files(&root.join(Path::new("src/api"))).into_iter().map(read).collect()
}

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default()
}

/// All endpoints that these files declare, in their order.
fn counted(files: &[(String, String)]) -> Vec<Counted> {
    let mut all = Vec::new();
    for (file, text) in files {
        for (at, _) in text.match_indices("Endpoint::") {
            let rest = &text[at + "Endpoint::".len()..];
            let Some((verb, arguments)) = rest.split_once('(') else { continue };
            if !VERBS.contains(&verb) {
                continue;
            }
            let row = &text[at..at + end_of_row(&text[at..])];
            let path_ends = end_of_item(arguments);
            let handler = &arguments[path_ends..].trim_start_matches(',');
            let handler = handler[..end_of_item(handler)].trim();
            let handler = handler.split_once("::<").map_or(handler, |(name, _)| name);
            all.push(Counted {
                file: file.clone(),
                handler: handler.to_owned(),
                declaration: row.lines().count(),
                code: lines_of(handler, file, files),
            });
        }
    }
    all
}

/// Where a declaration ends. What follows a function that wraps its beginning belongs to it.
fn end_of_row(text: &str) -> usize {
    let mut end = end_of_item(text);
    while let Some(rest) = text[end..].strip_prefix(')')
        && rest.trim_start().starts_with('.')
    {
        end += 1 + end_of_item(rest);
    }
    end
}

/// Where a list's item ends: before a comma, or a bracket that it did not open.
fn end_of_item(text: &str) -> usize {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for (at, ch) in text.char_indices() {
        match ch {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' => is_text = !is_text,
            _ if is_text => (),
            '(' | '[' | '{' => depth += 1,
            ',' if depth == 0 => return at,
            ')' | ']' | '}' if depth == 0 => return at,
            ')' | ']' | '}' => depth -= 1,
            _ => (),
        }
    }
    text.len()
}

/// The lines of a handler that a file names: in this file, in that of the module before the name, or in one that lies
/// beside it.
fn lines_of(handler: &str, file: &str, files: &[(String, String)]) -> Option<usize> {
    let (module, name) = match handler.rsplit_once("::") {
        Some((path, name)) => (path.rsplit("::").next(), name),
        None => (None, handler),
    };
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_likely = |other: &str| match module {
        Some(module) => {
            other.ends_with(&format!("/{module}.rs"))
                || other.ends_with(&format!("/{module}/mod.rs"))
        }
        None => other == file || other.rsplit_once('/').is_some_and(|(beside, _)| beside == folder),
    };
    let mut likely: Vec<&(String, String)> =
        files.iter().filter(|(other, _)| is_likely(other)).collect();
    likely.sort_by_key(|(other, _)| (other != file, !other.starts_with(folder)));
    likely.into_iter().find_map(|(_, text)| lines_of_function(name, text))
}

fn lines_of_function(name: &str, text: &str) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let is_named = |line: &&str| {
        let Some((before, after)) = line.split_once("fn ") else { return false };
        let is_plain = ["", "async ", "pub ", "pub async "].contains(&before)
            || before.starts_with("pub(") && !before.contains('{');
        let rest = after.strip_prefix(name);
        is_plain && rest.is_some_and(|rest| rest.starts_with(['(', '<']))
    };
    let first = lines.iter().position(is_named)?;
    let length = lines[first..].iter().position(|line| *line == "}")? + 1;
    let above = lines[..first].iter().rev();
    let about = above.take_while(|line| line.starts_with("///") || line.starts_with("#[")).count();
    Some(about + length)
}
