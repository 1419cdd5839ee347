//! Writes of waiting entries, each in a transaction.

use uuid::Uuid;

use crate::{
    domain::{Content, SessionId, Timestamp, outbox::OutboxEntry},
    messaging::{
        inbound::mirror_records,
        outbound::outbox::parts::OutboxParts,
        stored::{MessagingTables, Place},
    },
    store::{Store, StoreError},
};

/// Entries that are removed in one commit.
const REMOVED_AT_ONCE: usize = 100;

/// Moves an entry to another queue.
pub async fn move_to(store: &Store, entry: &OutboxEntry, place: Place) -> Result<(), StoreError> {
    let mut work = store.transaction();
    loop {
        work.store().outbox_queue().move_to(entry, place).await?;
        if work.commit().await? {
            return Ok(());
        }
    }
}

/// Moves up to `limit` due entries to the queues of their chats.
pub async fn queue_due(
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

/// Moves an entry from the look-ups back to the queue of its chat. False if it was not among the look-ups.
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

/// Writes an entry that stays in its queue. A receipt that came meanwhile stays noted.
pub async fn write(store: &Store, entry: &mut OutboxEntry) -> Result<(), StoreError> {
    let mut work = store.transaction();
    loop {
        let written = work.store().outbox().get(&entry.session, entry.id).await?;
        entry.acked = entry.acked.max(written.and_then(|written| written.acked));
        mirror_records::change_outbox(work.store(), entry).await?;
        if work.commit().await? {
            return Ok(());
        }
    }
}

/// Writes an entry whose options changed. Whether the disk accepted it.
pub async fn write_again(store: &Store, entry: &mut OutboxEntry) -> bool {
    let written = write(store, entry).await;
    if let Err(error) = &written {
        tracing::error!(%error, "an outbox entry that now waits for its session could not be written");
    }
    written.is_ok()
}

/// Removes entries and their files.
pub async fn discard(parts: &OutboxParts, entries: &[OutboxEntry]) {
    for page in entries.chunks(REMOVED_AT_ONCE) {
        if let Err(error) = remove(&parts.store, page).await {
            tracing::error!(%error, "cancelled messages could not be removed from the outbox");
        }
        for entry in page {
            if let Content::Media(media) = &entry.outgoing.content {
                let _ = tokio::fs::remove_file(&media.path).await;
            }
        }
    }
}

async fn remove(store: &Store, entries: &[OutboxEntry]) -> Result<(), StoreError> {
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
