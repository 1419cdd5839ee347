//! What callers and rules may say of tickets and tasks. Pure.

use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    inbox::Agent,
    work_items::item::{ItemKind, ItemStatus, Priority, WorkItem},
};

pub const LONGEST_TITLE: usize = 200;
pub const LONGEST_DESCRIPTION: usize = 5_000;
pub const LONGEST_REQUESTER: usize = 200;

/// A ticket or a task to be made.
#[derive(Clone, Debug)]
pub struct ItemDraft {
    pub kind: ItemKind,
    pub bot: Option<Uuid>,
    pub conversation: Option<Uuid>,
    pub contact: Option<Uuid>,
    pub title: String,
    pub description: Option<String>,
    pub priority: Option<Priority>,
    pub assignee: Option<Uuid>,
    pub due_at: Option<Timestamp>,
    pub requester: Option<String>,
    pub by: Option<Agent>,
    /// Whether the visitor of the conversation makes it.
    pub is_of_visitor: bool,
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct ItemChange {
    pub title: Option<String>,
    /// None within to remove it; the same of what follows.
    pub description: Option<Option<String>>,
    pub status: Option<ItemStatus>,
    pub priority: Option<Priority>,
    pub assignee: Option<Option<Uuid>>,
    pub due_at: Option<Option<Timestamp>>,
    pub requester: Option<Option<String>>,
}

impl ItemDraft {
    /// An item of nothing else than its title.
    pub fn titled(kind: ItemKind, title: String) -> Self {
        Self {
            kind,
            bot: None,
            conversation: None,
            contact: None,
            title,
            description: None,
            priority: None,
            assignee: None,
            due_at: None,
            requester: None,
            by: None,
            is_of_visitor: false,
        }
    }

