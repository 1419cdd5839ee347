//! Matcher of the rules that tag contacts: all keywords are looked for in one pass over a text.
//!
//! It is rebuilt when the rules have another version; a message costs one read of that version.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aho_corasick::AhoCorasick;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use crate::{
    contacts::rules::{self, Rule, RuleKind},
    domain::SessionId,
    store::{Store, StoreError},
};

/// The setting that counts changes of the rules.
pub const VERSION: &str = "auto-tagging version";

/// A tag that a rule added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    pub rule: Uuid,
    pub tag: String,
}

/// A matcher with the version of its rules.
type Versioned = (u64, Arc<Matcher>);

/// The matcher of the present rules. Clones share it.
#[derive(Clone, Default)]
pub struct AutoTags(Arc<Mutex<Option<Versioned>>>);

impl AutoTags {
    /// The matcher of the rules as this store has them.
    pub async fn matcher(&self, store: &Store) -> Result<Arc<Matcher>, StoreError> {
        let version = store.settings().get::<u64>(VERSION).await?.unwrap_or(0);
        if let Some((known, matcher)) = &*self.made()
            && *known == version
        {
            return Ok(matcher.clone());
        }
        let matcher = Arc::new(Matcher::new(&rules::all(store).await?)?);
        *self.made() = Some((version, matcher.clone()));
        Ok(matcher)
    }

    fn made(&self) -> MutexGuard<'_, Option<Versioned>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one rule needs to be applied.
struct Pattern {
    rule: Uuid,
    kind: RuleKind,
    tag: String,
    session: Option<SessionId>,
    /// Its place among all rules.
    place: usize,
}

/// Keywords that are looked for in the same form of a text.
struct Group {
    automaton: AhoCorasick,
    patterns: Vec<Pattern>,
}

/// All rules that are on.
pub struct Matcher {
    as_written: Group,
    without_case: Group,
}

impl Matcher {
    pub fn new(rules: &[Rule]) -> Result<Self, StoreError> {
        let group = |case_sensitive: bool| {
            let all = rules.iter().enumerate();
            let own = all.filter(|(_, rule)| rule.enabled && rule.case_sensitive == case_sensitive);
            let (mut keywords, mut patterns) = (Vec::new(), Vec::new());
            for (place, rule) in own {
                keywords.push(form(&rule.keyword, case_sensitive));
                let &Rule { id, kind, ref tag, ref session, .. } = rule;
                let (tag, session) = (tag.clone(), session.clone());
                patterns.push(Pattern { rule: id, kind, tag, session, place });
            }
            let automaton = AhoCorasick::new(keywords);
            let automaton = automaton.map_err(|error| StoreError::Corrupt(error.to_string()))?;
            Ok::<_, StoreError>(Group { automaton, patterns })
        };
        Ok(Self { as_written: group(true)?, without_case: group(false)? })
    }

    /// The rules that fit a text which came to a session, with their tags, in the order of the rules.
    pub fn find(&self, text: &str, session: Option<&SessionId>) -> Vec<(Uuid, String)> {
        self.matches(text, |pattern| {
            pattern.session.is_none() || pattern.session.as_ref() == session
        })
    }

    /// The same for all rules, whichever session they are for.
    pub fn find_anywhere(&self, text: &str) -> Vec<(Uuid, String)> {
        self.matches(text, |_| true)
    }

