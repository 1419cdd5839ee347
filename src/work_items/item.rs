//! Record of a ticket or a task, and the lists that it stands in.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `WorkItems` | id | [`WorkItem`] |
//! | `WorkItemLists` | list, newest first, id | the key of the item |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    inbox::Agent,
    store::{Index, IndexKey, Key, Record, Scope, Table, Tree},
};

const ITEMS: Tree = Tree::new(136, "WorkItems");
const ITEMS_BY_LIST: Tree = Tree::new(137, "WorkItemLists");
const LISTS: Index<WorkItem> = Index::new(ITEMS_BY_LIST);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $value:ident: $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$of])* $value,)*
        }

        impl $name {
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)*
                }
            }

            pub fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$value),)*
                    _ => None,
                }
            }
        }
    };
}
words! {
    /// What a work item is.
    ItemKind { Ticket: "ticket", Task: "task" }
}
words! {
    /// How far it has come. A task is open or done; a ticket is never done.
    ItemStatus {
        Open: "open",
        /// Somebody else has to do something first.
        Pending: "pending",
        Resolved: "resolved",
        Closed: "closed",
        Done: "done",
    }
}
words! {
    /// How soon somebody should look at it.
    Priority { Low: "low", Normal: "normal", High: "high", Urgent: "urgent" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItem {
    pub id: Uuid,
    pub kind: ItemKind,
    /// Of a ticket: from 1, each once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The bot whose conversations it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Uuid>,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub status: ItemStatus,
    pub priority: Priority,
    /// A person with an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Who asked for it, in any words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// None for what a rule or a visitor made, and for the owner of the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Agent>,
    /// Whether the visitor of the conversation made it, who then sees it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_visitor: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When it was resolved, closed or done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

impl ItemStatus {
    /// Whether an item of this kind can have it.
    pub fn is_of(self, kind: ItemKind) -> bool {
        match (kind, self) {
            (_, Self::Open) => true,
            (ItemKind::Task, status) => status == Self::Done,
            (ItemKind::Ticket, status) => status != Self::Done,
        }
    }

    /// Whether somebody still has to do something.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Open | Self::Pending)
    }
}

impl Record for WorkItem {
    const TABLE: Table = Table {
        tree: ITEMS,
        owner: "work_items",
        indexes: &[ITEMS_BY_LIST],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let whole = self.lists();
        let of_status = whole.iter().map(|list| with_status(list, self.status));
        let lists: Vec<String> = of_status.chain(whole.iter().cloned()).collect();
        lists.iter().map(|list| self.place(list)).collect()
    }
}

impl WorkItem {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    fn lists(&self) -> Vec<String> {
        let mut lists = vec![list_name(self.kind, None)];
        lists.extend(self.bot.map(|id| list_name(self.kind, Some(("bot", id)))));
        lists.extend(self.assignee.map(|id| list_name(self.kind, Some(("assignee", id)))));
        lists.extend(self.conversation.map(|id| list_name(self.kind, Some(("conversation", id)))));
        lists
    }

    fn place(&self, list: &str) -> IndexKey<Self> {
        LISTS.key().text(list).time_descending(self.created_at).uuid(self.id)
    }

    /// The beginning of a list.
    pub fn list(list: &str) -> IndexKey<Self> {
        LISTS.key().text(list)
    }
}

/// The name of a list in keys, which must never change.
pub fn list_name(kind: ItemKind, of: Option<(&str, Uuid)>) -> String {
    match of {
        Some((what, id)) => format!("{} {what} {id}", kind.as_str()),
        None => kind.as_str().to_owned(),
    }
}

/// The part of a list that has a status.
pub fn with_status(list: &str, status: ItemStatus) -> String {
    format!("{list} status {}", status.as_str())
}
