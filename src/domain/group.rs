//! A group and its participants.

use serde::{Deserialize, Serialize};

use crate::domain::{Jid, Timestamp};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    pub id: Jid,
    #[serde(default)]
    pub admin: bool,
    #[serde(default)]
    pub owner: bool,
}

/// The outcome of adding or removing one participant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantOutcome {
    pub id: Jid,
    /// 200 done, 403 forbidden by privacy settings, 404 not on WhatsApp, 408 left recently, 409 is a participant
    /// already, 504 no reply: the outcome is unknown.
    pub status: u16,
    pub invite_code: Option<String>,
}
