//! Size of types: no type has so many functions that another type could own some of them.
//!
//! What counts is the functions of a type's own `impl` blocks, over all files and without tests. A type whose `impl`
//! blocks lie in several files is still one type: each function sees all of its fields.

use std::{collections::BTreeMap, fs, path::Path};

use crate::rust_files;

/// The most functions of a type.
const MOST_FUNCTIONS: usize = 20;

#[test]
fn no_type_has_too_many_functions() {
    let files: Vec<(String, String)> = rust_files(Path::new("src"))
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.to_string_lossy().replace('\\', "/"), text)
        })
        .collect();
    let counts = functions_by_type(&files);
    let larger = counts.iter().filter(|(_, count)| MOST_FUNCTIONS < **count);
    let faults: Vec<String> = larger
        .map(|(name, count)| {
            format!("{name} has {count} functions, and {MOST_FUNCTIONS} is the limit: give some of its fields to another type")
        })
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn functions_are_counted_over_all_files_of_a_type_and_without_those_of_traits_and_tests() {
    let counts = |files: &[(&str, &str)]| {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        functions_by_type(&files.iter().map(owned).collect::<Vec<_>>())
    };
    let owner = "pub struct A<T> {}\nimpl<T: B> A<T> {\n    pub fn a(&self) {\n    }\n    async fn b() {}\n}\n";
    let other = "impl A<u8>\nwhere\n    u8: B,\n{\n    const fn c() {}\n}\nimpl B for A<u8> {\n    fn d() {}\n}\n";
    let tested = "struct A;\nimpl A {\n    fn e() {}\n    #[cfg(test)]\n    fn g() {}\n}\n#[cfg(test)]\nimpl A {\n    fn h() {}\n}\n#[cfg(test)]\nmod tests {\n    impl A {\n    fn f() {}\n}\n}\n";
    let found = counts(&[("src/x/a.rs", owner), ("src/x/y/b.rs", other), ("src/z/a.rs", tested)]);
    let expected = [("src/x/a.rs A".to_owned(), 3), ("src/z/a.rs A".to_owned(), 1)];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
}

/// The number of functions by type, each named by the file that defines it and its name.
fn functions_by_type(files: &[(String, String)]) -> BTreeMap<String, usize> {
    let code: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), without_tests(text))).collect();
    let mut definitions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (file, text) in &code {
        for defined in text.lines().filter_map(defined_type) {
            definitions.entry(defined).or_default().push(file);
        }
    }
    let mut counts = BTreeMap::new();
    for (file, text) in &code {
        let (mut current, mut is_for_tests) = (None, false);
        for line in text.lines() {
            let (item, follows_cfg) = (line.trim_start(), is_for_tests);
            is_for_tests = item == "#[cfg(test)]" || (is_for_tests && item.starts_with(['#', '/']));
            if let Some(header) = line.strip_prefix("impl") {
                current = implemented_type(header).filter(|_| !follows_cfg);
            } else if line.starts_with('}') {
                current = None;
            } else if let Some(name) = current
                && is_function(line)
                && !follows_cfg
            {
                let owner = definitions.get(name).and_then(|homes| nearest(homes, file));
                *counts.entry(format!("{} {name}", owner.unwrap_or(file))).or_default() += 1;
            }
        }
    }
    counts
}

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

/// The type that a line defines at the top level of its file.
fn defined_type(line: &str) -> Option<&str> {
    let line = match line.strip_prefix("pub(") {
        Some(scoped) => scoped.split_once(") ")?.1,
        None => line.strip_prefix("pub ").unwrap_or(line),
    };
    let rest = line.strip_prefix("struct ").or_else(|| line.strip_prefix("enum "))?;
    rest.split(|ch: char| !ch.is_alphanumeric() && ch != '_').next()
}

/// The type of an `impl` block that is for no trait; `header` is what follows `impl`.
fn implemented_type(header: &str) -> Option<&str> {
    let header = match header.strip_prefix('<') {
        Some(rest) => &rest[end_of_generics(rest)..],
        None => header,
    };
    let header = header.trim_start();
    if header.contains(" for ") {
        return None;
    }
    let path = header.split(['<', ' ', '{']).next()?;
    path.rsplit("::").next()
}

/// Where the list of generics ends whose first `<` is before this text.
fn end_of_generics(text: &str) -> usize {
    let mut depth = 1_usize;
    for (at, ch) in text.char_indices() {
        let is_arrow = text[..at].ends_with('-');
        match ch {
            '<' => depth += 1,
            '>' if !is_arrow => depth -= 1,
            _ => (),
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

fn is_function(line: &str) -> bool {
    let Some(item) = line.strip_prefix("    ").filter(|item| !item.starts_with(' ')) else {
        return false;
    };
    item.starts_with("fn ") || (item.contains(" fn ") && !item.starts_with("//"))
}

/// Of the files that define a type of this name, the one nearest to a file.
fn nearest<'f>(homes: &[&'f str], file: &str) -> Option<&'f str> {
    let shared = |home: &str| {
        home.split('/').zip(file.split('/')).take_while(|(one, other)| one == other).count()
    };
    homes.iter().copied().max_by_key(|home| shared(home))
}
