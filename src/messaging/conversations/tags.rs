//! Tags: labels for conversations. Each change checks what it depends on in its transaction.

use std::sync::Arc;

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    domain::{
        Clock, Error, ErrorCode, Jid, SessionId, Subject,
        conversation::{ConversationRecord, Tag},
    },
    events::{NewEvent, Work},
    messaging::{
        conversations::{chat_event::ChatEvent, local_changes::log_in},
        inbound::{event_writer::EventWriter, ingest::Ingest},
        stored::MessagingTables,
    },
    store::{Batch, Record, Store, StoreError},
};

const LONGEST_NAME: usize = 50;
const MOST_TAGS: usize = 1_000;
/// Tags that are named for one conversation.
const MOST_NAMED: usize = 50;
/// Conversations that a tag is removed from in one commit.
const AT_ONCE: usize = 100;

/// Clones are the same service.
#[derive(Clone)]
pub struct Tags {
    store: Store,
    writer: EventWriter,
    clock: Clock,
    /// Held while tags change. It saves conflicts, no more.
    changing: Arc<Mutex<()>>,
}

impl Tags {
    pub fn new(store: Store, ingest: &Ingest, clock: Clock) -> Self {
        Self { store, writer: ingest.writer().clone(), clock, changing: Arc::default() }
    }

    /// All tags, in the order of their creation.
    pub async fn list(&self) -> Result<Vec<Tag>, Error> {
        Ok(self.store.tags().list().await?)
    }

    pub async fn get(&self, id: Uuid) -> Result<Tag, Error> {
        self.store.tags().get(id).await?.ok_or_else(|| unknown(&id.to_string()))
    }

    /// The number of conversations with a tag, of one session or of all.
    pub async fn count(&self, tag: Uuid, session: Option<&SessionId>) -> Result<usize, Error> {
        Ok(self.store.conversations().count_with_tag(tag, session).await?)
    }

    pub async fn create(&self, name: &str, color: &str) -> Result<Tag, Error> {
        let _held = self.changing.lock().await;
        let (id, now) = (Uuid::now_v7(), self.clock.now());
        let mut work = self.writer.work();
        loop {
            let name = free_name(work.store(), name, None).await;
            let (name, color) = Error::both(name, checked_color(color))?;
            let tag = Tag { id, name, color, created_at: now, updated_at: now };
            work.put(&Tag::key().uuid(id), &tag).await?;
            work.append(NewEvent::of_module(None, &ChatEvent::TagCreated { tag: tag.clone() })?);
            if let Some(events) = work.commit().await? {
                self.writer.publish_events(&events).await?;
                return Ok(tag);
            }
        }
    }

