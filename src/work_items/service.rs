//! Tickets and tasks: made, listed, changed, removed. Each change is one commit, and durable when its function returns.

use serde_json::json;
use uuid::Uuid;

use crate::{
    contacts::{self, Actor, EntryKind, NewEntry},
    domain::{Clock, Error, ErrorCode, Subject},
    events::{EventLog, NewEvent, Work},
    inbox::Agent,
    jobs::Jobs,
    store::Store,
    work_items::{
        due_job,
        event::WorkItemEvent,
        item::{ItemKind, ItemStatus, Priority, WorkItem, list_name, with_status},
        rules::{ItemChange, ItemDraft},
    },
};

/// Entries of a list up to which it is read.
const MOST_READ: usize = 10_000;
const AT_ONCE: usize = 200;
/// The counter of the numbers of tickets.
const NUMBERS: &str = "tickets";

/// Clones are the same service.
#[derive(Clone)]
pub struct WorkItems {
    pub store: Store,
    pub log: EventLog,
    pub jobs: Jobs,
    pub clock: Clock,
}

/// Which list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemList {
    All,
    OfBot(Uuid),
    OfAssignee(Uuid),
    OfConversation(Uuid),
}

#[derive(Clone, Copy, Debug, Default)]
pub struct ItemFilter {
    pub status: Option<ItemStatus>,
    pub priority: Option<Priority>,
    /// None within for nobody.
    pub assignee: Option<Option<Uuid>>,
    pub conversation: Option<Uuid>,
}

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemPage {
    pub items: Vec<WorkItem>,
    /// How many there are on all pages, of the newest 10,000.
    pub total: usize,
}

impl ItemFilter {
    fn lets(&self, item: &WorkItem) -> bool {
        self.status.is_none_or(|status| status == item.status)
            && self.priority.is_none_or(|priority| priority == item.priority)
            && self.assignee.is_none_or(|assignee| assignee == item.assignee)
            && self.conversation.is_none_or(|id| Some(id) == item.conversation)
    }
}

impl WorkItems {
    /// A page of those of a list that the filter lets through and the caller sees.
    pub async fn list(
        &self,
        (kind, list): (ItemKind, ItemList),
        filter: ItemFilter,
        is_seen: impl Fn(&WorkItem) -> bool,
        (skipped, limit): (usize, usize),
    ) -> Result<ItemPage, Error> {
        let name = match list {
            ItemList::All => list_name(kind, None),
            ItemList::OfBot(id) => list_name(kind, Some(("bot", id))),
            ItemList::OfAssignee(id) => list_name(kind, Some(("assignee", id))),
            ItemList::OfConversation(id) => list_name(kind, Some(("conversation", id))),
        };
        let name = filter.status.map_or(name.clone(), |status| with_status(&name, status));
        let whole = WorkItem::list(&name);
        let (mut items, mut total, mut read) = (Vec::new(), 0, 0);
        let mut part = whole.clone().below();
        while read < MOST_READ {
            let found = self.store.follow(part, AT_ONCE).await?;
            let (count, last) = (found.len(), found.last().map(|last| last.entry.clone()));
            read += count;
            for item in found.into_iter().map(|found| found.record) {
                if !filter.lets(&item) || !is_seen(&item) {
                    continue;
                }
                if skipped <= total && items.len() < limit {
                    items.push(item);
                }
                total += 1;
            }
            match last {
                Some(last) if count == AT_ONCE => part = whole.clone().below().after(&last),
                _ => break,
            }
        }
        Ok(ItemPage { items, total })
    }

    pub async fn get(&self, kind: ItemKind, id: Uuid) -> Result<WorkItem, Error> {
        let found = self.store.get(&WorkItem::at(id)).await?;
        found.filter(|item| item.kind == kind).ok_or_else(|| unknown(kind, id))
    }

    pub async fn create(&self, draft: ItemDraft) -> Result<WorkItem, Error> {
        let id = Uuid::now_v7();
        let mut work = self.log.work();
        loop {
            let item = self.create_in(&mut work, draft.clone(), id).await?;
            if self.finish(&mut work).await? {
                return Ok(item);
            }
        }
    }

    /// The same within a transaction, under an id that is the same when the work runs again. After the commit the jobs
    /// are woken.
    pub async fn create_in(
        &self,
        work: &mut Work<'_>,
        draft: ItemDraft,
        id: Uuid,
    ) -> Result<WorkItem, Error> {
        let (by, now) = (draft.by, self.clock.now());
        let mut item = draft.item(id, now)?;
        if item.kind == ItemKind::Ticket {
            item.number = Some(work.store().settings().next_number(NUMBERS).await?);
        }
        work.put(&WorkItem::at(id), &item).await?;
        due_job::follow(&self.jobs, work.store(), &item).await?;
        if let (ItemKind::Ticket, Some(contact)) = (item.kind, item.contact) {
            let data = json!({ "ticket": id, "number": item.number, "subject": item.title });
            let actor = by.map_or(Actor::GATEWAY, Agent::actor);
            let entry = NewEntry::new(EntryKind::TicketCreated, actor, data);
            contacts::note(work, contact, now, vec![entry]).await?;
        }
        let event = WorkItemEvent::Created { item: Box::new(item.clone()), by };
        work.append(NewEvent::of_module(None, &event)?);
        Ok(item)
    }