    /// The item without a number.
    pub fn item(self, id: Uuid, now: Timestamp) -> Result<WorkItem, Error> {
        let Self { kind, description, requester, .. } = self;
        let texts = checked(Some(self.title), Some(description), Some(requester), kind)?;
        Ok(WorkItem {
            id,
            kind,
            number: None,
            bot: self.bot,
            conversation: self.conversation,
            contact: self.contact,
            title: texts.title.unwrap_or_default(),
            description: texts.description.flatten(),
            status: ItemStatus::Open,
            priority: self.priority.unwrap_or(Priority::Normal),
            assignee: self.assignee,
            due_at: self.due_at,
            requester: texts.requester.flatten(),
            created_by: self.by,
            is_of_visitor: self.is_of_visitor,
            created_at: now,
            updated_at: now,
            closed_at: None,
        })
    }
}

impl ItemChange {
    /// The item after the change, and the names of the fields that are others.
    pub fn applied(
        &self,
        item: &WorkItem,
        now: Timestamp,
    ) -> Result<(WorkItem, Vec<String>), Error> {
        let Self { title, description, requester, .. } = self.clone();
        let status = self.status.unwrap_or(item.status);
        let texts = checked(title, description, requester, item.kind);
        let (texts, ()) = Error::both(texts, checked_status(status, item.kind))?;
        let mut changed = WorkItem {
            title: texts.title.unwrap_or_else(|| item.title.clone()),
            description: texts.description.unwrap_or_else(|| item.description.clone()),
            requester: texts.requester.unwrap_or_else(|| item.requester.clone()),
            status,
            priority: self.priority.unwrap_or(item.priority),
            assignee: self.assignee.unwrap_or(item.assignee),
            due_at: self.due_at.unwrap_or(item.due_at),
            ..item.clone()
        };
        if status.is_live() {
            changed.closed_at = None;
        } else if item.status.is_live() {
            changed.closed_at = Some(now);
        }
        let fields = [
            ("title", changed.title != item.title),
            ("description", changed.description != item.description),
            ("requester", changed.requester != item.requester),
            ("status", changed.status != item.status),
            ("priority", changed.priority != item.priority),
            ("assignee", changed.assignee != item.assignee),
            ("due_at", changed.due_at != item.due_at),
        ];
        let fields = fields.into_iter().filter(|(_, is_news)| *is_news);
        let fields: Vec<String> = fields.map(|(name, _)| name.to_owned()).collect();
        if !fields.is_empty() {
            changed.updated_at = now;
        }
        Ok((changed, fields))
    }
}

struct Texts {
    title: Option<String>,
    description: Option<Option<String>>,
    requester: Option<Option<String>>,
}

fn checked(
    title: Option<String>,
    description: Option<Option<String>>,
    requester: Option<Option<String>>,
    kind: ItemKind,
) -> Result<Texts, Error> {
    let named = if kind == ItemKind::Ticket { "subject" } else { "title" };
    let title = title.map(|title| {
        let title = title.trim().to_owned();
        if title.is_empty() || title.chars().nth(LONGEST_TITLE).is_some() {
            let fault = format!("must have 1 to {LONGEST_TITLE} characters");
            return Err(Error::invalid_field(named, fault));
        }
        Ok(title)
    });
    let description = within("description", description, LONGEST_DESCRIPTION);
    let requester = within("requester", requester, LONGEST_REQUESTER);
    let (title, (description, requester)) =
        Error::both(title.transpose(), Error::both(description, requester))?;
    Ok(Texts { title, description, requester })
}

/// A text that is blank is none.
fn within(
    field: &str,
    text: Option<Option<String>>,
    most: usize,
) -> Result<Option<Option<String>>, Error> {
    let text = text.map(|text| text.map(|text| text.trim().to_owned()).filter(|it| !it.is_empty()));
    if text.iter().flatten().any(|text| text.chars().nth(most).is_some()) {
        return Err(Error::invalid_field(field, format!("must have at most {most} characters")));
    }
    Ok(text)
}

fn checked_status(status: ItemStatus, kind: ItemKind) -> Result<(), Error> {
    if status.is_of(kind) {
        return Ok(());
    }
    let words = match kind {
        ItemKind::Ticket => "must be open, pending, resolved or closed",
        ItemKind::Task => "must be open or done",
    };
    Err(Error::invalid_field("status", words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn draft(kind: ItemKind, title: &str) -> ItemDraft {
        ItemDraft {
            description: Some("  ".to_owned()),
            ..ItemDraft::titled(kind, title.to_owned())
        }
    }

    fn item(kind: ItemKind) -> WorkItem {
        draft(kind, " Broken cup ").item(Uuid::nil(), from_seconds(1)).unwrap()
    }

    #[test]
    fn a_draft_is_open_and_of_usual_priority_and_its_texts_have_bounds() {
        let made = item(ItemKind::Ticket);
        assert_eq!((made.title.as_str(), made.description.as_deref()), ("Broken cup", None));
        assert_eq!((made.status, made.priority), (ItemStatus::Open, Priority::Normal));
        for (kind, title, field) in [
            (ItemKind::Ticket, " ".to_owned(), "subject"),
            (ItemKind::Task, "x".repeat(LONGEST_TITLE + 1), "title"),
        ] {
            let fault = draft(kind, &title).item(Uuid::nil(), from_seconds(1)).unwrap_err();
            assert!(fault.details["fields"].get(field).is_some(), "{fault:?}");
        }
    }

    #[test]
    fn a_change_names_what_is_other_and_an_end_has_a_time() {
        let task = item(ItemKind::Task);
        let done = ItemChange { status: Some(ItemStatus::Done), ..ItemChange::default() };
        let (changed, fields) = done.applied(&task, from_seconds(5)).unwrap();
        assert_eq!((fields, changed.closed_at), (vec!["status".to_owned()], Some(from_seconds(5))));
        // A second time comes to the same.
        let (again, fields) = done.applied(&changed, from_seconds(9)).unwrap();
        assert_eq!((again, fields.len()), (changed.clone(), 0));
        let open = ItemChange { status: Some(ItemStatus::Open), ..ItemChange::default() };
        assert_eq!(open.applied(&changed, from_seconds(9)).unwrap().0.closed_at, None);
    }

    #[test]
    fn a_task_is_open_or_done_and_a_ticket_is_never_done() {
        for status in [ItemStatus::Pending, ItemStatus::Resolved, ItemStatus::Closed] {
            let change = ItemChange { status: Some(status), ..ItemChange::default() };
            assert!(change.applied(&item(ItemKind::Task), from_seconds(2)).is_err());
            assert!(change.applied(&item(ItemKind::Ticket), from_seconds(2)).is_ok());
        }
        let done = ItemChange { status: Some(ItemStatus::Done), ..ItemChange::default() };
        assert!(done.applied(&item(ItemKind::Ticket), from_seconds(2)).is_err());
    }
}
