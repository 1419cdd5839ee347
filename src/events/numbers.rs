//! Numbers of events: what the next numbers follow on, and the numbering of events before their commit.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use crate::{
    domain::{Body, Channel, Event, Identities, Timestamp, event_people::people_in},
    events::{
        channels::Channels,
        entries::{EventTables, LogEnd},
        new_event::NewEvent,
    },
    store::{Batch, Store, StoreError},
};

/// The end of the log, as far as this log knows. Each commit expects that the log ends there. Where another log on
/// the same engine has appended meanwhile, the commit fails and the end is read again. The lock around the numbers
/// saves such conflicts.
pub struct Numbers {
    end: LogEnd,
    last_of: HashMap<Uuid, u64>,
    is_shared: bool,
}

/// Events with their numbers, before their commit.
pub struct Numbered {
    /// Each with its stored size in bytes.
    pub events: Vec<(Arc<Event>, usize)>,
    /// Bodies whose identity is in the log already.
    pub known: Vec<Body>,
    last_of: HashMap<Uuid, u64>,
    pub ends_at: u64,
}

impl Numbers {
    pub fn after(end: LogEnd) -> Self {
        Self { end, last_of: HashMap::new(), is_shared: false }
    }

    pub fn last(&self) -> u64 {
        self.end.seq
    }

    /// Whether another log was seen to append.
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// The channel is gone: its next number is read from the store, should it come back.
    pub fn forget(&mut self, channel: Uuid) {
        self.last_of.remove(&channel);
    }

    /// Continues from where the log ends now. Returns that end if another log on the same engine has appended.
    pub async fn follow_others(&mut self, store: &Store) -> Result<Option<u64>, StoreError> {
        let end = store.events().end().await?;
        if end.seq == self.end.seq {
            return Ok(None);
        }
        let bytes = end.bytes;
        *self = Self { end, last_of: HashMap::new(), is_shared: true };
        Ok(Some(bytes))
    }

    /// Numbers events and adds them to a batch. Events whose identity is in the log already are left out. Each event
    /// stores the identities of its own people out of `people`.
    pub async fn number(
        &self,
        store: &Store,
        channels: &Channels,
        (news, people, at): (Vec<NewEvent>, &Identities, Timestamp),
        batch: &mut Batch,
    ) -> Result<Numbered, StoreError> {
        let stored = store.events();
        let (mut last, mut ends_at) = (self.end.seq, self.end.bytes);
        let (mut events, mut known) = (Vec::with_capacity(news.len()), Vec::new());
        let (mut identities, mut last_of) = (Vec::new(), HashMap::new());
        for NewEvent { channel, body } in news {
            let channel = channel.map(|id| Channel { uuid: channels.uuid_of(&id), id });
            let uuid = channel.as_ref().map(|channel| channel.uuid).unwrap_or_default();
            if let Some(identity) = body.identity() {
                let identity = (uuid, identity.into_owned());
                if identities.contains(&identity)
                    || stored.number_of(uuid, &identity.1).await?.is_some()
                {
                    known.push(body);
                    continue;
                }
                identities.push(identity);
            }
            let before = match last_of.get(&uuid).or_else(|| self.last_of.get(&uuid)) {
                Some(last) => *last,
                None => stored.newest_of(uuid).await?.map_or(0, |event| event.channel_seq),
            };
            let (channel_seq, id) = (before + 1, Uuid::now_v7());
            last_of.insert(uuid, channel_seq);
            last += 1;
            let named = body.whatsapp().map(people_in).unwrap_or_default();
            let identities = people.pairs_of(&named);
            let event = Event { seq: last, id, channel, channel_seq, at, body, identities };
            let starts_at = ends_at;
            ends_at = stored.append_in(batch, &event, starts_at)?;
            let bytes = usize::try_from(ends_at - starts_at).unwrap_or(usize::MAX);
            events.push((Arc::new(event), bytes));
        }
        if !events.is_empty() {
            stored.expect_end_in(batch, &self.end)?;
        }
        Ok(Numbered { events, known, last_of, ends_at })
    }

    /// Takes over the numbers of events that are committed.
    pub fn committed(&mut self, numbered: &Numbered) {
        if let Some((last, _)) = numbered.events.last() {
            self.end = LogEnd::at(last, numbered.ends_at);
        }
        self.last_of.extend(numbered.last_of.iter().map(|(channel, last)| (*channel, *last)));
    }
}
