//! Labels for conversations: made, changed, and put on. What a change rests on is read in its transaction.

use uuid::Uuid;

use crate::{
    domain::{
        Error, ErrorCode, SessionId, Subject,
        conversation::{ConversationRecord, Tag},
    },
    events::NewEvent,
    messaging::{ChatEvent, Ingest, Messaging, keeping::tell_in},
    store::{Batch, Record, Store},
};

const LONGEST_NAME: usize = 50;
const MOST_TAGS: usize = 1_000;
/// Conversations that a tag is taken from at once.
const AT_ONCE: usize = 500;

impl Messaging {
    /// In the order of their making.
    pub async fn tags(&self) -> Result<Vec<Tag>, Error> {
        Ok(self.store.tags().list().await?)
    }

    pub async fn tag(&self, id: Uuid) -> Result<Tag, Error> {
        self.store.tags().get(id).await?.ok_or_else(|| unknown(&id.to_string()))
    }

    /// How many conversations bear a tag, of one session or of all.
    pub async fn tagged(&self, tag: Uuid, session: Option<&SessionId>) -> Result<usize, Error> {
        Ok(self.store.conversations().count_with_tag(tag, session).await?)
    }

    pub async fn create_tag(&self, name: &str, color: &str) -> Result<Tag, Error> {
        self.ingest.create_tag(name, color).await
    }

    pub async fn change_tag(
        &self,
        id: Uuid,
        name: Option<&str>,
        color: Option<&str>,
    ) -> Result<Tag, Error> {
        self.ingest.change_tag(id, name, color).await
    }

    /// Removes a tag, from all conversations too.
    pub async fn remove_tag(&self, id: Uuid) -> Result<(), Error> {
        self.ingest.remove_tag(id).await
    }

    /// Puts exactly these tags on a conversation.
    pub async fn set_tags(
        &self,
        conversation: &ConversationRecord,
        tags: Vec<Uuid>,
    ) -> Result<(), Error> {
        self.ingest.set_tags(conversation, tags).await
    }
}

impl Ingest {
    async fn create_tag(&self, name: &str, color: &str) -> Result<Tag, Error> {
        let _held = self.tagging.lock().await;
        let (id, now) = (Uuid::now_v7(), self.clock.now());
        let mut work = self.log.work();
        loop {
            let name = free_name(work.store(), name, None).await;
            let (name, color) = Error::both(name, checked_color(color))?;
            let tag = Tag { id, name, color, created_at: now, updated_at: now };
            work.put(&Tag::key().uuid(id), &tag).await?;
            work.append(NewEvent::of_module(None, &ChatEvent::TagCreated { tag: tag.clone() })?);
            if let Some(told) = work.commit().await? {
                self.tell_own(&told).await?;
                return Ok(tag);
            }
        }
    }

    async fn change_tag(
        &self,
        id: Uuid,
        name: Option<&str>,
        color: Option<&str>,
    ) -> Result<Tag, Error> {
        let _held = self.tagging.lock().await;
        let (key, now) = (Tag::key().uuid(id), self.clock.now());
        let mut work = self.log.work();
        loop {
            let mut tag = work.get(&key).await?.ok_or_else(|| unknown(&id.to_string()))?;
            let (former_name, former_color) = (tag.name.clone(), tag.color.clone());
            let name = match name {
                Some(name) => free_name(work.store(), name, Some(id)).await.map(Some),
                None => Ok(None),
            };
            let (name, color) = Error::both(name, color.map(checked_color).transpose())?;
            tag.name = name.unwrap_or(tag.name);
            tag.color = color.unwrap_or(tag.color);
            tag.updated_at = now;
            work.put(&key, &tag).await?;
            let event = ChatEvent::TagChanged { tag: tag.clone(), former_name, former_color };
            work.append(NewEvent::of_module(None, &event)?);
            if let Some(told) = work.commit().await? {
                self.tell_own(&told).await?;
                return Ok(tag);
            }
        }
    }

    async fn remove_tag(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.tagging.lock().await;
        let key = Tag::key().uuid(id);
        let gone = || unknown(&id.to_string());
        self.store.tags().get(id).await?.ok_or_else(gone)?;
        self.take_off(id).await?;
        let mut work = self.log.work();
        let told = loop {
            let tag = work.get(&key).await?.ok_or_else(gone)?;
            work.delete(&key).await?;
            work.append(NewEvent::of_module(None, &ChatEvent::TagDeleted { tag })?);
            if let Some(told) = work.commit().await? {
                break told;
            }
        };
        // Somebody may have put it on a conversation just before; from now on nobody can.
        self.take_off(id).await?;
        Ok(self.tell_own(&told).await?)
    }

    /// Takes a tag off all conversations.
    async fn take_off(&self, id: Uuid) -> Result<(), Error> {
        loop {
            let bearers = self.store.conversations().with_tag(id, None, AT_ONCE).await?;
            if bearers.is_empty() {
                return Ok(());
            }
            for record in bearers {
                let take_off = |record: &mut ConversationRecord| {
                    let tags = record.tags.iter().filter(|tag| **tag != id).copied().collect();
                    ChatEvent::of_tags(record, tags)
                };
                self.change_conversation(&record.session, &record.chat, take_off).await?;
            }
        }
    }

