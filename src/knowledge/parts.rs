//! Records of a document's text: some chunks in each part, and the words of each part.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `KnowledgeTexts` | bot, document, number of the part | [`TextPart`] |
//! | `KnowledgeWords` | bot, document, number of the part | [`WordPart`] |
//!
//! The words can be made from the texts at any time. They lie by themselves, so that a question reads the words of all
//! parts and the text of a few.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    knowledge::{chunks::Chunk, index::Words},
    store::{Key, Record, Scope, Table, Tree},
};

const TEXTS: Tree = Tree::new(253, "KnowledgeTexts");
const WORDS: Tree = Tree::new(254, "KnowledgeWords");

/// Some chunks of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextPart {
    /// The content of the document that they belong to.
    pub revision: Uuid,
    pub chunks: Vec<Chunk>,
}

/// The words of the chunks of one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WordPart {
    /// How words were made; other parts are made again from their texts.
    pub layout: u32,
    pub revision: Uuid,
    pub words: Words,
}

impl Record for TextPart {
    const TABLE: Table =
        Table { tree: TEXTS, owner: "knowledge", indexes: &[], scope: Scope::Gateway };
}

impl Record for WordPart {
    const TABLE: Table =
        Table { tree: WORDS, owner: "knowledge", indexes: &[], scope: Scope::Gateway };
}

/// The place of a part in either table.
pub fn at<R: Record>(bot: Uuid, document: Uuid, number: u64) -> Key<R> {
    of::<R>(bot, document).number(number)
}

/// The beginning of the keys of a document's parts.
pub fn of<R: Record>(bot: Uuid, document: Uuid) -> Key<R> {
    R::key().uuid(bot).uuid(document)
}