    pub async fn change(
        &self,
        (kind, id): (ItemKind, Uuid),
        change: ItemChange,
        by: Option<Agent>,
    ) -> Result<WorkItem, Error> {
        let mut work = self.log.work();
        loop {
            let found = work.get(&WorkItem::at(id)).await?.filter(|item| item.kind == kind);
            let found = found.ok_or_else(|| unknown(kind, id))?;
            let (item, changes) = change.applied(&found, self.clock.now())?;
            if changes.is_empty() {
                return Ok(item);
            }
            work.put(&WorkItem::at(id), &item).await?;
            due_job::follow(&self.jobs, work.store(), &item).await?;
            let event = WorkItemEvent::Changed { item: Box::new(item.clone()), changes, by };
            work.append(NewEvent::of_module(None, &event)?);
            if self.finish(&mut work).await? {
                return Ok(item);
            }
        }
    }

    pub async fn delete(
        &self,
        (kind, id): (ItemKind, Uuid),
        by: Option<Agent>,
    ) -> Result<(), Error> {
        let mut work = self.log.work();
        loop {
            let found = work.get(&WorkItem::at(id)).await?.filter(|item| item.kind == kind);
            let item = found.ok_or_else(|| unknown(kind, id))?;
            self.remove_in(&mut work, item, by).await?;
            if self.finish(&mut work).await? {
                return Ok(());
            }
        }
    }

    /// Forgets a bot that goes: its tickets go with it, its tasks stay with their people.
    pub async fn forget_bot(&self, bot: Uuid) -> Result<(), Error> {
        for kind in [ItemKind::Ticket, ItemKind::Task] {
            let list = list_name(kind, Some(("bot", bot)));
            let mut work = self.log.work();
            loop {
                let found = work.store().follow(WorkItem::list(&list).below(), AT_ONCE).await?;
                if found.is_empty() {
                    break;
                }
                for item in found.into_iter().map(|found| found.record) {
                    match kind {
                        ItemKind::Ticket => self.remove_in(&mut work, item, None).await?,
                        ItemKind::Task => {
                            let at = WorkItem::at(item.id);
                            work.put(&at, &WorkItem { bot: None, ..item }).await?;
                        }
                    }
                }
                self.finish(&mut work).await?;
            }
        }
        Ok(())
    }

    /// Takes the tickets of a person who is gone from them: anybody may work on those. Their tasks stay as they are, for
    /// who made them.
    pub async fn forget_person(&self, person: Uuid, by: Option<Agent>) -> Result<(), Error> {
        let list = WorkItem::list(&list_name(ItemKind::Ticket, Some(("assignee", person))));
        loop {
            let found = self.store.follow(list.clone().below(), AT_ONCE).await?;
            if found.is_empty() {
                return Ok(());
            }
            for item in found.into_iter().map(|found| found.record) {
                let change = ItemChange { assignee: Some(None), ..ItemChange::default() };
                match self.change((ItemKind::Ticket, item.id), change, by).await {
                    Ok(_) | Err(Error { code: ErrorCode::NotFound, .. }) => (),
                    Err(error) => return Err(error),
                }
            }
        }
    }

    async fn remove_in(
        &self,
        work: &mut Work<'_>,
        item: WorkItem,
        by: Option<Agent>,
    ) -> Result<(), Error> {
        work.delete(&WorkItem::at(item.id)).await?;
        let gone = WorkItem { due_at: None, ..item.clone() };
        due_job::follow(&self.jobs, work.store(), &gone).await?;
        let event = WorkItemEvent::Deleted { item: Box::new(item), by };
        work.append(NewEvent::of_module(None, &event)?);
        Ok(())
    }

    /// Commits, publishes and wakes the jobs; false when the work must run again.
    pub(super) async fn finish(&self, work: &mut Work<'_>) -> Result<bool, Error> {
        let is_done = work.commit_durable().await?;
        if is_done {
            self.jobs.woken();
        }
        Ok(is_done)
    }
}

fn unknown(kind: ItemKind, id: Uuid) -> Error {
    let subject = match kind {
        ItemKind::Ticket => Subject::Ticket,
        ItemKind::Task => Subject::Task,
    };
    Error::not_found(subject, format!("there is no {} {id}", kind.as_str()))
}
