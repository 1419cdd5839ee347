//! Messages out and in, and the mirror of chats, messages and contacts.
//!
//! Out: a send gets its message id before the engine receives it (`outbound`). In: an event of a session, and what
//! it changes in the mirror, are one commit (`inbound`). Reads come from the mirror, and from the engine where the
//! mirror has gaps (`conversations`, `directory`). `sync` finds what a session missed. No wire format is known here.

mod conversations;
mod directory;
mod engines;
mod groups;
mod identities;
mod inbound;
mod media;
mod mentions;
mod outbound;
mod read_only_chats;
mod session_cleanup;
mod stored;
mod sync;

use std::{path::PathBuf, sync::Arc};

use self::{
    conversations::local_changes::LocalChanges, engines::Engines, media::folder::MediaFolder,
    outbound::sends::SendsParts,
};
pub use self::{
    conversations::{
        chat_event::ChatEvent,
        chats::Chats,
        conversation::{Conversation, ConversationName, FoundMessage, unknown_conversation},
        history::{History, HistoryPage},
        list::{ConversationFilter, ConversationSearch},
        message_filter::{MessageFilter, MessageStatus},
        messages::Messages,
        service::Conversations,
        tags::{Tags, checked_color},
    },
    directory::Directory,
    groups::Groups,
    identities::other_id,
    inbound::{ingest::Ingest, menu_replies::note_menu_reply},
    media::{
        library::{Hold, Library, LibraryFile},
        message_files::{MessageFiles, StoredMedia},
        uploads::{self, TemporaryFile, UploadLimits, Uploads},
    },
    outbound::{
        message_actions::MessageActions,
        message_rules::{Change, Refusal, check_unsent},
        outbox::{
            Along, Outbox, OutboxParts, OutboxSettings, Pace, QueueStats, Readiness, Reservation,
            Reservations, SendOutcome,
        },
        outgoing_message::unsent_message,
        send_request::SendRequest,
        send_results::SendResults,
        sends::Sends,
    },
    session_cleanup::SessionCleanup,
    stored::{MessageRecord, MessagingTables, Place, Reindexing, TABLES},
};
use crate::{domain::Clock, session::Supervisor, store::Store};

/// What the services of this module need.
pub struct MessagingParts {
    pub store: Store,
    pub supervisor: Supervisor,
    pub ingest: Arc<Ingest>,
    pub outbox: Outbox,
    pub clock: Clock,
    /// The files of messages, in a folder for each session.
    pub media_dir: PathBuf,
    pub upload_limits: UploadLimits,
}

/// The services of this module. Clones are the same services.
#[derive(Clone)]
pub struct Messaging {
    pub sends: Sends,
    pub outbox: Outbox,
    pub message_actions: MessageActions,
    pub messages: Messages,
    pub message_history: History,
    pub chats: Chats,
    pub conversations: Conversations,
    pub tags: Tags,
    pub directory: Directory,
    pub groups: Groups,
    pub message_files: MessageFiles,
    pub uploads: Uploads,
    pub library: Library,
    pub session_cleanup: SessionCleanup,
}

impl Messaging {
    pub fn new(parts: MessagingParts) -> Self {
        let MessagingParts { store, supervisor, ingest, outbox, clock, media_dir, upload_limits } =
            parts;
        let (engines, library_clock) = (Engines::new(supervisor), clock.clone());
        let (local, folder) = (LocalChanges::of(&ingest), MediaFolder::new(media_dir));
        let messages = Messages::new(store.clone(), engines.clone(), &ingest);
        let directory = Directory::new(store.clone(), engines.clone(), &ingest);
        let chats = Chats::new(store.clone(), engines.clone(), local.clone());
        let message_files = MessageFiles::new(store.clone(), engines.clone(), folder.clone());
        let sends = Sends::new(SendsParts {
            store: store.clone(),
            engines: engines.clone(),
            outbox: outbox.clone(),
            messages: messages.clone(),
            directory: directory.clone(),
            files: message_files.clone(),
            clock: clock.clone(),
        });
        Self {
            sends,
            message_actions: MessageActions::new(
                store.clone(),
                engines.clone(),
                messages.clone(),
                &ingest,
                clock.clone(),
            ),
            message_history: History::new(
                store.clone(),
                engines.clone(),
                local.clone(),
                clock.clone(),
            ),
            conversations: Conversations::new(
                store.clone(),
                engines.clone(),
                chats.clone(),
                local,
                clock.clone(),
            ),
            chats,
            tags: Tags::new(store.clone(), &ingest, clock),
            groups: Groups::new(engines),
            uploads: Uploads::new(store.clone(), folder.clone(), upload_limits),
            library: Library::new(store.clone(), folder.clone(), library_clock),
            session_cleanup: SessionCleanup::new(store, &ingest, outbox.clone(), folder),
            outbox,
            messages,
            directory,
            message_files,
        }
    }
}
