//! Writes that belong to a send and are one commit with its entry, such as a count against a limit.

use async_trait::async_trait;

use crate::{
    domain::{Content, Error, outbox::OutboxEntry},
    messaging::{
        outbound::outbox::parts::OutboxParts,
        stored::{MessagingTables, Place},
    },
    store::Store,
};

/// What is written together with an entry of the outbox.
#[async_trait]
pub trait Along: Send + Sync {
    /// Adds writes to the transaction of the entry, which runs again after a conflict. An error refuses the send, and
    /// nothing is written.
    async fn write_in(&self, store: &Store, entry: &OutboxEntry) -> Result<(), Error>;
}

/// Stores an entry with what goes along. The file of a refused entry is removed.
pub async fn accept(
    parts: &OutboxParts,
    entry: &OutboxEntry,
    along: Option<&dyn Along>,
) -> Result<Place, Error> {
    let mut work = parts.store.transaction();
    loop {
        if let Some(along) = along
            && let Err(refusal) = along.write_in(work.store(), entry).await
        {
            if let Content::Media(media) = &entry.outgoing.content {
                let _ = tokio::fs::remove_file(&media.path).await;
            }
            return Err(refusal);
        }
        let queue = work.store().outbox_queue();
        let place = queue.accept(entry, parts.clock.now()).await?;
        if work.commit().await? {
            return Ok(place);
        }
    }
}
