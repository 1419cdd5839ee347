//! Quick replies: texts that a person chooses by a shortcut. Each change is one commit, and durable when its function
//! returns.

use std::sync::Arc;

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    content::{
        inserted_text::{checked, filled},
        quick_reply::{QuickReply, Shortcut, beginning_with},
        variables::{Filled, Values},
    },
    domain::{Clock, Error, ErrorCode, Subject, Timestamp},
    messaging::Hold,
    store::{Record, Store, Transaction},
};

/// So many there may be, so that a list of all is one page.
pub const MOST_QUICK_REPLIES: usize = 500;
/// What every creation changes: so of two at the same time, one counts again.
const CREATIONS: &str = "quick reply creations";

/// Clones are the same service.
#[derive(Clone)]
pub struct QuickReplies {
    store: Store,
    clock: Clock,
    /// Held while quick replies change. It saves conflicts, no more.
    changing: Arc<Mutex<()>>,
}

/// A quick reply to be made.
#[derive(Clone, Debug)]
pub struct QuickReplyDraft {
    pub shortcut: String,
    pub content: String,
    pub media: Option<Uuid>,
    pub created_by: Option<Uuid>,
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct QuickReplyChange {
    pub shortcut: Option<String>,
    pub content: Option<String>,
    /// None within to remove it.
    pub media: Option<Option<Uuid>>,
}

impl QuickReplies {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, changing: Arc::default() }
    }

    /// Those whose shortcut begins so, in the order of the shortcuts, whatever their case. All for an empty text.
    pub async fn list(&self, prefix: &str) -> Result<Vec<QuickReply>, Error> {
        let Some(part) = beginning_with(prefix) else { return Ok(Vec::new()) };
        let found = self.store.follow(part, MOST_QUICK_REPLIES).await?;
        Ok(found.into_iter().map(|found| found.record).collect())
    }

    pub async fn get(&self, id: Uuid) -> Result<QuickReply, Error> {
        self.store.get(&QuickReply::at(id)).await?.ok_or_else(|| unknown(id))
    }

    pub async fn create(&self, draft: QuickReplyDraft) -> Result<QuickReply, Error> {
        let QuickReplyDraft { shortcut, content, media, created_by } = draft;
        let (shortcut, content) = Error::both(Shortcut::read(&shortcut), checked(&content))?;
        let now = self.clock.now();
        let reply = QuickReply {
            id: Uuid::now_v7(),
            shortcut,
            content,
            media,
            usage_count: 0,
            created_by,
            created_at: now,
            updated_at: now,
        };
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            free(&transaction, &reply).await?;
            transaction.next_number(CREATIONS).await?;
            let all = QuickReply::key().below();
            if MOST_QUICK_REPLIES <= transaction.store().keys(all, MOST_QUICK_REPLIES).await?.len()
            {
                let message = "there are 500 quick replies already; delete one first";
                return Err(Error::invalid(message));
            }
            hold(&transaction, reply.id, (None, reply.media), now).await?;
            transaction.put(&QuickReply::at(reply.id), &reply).await?;
            if transaction.commit_durable().await? {
                return Ok(reply);
            }
        }
    }

    pub async fn change(&self, id: Uuid, change: QuickReplyChange) -> Result<QuickReply, Error> {
        let QuickReplyChange { shortcut, content, media } = change;
        let (shortcut, content) = Error::both(
            shortcut.as_deref().map(Shortcut::read).transpose(),
            content.as_deref().map(checked).transpose(),
        )?;
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&QuickReply::at(id)).await?;
            let mut reply = found.ok_or_else(|| unknown(id))?;
            reply.shortcut = shortcut.clone().unwrap_or(reply.shortcut);
            reply.content = content.clone().unwrap_or(reply.content);
            let before = reply.media;
            reply.media = media.unwrap_or(before);
            reply.updated_at = self.clock.now();
            if media.is_some() {
                hold(&transaction, id, (before, reply.media), reply.updated_at).await?;
            }
            free(&transaction, &reply).await?;
            transaction.put(&QuickReply::at(id), &reply).await?;
            if transaction.commit_durable().await? {
                return Ok(reply);
            }
        }
    }

    pub async fn delete(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&QuickReply::at(id)).await?;
            let reply = found.ok_or_else(|| unknown(id))?;
            hold(&transaction, id, (reply.media, None), self.clock.now()).await?;
            transaction.delete(&QuickReply::at(id)).await?;
            if transaction.commit_durable().await? {
                return Ok(());
            }
        }
    }

    /// The text of a quick reply with its values, ready to be sent. Counts as a use, which is on the disk soon after.
    pub async fn render(&self, id: Uuid, values: &Values<'_>) -> Result<Filled, Error> {
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&QuickReply::at(id)).await?;
            let mut reply = found.ok_or_else(|| unknown(id))?;
            let filled = filled(&reply.content, values)?;
            reply.usage_count += 1;
            transaction.put(&QuickReply::at(id), &reply).await?;
            if transaction.commit().await? {
                return Ok(filled);
            }
        }
    }
}

/// That no other has the shortcut. Of two that are put at the same time, one runs again.
async fn free(transaction: &Transaction, reply: &QuickReply) -> Result<(), Error> {
    let entry = reply.shortcut.place().below();
    let found = transaction.store().follow(entry, 1).await?;
    match found.into_iter().next().filter(|found| found.record.id != reply.id) {
        Some(found) => {
            let shortcut = found.record.shortcut.as_str();
            let message = format!("A quick reply with the shortcut {shortcut} already exists");
            Err(Error::new(ErrorCode::Conflict, message).about(Subject::QuickReply))
        }
        None => Ok(()),
    }
}

/// Keeps the file of a quick reply in the library for as long as the reply names it.
async fn hold(
    transaction: &Transaction,
    id: Uuid,
    (before, after): (Option<Uuid>, Option<Uuid>),
    now: Timestamp,
) -> Result<(), Error> {
    let files = (before.as_slice(), after.as_slice());
    let held = Hold::change(transaction, id, files, now).await?;
    held.map_err(|_| Error::invalid_field("mediaId", "names no uploaded file"))
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::QuickReply, format!("there is no quick reply {id}"))
}
