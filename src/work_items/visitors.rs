//! Tickets of visitors: opened by a visitor of a web chat, and seen by that visitor alone.

use uuid::Uuid;

use crate::{
    domain::{Error, ErrorCode},
    events::Work,
    work_items::{
        item::{ItemKind, ItemStatus, WorkItem, list_name, with_status},
        rules::ItemDraft,
        service::WorkItems,
    },
};

/// Tickets that a visitor may have open or pending at a time.
pub const MOST_OF_VISITOR: usize = 5;
/// Tickets of a conversation that are read.
const MOST_READ: usize = 500;

impl WorkItems {
    /// Opens a ticket for the visitor of a conversation. The same id leads to the ticket that is there already.
    pub async fn open_for_visitor(&self, draft: ItemDraft, id: Uuid) -> Result<WorkItem, Error> {
        let mut work = self.log.work();
        loop {
            if let Some(known) = work.get(&WorkItem::at(id)).await? {
                return Ok(known);
            }
            // The number of the ticket is read in the same commit, so of two at once one counts again.
            let item = self.create_in(&mut work, draft.clone(), id).await?;
            // With the ticket itself.
            if MOST_OF_VISITOR < live(&work, item.conversation).await? {
                let message = format!(
                    "{MOST_OF_VISITOR} tickets of this session are open: wait until one is closed"
                );
                return Err(Error::new(ErrorCode::Conflict, message));
            }
            if self.finish(&mut work).await? {
                return Ok(item);
            }
        }
    }

    /// The tickets that the visitor of a conversation opened, newest first.
    pub async fn of_visitor(&self, conversation: Uuid) -> Result<Vec<WorkItem>, Error> {
        let list = list_name(ItemKind::Ticket, Some(("conversation", conversation)));
        let found = self.store.follow(WorkItem::list(&list).below(), MOST_READ).await?;
        let items = found.into_iter().map(|found| found.record);
        Ok(items.filter(|item| item.is_of_visitor).collect())
    }
}

/// How many tickets the visitor of a conversation has that somebody still has to do something for.
async fn live(work: &Work<'_>, conversation: Option<Uuid>) -> Result<usize, Error> {
    let Some(conversation) = conversation else { return Ok(0) };
    let list = list_name(ItemKind::Ticket, Some(("conversation", conversation)));
    let mut count = 0;
    for status in [ItemStatus::Open, ItemStatus::Pending] {
        let part = WorkItem::list(&with_status(&list, status));
        let found = work.store().follow(part.below(), MOST_READ).await?;
        count += found.iter().filter(|found| found.record.is_of_visitor).count();
    }
    Ok(count)
}
