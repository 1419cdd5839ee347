//! Filters of a saved view of the inbox, and the views that everybody has. Pure.
//!
//! A list applies them: `Views::filters` gives those of a view by its id.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::Timestamp;

/// What a conversation of a view is, as clients of the workspace API name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewStatus {
    Bot,
    Open,
    Assigned,
    Resolved,
}

impl ViewStatus {
    pub const WORDS: [&str; 4] = ["bot", "open", "assigned", "resolved"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::Resolved => "resolved",
        }
    }

    pub fn of(word: &str) -> Option<Self> {
        match word {
            "bot" => Some(Self::Bot),
            "open" => Some(Self::Open),
            "assigned" => Some(Self::Assigned),
            "resolved" => Some(Self::Resolved),
            _ => None,
        }
    }
}

/// Whose the conversations of a view are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "lowercase")]
pub enum ViewAssignee {
    /// The person who looks.
    Me,
    Nobody,
    /// A person, or an API key.
    Agent(Uuid),
}

/// What is not given leaves all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ViewFilters {
    /// Any of these; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<ViewStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<ViewAssignee>,
    /// Names of tags; all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// whatsapp, sms or web.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starred: Option<bool>,
    /// Whether those that are snoozed are meant in place of the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snoozed: Option<bool>,
    /// A part of the name or of the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// The last activity is not before this time, and not after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Whether a bot asked for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<bool>,
}

/// The views that everybody has, with their names; the first is the one that is shown first.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("all", "All"),
    ("mine", "Mine"),
    ("unassigned", "Unassigned"),
    ("handoff", "Waiting for a person"),
    ("resolved", "Resolved"),
];

/// The filters of a view that everybody has.
pub fn built_in(id: &str) -> Option<ViewFilters> {
    let none = ViewFilters::default();
    match id {
        "all" => Some(none),
        "mine" => Some(ViewFilters { assignee: Some(ViewAssignee::Me), ..none }),
        "unassigned" => Some(ViewFilters {
            statuses: vec![ViewStatus::Open],
            assignee: Some(ViewAssignee::Nobody),
            ..none
        }),
        "handoff" => Some(ViewFilters { handoff: Some(true), ..none }),
        "resolved" => Some(ViewFilters { statuses: vec![ViewStatus::Resolved], ..none }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_view_that_everybody_has_has_filters() {
        for (id, _) in BUILT_IN {
            assert!(built_in(id).is_some(), "{id}");
        }
        assert_eq!(built_in("other"), None);
        for word in ViewStatus::WORDS {
            assert_eq!(ViewStatus::of(word).map(ViewStatus::as_str), Some(word));
        }
    }
}
