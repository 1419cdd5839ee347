//! What the dispatcher writes about entries that wait, each in a transaction.

use uuid::Uuid;

use crate::{
    domain::{Content, SessionId, Timestamp, outbox::OutboxEntry},
    messaging::{mirror, outbox::OutboxParts},
    store::{Place, Store, StoreError},
};

/// Messages that are forgotten in one commit.
const FORGOTTEN_AT_ONCE: usize = 100;

/// Gives an entry another place.
pub async fn move_to(store: &Store, entry: &OutboxEntry, place: Place) -> Result<(), StoreError> {
    let mut work = store.transaction();
    loop {
        work.store().outbox_queue().move_to(entry, place).await?;
        if work.commit().await? {
            return Ok(());
        }
    }
}

/// Puts what is due now into the queues of their chats: up to `limit` entries.
pub async fn come_due(
    store: &Store,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let mut work = store.transaction();
    loop {
        let queue = work.store().outbox_queue();
        let due = queue.due(now, limit).await?;
        for entry in &due {
            queue.move_to(entry, Place::Queue).await?;
        }
        if work.commit().await? {
            return Ok(due);
        }
    }
}

/// Puts an entry that was being looked up back into its chat. Whether it was.
pub async fn back_to_queue(
    store: &Store,
    session: &SessionId,
    id: Uuid,
) -> Result<bool, StoreError> {
    let mut work = store.transaction();
    loop {
        let Some(entry) = work.store().outbox().get(session, id).await? else { return Ok(false) };
        let queue = work.store().outbox_queue();
        if queue.place_of(&entry).await? != Some(Place::Lookup) {
            return Ok(false);
        }
        queue.move_to(&entry, Place::Queue).await?;
        if work.commit().await? {
            return Ok(true);
        }
    }
}

/// Writes an entry that keeps its place. A receipt that came meanwhile stays noted.
pub async fn write(store: &Store, entry: &mut OutboxEntry) -> Result<(), StoreError> {
    let mut work = store.transaction();
    loop {
        let written = work.store().outbox().get(&entry.session, entry.id).await?;
        entry.acked = entry.acked.max(written.and_then(|written| written.acked));
        mirror::change_outbox(work.store(), entry).await?;
        if work.commit().await? {
            return Ok(());
        }
    }
}

/// Writes an entry that waits on other terms than it was accepted on. Whether the disk took it.
pub async fn write_again(store: &Store, entry: &mut OutboxEntry) -> bool {
    let written = write(store, entry).await;
    if let Err(error) = &written {
        tracing::error!(%error, "that a message waits for its session cannot be written");
    }
    written.is_ok()
}

/// Forgets entries, and drops their files.
pub async fn discard(parts: &OutboxParts, entries: &[OutboxEntry]) {
    for page in entries.chunks(FORGOTTEN_AT_ONCE) {
        if let Err(error) = forget(&parts.store, page).await {
            tracing::error!(%error, "messages that are not sent are still in the outbox");
        }
        for entry in page {
            if let Content::Media(media) = &entry.outgoing.content {
                let _ = tokio::fs::remove_file(&media.path).await;
            }
        }
    }
}

async fn forget(store: &Store, entries: &[OutboxEntry]) -> Result<(), StoreError> {
    let mut work = store.transaction();
    loop {
        for entry in entries {
            work.store().outbox_queue().forget(entry).await?;
        }
        if work.commit().await? {
            return Ok(());
        }
    }
}
