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

/// Moves an entry to another queue. A receipt that came meanwhile stays noted.
pub async fn move_to(
    store: &Store,
    entry: &mut OutboxEntry,
    place: Place,
) -> Result<(), StoreError> {
    let mut work = store.transaction();
    loop {
        keep_receipt(work.store(), entry).await?;
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
        keep_receipt(work.store(), entry).await?;
        mirror_records::change_outbox(work.store(), entry).await?;
        if work.commit().await? {
            return Ok(());
        }
    }
}

/// Takes over the receipt that was noted in the stored entry since `entry` was read.
async fn keep_receipt(store: &Store, entry: &mut OutboxEntry) -> Result<(), StoreError> {
    let written = store.outbox().get(&entry.session, entry.id).await?;
    entry.acked = entry.acked.max(written.and_then(|written| written.acked));
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Ack,
        outbox::{OutboxState, example},
    };

    #[tokio::test]
    async fn a_receipt_that_came_during_an_attempt_outlives_what_the_attempt_writes() {
        for place in [None, Some(Place::Lookup), Some(Place::Queue)] {
            let [store, _] = Store::two_on_one_engine(0).await;
            let attempted = example(1, "15550000001@c.us");
            let queue = store.outbox_queue();
            queue.accept(&attempted, attempted.queued_at).await.unwrap();
            let reported = OutboxEntry { acked: Some(Ack::Delivered), ..attempted.clone() };
            mirror_records::change_outbox(&store, &reported).await.unwrap();

            let mut attempted = OutboxEntry { state: OutboxState::Unknown, ..attempted };
            match place {
                Some(place) => move_to(&store, &mut attempted, place).await.unwrap(),
                None => write(&store, &mut attempted).await.unwrap(),
            }
            let stored = store.outbox().get(&attempted.session, attempted.id).await.unwrap();
            let stored = stored.unwrap();
            assert_eq!((stored.state, stored.acked), (OutboxState::Unknown, Some(Ack::Delivered)));
        }
    }
}
