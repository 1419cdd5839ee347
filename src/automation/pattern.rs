//! Pattern of a condition: a regular expression that is bounded in size, and in the text that it looks at. Pure.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// Characters of a pattern.
pub const LONGEST_PATTERN: usize = 200;
/// Memory of a compiled pattern, and of what a search builds up, in bytes.
const MOST_COMPILED: usize = 512 * 1024;
const MOST_CACHED: usize = 1024 * 1024;
/// Depth of groups.
const MOST_NESTED: u32 = 30;
/// Characters of a text that a search looks at. Its time grows with this and with the size of the pattern, and with nothing
/// else.
const MOST_SEARCHED: usize = 4_000;

/// Compiled once, when it is written or read. Clones share it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    text: String,
    /// None for one that cannot be used, which matches nothing.
    compiled: Option<std::sync::Arc<Regex>>,
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        let compiled = compiled(&text).ok().map(std::sync::Arc::new);
        Self { text, compiled }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Why it cannot be used.
    pub fn fault(&self) -> Option<String> {
        compiled(&self.text).err()
    }

    /// Whether a text has a part that it describes.
    pub fn matches(&self, text: &str) -> bool {
        let end = text.char_indices().nth(MOST_SEARCHED).map_or(text.len(), |(end, _)| end);
        let searched = text.get(..end).unwrap_or(text);
        self.compiled.as_ref().is_some_and(|pattern| pattern.is_match(searched))
    }
}

fn compiled(text: &str) -> Result<Regex, String> {
    if text.trim().is_empty() || text.chars().nth(LONGEST_PATTERN).is_some() {
        return Err(format!("must have 1 to {LONGEST_PATTERN} characters"));
    }
    let mut builder = RegexBuilder::new(text);
    builder.case_insensitive(true).nest_limit(MOST_NESTED);
    builder.size_limit(MOST_COMPILED).dfa_size_limit(MOST_CACHED);
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "describes too much: use smaller repetitions".to_owned(),
        // The last of its lines says what is wrong, those before show where.
        error => {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("is no regular expression: {last}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::from(text.to_owned())
    }

    #[test]
    fn a_pattern_matches_a_part_of_a_text_in_any_case() {
        let order = pattern(r"\border\s+#?\d{4,}\b");
        assert_eq!(order.fault(), None);
        for (text, expected) in [
            ("Where is ORDER #4711?", true),
            ("order 12", false),
            ("reorder 4711", false),
            ("", false),
        ] {
            assert_eq!(order.matches(text), expected, "{text}");
        }
        assert!(pattern(r"^\p{Arabic}+$").matches("مرحبا"));
        assert!(pattern(r"[\w.]+@[\w-]+\.\w{2,}").matches("write to ada@example.com"));
        assert!(pattern("(?-i)^VIP").matches("VIP") && !pattern("(?-i)^VIP").matches("vip"));
    }

    #[test]
    fn what_is_no_pattern_or_too_much_is_refused_and_matches_nothing() {
        let deep = format!("{}a{}", "(".repeat(60), ")".repeat(60));
        let long = "x".repeat(LONGEST_PATTERN + 1);
        for text in ["", "  ", "(", "a{2", r"(a)\1", "(?=a)", r"\w{500}{500}", &deep, &long] {
            let pattern = pattern(text);
            assert!(pattern.fault().is_some(), "{text}");
            assert!(!pattern.matches("a"), "{text}");
        }
        let fault = pattern("(order").fault().unwrap();
        assert!(fault.contains("unclosed group") && !fault.contains('\n'), "{fault}");
    }

    #[test]
    fn what_lies_far_behind_is_not_looked_at() {
        let far = format!("{}é refund", "é".repeat(MOST_SEARCHED));
        assert!(!pattern("refund").matches(&far));
        assert!(pattern("refund").matches(&far["é".len() * 20..]));
    }

    #[test]
    fn it_is_stored_as_its_text() {
        let stored = serde_json::to_string(&pattern("a+")).unwrap();
        assert_eq!(stored, "\"a+\"");
        assert_eq!(serde_json::from_str::<Pattern>(&stored).unwrap(), pattern("a+"));
    }
}