    fn matches(&self, text: &str, is_meant: impl Fn(&Pattern) -> bool) -> Vec<(Uuid, String)> {
        let mut found: Vec<&Pattern> = Vec::new();
        for (group, case_sensitive) in [(&self.as_written, true), (&self.without_case, false)] {
            if group.patterns.is_empty() {
                continue;
            }
            let text = form(text, case_sensitive);
            let mut fits = vec![false; group.patterns.len()];
            for found in group.automaton.find_overlapping_iter(&text) {
                let place = found.pattern().as_usize();
                let (Some(pattern), Some(fits)) = (group.patterns.get(place), fits.get_mut(place))
                else {
                    continue;
                };
                *fits |= match pattern.kind {
                    RuleKind::Contains => true,
                    RuleKind::StartsWith => found.start() == 0,
                    RuleKind::Exact => found.start() == 0 && found.end() == text.len(),
                };
            }
            let fitting = group.patterns.iter().zip(fits).filter(|(_, fits)| *fits);
            found.extend(fitting.map(|(pattern, _)| pattern).filter(|pattern| is_meant(pattern)));
        }
        found.sort_by_key(|pattern| pattern.place);
        found.into_iter().map(|pattern| (pattern.rule, pattern.tag.clone())).collect()
    }
}

/// A text in the form in which it is compared: composed, with single blanks, and in small letters unless the case
/// counts.
fn form(text: &str, case_sensitive: bool) -> String {
    let mut formed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !formed.is_empty() {
            formed.push(' ');
        }
        match case_sensitive {
            _ if word.is_ascii() && !case_sensitive => formed.push_str(&word.to_ascii_lowercase()),
            true => formed.extend(word.nfc()),
            false => formed.extend(word.nfc().flat_map(char::to_lowercase).nfc()),
        }
    }
    formed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    fn rule(kind: RuleKind, keyword: &str, case_sensitive: bool) -> Rule {
        Rule {
            id: Uuid::now_v7(),
            name: None,
            kind,
            keyword: keyword.to_owned(),
            tag: format!("{kind:?} {keyword}"),
            case_sensitive,
            enabled: true,
            session: None,
            created_at: from_seconds(0),
            updated_at: from_seconds(0),
        }
    }

    fn tags(rules: &[Rule], text: &str) -> Vec<String> {
        let found = Matcher::new(rules).unwrap().find(text, None);
        found.into_iter().map(|(_, tag)| tag).collect()
    }

    #[test]
    fn each_kind_of_rule_fits_where_it_should() {
        let rules = [
            rule(RuleKind::Contains, "order", false),
            rule(RuleKind::Exact, "PROMO", false),
            rule(RuleKind::StartsWith, "REF", false),
            rule(RuleKind::Contains, "Straße", false),
            rule(RuleKind::Contains, "VIP", true),
        ];
        for (text, expected) in [
            ("my Order?", vec!["Contains order"]),
            ("reorders", vec!["Contains order"]),
            ("promo", vec!["Exact PROMO"]),
            ("  Promo ", vec!["Exact PROMO"]),
            ("a PROMO", vec![]),
            ("REF123", vec!["StartsWith REF"]),
            ("ref order", vec!["Contains order", "StartsWith REF"]),
            ("the REF", vec![]),
            ("Hauptstraße 1", vec!["Contains Straße"]),
            ("vip", vec![]),
            ("a VIP", vec!["Contains VIP"]),
            ("", vec![]),
        ] {
            assert_eq!(tags(&rules, text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_rule_that_is_off_or_for_another_session_fits_nothing() {
        let shop: SessionId = "shop".parse().unwrap();
        let mut rules =
            [rule(RuleKind::Contains, "a", false), rule(RuleKind::Contains, "a", false)];
        rules[0].enabled = false;
        rules[1].session = Some(shop.clone());
        let matcher = Matcher::new(&rules).unwrap();
        assert!(matcher.find("a", None).is_empty());
        assert_eq!(matcher.find("a", Some(&shop)).len(), 1);
        assert_eq!(matcher.find_anywhere("a").len(), 1);
    }

    proptest! {
        /// One pass finds what a search for each keyword by itself finds.
        #[test]
        fn all_keywords_in_one_pass_come_to_the_same_as_each_by_itself(
            rules in prop::collection::vec(("[aAbB ]{1,4}", 0..3_u8, any::<bool>()), 0..12),
            text in "[aAbBcC ]{0,20}",
        ) {
            let kinds = [RuleKind::Contains, RuleKind::Exact, RuleKind::StartsWith];
            let rules: Vec<Rule> = rules
                .into_iter()
                .map(|(keyword, kind, case_sensitive)| {
                    let keyword = keyword.split_whitespace().collect::<Vec<_>>().join(" ");
                    rule(kinds[usize::from(kind)], &keyword, case_sensitive)
                })
                .filter(|rule| !rule.keyword.is_empty())
                .collect();
            let fits = |rule: &&Rule| {
                let text = form(&text, rule.case_sensitive);
                let keyword = form(&rule.keyword, rule.case_sensitive);
                match rule.kind {
                    RuleKind::Contains => text.contains(&keyword),
                    RuleKind::Exact => text == keyword,
                    RuleKind::StartsWith => text.starts_with(&keyword),
                }
            };
            let expected: Vec<String> =
                rules.iter().filter(fits).map(|rule| rule.tag.clone()).collect();
            prop_assert_eq!(tags(&rules, &text), expected);
        }
    }
}