    /// Tags that are removed meanwhile make the work run again, and are refused then.
    async fn set_tags(
        &self,
        conversation: &ConversationRecord,
        mut tags: Vec<Uuid>,
    ) -> Result<(), Error> {
        tags.sort_unstable();
        tags.dedup();
        let keys: Vec<_> = tags.iter().map(|tag| Tag::key().uuid(*tag)).collect();
        let (session, chat) = (&conversation.session, &conversation.chat);
        let now = self.clock.now();
        let lock = self.lock_of(session);
        let held = lock.lock().await;
        let mut work = self.log.work();
        let told = loop {
            let (store, mut batch) = (work.store(), Batch::new());
            let known = store.get_many(&keys).await?;
            if let Some((tag, _)) = tags.iter().zip(&known).find(|(_, known)| known.is_none()) {
                return Err(Error::invalid_field("tag_ids", format!("name no tag with {tag}")));
            }
            let stored = store.conversations();
            let Some(former) = stored.get(session, chat).await? else { return Ok(()) };
            let mut record = ConversationRecord { changed_at: now, ..former.clone() };
            let event = ChatEvent::of_tags(&mut record, tags.clone());
            stored.put_in(&mut batch, Some(&former), &record)?;
            store.commit(batch).await?;
            tell_in(&mut work, session, event)?;
            if let Some(told) = work.commit().await? {
                break told;
            }
        };
        drop(held);
        Ok(self.tell_own(&told).await?)
    }
}

/// A name that a new tag, or the tag given, may have: no other has it when the work is committed.
async fn free_name(store: &Store, name: &str, of: Option<Uuid>) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || LONGEST_NAME < name.chars().count() {
        return Err(Error::invalid_field("name", "must have 1 to 50 characters"));
    }
    let tags = store.tags();
    if of.is_none() {
        tags.note_creation().await?;
        if MOST_TAGS <= tags.list().await?.len() {
            return Err(Error::new(ErrorCode::Conflict, "there are 1,000 tags already"));
        }
    }
    match tags.by_name(name).await? {
        Some(other) if Some(other.id) != of => {
            Err(Error::invalid_field("name", "has already been taken"))
        }
        _ => Ok(name.to_owned()),
    }
}

/// A color as it is kept.
pub fn checked_color(color: &str) -> Result<String, Error> {
    let digits = color.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(color.to_lowercase());
    }
    Err(Error::invalid_field("color", "must be a color such as #f59e0b"))
}

fn unknown(id: &str) -> Error {
    Error::not_found(Subject::Tag, format!("there is no tag '{id}'"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::{Clock, EventBody, Message, clock::from_seconds},
        events::EventLog,
        session::EventSink,
    };

    async fn gateways() -> [Arc<Ingest>; 2] {
        let mut gateways = Vec::new();
        for store in Store::two_on_one_engine(0).await {
            let log = EventLog::open(store.clone(), Clock::system()).await.unwrap();
            gateways.push(Ingest::new(store, log, Clock::system()));
        }
        gateways.try_into().unwrap_or_else(|_| unreachable!())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_tags_of_one_name_made_at_once_one_is_refused() {
        let gateways = gateways().await;
        for round in 0..100 {
            let names = [format!("Élan {round}"), format!("ÉLAN {round}")];
            let makings = gateways.iter().cloned().zip(names).map(|(gateway, name)| {
                tokio::spawn(async move { gateway.create_tag(&name, "#f59e0b").await })
            });
            let made = futures_util::future::join_all(makings).await;
            let made: Vec<bool> = made.into_iter().map(|made| made.unwrap().is_ok()).collect();
            assert_eq!(made.iter().filter(|made| **made).count(), 1, "{round}: {made:?}");
        }
        assert_eq!(gateways[0].store.tags().list().await.unwrap().len(), 100);
    }

    #[tokio::test]
    async fn a_tag_gives_up_its_name_and_may_take_another_case_of_it() {
        let [gateway, _] = gateways().await;
        let tag = gateway.create_tag("new", "#f59e0b").await.unwrap();
        gateway.change_tag(tag.id, Some("New"), None).await.unwrap();
        gateway.create_tag("NEW", "#f59e0b").await.unwrap_err();
        gateway.change_tag(tag.id, Some("old"), None).await.unwrap();
        let other = gateway.create_tag("NEW", "#f59e0b").await.unwrap();
        gateway.change_tag(tag.id, Some("new"), None).await.unwrap_err();
        gateway.remove_tag(other.id).await.unwrap();
        gateway.change_tag(tag.id, Some("new"), None).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_tag_that_is_removed_while_it_is_put_on_is_on_no_conversation() {
        let gateways = gateways().await;
        let (session, chat) = ("s".parse::<SessionId>().unwrap(), "15550000001@c.us");
        let id = format!("false_{chat}_K").parse().unwrap();
        let message = Message::text(id, chat.parse().unwrap(), "words", from_seconds(1));
        let came = EventBody::Message { message: Box::new(message) };
        gateways[0].ingest(&session, vec![came]).await.unwrap();
        let stored = gateways[0].store.conversations();
        let record = stored.get(&session, &chat.parse().unwrap()).await.unwrap().unwrap();
        for round in 0..50 {
            let [one, other] = gateways.clone();
            let tag = one.create_tag(&format!("tag {round}"), "#f59e0b").await.unwrap().id;
            let record = record.clone();
            let putting = tokio::spawn(async move { other.set_tags(&record, vec![tag]).await });
            one.remove_tag(tag).await.unwrap();
            // It is put on before, or refused.
            let _ = putting.await.unwrap();
            assert_eq!(stored.count_with_tag(tag, None).await.unwrap(), 0, "round {round}");
        }
    }
}
