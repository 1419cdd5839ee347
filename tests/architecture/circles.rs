//! Import graph of the library: no circles among the files of one module.
//!
//! An edge leads from a file to each file that it names by a path from `crate::` or `self::`. A path leads to
//! where its item is defined: `pub use` is followed and is no edge of its own, so a file may name a sibling's
//! type by the `mod.rs` that re-exports it. Test code may reach anywhere.
//!
//! There are two rules. Files beside each other never form a circle. And where a `mod.rs` works with its children,
//! these name nothing that it defines itself: such a type belongs to a leaf file, which the `mod.rs` re-exports. A
//! `mod.rs` that only declares, re-exports and defines plain types is a leaf, and its children may name these.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::rust_files;

/// A file by its path in the library: `["webhooks", "outage"]`; a `mod.rs` is its folder.
type Module = Vec<String>;

#[test]
fn no_module_has_a_circle_among_its_files() {
    let graph = Graph::of_folder(Path::new("src"));
    check(&graph.below_parents().circles());
}

#[test]
fn children_name_only_a_parent_that_is_a_leaf() {
    let graph = Graph::of_folder(Path::new("src"));
    check(&graph.circles_of_parents());
}

fn check(circles: &[Vec<Module>]) {
    let found: Vec<String> = circles.iter().map(|circle| in_words(circle)).collect();
    assert!(found.is_empty(), "files that import each other in a circle:\n{}", found.join("\n"));
}

#[test]
fn a_circle_is_found_and_a_re_export_is_none() {
    let circles = |files: &[(&str, &str)]| Graph::of(files).circles().len();
    let two = [("a/mod.rs", "mod b;\nmod c;\n"), ("a/b.rs", "use crate::a::c::X;\n")];
    assert_eq!(circles(&[two[0], two[1], ("a/c.rs", "fn f() {}\n")]), 0);
    assert_eq!(circles(&[two[0], two[1], ("a/c.rs", "fn f() { crate::a::b::x() }\n")]), 1);
    // The same in a test is nobody's business.
    let tested = "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::a::b::x;\n}\n";
    assert_eq!(circles(&[two[0], two[1], ("a/c.rs", tested)]), 0);

    let child = ("a/b.rs", "use crate::{\n    domain::Jid,\n    a::{c::Y, Own},\n};\n");
    let leaf = ("a/c.rs", "pub struct Y;\n");
    let re_exports = "mod b;\nmod c;\npub use self::{b::{X, Z as W}, c::Y};\npub struct Own;\n";
    assert_eq!(circles(&[("a/mod.rs", re_exports), child, leaf]), 0);
    // A mod.rs that uses its child, which names what it defines.
    let uses = "mod b;\nmod c;\nuse self::b::X;\npub struct Own(X);\n";
    assert_eq!(circles(&[("a/mod.rs", uses), child, leaf]), 1);
    let uses = "mod b;\nmod c;\npub struct Own;\nfn f() { b::start() }\n";
    assert_eq!(circles(&[("a/mod.rs", uses), child, leaf]), 1);
    let uses = "mod b;\nmod c;\npub use self::b::X;\npub struct Own(X);\n";
    assert_eq!(circles(&[("a/mod.rs", uses), child, leaf]), 1);
    // Through a re-export to the sibling that defines the type.
    let siblings = [
        ("a/mod.rs", "mod b;\nmod c;\npub use self::b::X;\n"),
        ("a/b.rs", "use crate::a::c::Y;\npub struct X(Y);\n"),
        ("a/c.rs", "use crate::a::X;\npub struct Y;\n"),
    ];
    assert_eq!(circles(&siblings), 1);
}

struct Graph {
    edges: BTreeMap<Module, BTreeSet<Module>>,
}

/// What one file says of others.
#[derive(Default)]
struct Source {
    children: BTreeSet<String>,
    /// Names that it re-exports, and where each leads.
    re_exports: BTreeMap<String, Vec<String>>,
    /// Paths from the root of the library that it uses.
    paths: Vec<Vec<String>>,
}

impl Graph {
    fn of_folder(folder: &Path) -> Self {
        let files: Vec<(String, String)> = rust_files(folder)
            .into_iter()
            .map(|path| {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                (name, fs::read_to_string(path).unwrap())
            })
            .collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Self::of(&files)
    }

