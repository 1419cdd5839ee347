//! Views: filters of the inbox that people save. A view is made and deleted, never edited.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `InboxViews` | id, which follows the order of creation | [`InboxView`] |

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Clock, Error, ErrorCode, Subject, Timestamp},
    inbox::view_filters::{ViewFilters, built_in},
    store::{Key, Record, Scope, Store, Table, Tree},
};

/// Views of all people, so that a list of them is one page of the store, and of one person.
const MOST_VIEWS: usize = 2_000;
const MOST_OF_ONE: usize = 100;
const LONGEST_NAME: usize = 80;
/// What every creation changes: so of two at the same time, one counts again.
const CREATIONS: &str = "inbox view creations";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxView {
    pub id: Uuid,
    /// The person whose it is.
    pub owner: Uuid,
    pub name: String,
    pub filters: ViewFilters,
    /// Whether everybody sees it.
    pub shared: bool,
    pub created_at: Timestamp,
}

/// A view to be made.
#[derive(Clone, Debug)]
pub struct ViewDraft {
    pub name: String,
    pub filters: ViewFilters,
    pub shared: bool,
}

impl Record for InboxView {
    const TABLE: Table = Table {
        tree: Tree::new(241, "InboxViews"),
        owner: "inbox",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl InboxView {
    fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    fn is_seen_by(&self, person: Option<Uuid>) -> bool {
        self.shared || person == Some(self.owner)
    }
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Views {
    store: Store,
    clock: Clock,
}

impl Views {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// A person's own and those that are shared, oldest first; without a person, those that are shared.
    pub async fn list(&self, person: Option<Uuid>) -> Result<Vec<InboxView>, Error> {
        let mut all = self.store.select(InboxView::key().below(), MOST_VIEWS).await?;
        all.retain(|view| view.is_seen_by(person));
        Ok(all)
    }

    /// The filters of a view that a person sees, by its id: a UUID, or the word of one that everybody has.
    pub async fn filters(&self, id: &str, person: Option<Uuid>) -> Result<ViewFilters, Error> {
        if let Some(filters) = built_in(id) {
            return Ok(filters);
        }
        let unknown = || Error::not_found(Subject::View, "there is no such view");
        let id: Uuid = id.parse().map_err(|_| unknown())?;
        let found = self.store.get(&InboxView::at(id)).await?;
        let view = found.filter(|view| view.is_seen_by(person)).ok_or_else(unknown)?;
        Ok(view.filters)
    }

    pub async fn create(&self, draft: ViewDraft, owner: Uuid) -> Result<InboxView, Error> {
        let ViewDraft { name, filters, shared } = draft;
        let name = name.trim();
        if name.is_empty() || name.chars().nth(LONGEST_NAME).is_some() {
            return Err(Error::invalid_field("name", "must have 1 to 80 characters"));
        }
        let view = InboxView {
            id: Uuid::now_v7(),
            owner,
            name: name.to_owned(),
            filters,
            shared,
            created_at: self.clock.now(),
        };
        let mut transaction = self.store.transaction();
        loop {
            transaction.next_number(CREATIONS).await?;
            let part = InboxView::key().below();
            let all = transaction.store().select(part, MOST_VIEWS).await?;
            let own = all.iter().filter(|known| known.owner == owner).count();
            for (count, most) in [(own, MOST_OF_ONE), (all.len(), MOST_VIEWS)] {
                if most <= count {
                    let message = format!("There are {most} views already. Delete one first");
                    return Err(Error::new(ErrorCode::Conflict, message).detail("limit", most));
                }
            }
            transaction.put(&InboxView::at(view.id), &view).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.store.durable().await?;
        Ok(view)
    }

    /// Deletes a view of a person; of others too where the person is an administrator.
    pub async fn delete(
        &self,
        id: Uuid,
        person: Option<Uuid>,
        is_admin: bool,
    ) -> Result<(), Error> {
        let unknown = || Error::not_found(Subject::View, format!("there is no view {id}"));
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&InboxView::at(id)).await?;
            let seen = found.filter(|view| is_admin || view.is_seen_by(person));
            let view = seen.ok_or_else(unknown)?;
            if !is_admin && person != Some(view.owner) {
                let message = "This view is somebody else's";
                return Err(Error::new(ErrorCode::Forbidden, message));
            }
            transaction.delete(&InboxView::at(id)).await?;
            if transaction.commit().await? {
                break;
            }
        }
        Ok(self.store.durable().await?)
    }
}
