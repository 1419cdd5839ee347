//! The record of a quick reply, and what it is found by.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `QuickReplies` | id, which follows the order of creation | [`QuickReply`] |
//! | `QuickRepliesByShortcut` | shortcut in small letters, without its slash | the key of the one with this shortcut |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    store::{Index, IndexKey, Key, LeadsTo, Record, Scope, Select, Table, Tree},
};

const TREE: Tree = Tree::new(140, "QuickReplies");
const SHORTCUTS: Tree = Tree::new(141, "QuickRepliesByShortcut");
const BY_SHORTCUT: Index<QuickReply> = Index::new(SHORTCUTS);

/// Characters of a shortcut behind its slash.
const LONGEST_SHORTCUT: usize = 31;

/// A text that is saved under a shortcut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuickReply {
    pub id: Uuid,
    pub shortcut: Shortcut,
    /// With variables.
    pub content: String,
    /// A file that goes with the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Uuid>,
    pub usage_count: u64,
    /// The API key of who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Uuid>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Record for QuickReply {
    const TABLE: Table =
        Table { tree: TREE, owner: "content", indexes: &[SHORTCUTS], scope: Scope::Gateway };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![self.shortcut.place()]
    }
}

impl QuickReply {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}

/// What a quick reply is chosen by: a slash and 1 to 31 letters, digits, `_` or `-`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shortcut(String);

impl Shortcut {
    /// Reads one with or without its slash.
    pub fn read(text: &str) -> Result<Self, Error> {
        let name = text.trim();
        let name = name.strip_prefix('/').unwrap_or(name);
        let is_short = !name.is_empty() && name.len() <= LONGEST_SHORTCUT;
        if !is_short || !name.bytes().all(is_allowed) {
            let fault = "must be a slash and 1 to 31 letters, digits, _ or -, such as /greeting";
            return Err(Error::invalid_field("shortcut", fault));
        }
        Ok(Self(format!("/{name}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its one entry: whatever its case, no two are the same.
    pub fn place(&self) -> IndexKey<QuickReply> {
        BY_SHORTCUT.key().text(&folded(&self.0))
    }
}

/// The entries of the shortcuts that begin so, with or without the slash; none where no shortcut can.
pub fn beginning_with(text: &str) -> Option<Select<LeadsTo<QuickReply>>> {
    let prefix = folded(text.trim());
    if LONGEST_SHORTCUT < prefix.len() || !prefix.bytes().all(is_allowed) {
        return None;
    }
    // A text sorts before those that it begins, and behind them comes what has a larger character there.
    let end = BY_SHORTCUT.key().text(&format!("{prefix}{}", char::MAX));
    Some(BY_SHORTCUT.key().below().from(BY_SHORTCUT.key().text(&prefix)).before(end))
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn folded(shortcut: &str) -> String {
    shortcut.strip_prefix('/').unwrap_or(shortcut).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_shortcut_is_a_slash_and_a_word() {
        for (text, shortcut) in
            [("/greeting", "/greeting"), ("greeting", "/greeting"), (" /A-1_b ", "/A-1_b")]
        {
            assert_eq!(Shortcut::read(text).unwrap().as_str(), shortcut);
        }
        let (long, longest) = ("x".repeat(32), "x".repeat(31));
        assert!(Shortcut::read(&longest).is_ok());
        for text in ["", "/", "//a", "/a b", "/ä", "/a/b", "/a\0", long.as_str()] {
            assert!(Shortcut::read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn case_and_slash_make_no_other_shortcut(name in "[A-Za-z0-9_-]{1,31}") {
            let one = Shortcut::read(&name).unwrap();
            let other = Shortcut::read(&format!("/{}", name.to_ascii_uppercase())).unwrap();
            prop_assert_eq!(one.place(), other.place());
        }
    }
}