    fn of(files: &[(&str, &str)]) -> Self {
        let is_test = |name: &str| name.ends_with("tests.rs");
        let sources: BTreeMap<Module, Source> = files
            .iter()
            .filter(|(name, _)| !is_test(name))
            .map(|(name, text)| (module_of(name), Source::read(&module_of(name), text)))
            .collect();
        let mut edges = BTreeMap::new();
        for (module, source) in &sources {
            let targets = source.paths.iter().map(|path| resolve(&sources, path));
            let of_module = |target: &Module| target.first() == module.first() && target != module;
            edges.insert(module.clone(), targets.filter(of_module).collect());
        }
        Self { edges }
    }

    /// Without what each `mod.rs` uses of the files below it.
    fn below_parents(&self) -> Self {
        let mut edges = self.edges.clone();
        for (module, targets) in &mut edges {
            targets.retain(|target| !target.starts_with(module));
        }
        Self { edges }
    }

    /// One circle for each knot of files that lead to each other.
    fn circles(&self) -> Vec<Vec<Module>> {
        let (mut circles, mut known) = (Vec::new(), BTreeSet::new());
        for module in self.edges.keys().filter(|module| !module.is_empty()) {
            if known.contains(module) {
                continue;
            }
            let Some(circle) = self.way_back(module) else { continue };
            let knot = self.reached(module);
            known.extend(knot.into_iter().filter(|other| self.reached(other).contains(module)));
            circles.push(circle);
        }
        circles
    }

    /// For each `mod.rs`, the circle that it forms with files below it.
    fn circles_of_parents(&self) -> Vec<Vec<Module>> {
        let parents = self.edges.keys().filter(|module| !module.is_empty());
        let circle_of = |parent: &Module| {
            let is_below = |module: &Module| module.starts_with(parent);
            let below = self.edges.iter().filter(|(module, _)| is_below(module));
            let edges = below.map(|(module, targets)| {
                (
                    module.clone(),
                    targets.iter().filter(|target| is_below(target)).cloned().collect(),
                )
            });
            Self { edges: edges.collect() }.way_back(parent)
        };
        parents.filter_map(circle_of).collect()
    }

