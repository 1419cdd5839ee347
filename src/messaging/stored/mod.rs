//! Tables of messaging: chats and their conversations, messages, people, receipts, tags, and the outbox with its queues.

mod chats;
mod contacts;
mod conversations;
mod identities;
mod message_counts;
mod messages;
mod numbers;
mod outbox;
mod outbox_queue;
mod receipts;
mod reindexing;
#[cfg(test)]
mod size;
mod sync_checkpoints;
mod tags;
mod trees;

use self::numbers::Numbers;
pub use self::{
    chats::Chats,
    contacts::Contacts,
    conversations::Conversations,
    identities::StoredIdentities,
    message_counts::MessageCounts,
    messages::{MessageRecord, Messages},
    numbers::Listing,
    outbox::Outbox,
    outbox_queue::{ChatQueue, Counted, OutboxQueue, Place, PlaceKind},
    receipts::{MOST as MOST_RECEIPTS, Receipts, StoredReceipt},
    reindexing::Reindexing,
    sync_checkpoints::{SyncCheckpoint, SyncCheckpoints},
    tags::Tags,
};
use crate::{
    domain::{
        Chat, Contact, Identity, SessionId,
        conversation::{ConversationRecord, DayCount, Tag},
    },
    messaging::media::library::{Hold, LibraryFile},
    store::{Declaration, Store, StoreError},
};

const OWNER: &str = "messaging";

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<Chat>(),
    Declaration::of::<ChatQueue>(),
    Declaration::of::<Contact>(),
    Declaration::of::<ConversationRecord>(),
    Declaration::of::<DayCount>(),
    Declaration::of::<Hold>(),
    Declaration::of::<Identity>(),
    Declaration::of::<LibraryFile>(),
    Declaration::of::<MessageRecord>(),
    Declaration::of::<SyncCheckpoint>(),
    Declaration::of::<StoredReceipt>(),
    Declaration::of::<Tag>(),
    Declaration::plain(trees::OUTBOX, OWNER),
    Declaration::plain(trees::OUTBOX_BY_MESSAGE, OWNER),
    Declaration::plain(trees::OUTBOX_BY_UUID, OWNER),
    Declaration::plain(trees::OUTBOX_LOOKUPS, OWNER),
    Declaration::plain(trees::OUTBOX_QUEUE, OWNER),
    Declaration::plain(trees::OUTBOX_SCHEDULE, OWNER),
    Declaration::plain(trees::OUTBOX_WAITING, OWNER),
];

/// The tables of a store, or of a transaction's.
pub trait MessagingTables {
    fn chats(&self) -> Chats<'_>;

    fn contacts(&self) -> Contacts<'_>;

    fn conversations(&self) -> Conversations<'_>;

    fn identities(&self) -> StoredIdentities<'_>;

    fn message_counts(&self) -> MessageCounts<'_>;

    fn messages(&self) -> Messages<'_>;

    fn outbox(&self) -> Outbox<'_>;

    fn outbox_queue(&self) -> OutboxQueue<'_>;

    fn receipts(&self) -> Receipts<'_>;

    fn sync_checkpoints(&self) -> SyncCheckpoints<'_>;

    fn tags(&self) -> Tags<'_>;
}

impl MessagingTables for Store {
    fn chats(&self) -> Chats<'_> {
        Chats::new(self.engine(), Numbers::of(self))
    }

    fn contacts(&self) -> Contacts<'_> {
        Contacts::new(self.engine())
    }

    fn conversations(&self) -> Conversations<'_> {
        Conversations::new(self.engine(), Numbers::of(self))
    }

    fn identities(&self) -> StoredIdentities<'_> {
        StoredIdentities::new(self.engine())
    }

    fn message_counts(&self) -> MessageCounts<'_> {
        MessageCounts::new(self.engine())
    }

    fn messages(&self) -> Messages<'_> {
        Messages::new(self.engine(), Numbers::of(self))
    }

    fn outbox(&self) -> Outbox<'_> {
        Outbox::new(self.engine())
    }

    fn outbox_queue(&self) -> OutboxQueue<'_> {
        OutboxQueue::new(self.engine())
    }

    fn receipts(&self) -> Receipts<'_> {
        Receipts::new(self.engine())
    }

    fn sync_checkpoints(&self) -> SyncCheckpoints<'_> {
        SyncCheckpoints::new(self.engine())
    }

    fn tags(&self) -> Tags<'_> {
        Tags::new(self)
    }
}

/// Removes the mirror of a session's chats, messages and people, in small commits.
pub async fn wipe(store: &Store, session: &SessionId) -> Result<(), StoreError> {
    let numbers = Numbers::of(store);
    store.messages().clear(session, None).await?;
    numbers.keep(store.engine()).await?;
    store.upkeep().clear_account(session).await?;
    numbers.change_listing();
    Ok(())
}
