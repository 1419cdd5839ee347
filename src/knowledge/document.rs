//! Records of a bot's knowledge: its documents, and how much there is of it.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `KnowledgeBases` | bot | [`Base`] |
//! | `KnowledgeDocuments` | id, which follows the order of creation | [`Document`] |
//! | `KnowledgeDocumentsByBot` | bot, id | leads to the document |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{Index, IndexKey, Key, LeadsTo, Record, Scope, Select, Table, Tree},
};

/// So many a bot may have, so that a list of all is one page.
pub const MOST_DOCUMENTS: usize = 1_000;

const BASES: Tree = Tree::new(250, "KnowledgeBases");
const DOCUMENTS: Tree = Tree::new(251, "KnowledgeDocuments");
const DOCUMENTS_BY_BOT: Tree = Tree::new(252, "KnowledgeDocumentsByBot");
const BY_BOT: Index<Document> = Index::new(DOCUMENTS_BY_BOT);

/// The knowledge of one bot as a whole. Every change of a document changes it in the same commit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Base {
    /// Rises with each change: an index in memory is good as long as this stays.
    pub generation: u64,
    pub documents: u64,
    pub chunks: u64,
    /// The bot is deleted: nothing is added any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_closed: bool,
}

/// Something that a bot knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub id: Uuid,
    pub bot: Uuid,
    /// The question, where it is one with its answer.
    pub title: String,
    pub kind: Kind,
    pub status: Status,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where it is fetched from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Bytes of what was given or fetched.
    pub size: u64,
    pub chunks: u64,
    /// Which content it has: the parts of its text carry the same.
    pub revision: Uuid,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    /// A question with its answer.
    Faq,
    Url,
    File,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its content is being fetched. What it had before is still known.
    Processing,
    Ready,
    /// Its content could not be read. What it had before is still known.
    Failed,
}

impl Record for Base {
    const TABLE: Table =
        Table { tree: BASES, owner: "knowledge", indexes: &[], scope: Scope::Gateway };
}

impl Base {
    pub fn at(bot: Uuid) -> Key<Self> {
        Self::key().uuid(bot)
    }
}

impl Record for Document {
    const TABLE: Table = Table {
        tree: DOCUMENTS,
        owner: "knowledge",
        indexes: &[DOCUMENTS_BY_BOT],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![BY_BOT.key().uuid(self.bot).uuid(self.id)]
    }
}

impl Document {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    /// The documents of a bot, in the order in which they were made.
    pub fn of_bot(bot: Uuid) -> Select<LeadsTo<Self>> {
        BY_BOT.key().uuid(bot).below()
    }
}
