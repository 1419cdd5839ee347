//! Records of consumers: how far each has come in the event log, and the events that it fails at.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{Key, Record, Scope, Select, Table, Tree},
};

const CONSUMERS: Tree = Tree::new(100, "Consumers");
const CONSUMER_FAULTS: Tree = Tree::new(101, "ConsumerFaults");

/// How far a consumer has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumerCursor {
    /// The log is read up to this number.
    pub read_to: u64,
    /// Those of them that are not done, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<u64>,
}

impl ConsumerCursor {
    /// The first number that is not done.
    pub fn needed_from(&self) -> u64 {
        self.open.first().copied().unwrap_or(self.read_to.saturating_add(1))
    }
}

/// An event that a consumer fails at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumerFault {
    pub seq: u64,
    pub event: Uuid,
    pub failures: u32,
    /// The last of the failures.
    pub error: String,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// It is not tried again: its lane has gone on without it.
    pub given_up: bool,
}

impl Record for ConsumerCursor {
    const TABLE: Table =
        Table { tree: CONSUMERS, owner: "events", indexes: &[], scope: Scope::Gateway };
}

impl Record for ConsumerFault {
    const TABLE: Table =
        Table { tree: CONSUMER_FAULTS, owner: "events", indexes: &[], scope: Scope::Gateway };
}

/// The key of a consumer's cursor.
pub fn cursor_key(consumer: &str) -> Key<ConsumerCursor> {
    ConsumerCursor::key().text(consumer)
}

/// The key of what a consumer fails at.
pub fn fault_key(consumer: &str, seq: u64) -> Key<ConsumerFault> {
    ConsumerFault::key().text(consumer).number(seq)
}

/// All that a consumer fails at, in the order of the log.
pub fn faults_of(consumer: &str) -> Select<ConsumerFault> {
    ConsumerFault::key().text(consumer).below()
}
