//! Account of one person: name, contacts, linked devices, chats.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{Contact, Jid, Me},
    simulator::state::thread::Thread,
};

/// What a person does with incoming messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Behaviour {
    /// Reads every message and sends it back.
    Echo,
    /// The same after a few seconds.
    Slow,
    /// Reads and never answers.
    Reads,
    /// Never reads.
    Silent,
    /// Does nothing: the phone page or a session acts for the person.
    Manual,
}

impl Behaviour {
    /// Whether the person answers without any action of a user.
    pub fn answers(self) -> bool {
        matches!(self, Self::Echo | Self::Slow)
    }
}

/// How others see a person. Choose it before the person writes: ids of messages that a device has do not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdentityVisibility {
    /// By number; the hidden identity (LID) is known as well.
    #[default]
    Number,
    /// Chats and ids of messages have the LID; the number is known as well.
    Lid,
    /// By the LID; the number is secret.
    LidAlone,
}

/// An account without its chats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub me: Me,
    pub behaviour: Behaviour,
    #[serde(default, rename = "shown")]
    pub visibility: IdentityVisibility,
    pub contacts: BTreeMap<Jid, Contact>,
    /// Credentials of its linked devices.
    pub devices: BTreeSet<String>,
}

/// One account.
#[derive(Debug)]
pub struct Account {
    pub person: Person,
    /// Read at the first request.
    pub chats: OnceCell<HashMap<Jid, Thread>>,
}

impl Person {
    pub fn new(jid: Jid, lid: Option<Jid>, name: String, behaviour: Behaviour) -> Self {
        let platform = Some("simulated".to_owned());
        Self {
            me: Me { id: jid, lid, push_name: Some(name), platform },
            behaviour,
            visibility: IdentityVisibility::Number,
            contacts: BTreeMap::new(),
            devices: BTreeSet::new(),
        }
    }

    pub fn name(&self) -> String {
        self.me.push_name.clone().unwrap_or_default()
    }
}
