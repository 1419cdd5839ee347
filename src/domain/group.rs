//! A group and the people in it.

use serde::{Deserialize, Serialize};

use crate::domain::{Jid, Timestamp};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    pub id: Jid,
    pub name: String,
    pub description: Option<String>,
    pub owner: Option<Jid>,
    pub created_at: Option<Timestamp>,
    pub participants: Vec<Participant>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    pub id: Jid,
    #[serde(default)]
    pub admin: bool,
    #[serde(default)]
    pub owner: bool,
}

/// What became of one person whom a group was asked to add or remove.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParticipantOutcome {
    pub id: Jid,
    /// 200 done, 403 privacy forbids, 404 not on WhatsApp, 408 left a moment ago, 409 is there already, 504 no
    /// answer came: the outcome is unknown.
    pub status: u16,
    pub invite_code: Option<String>,
}