    pub async fn change(
        &self,
        id: Uuid,
        name: Option<&str>,
        color: Option<&str>,
    ) -> Result<Tag, Error> {
        let _held = self.changing.lock().await;
        let (key, now) = (Tag::key().uuid(id), self.clock.now());
        let mut work = self.writer.work();
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
            if let Some(events) = work.commit().await? {
                self.writer.publish_events(&events).await?;
                return Ok(tag);
            }
        }
    }

    /// Deletes a tag, and removes it from all conversations. The last of them and the tag are one commit, so that no
    /// conversation carries a tag that is gone, however this is cut off.
    pub async fn remove(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.changing.lock().await;
        let key = Tag::key().uuid(id);
        let mut work = self.writer.work();
        loop {
            let tag = work.get(&key).await?.ok_or_else(|| unknown(&id.to_string()))?;
            let is_last = self.untag_some(&mut work, id).await?;
            if is_last {
                work.delete(&key).await?;
                work.append(NewEvent::of_module(None, &ChatEvent::TagDeleted { tag })?);
            }
            if let Some(events) = work.commit().await? {
                self.writer.publish_events(&events).await?;
                if is_last {
                    return Ok(());
                }
            }
        }
    }

    /// Removes a tag from some conversations. Whether these are the last, also when this is committed.
    async fn untag_some(&self, work: &mut Work<'_>, id: Uuid) -> Result<bool, Error> {
        // Who adds a tag changes this: a conversation that got the tag meanwhile makes the transaction run again.
        work.store().tags().additions().await?;
        let tagged = work.store().conversations().with_tag(id, None, AT_ONCE).await?;
        let is_last = tagged.len() < AT_ONCE;
        for former in tagged {
            let mut record = ConversationRecord { changed_at: self.clock.now(), ..former.clone() };
            let tags = former.inbox.tags.iter().filter(|tag| **tag != id).copied().collect();
            let event = ChatEvent::of_tags(&mut record, tags, false);
            put_conversation(work.store(), &former, &record).await?;
            log_in(work, &former.session, event)?;
        }
        Ok(is_last)
    }

    /// Replaces the tags of a conversation. A tag that is deleted meanwhile makes the transaction run again, and is
    /// refused then.
    pub async fn set(
        &self,
        conversation: &ConversationRecord,
        mut tags: Vec<Uuid>,
    ) -> Result<(), Error> {
        tags.sort_unstable();
        tags.dedup();
        let keys: Vec<_> = tags.iter().map(|tag| Tag::key().uuid(*tag)).collect();
        let held = self.writer.lock(&conversation.session).await;
        let mut work = self.writer.work();
        let events = loop {
            let known = work.store().get_many(&keys).await?;
            if let Some((tag, _)) = tags.iter().zip(&known).find(|(_, known)| known.is_none()) {
                return Err(Error::invalid_field("tag_ids", format!("name no tag with {tag}")));
            }
            if !self.replace(&mut work, conversation, tags.clone(), false).await? {
                return Ok(());
            }
            if let Some(events) = work.commit().await? {
                break events;
            }
        };
        drop(held);
        Ok(self.writer.publish_events(&events).await?)
    }

    /// Refuses names that [`Self::set_named`] would refuse now.
    pub async fn check_names(&self, names: &[String]) -> Result<(), Error> {
        let mut new = 0;
        for name in checked_names(names)? {
            new += usize::from(self.store.tags().by_name(&name).await?.is_none());
        }
        check_room(&self.store, new).await
    }

    /// Replaces the tags of a conversation by those of these names, in any case. Those that there are none of are made
    /// in the same commit.
    pub async fn set_named(
        &self,
        conversation: &ConversationRecord,
        names: &[String],
        color: &str,
    ) -> Result<(), Error> {
        let (names, color) = Error::both(checked_names(names), checked_color(color))?;
        let _held = self.changing.lock().await;
        let held = self.writer.lock(&conversation.session).await;
        let mut work = self.writer.work();
        let events = loop {
            let tags = self.named_in(&mut work, &names, &color).await?;
            if !self.replace(&mut work, conversation, tags, false).await? {
                return Ok(());
            }
            if let Some(events) = work.commit().await? {
                break events;
            }
        };
        drop(held);
        Ok(self.writer.publish_events(&events).await?)
    }

    /// Adds and removes tags of a conversation by their names, within a transaction, as an effect of a rule or a flow.
    /// Those to be added that there are none of are made.
    pub async fn retag_in(
        &self,
        work: &mut Work<'_>,
        (session, chat): (&SessionId, &Jid),
        (add, remove): (&[String], &[String]),
        color: &str,
    ) -> Result<(), Error> {
        let (add, remove) = Error::both(checked_names(add), checked_names(remove))?;
        let Some(record) = work.store().conversations().get(session, chat).await? else {
            return Ok(());
        };
        let mut tags = record.inbox.tags.clone();
        for name in &remove {
            if let Some(gone) = work.store().tags().by_name(name).await? {
                tags.retain(|tag| *tag != gone.id);
            }
        }
        let added = self.named_in(work, &add, color).await?;
        tags.extend(added.into_iter().filter(|tag| !record.inbox.tags.contains(tag)));
        if MOST_NAMED < tags.len() {
            return Err(Error::invalid_field("tags", "must be at most 50"));
        }
        tags.dedup();
        if tags != record.inbox.tags {
            self.replace(work, &record, tags, true).await?;
        }
        Ok(())
    }

    /// The tags of these names, in any case, within a transaction. Those that there are none of are made.
    async fn named_in(
        &self,
        work: &mut Work<'_>,
        names: &[String],
        color: &str,
    ) -> Result<Vec<Uuid>, Error> {
        let (now, mut tags, mut new) = (self.clock.now(), Vec::new(), Vec::new());
        for name in names {
            if let Some(tag) = work.store().tags().by_name(name).await? {
                tags.push(tag.id);
                continue;
            }
            let (id, name, color) = (Uuid::now_v7(), name.clone(), color.to_owned());
            new.push(Tag { id, name, color, created_at: now, updated_at: now });
            tags.push(id);
        }
        if !new.is_empty() {
            work.store().tags().note_creation().await?;
            check_room(work.store(), new.len()).await?;
        }
        for tag in new {
            work.put(&Tag::key().uuid(tag.id), &tag).await?;
            work.append(NewEvent::of_module(None, &ChatEvent::TagCreated { tag })?);
        }
        Ok(tags)
    }

    /// Replaces the tags of a conversation in a transaction. False where the conversation is gone.
    async fn replace(
        &self,
        work: &mut Work<'_>,
        conversation: &ConversationRecord,
        mut tags: Vec<Uuid>,
        automatic: bool,
    ) -> Result<bool, Error> {
        tags.sort_unstable();
        let (session, chat) = (&conversation.session, &conversation.chat);
        let stored = work.store().conversations();
        let Some(former) = stored.get(session, chat).await? else { return Ok(false) };
        let mut record = ConversationRecord { changed_at: self.clock.now(), ..former.clone() };
        if tags.iter().any(|tag| !former.inbox.tags.contains(tag)) {
            work.store().tags().note_addition().await?;
        }
        let event = ChatEvent::of_tags(&mut record, tags, automatic);
        put_conversation(work.store(), &former, &record).await?;
        log_in(work, session, event)?;
        Ok(true)
    }
}

