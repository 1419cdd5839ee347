//! State of a conversation in the inbox, and the lists that it stands in.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Jid, SessionId, Timestamp},
    inbox::{agent::Agent, bot_run::BotRun, status::Status, survey::Survey},
    store::{Index, IndexKey, Key, Record, Scope, Table, Tree},
};

const STATES: Tree = Tree::new(160, "InboxStates");
const STATES_BY_LIST: Tree = Tree::new(161, "InboxLists");
/// Conversations of a session by list, newest activity first.
const LISTS: Index<InboxState> = Index::new(STATES_BY_LIST);

/// The inbox's record of one conversation with a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxState {
    pub session: SessionId,
    pub chat: Jid,
    /// The UUID of the conversation.
    pub conversation: Uuid,
    /// The contact at the other side, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Uuid>,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Agent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<Uuid>,
    /// The time of the contact's last message: the window begins there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_inbound: Option<Timestamp>,
    pub opened_at: Timestamp,
    /// The contact's first message since it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_inbound_at: Option<Timestamp>,
    /// The first message of a person to the contact since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_response_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    /// Whether the next messages to the contact go by SMS; none for the conversation's own channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends_by_sms: Option<bool>,
    #[serde(default)]
    pub starred: bool,
    /// Somebody marked it as unread, whatever was read.
    #[serde(default)]
    pub marked_unread: bool,
    /// Out of sight until then, unless the contact writes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Timestamp>,
    /// The last inbound message whose window was announced to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warned_of: Option<Timestamp>,
    /// When the contact was answered last that nobody is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away_sent_at: Option<Timestamp>,
    /// The last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<Survey>,
    /// Of the bot.
    #[serde(default)]
    pub run: BotRun,
    /// Messages of either side that the inbox has seen.
    #[serde(default)]
    pub messages: u64,
    /// It was deleted in the gateway, and has had no message since then.
    #[serde(default)]
    pub is_deleted: bool,
    #[serde(flatten)]
    pub listed: Listed,
}

/// What the lists need of the chat and its record, copied by the consumer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    pub last_activity: Timestamp,
    #[serde(default)]
    pub unread: bool,
    #[serde(default)]
    pub archived: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Uuid>,
    /// Deleted in the gateway: it stands in no list.
    #[serde(default)]
    pub hidden: bool,
}

/// A part of the inbox; each has all lists of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Folder {
    #[default]
    Inbox,
    /// Those that are out of sight for a while.
    Snoozed,
    Archive,
}

impl Folder {
    pub const ALL: [Self; 3] = [Self::Inbox, Self::Snoozed, Self::Archive];
}

/// A list of conversations of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    All,
    Status(Status),
    /// None for those that are assigned to nobody.
    Assignee(Option<Agent>),
    Tag(Uuid),
    Unread,
    Starred,
    /// Those whose bot asked for a person.
    Handoff,
}

impl List {
    /// Its name in keys, which must never change. With a bot, the part of the list that has this bot.
    pub fn name(self, folder: Folder, bot: Option<Uuid>) -> String {
        let list = match self {
            Self::All => "all".to_owned(),
            Self::Status(status) => format!("status {}", status.as_str()),
            Self::Assignee(None) => "assignee".to_owned(),
            Self::Assignee(Some(agent)) => format!("assignee {}", agent.name()),
            Self::Tag(tag) => format!("tag {tag}"),
            Self::Unread => "unread".to_owned(),
            Self::Starred => "starred".to_owned(),
            Self::Handoff => "handoff".to_owned(),
        };
        let list = match bot {
            Some(bot) => format!("bot {bot} {list}"),
            None => list,
        };
        match folder {
            Folder::Inbox => list,
            Folder::Snoozed => format!("snoozed {list}"),
            Folder::Archive => format!("archived {list}"),
        }
    }
}

impl Record for InboxState {
    const TABLE: Table =
        Table { tree: STATES, owner: "inbox", indexes: &[STATES_BY_LIST], scope: Scope::Account };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        self.lists().iter().map(|list| place(self, list)).collect()
    }
}

impl InboxState {
    pub fn at(session: &SessionId, chat: &Jid) -> Key<Self> {
        Self::key().text(session.as_str()).text(chat.as_str())
    }

    /// The names of the lists that it stands in.
    pub fn lists(&self) -> Vec<String> {
        let Listed { tags, hidden, .. } = &self.listed;
        if *hidden {
            return Vec::new();
        }
        let mut lists = vec![List::All, List::Status(self.status), List::Assignee(self.assignee)];
        lists.extend(tags.iter().copied().map(List::Tag));
        lists.extend(self.is_unread().then_some(List::Unread));
        lists.extend(self.starred.then_some(List::Starred));
        lists.extend(self.run.handoff.is_some().then_some(List::Handoff));
        let of_bot = lists.iter().filter(|_| self.bot.is_some());
        let folder = self.folder();
        let of_bot: Vec<String> = of_bot.map(|list| list.name(folder, self.bot)).collect();
        lists.iter().map(|list| list.name(folder, None)).chain(of_bot).collect()
    }

    /// Where it is; what is archived is not out of sight for a while alone.
    pub fn folder(&self) -> Folder {
        match (self.listed.archived, self.snoozed_until) {
            (true, _) => Folder::Archive,
            (false, Some(_)) => Folder::Snoozed,
            (false, None) => Folder::Inbox,
        }
    }

    /// Whether it has unread messages, or was marked so.
    pub fn is_unread(&self) -> bool {
        self.listed.unread || self.marked_unread
    }

    /// Since when the contact waits for a first response; none where nobody waits.
    pub fn waiting_since(&self) -> Option<Timestamp> {
        let is_open = matches!(self.status, Status::Open | Status::Assigned);
        self.first_inbound_at.filter(|_| is_open && self.first_response_at.is_none())
    }
}

/// The beginning of a list of a session.
pub fn in_list(session: &SessionId, list: &str) -> IndexKey<InboxState> {
    LISTS.key().text(session.as_str()).text(list)
}

/// The place of a conversation in a list.
fn place(state: &InboxState, list: &str) -> IndexKey<InboxState> {
    let at = state.listed.last_activity;
    in_list(&state.session, list).time_descending(at).text(state.chat.as_str())
}
