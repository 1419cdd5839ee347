//! Record of a job, and its index by the time that it is due.

use serde::{Deserialize, Serialize};

use crate::{
    domain::Timestamp,
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Tree},
};

const JOBS: Tree = Tree::new(115, "Jobs");
const JOBS_BY_DUE: Tree = Tree::new(116, "JobsByDue");

/// Work that is due at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Which handler does it.
    pub kind: String,
    /// What tells it from others of its kind.
    pub name: String,
    /// What the handler needs to know. A job about a session names it here as `session`: it goes with it.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub payload: serde_json::Value,
    pub due: Timestamp,
    /// Attempts that failed since the last that did not.
    #[serde(default)]
    pub attempts: u32,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// It failed too often, and is not tried again by itself.
    #[serde(default)]
    pub is_dead: bool,
}

/// Jobs by the time that they are due. A dead one is not in it.
const BY_DUE: Index<Job> = Index::new(JOBS_BY_DUE);

impl Record for Job {
    const TABLE: Table =
        Table { tree: JOBS, owner: "jobs", indexes: &[JOBS_BY_DUE], scope: Scope::Gateway };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        if self.is_dead {
            return Vec::new();
        }
        vec![BY_DUE.key().time(self.due).text(&self.kind).text(&self.name)]
    }
}

impl Job {
    pub fn new(kind: &str, name: &str, due: Timestamp) -> Self {
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            payload: serde_json::Value::Null,
            due,
            attempts: 0,
            failure: None,
            is_dead: false,
        }
    }

    pub fn key(&self) -> Key<Self> {
        Self::at(&self.kind, &self.name)
    }

    pub fn at(kind: &str, name: &str) -> Key<Self> {
        <Self as Record>::key().text(kind).text(name)
    }
}

/// The first jobs by the time that they are due.
pub async fn next_jobs(store: &Store, limit: usize) -> Result<Vec<Job>, StoreError> {
    let found = store.follow(BY_DUE.key().below(), limit).await?;
    Ok(found.into_iter().map(|found| found.record).collect())
}