/// The names without blanks around them, each once whatever its case.
fn checked_names(names: &[String]) -> Result<Vec<String>, Error> {
    let mut checked: Vec<String> = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        if name.is_empty() || LONGEST_NAME < name.chars().count() {
            return Err(Error::invalid_field("tags", "must have 1 to 50 characters each"));
        }
        if !checked.iter().any(|known| known.to_lowercase() == name.to_lowercase()) {
            checked.push(name.to_owned());
        }
    }
    if MOST_NAMED < checked.len() {
        return Err(Error::invalid_field("tags", "must be at most 50"));
    }
    Ok(checked)
}

async fn check_room(store: &Store, new: usize) -> Result<(), Error> {
    if 0 < new && MOST_TAGS < store.tags().list().await?.len() + new {
        let message = "there are 1,000 tags already; delete one first";
        return Err(Error::new(ErrorCode::Conflict, message));
    }
    Ok(())
}

async fn put_conversation(
    store: &Store,
    former: &ConversationRecord,
    record: &ConversationRecord,
) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    store.conversations().put_in(&mut batch, Some(former), record)?;
    store.commit(batch).await
}

/// Checks a name for a new tag, or for the tag `of`. No other tag has the name when the transaction is committed.
async fn free_name(store: &Store, name: &str, of: Option<Uuid>) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || LONGEST_NAME < name.chars().count() {
        return Err(Error::invalid_field("name", "must have 1 to 50 characters"));
    }
    let tags = store.tags();
    if of.is_none() {
        tags.note_creation().await?;
        check_room(store, 1).await?;
    }
    match tags.by_name(name).await? {
        Some(other) if Some(other.id) != of => {
            Err(Error::invalid_field("name", "has already been taken"))
        }
        _ => Ok(name.to_owned()),
    }
}

