//! The record of a template, and what it is found by.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `Templates` | id, which follows the order of creation | [`Template`] |
//! | `TemplatesByName` | name, language | the key of the one with this name in this language |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    content::templates::numbered,
    domain::Timestamp,
    store::{Index, IndexKey, Key, Record, Scope, Table, Tree},
};

const TREE: Tree = Tree::new(142, "Templates");
const NAMES: Tree = Tree::new(143, "TemplatesByName");
pub const BY_NAME: Index<Template> = Index::new(NAMES);

/// A message with numbered variables, under a name in a language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    pub id: Uuid,
    pub name: String,
    pub language: String,
    pub category: Category,
    pub status: Status,
    pub parts: Parts,
    /// Why somebody else refused it, before it was imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Category {
    Marketing,
    Utility,
    Authentication,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Not sent yet.
    Draft,
    Approved,
}

/// What a template is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Header>,
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Header {
    /// With one variable at most.
    Text(String),
    /// A file, which each send names.
    Media(MediaFormat),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MediaFormat {
    Image,
    Video,
    Document,
}

impl MediaFormat {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Document => "document",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Button {
    QuickReply {
        text: String,
    },
    Url {
        text: String,
        /// With one variable at most.
        url: String,
    },
    Phone {
        text: String,
        /// With a plus sign.
        number: String,
    },
}

impl Button {
    pub fn text(&self) -> &str {
        match self {
            Self::QuickReply { text } | Self::Url { text, .. } | Self::Phone { text, .. } => text,
        }
    }
}

impl Record for Template {
    const TABLE: Table =
        Table { tree: TREE, owner: "content", indexes: &[NAMES], scope: Scope::Gateway };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        vec![by_name(&self.name, &self.language)]
    }
}

impl Template {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    /// Parameters that its body needs.
    pub fn variables(&self) -> usize {
        numbered::count(&self.parts.body)
    }
}

/// The one entry of a name in a language.
pub fn by_name(name: &str, language: &str) -> IndexKey<Template> {
    BY_NAME.key().text(name).text(language)
}
