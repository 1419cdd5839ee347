//! Labels for conversations: made, changed, and put on.

use uuid::Uuid;

use crate::{
    domain::{
        Error, ErrorCode, SessionId, Subject,
        conversation::{ConversationRecord, Tag},
    },
    events::NewEvent,
    messaging::{ChatEvent, Messaging},
    store::Record,
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
        let _held = self.tagging.lock().await;
        let (name, color) = Error::both(self.checked_name(name, None).await, checked_color(color))?;
        let now = self.clock.now();
        let tag = Tag { id: Uuid::now_v7(), name, color, created_at: now, updated_at: now };
        self.write_tag(tag.id, Some(&tag), &ChatEvent::TagCreated { tag: tag.clone() }).await?;
        Ok(tag)
    }

    pub async fn change_tag(
        &self,
        id: Uuid,
        name: Option<&str>,
        color: Option<&str>,
    ) -> Result<Tag, Error> {
        let _held = self.tagging.lock().await;
        let mut tag = self.tag(id).await?;
        let (former_name, former_color) = (tag.name.clone(), tag.color.clone());
        let name = match name {
            Some(name) => self.checked_name(name, Some(id)).await.map(Some),
            None => Ok(None),
        };
        let (name, color) = Error::both(name, color.map(checked_color).transpose())?;
        tag.name = name.unwrap_or(tag.name);
        tag.color = color.unwrap_or(tag.color);
        tag.updated_at = self.clock.now();
        let event = ChatEvent::TagChanged { tag: tag.clone(), former_name, former_color };
        self.write_tag(id, Some(&tag), &event).await?;
        Ok(tag)
    }

    /// Removes a tag, from all conversations too.
    pub async fn remove_tag(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.tagging.lock().await;
        let tag = self.tag(id).await?;
        loop {
            let bearers = self.store.conversations().with_tag(id, None, AT_ONCE).await?;
            if bearers.is_empty() {
                break;
            }
            for record in bearers {
                let take_off = |record: &mut ConversationRecord| {
                    let tags = record.tags.iter().filter(|tag| **tag != id).copied().collect();
                    ChatEvent::of_tags(record, tags)
                };
                self.ingest.change_conversation(&record.session, &record.chat, take_off).await?;
            }
        }
        self.write_tag(id, None, &ChatEvent::TagDeleted { tag }).await
    }

    /// Writes or removes a tag, and tells it. Durable on return.
    async fn write_tag(&self, id: Uuid, tag: Option<&Tag>, event: &ChatEvent) -> Result<(), Error> {
        let mut work = self.ingest.log.work();
        let key = Tag::key().uuid(id);
        loop {
            match tag {
                Some(tag) => work.put(&key, tag).await?,
                None => work.delete(&key).await?,
            }
            work.append(NewEvent::of_module(None, event)?);
            if let Some(told) = work.commit().await? {
                return Ok(self.ingest.tell_own(&told).await?);
            }
        }
    }

    /// Puts exactly these tags on a conversation.
    pub async fn set_tags(
        &self,
        conversation: &ConversationRecord,
        mut tags: Vec<Uuid>,
    ) -> Result<(), Error> {
        let _held = self.tagging.lock().await;
        tags.sort_unstable();
        tags.dedup();
        for tag in &tags {
            let known = self.store.tags().get(*tag).await?;
            known.ok_or_else(|| {
                Error::invalid_field("tag_ids", format!("name no tag with {tag}"))
            })?;
        }
        let now = self.clock.now();
        let change = |record: &mut ConversationRecord| {
            record.changed_at = now;
            ChatEvent::of_tags(record, tags.clone())
        };
        let (session, chat) = (&conversation.session, &conversation.chat);
        self.ingest.change_conversation(session, chat, change).await?;
        Ok(())
    }

    async fn checked_name(&self, name: &str, of: Option<Uuid>) -> Result<String, Error> {
        let name = name.trim();
        if name.is_empty() || LONGEST_NAME < name.chars().count() {
            return Err(Error::invalid_field("name", "must have 1 to 50 characters"));
        }
        let others = self.store.tags().list().await?;
        if of.is_none() && MOST_TAGS <= others.len() {
            return Err(Error::new(ErrorCode::Conflict, "there are 1,000 tags already"));
        }
        let lower = name.to_lowercase();
        let is_taken = |tag: &Tag| Some(tag.id) != of && tag.name.to_lowercase() == lower;
        if others.iter().any(is_taken) {
            return Err(Error::invalid_field("name", "has already been taken"));
        }
        Ok(name.to_owned())
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
