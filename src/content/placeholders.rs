//! Placeholders of a text: names between two pairs of braces. Pure.

/// Characters between the braces. What is longer is text.
const LONGEST_NAME: usize = 100;

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    Text(&'t str),
    /// A name without the blanks around it, and the placeholder as it is written.
    Placeholder {
        name: &'t str,
        written: &'t str,
    },
}

/// The parts of a text in their order. Joined as they are written, they are the text.
pub fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (part, behind) = first(rest)?;
        rest = behind;
        Some(part)
    })
}

/// The text with the value of each placeholder. One without a value stays as it is written. A value that looks like a
/// placeholder is text.
pub fn fill(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Placeholder { name, written } => match value(name) {
                Some(value) => filled.push_str(&value),
                None => filled.push_str(written),
            },
        }
    }
    filled
}

/// The names of the placeholders, as often as they are there.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    parts(text).filter_map(|part| match part {
        Part::Placeholder { name, .. } => Some(name),
        Part::Text(_) => None,
    })
}

/// The first part of a text and what comes behind it.
fn first(text: &str) -> Option<(Part<'_>, &str)> {
    if text.is_empty() {
        return None;
    }
    let mut from = 0;
    while let Some(found) = text[from..].find("{{") {
        let at = from + found;
        let (before, here) = text.split_at(at);
        if let Some((part, behind)) = placeholder(here) {
            return Some(if at == 0 { (part, behind) } else { (Part::Text(before), here) });
        }
        from = at + 1;
    }
    Some((Part::Text(text), ""))
}

/// The placeholder that a text begins with, and what comes behind it.
fn placeholder(text: &str) -> Option<(Part<'_>, &str)> {
    let inner = text.strip_prefix("{{")?;
    let mut chars = inner.char_indices().take(LONGEST_NAME + 1);
    let (end, _) = chars.find(|(_, ch)| matches!(ch, '{' | '}' | '\n'))?;
    let (name, rest) = inner.split_at(end);
    let behind = rest.strip_prefix("}}")?;
    let (name, written) = (name.trim(), text.strip_suffix(behind)?);
    (!name.is_empty()).then_some((Part::Placeholder { name, written }, behind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_placeholder_is_a_name_between_two_pairs_of_braces() {
        let all = |text: &'static str| names(text).collect::<Vec<_>>();
        assert_eq!(all("Hi {{contact.name}}, {{ date }}!"), ["contact.name", "date"]);
        assert_eq!(all("{{{a}}} {{b}}}}"), ["a", "b"]);
        assert_eq!(all("{{a{{b}}"), ["b"]);
        for text in ["", "{{}}", "{{ }}", "{a}", "{{a}", "{{a\nb}}", "}}{{", "{{{{"] {
            assert_eq!(all(text), Vec::<&str>::new(), "{text}");
        }
        let long = format!("{{{{{}}}}}", "x".repeat(LONGEST_NAME + 1));
        assert_eq!(names(&long).count(), 0);
        assert_eq!(names(&long[1..]).count(), 0);
    }

    #[test]
    fn a_value_is_not_read_again() {
        let filled = fill("{{a}}{{b}}{{a}}", |name| (name == "a").then(|| "{{b}}".to_owned()));
        assert_eq!(filled, "{{b}}{{b}}{{b}}");
    }

    proptest! {
        #[test]
        fn the_parts_are_the_text(text in "[{} a-c\\né]{0,60}") {
            let written: String = parts(&text)
                .map(|part| match part {
                    Part::Text(text) => text,
                    Part::Placeholder { written, .. } => written,
                })
                .collect();
            prop_assert_eq!(&written, &text);
            prop_assert_eq!(fill(&text, |_| None), text);
        }

        #[test]
        fn every_name_is_found_wherever_it_stands(
            names in prop::collection::vec("[a-z.]{1,12}", 0..8), between in "[^{}]{0,12}",
        ) {
            let text: String = names.iter().map(|name| format!("{between}{{{{{name}}}}}")).collect();
            let found: Vec<&str> = super::names(&text).collect();
            prop_assert_eq!(found, names);
        }
    }
}