/// A color in the form in which it is stored.
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
    use super::*;
    use crate::{
        domain::{Clock, EventBody, Message, clock::from_seconds},
        events::{EventLog, EventTables},
    };

    /// The tags of two gateways on one engine.
    async fn gateways() -> [Tags; 2] {
        let mut gateways = Vec::new();
        for store in Store::two_on_one_engine(0).await {
            let log = EventLog::open(store.clone(), Clock::system()).await.unwrap();
            let ingest = Ingest::new(store.clone(), log, Clock::system());
            gateways.push(Tags::new(store, &ingest, Clock::system()));
        }
        gateways.try_into().unwrap_or_else(|_| unreachable!())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_tags_of_one_name_made_at_once_one_is_refused() {
        let gateways = gateways().await;
        for round in 0..100 {
            let names = [format!("Élan {round}"), format!("ÉLAN {round}")];
            let makings = gateways.iter().cloned().zip(names).map(|(gateway, name)| {
                tokio::spawn(async move { gateway.create(&name, "#f59e0b").await })
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
        let tag = gateway.create("new", "#f59e0b").await.unwrap();
        gateway.change(tag.id, Some("New"), None).await.unwrap();
        gateway.create("NEW", "#f59e0b").await.unwrap_err();
        gateway.change(tag.id, Some("old"), None).await.unwrap();
        let other = gateway.create("NEW", "#f59e0b").await.unwrap();
        gateway.change(tag.id, Some("new"), None).await.unwrap_err();
        gateway.remove(other.id).await.unwrap();
        gateway.change(tag.id, Some("new"), None).await.unwrap();
    }

    #[tokio::test]
    async fn the_last_conversations_lose_a_tag_in_the_commit_that_deletes_it() {
        let [gateway, _] = gateways().await;
        let session: SessionId = "s".parse().unwrap();
        let tag = gateway.create("tag", "#f59e0b").await.unwrap().id;
        for number in 0..AT_ONCE + 5 {
            let chat = format!("{}@c.us", 15_550_000_000 + number);
            let id = format!("false_{chat}_K").parse().unwrap();
            let message = Message::text(id, chat.parse().unwrap(), "words", from_seconds(1));
            let came = EventBody::Message { message: Box::new(message) };
            gateway.writer.commit(&session, came).await.unwrap();
            let found = gateway.store.conversations().get(&session, &chat.parse().unwrap()).await;
            gateway.set(&found.unwrap().unwrap(), vec![tag]).await.unwrap();
        }
        gateway.remove(tag).await.unwrap();
        assert_eq!(gateway.store.conversations().count_with_tag(tag, None).await.unwrap(), 0);
        let end = gateway.store.events().end().await.unwrap().seq;
        let events = gateway.store.events().between(end - 6, end, 9).await.unwrap();
        let events: Vec<ChatEvent> = events.iter().filter_map(|one| one.body.read()).collect();
        let is_of_a_chat =
            |event: &ChatEvent| matches!(event, ChatEvent::ConversationTagged { .. });
        assert_eq!(events.iter().filter(|event| is_of_a_chat(event)).count(), 5, "{events:?}");
        assert!(matches!(events.last(), Some(ChatEvent::TagDeleted { .. })), "{events:?}");
    }

    #[tokio::test]
    async fn tags_are_set_by_their_names_and_new_ones_are_made_with_it_or_not_at_all() {
        let [gateway, _] = gateways().await;
        let (session, chat) = ("s".parse::<SessionId>().unwrap(), "15550000001@c.us");
        let id = format!("false_{chat}_K").parse().unwrap();
        let message = Message::text(id, chat.parse().unwrap(), "words", from_seconds(1));
        let came = EventBody::Message { message: Box::new(message) };
        gateway.writer.commit(&session, came).await.unwrap();
        let read = async || {
            let found = gateway.store.conversations().get(&session, &chat.parse().unwrap()).await;
            found.unwrap().unwrap()
        };
        let record = read().await;
        let vip = gateway.create("VIP", "#f59e0b").await.unwrap().id;
        let names = ["vip", " New ", "NEW"].map(str::to_owned);
        gateway.set_named(&record, &names, "#64748b").await.unwrap();
        let all = gateway.list().await.unwrap();
        assert_eq!(all.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>(), ["VIP", "New"]);
        let tags = read().await.inbox.tags;
        assert!(tags.len() == 2 && tags.contains(&vip) && tags.contains(&all[1].id), "{tags:?}");
        let many: Vec<String> = (0..=MOST_NAMED).map(|number| number.to_string()).collect();
        for wrong in [&["other".to_owned(), String::new()][..], &["x".repeat(51)], &many] {
            gateway.check_names(wrong).await.unwrap_err();
            gateway.set_named(&record, wrong, "#64748b").await.unwrap_err();
        }
        assert_eq!((gateway.list().await.unwrap(), read().await.inbox.tags), (all, tags));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_tag_that_is_removed_while_it_is_put_on_is_on_no_conversation() {
        let gateways = gateways().await;
        let (session, chat) = ("s".parse::<SessionId>().unwrap(), "15550000001@c.us");
        let id = format!("false_{chat}_K").parse().unwrap();
        let message = Message::text(id, chat.parse().unwrap(), "words", from_seconds(1));
        let came = EventBody::Message { message: Box::new(message) };
        gateways[0].writer.commit(&session, came).await.unwrap();
        let stored = gateways[0].store.conversations();
        let record = stored.get(&session, &chat.parse().unwrap()).await.unwrap().unwrap();
        for round in 0..50 {
            let [one, other] = gateways.clone();
            let tag = one.create(&format!("tag {round}"), "#f59e0b").await.unwrap().id;
            let record = record.clone();
            let putting = tokio::spawn(async move { other.set(&record, vec![tag]).await });
            one.remove(tag).await.unwrap();
            // It is put on before, or refused.
            let _ = putting.await.unwrap();
            assert_eq!(stored.count_with_tag(tag, None).await.unwrap(), 0, "round {round}");
        }
    }
}
