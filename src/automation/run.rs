//! Log of a rule or a flow: its newest runs, and how often it ran.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `AutomationRuns` | rule or flow, number | [`Run`] |
//! | `AutomationFigures` | rule or flow | [`Figures`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{Key, Record, Scope, Store, StoreError, Table, Tree},
};

/// Runs of one rule or flow that are kept.
pub const MOST_RUNS: u64 = 100;

/// What became of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The kind of the action.
    pub action: String,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// How it was done in another way than the rule says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub at: Timestamp,
    pub conversation: Uuid,
    pub actions: Vec<Done>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Figures {
    pub runs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_at: Option<Timestamp>,
    /// Of the newest run that had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

impl Record for Run {
    const TABLE: Table = Table {
        tree: Tree::new(139, "AutomationRuns"),
        owner: "automation",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Record for Figures {
    const TABLE: Table = Table {
        tree: Tree::new(194, "AutomationFigures"),
        owner: "automation",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Run {
    /// Those of a rule, oldest first.
    pub fn of(rule: Uuid) -> Key<Self> {
        Self::key().uuid(rule)
    }

    fn at(rule: Uuid, number: u64) -> Key<Self> {
        Self::of(rule).number(number)
    }
}

impl Figures {
    pub fn at(rule: Uuid) -> Key<Self> {
        Self::key().uuid(rule)
    }
}

/// The newest runs of a rule or a flow, newest first.
pub async fn newest(store: &Store, of: Uuid) -> Result<Vec<Run>, StoreError> {
    let most = usize::try_from(MOST_RUNS).unwrap_or(usize::MAX);
    store.select(Run::of(of).below().backward(), most).await
}

/// Notes a run within a transaction; the oldest beyond the most makes room.
pub async fn note(store: &Store, rule: Uuid, run: &Run) -> Result<(), StoreError> {
    let mut transaction = store.transaction();
    let mut figures = transaction.get(&Figures::at(rule)).await?.unwrap_or_default();
    figures.runs = figures.runs.saturating_add(1);
    figures.last_run_at = Some(run.at);
    let fault = run.actions.iter().find_map(|done| done.fault.clone());
    figures.last_error = fault.or(figures.last_error);
    transaction.put(&Run::at(rule, figures.runs), run).await?;
    if let Some(oldest) = figures.runs.checked_sub(MOST_RUNS) {
        transaction.delete(&Run::at(rule, oldest)).await?;
    }
    transaction.put(&Figures::at(rule), &figures).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await.map(|_| ())
}

/// Forgets the runs of a rule that goes, within a transaction.
pub async fn forget(store: &Store, rule: Uuid) -> Result<(), StoreError> {
    let mut transaction = store.transaction();
    if let Some(figures) = transaction.get(&Figures::at(rule)).await? {
        let oldest = figures.runs.saturating_sub(MOST_RUNS);
        for number in oldest..=figures.runs {
            transaction.delete(&Run::at(rule, number)).await?;
        }
        transaction.delete(&Figures::at(rule)).await?;
    }
    transaction.commit().await.map(|_| ())
}