    fn reached<'g>(&'g self, start: &'g Module) -> BTreeSet<&'g Module> {
        let (mut reached, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(module) = next.pop() {
            let targets = self.edges.get(module).into_iter().flatten();
            next.extend(targets.filter(|target| reached.insert(*target)));
        }
        reached
    }

    /// The shortest way from a file to itself.
    fn way_back(&self, start: &Module) -> Option<Vec<Module>> {
        let mut came_from: BTreeMap<&Module, &Module> = BTreeMap::new();
        let mut next = vec![start];
        while !next.is_empty() {
            let mut found = Vec::new();
            for file in next {
                for target in self.edges.get(file).into_iter().flatten() {
                    if target == start {
                        let mut way = vec![file.clone()];
                        while let Some(before) = came_from.get(way.last()?) {
                            way.push((*before).clone());
                        }
                        way.reverse();
                        return Some(way);
                    }
                    if !came_from.contains_key(target) {
                        came_from.insert(target, file);
                        found.push(target);
                    }
                }
            }
            next = found;
        }
        None
    }
}

impl Source {
    fn read(module: &Module, text: &str) -> Self {
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code: String = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        let mut source = Self::default();
        for line in code.lines() {
            let declared = line.trim().strip_suffix(';').and_then(|line| line.rsplit_once("mod "));
            source.children.extend(declared.map(|(_, name)| name.to_owned()));
        }
        // What is re-exported; and the code without that.
        let (mut rest, mut used) = (code.as_str(), String::new());
        while let Some(at) = rest.find("pub use ") {
            used.push_str(&rest[..at]);
            let (statement, after) = rest[at..].split_once(';').unwrap_or((&rest[at..], ""));
            let tree = statement.trim_start_matches("pub use ");
            for (name, path) in leaves(tree) {
                let path = match path.first().map(String::as_str) {
                    Some("crate") => path[1..].to_vec(),
                    Some("self") => [module.clone(), path[1..].to_vec()].concat(),
                    _ => [module.clone(), path].concat(),
                };
                source.re_exports.insert(name, path);
            }
            rest = after;
        }
        used.push_str(rest);
        for (prefix, base) in [("crate::", Vec::new()), ("self::", module.clone())] {
            for (at, _) in used.match_indices(prefix) {
                let is_whole = !used[..at].ends_with(|ch: char| ch.is_alphanumeric() || ch == '_');
                // `pub(in crate::…)` and `pub(crate)` name no item.
                if !is_whole || used[..at].ends_with("pub(in ") {
                    continue;
                }
                let tree = &used[at + prefix.len()..];
                let paths = leaves(tree).into_iter().map(|(_, path)| [base.clone(), path].concat());
                source.paths.extend(paths);
            }
        }
        let words = words(&used);
        for (name, path) in &source.re_exports {
            if words.contains(name.as_str()) {
                source.paths.push(path.clone());
            }
        }
        for child in &source.children {
            let called = format!("{child}::");
            let is_called = used.match_indices(&called).any(|(at, _)| {
                !used[..at].ends_with(|ch: char| ch.is_alphanumeric() || "_:".contains(ch))
            });
            if is_called {
                source.paths.push([module.clone(), vec![child.clone()]].concat());
            }
        }
        source
    }
}

/// The file that defines what a path names.
fn resolve(sources: &BTreeMap<Module, Source>, path: &[String]) -> Module {
    let mut module = Module::new();
    for (at, segment) in path.iter().enumerate() {
        let child = [module.clone(), vec![segment.clone()]].concat();
        if sources.contains_key(&child) {
            module = child;
            continue;
        }
        let leads = sources.get(&module).and_then(|source| source.re_exports.get(segment));
        return match leads {
            Some(target) if target != path => {
                resolve(sources, &[target.clone(), path[at + 1..].to_vec()].concat())
            }
            _ => module,
        };
    }
    module
}

/// The names that a tree of paths brings in, each with its path: `b::{X, Y as Z}`.
fn leaves(tree: &str) -> Vec<(String, Vec<String>)> {
    let (mut path, mut rest) = (Vec::new(), tree.trim_start());
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            let all = parts(group).into_iter().flat_map(leaves);
            return all
                .map(|(name, leaf)| {
                    let is_self = leaf == ["self"];
                    let name = if is_self { path.last().cloned().unwrap_or(name) } else { name };
                    let leaf = if is_self { Vec::new() } else { leaf };
                    (name, [path.clone(), leaf].concat())
                })
                .collect();
        }
        let segment: String =
            rest.chars().take_while(|ch| ch.is_alphanumeric() || *ch == '_').collect();
        rest = &rest[segment.len()..];
        if !segment.is_empty() {
            path.push(segment);
        }
        match rest.strip_prefix("::") {
            Some(after) => rest = after,
            None => break,
        }
    }
    let renamed = rest.trim_start().strip_prefix("as ").map(|name| {
        name.trim_start().chars().take_while(|ch| ch.is_alphanumeric() || *ch == '_').collect()
    });
    let Some(last) = path.last().cloned() else { return Vec::new() };
    vec![(renamed.unwrap_or(last), path)]
}

/// What stands between the commas of a group, up to its end.
fn parts(group: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0_usize, 0, Vec::new());
    for (at, ch) in group.char_indices() {
        match ch {
            '}' if depth == 0 => {
                parts.push(group[begin..at].trim());
                break;
            }
            ',' if depth == 0 => {
                parts.push(group[begin..at].trim());
                begin = at + 1;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => (),
        }
    }
    parts
}

fn words(code: &str) -> BTreeSet<&str> {
    code.split(|ch: char| !ch.is_alphanumeric() && ch != '_').collect()
}

fn module_of(name: &str) -> Module {
    let path = name.strip_suffix(".rs").unwrap_or(name);
    let mut module: Module = path.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| ["mod", "lib"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

fn in_words(circle: &[Module]) -> String {
    let names: Vec<String> = circle.iter().map(|module| module.join("/")).collect();
    format!("  {} -> {}", names.join(" -> "), names[0])
}
