//! Notes of conversations: written, listed, removed. Each change is one commit, and durable when its function returns.

use uuid::Uuid;

use crate::{
    accounts::User,
    contacts::{self, Actor, EntryKind, NewEntry},
    domain::{Clock, Error, ErrorCode, SessionId, Timestamp},
    events::{EventLog, NewEvent, Work},
    inbox::{Agent, InboxState},
    messaging::unknown_conversation,
    notes::{
        event::{NoteAdded, NoteEvent},
        mentions::named_in,
        note::Note,
    },
    store::{Store, StoreError},
};

/// Notes of one conversation, so that all of them can be counted.
pub const MOST_NOTES: usize = 1_000;
/// Characters of a note.
pub const LONGEST_NOTE: usize = 5_000;

/// Clones are the same service.
#[derive(Clone)]
pub struct Notes {
    store: Store,
    log: EventLog,
    clock: Clock,
}

/// A note to be written.
#[derive(Clone, Debug)]
pub struct NewNote<'n> {
    pub content: &'n str,
    pub author: Option<Agent>,
    /// The people who may be named in it: those who see the conversation.
    pub readers: &'n [User],
}

/// A page of notes, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct NotePage {
    pub notes: Vec<Note>,
    /// How many there are on all pages.
    pub total: usize,
}

/// Writes a note of the gateway itself within a transaction. It names nobody. None is written beyond the most.
pub async fn write_in(
    work: &mut Work<'_>,
    to: &InboxState,
    content: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let all = Note::of(&to.session, to.conversation).below();
    if MOST_NOTES <= work.store().keys(all, MOST_NOTES).await?.len() {
        let message = format!("A conversation has at most {MOST_NOTES} notes");
        return Err(Error::new(ErrorCode::Conflict, message).detail("limit", MOST_NOTES));
    }
    let note = Note {
        id: Uuid::now_v7(),
        session: to.session.clone(),
        conversation: to.conversation,
        author: None,
        content: content.to_owned(),
        mentions: Vec::new(),
        created_at: now,
    };
    work.put(&Note::at(&to.session, to.conversation, note.id), &note).await?;
    Ok(announce(work, to, &note)?)
}

/// Logs within a transaction that there is a note.
fn announce(work: &mut Work<'_>, to: &InboxState, note: &Note) -> Result<(), StoreError> {
    let (chat, conversation) = (to.chat.clone(), to.conversation);
    let added = NoteAdded { note: note.id, chat, conversation, author: note.author };
    work.append(NewEvent::of_module(Some((&to.session).into()), &added)?);
    Ok(())
}

impl Notes {
    pub fn new(store: Store, log: EventLog, clock: Clock) -> Self {
        Self { store, log, clock }
    }

    /// Writes a note beside a conversation of the inbox.
    pub async fn add(&self, to: &InboxState, new: NewNote<'_>) -> Result<Note, Error> {
        let NewNote { content, author, readers } = new;
        let content = content.trim();
        if content.is_empty() || content.chars().nth(LONGEST_NOTE).is_some() {
            return Err(Error::invalid_field("content", "must have 1 to 5,000 characters"));
        }
        let mut mentions = named_in(content, readers);
        mentions.retain(|user| author != Some(Agent::User(*user)));
        let now = self.clock.now();
        let note = Note {
            id: Uuid::now_v7(),
            session: to.session.clone(),
            conversation: to.conversation,
            author,
            content: content.to_owned(),
            mentions,
            created_at: now,
        };
        let actor = author.map_or(Actor::caller(None), Agent::actor);
        let mut work = self.log.work();
        loop {
            let known = work.get(&InboxState::at(&to.session, &to.chat)).await?;
            let known = known.filter(|known| known.conversation == to.conversation);
            let state = known.ok_or_else(|| unknown_conversation(&to.conversation.to_string()))?;
            let all = Note::of(&to.session, to.conversation).below();
            if MOST_NOTES <= work.store().keys(all, MOST_NOTES).await?.len() {
                let message = format!("A conversation has at most {MOST_NOTES} notes");
                return Err(Error::new(ErrorCode::Conflict, message).detail("limit", MOST_NOTES));
            }
            work.put(&Note::at(&to.session, to.conversation, note.id), &note).await?;
            if let Some(contact) = state.contact {
                let data = serde_json::json!({ "conversation": to.conversation, "note": note.id });
                let entry = NewEntry::new(EntryKind::NoteAdded, actor, data);
                contacts::note(&work, contact, now, vec![entry]).await?;
            }
            announce(&mut work, to, &note)?;
            for mentioned in note.mentions.iter().copied() {
                let event = NoteEvent::Mention {
                    note: note.id,
                    chat: to.chat.clone(),
                    conversation: to.conversation,
                    content: note.content.clone(),
                    mentioned,
                    author,
                };
                work.append(NewEvent::of_module(Some((&to.session).into()), &event)?);
            }
            if work.commit_durable().await? {
                return Ok(note);
            }
        }
    }

    /// Removes the notes of a conversation, which goes.
    pub async fn forget(&self, session: &SessionId, conversation: Uuid) -> Result<(), Error> {
        let mut transaction = self.store.transaction();
        loop {
            let all = Note::of(session, conversation).below();
            let all = transaction.store().select(all, MOST_NOTES).await?;
            if all.is_empty() {
                return Ok(());
            }
            for note in all {
                transaction.delete(&Note::at(session, conversation, note.id)).await?;
            }
            if transaction.commit().await? {
                return Ok(self.store.durable().await?);
            }
        }
    }

    /// The notes behind the first `skipped` ones, newest first, at most `limit`.
    pub async fn list(
        &self,
        session: &SessionId,
        conversation: Uuid,
        (skipped, limit): (usize, usize),
    ) -> Result<NotePage, Error> {
        let all = || Note::of(session, conversation).below().backward();
        let total = self.store.keys(all(), MOST_NOTES).await?.len();
        if total <= skipped {
            return Ok(NotePage { notes: Vec::new(), total });
        }
        let found = self.store.select(all(), skipped.saturating_add(limit)).await?;
        Ok(NotePage { notes: found.into_iter().skip(skipped).collect(), total })
    }
}
