//! The record of a canned response, and what it is found by.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `CannedResponses` | id, which follows the order of creation | [`CannedResponse`] |
//! | `CannedResponsesByBot` | bot, `all`, id | the key of the response |
//! | `CannedResponsesByBot` | bot, `shortcut`, shortcut in small letters | the key of the one with this shortcut |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    content::quick_reply::Shortcut,
    domain::Timestamp,
    store::{Index, IndexKey, Key, Record, Scope, Table, Tree},
};

const TREE: Tree = Tree::new(238, "CannedResponses");
const BOTS: Tree = Tree::new(239, "CannedResponsesByBot");
const BY_BOT: Index<CannedResponse> = Index::new(BOTS);

/// A text that people who answer for a bot have at hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CannedResponse {
    pub id: Uuid,
    pub bot: Uuid,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<Shortcut>,
    /// With variables.
    pub content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    pub usage_count: u64,
    /// The person or the API key that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Uuid>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Record for CannedResponse {
    const TABLE: Table =
        Table { tree: TREE, owner: "content", indexes: &[BOTS], scope: Scope::Gateway };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let place = self.shortcut.as_ref().map(|shortcut| with_shortcut(self.bot, shortcut));
        [Some(of_bot(self.bot).uuid(self.id)), place].into_iter().flatten().collect()
    }
}

impl CannedResponse {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}

/// Those of a bot.
pub fn of_bot(bot: Uuid) -> IndexKey<CannedResponse> {
    BY_BOT.key().uuid(bot).text("all")
}

/// The one of a bot with this shortcut, whatever its case.
pub fn with_shortcut(bot: Uuid, shortcut: &Shortcut) -> IndexKey<CannedResponse> {
    BY_BOT.key().uuid(bot).text("shortcut").text(&shortcut.as_str().to_ascii_lowercase())
}
