//! An account: its owner's name, contacts, linked devices and chats as its phone sees them.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Contact, Jid, Me},
    simulator::{thread::Thread, veil::Shown},
};

/// What the person behind an account does with what they get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Behaviour {
    /// Reads and repeats everything to its sender.
    Echo,
    /// The same after a few seconds.
    Slow,
    /// Reads and does not answer.
    Reads,
    /// Gets it and never reads.
    Silent,
    /// Does nothing by itself: the phone page or a session acts for the person.
    Manual,
}

impl Behaviour {
    /// Whether the person answers what they get by themselves.
    pub fn answers(self) -> bool {
        matches!(self, Self::Echo | Self::Slow)
    }
}

/// All of an account but its chats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub me: Me,
    pub behaviour: Behaviour,
    #[serde(default)]
    pub shown: Shown,
    pub contacts: BTreeMap<Jid, Contact>,
    /// Credentials of its linked devices.
    pub devices: BTreeSet<String>,
}

/// One account.
#[derive(Debug)]
pub struct Account {
    pub person: Person,
    /// Once somebody has asked for them.
    pub chats: OnceCell<HashMap<Jid, Thread>>,
}

impl Person {
    pub fn new(jid: Jid, lid: Option<Jid>, name: String, behaviour: Behaviour) -> Self {
        let platform = Some("simulated".to_owned());
        Self {
            me: Me { id: jid, lid, push_name: Some(name), platform },
            behaviour,
            shown: Shown::Number,
            contacts: BTreeMap::new(),
            devices: BTreeSet::new(),
        }
    }

    pub fn name(&self) -> String {
        self.me.push_name.clone().unwrap_or_default()
    }
}
