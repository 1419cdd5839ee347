//! Puts together what an answer shows of messages and conversations: names, quoted messages, tags.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    accounts::Signed,
    api::chat::{
        formatted::{Mention, first_word, formatted},
        preview,
        reactions::grouped,
        wire::{
            ContentView, ConversationView, InstanceLabel, MediaView, MessageView,
            PlainConversation, PlainMessage, RecipientView, ReplyView, SenderView, TagLabel,
            direction, instance_status, jid, message_status, message_type, time,
        },
    },
    domain::{
        Ack, Contact, Error, Identities, Jid, JidKind, Me, Message, MessageId, MessageKind,
        SessionId, SessionStatus,
        conversation::{StoredMessage, Tag, conversation_uuid, message_uuid},
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::{Conversation, ConversationName, unsent_message},
    services::Services,
};

/// The messages of one session as pages show them.
pub async fn messages(
    services: &Services,
    session: &SessionId,
    stored: &[StoredMessage],
) -> Result<Vec<MessageView>, Error> {
    let known = Known::about(services, session, stored).await?;
    Ok(stored.iter().map(|stored| known.view(stored)).collect())
}

pub async fn message(
    services: &Services,
    session: &SessionId,
    stored: &StoredMessage,
) -> Result<MessageView, Error> {
    let known = Known::about(services, session, std::slice::from_ref(stored)).await?;
    Ok(known.view(stored))
}

/// A message that waits to be sent, or never was. It has no number.
pub async fn unsent(services: &Services, entry: OutboxEntry) -> Result<MessageView, Error> {
    let session = entry.session.clone();
    let me = services.supervisor.get(&session)?.status().me.map(|me| me.id);
    let (is_cancelled, code) = (entry.state == OutboxState::Cancelled, entry.failure);
    let error = entry.reason.clone().filter(|_| entry.state == OutboxState::Failed);
    let error = error.or_else(|| is_cancelled.then(|| "the message was cancelled".to_owned()));
    let message = unsent_message(entry, me);
    let stored = StoredMessage { number: 0, hidden: is_cancelled, message };
    let view = self::message(services, &session, &stored).await?;
    Ok(MessageView { error, error_code: code, ..view })
}

/// Needs nothing looked up.
pub fn plain_message(
    services: &Services,
    status: &SessionStatus,
    stored: &StoredMessage,
) -> PlainMessage {
    let message = &stored.message;
    let uuid = message_uuid(&status.id, &message.id);
    let has_media = message.media.is_some() && !stored.is_deleted();
    let body = if stored.is_deleted() { String::new() } else { message.body.clone() };
    PlainMessage {
        id: stored.number,
        uuid: uuid.to_string(),
        conversation_id: conversation_uuid(&status.id, message.chat()).to_string(),
        instance_id: status.uuid.to_string(),
        direction: direction(message),
        message_type: message_type(message.kind),
        message_body: body,
        media_url: has_media.then(|| media_url(services, &status.id, uuid)),
        status: message_status(message),
        is_status: message.chat().is_status(),
        is_channel: message.chat().is_channel(),
        created_at: time(message.timestamp),
    }
}

/// All tags by id, for [`conversation`].
pub async fn tags(services: &Services) -> Result<HashMap<Uuid, Tag>, Error> {
    let tags = services.tags.list().await?;
    Ok(tags.into_iter().map(|tag| (tag.id, tag)).collect())
}

pub fn conversation(
    services: &Services,
    tags: &HashMap<Uuid, Tag>,
    of: &Conversation,
) -> Result<ConversationView, Error> {
    let status = services.supervisor.get(&of.record.session)?.status();
    let (chat, own) = (&of.chat, of.last.as_ref().filter(|last| last.message.from_me()));
    let picture = of.contact.as_ref().and_then(|contact| contact.picture.as_ref());
    Ok(ConversationView {
        id: of.record.uuid.to_string(),
        contact_number: number(&of.with),
        chat_id: chat.id.to_string(),
        display_name: display_name(of),
        profile_picture_url: picture.and_then(|picture| picture.url.clone()),
        last_message: last_message(of),
        unread_count: chat.unread,
        tags: of.record.inbox.tags.iter().filter_map(|id| tags.get(id)).map(TagLabel::of).collect(),
        instance: InstanceLabel { uuid: status.uuid.to_string(), status: instance_status(&status) },
        is_group: chat.id.is_group(),
        is_status: chat.id.is_status(),
        is_channel: chat.id.is_channel(),
        is_archived: chat.archived,
        last_message_at: last_message_at(of),
        last_message_from_me: from_me(of),
        last_message_status: own.map(|last| message_status(&last.message)),
        automation_paused: of.record.inbox.pause.is_some(),
        status: "open",
        assigned_to: None,
    })
}

pub fn plain_conversation(
    services: &Services,
    of: &Conversation,
) -> Result<PlainConversation, Error> {
    let (record, chat) = (&of.record, &of.chat);
    let instance = services.supervisor.get(&record.session)?.status();
    Ok(PlainConversation {
        id: record.number,
        uuid: record.uuid.to_string(),
        instance_id: instance.uuid.to_string(),
        contact_number: number(&of.with),
        contact_name: display_name(of),
        is_group: chat.id.is_group(),
        is_status: chat.id.is_status(),
        is_channel: chat.id.is_channel(),
        unread_count: chat.unread,
        is_archived: chat.archived,
        last_message_at: last_message_at(of),
        last_message: last_message(of),
        created_at: time(record.created_at),
        updated_at: time(record.changed_at.max(chat.last_activity)),
    })
}

fn display_name(of: &Conversation) -> String {
    match of.name() {
        ConversationName::Name(name) => name.to_owned(),
        ConversationName::Number(_) if !of.chat.id.is_person() => of.chat.id.to_string(),
        ConversationName::Number(number) => format!("+{number}"),
    }
}

fn last_message(of: &Conversation) -> String {
    match (&of.last, &of.chat.last_message) {
        (Some(last), _) if last.is_deleted() => String::new(),
        (Some(last), _) => preview::preview(&last.message),
        (None, Some(reported)) => preview::of_label(&reported.preview),
        (None, None) => String::new(),
    }
}

fn last_message_at(of: &Conversation) -> Option<String> {
    let reported = of.chat.last_message.as_ref().map(|reported| reported.timestamp);
    of.last.as_ref().map(|last| last.message.timestamp).or(reported).map(time)
}

fn from_me(of: &Conversation) -> Option<bool> {
    let reported = of.chat.last_message.as_ref().map(|reported| reported.from_me);
    of.last.as_ref().map(|last| last.message.from_me()).or(reported)
}

/// A person's digits; the address of anything else.
fn number(id: &Jid) -> String {
    if id.is_person() { id.user().to_owned() } else { id.to_string() }
}

/// A link to the file of a message, signed where links are.
pub fn media_url(services: &Services, session: &SessionId, uuid: Uuid) -> String {
    let base = services.config.server.public_url.trim_end_matches('/');
    let session = services.supervisor.get(session).map(|handle| handle.status().uuid);
    match session.ok().and_then(|session| services.media_links.sign(session, uuid)) {
        Some(Signed { expires, signature }) => {
            format!("{base}/api/media/{uuid}?exp={expires}&sig={signature}")
        }
        None => format!("{base}/api/v1/chat/messages/{uuid}/media"),
    }
}

fn has_failed(message: &Message) -> bool {
    message.from_me() && message.ack == Ack::Failed
}

/// What the messages of a page refer to.
struct Known<'a> {
    services: &'a Services,
    session: &'a SessionId,
    me: Option<Me>,
    people: HashMap<Jid, Contact>,
    identities: Identities,
    quoted: HashMap<MessageId, StoredMessage>,
    /// What is known of those that failed, by key.
    failures: HashMap<String, OutboxEntry>,
}

impl<'a> Known<'a> {
    async fn about(
        services: &'a Services,
        session: &'a SessionId,
        stored: &[StoredMessage],
    ) -> Result<Self, Error> {
        let mut quoted = HashMap::new();
        for id in stored.iter().filter_map(|stored| stored.message.quoted.as_ref()) {
            if let Some(found) = services.messages.stored(session, id).await? {
                quoted.insert(id.clone(), found);
            }
        }
        let of_one = |stored: &StoredMessage| {
            let message = &stored.message;
            [message.author.clone()].into_iter().chain(message.mentions.clone())
        };
        let named: Vec<Jid> = stored.iter().chain(quoted.values()).flat_map(of_one).collect();
        let identities = services.directory.identities(session, &named).await?;
        let people = services.directory.people(session, named).await?;
        let mut failures = HashMap::new();
        for id in
            stored.iter().filter(|stored| has_failed(&stored.message)).map(|it| &it.message.id)
        {
            if let Some(entry) = services.outbox.of_message(session, &id.key).await? {
                failures.insert(id.key.to_string(), entry);
            }
        }
        let me = services.supervisor.get(session)?.status().me;
        Ok(Self { services, session, me, people, identities, quoted, failures })
    }

    /// A person by the number, where it is known.
    fn number<'b>(&'b self, id: &'b Jid) -> &'b Jid {
        let other = self.identities.other(id).filter(|other| other.kind() == JidKind::Person);
        other.unwrap_or(id)
    }

    fn view(&self, stored: &StoredMessage) -> MessageView {
        let message = &stored.message;
        let is_deleted = stored.is_deleted();
        let uuid = message_uuid(self.session, &message.id);
        let body = if is_deleted { "" } else { message.body.as_str() };
        let me: Vec<Jid> = self.own_ids().cloned().collect();
        let media = message.media.as_ref().filter(|_| !is_deleted);
        let is_sent = !message.from_me() || Ack::Sent <= message.ack;
        let failure = self.failures.get(&*message.id.key);
        MessageView {
            id: stored.number,
            uuid: uuid.to_string(),
            whatsapp_id: message.id.to_string(),
            direction: direction(message),
            is_from_me: message.from_me(),
            is_status: message.chat().is_status(),
            is_channel: message.chat().is_channel(),
            message_body: body.to_owned(),
            formatted_body: formatted(body, &self.mentions(stored)),
            mentioned_jids: message.mentions.iter().map(|id| jid(self.number(id))).collect(),
            grouped_reactions: grouped(&message.reactions, &me),
            message_type: message_type(message.kind),
            status: message_status(message),
            error: failure.and_then(|entry| entry.reason.clone()),
            error_code: failure.and_then(|entry| entry.failure),
            is_played: message.ack == Ack::Played,
            media: media.map(|media| MediaView {
                url: media_url(self.services, self.session, uuid),
                mime_type: media.mime.clone(),
                filename: media.filename.clone(),
                size: media.size,
                is_voice_note: message.kind == MessageKind::Voice,
                caption: Some(body.to_owned()).filter(|body| !body.is_empty()),
            }),
            sender: self.sender(stored),
            reply_to: message.quoted.as_ref().map(|id| self.reply(id)),
            is_edited: message.edited,
            is_deleted,
            created_at: time(message.timestamp),
            sent_at: is_sent.then(|| time(message.timestamp)),
            content: if is_deleted { ContentView::default() } else { self.content(stored) },
        }
    }

    fn content(&self, stored: &StoredMessage) -> ContentView {
        let message = &stored.message;
        let me = self.me.as_ref().map(|me| &me.id);
        let recipient = message.to.as_ref().or(me).filter(|_| !message.from_me());
        let recipient = recipient.map(|to| RecipientView {
            jid: jid(to),
            number: to.is_person().then(|| to.user().to_owned()),
        });
        ContentView { recipient, ..ContentView::of(message) }
    }

    fn mentions(&self, stored: &StoredMessage) -> Vec<Mention> {
        let mention = |id: &Jid| {
            let name = self.short_name(id);
            let name = name.unwrap_or_else(|| self.number(id).user().to_owned());
            // The text names them by either id.
            let other = self.identities.other(id).cloned();
            let ids = [Some(id.clone()), other].into_iter().flatten();
            ids.map(move |id| Mention { user: id.user().to_owned(), name: name.clone() })
        };
        stored.message.mentions.iter().flat_map(mention).collect()
    }

    /// How somebody is addressed.
    fn short_name(&self, id: &Jid) -> Option<String> {
        if let Some(me) = &self.me
            && self.own_ids().any(|own| own == id)
        {
            return me.push_name.as_deref().map(first_word).map(str::to_owned);
        }
        let contact = self.people.get(id)?;
        let name = contact.name.as_deref().map(first_word);
        let chosen = contact.push_name.as_deref().map(first_word);
        let names = [contact.short_name.as_deref(), name, chosen];
        names.into_iter().flatten().find(|name| !name.is_empty()).map(str::to_owned)
    }

    fn sender(&self, stored: &StoredMessage) -> SenderView {
        let author = self.number(&stored.message.author);
        SenderView {
            jid: jid(author),
            name: self.full_name(stored),
            number: (author.kind() == JidKind::Person).then(|| author.user().to_owned()),
        }
    }

    fn full_name(&self, stored: &StoredMessage) -> String {
        let author = &stored.message.author;
        let own = self.me.as_ref().filter(|_| stored.message.from_me());
        let contact = self.people.get(author);
        let names = [
            own.and_then(|me| me.push_name.as_deref()),
            contact.and_then(|contact| contact.name.as_deref()),
            contact.and_then(|contact| contact.push_name.as_deref()),
            stored.message.push_name.as_deref(),
        ];
        let given = names.into_iter().flatten().find(|name| !name.is_empty());
        given.map_or_else(|| format!("+{}", self.number(author).user()), str::to_owned)
    }

    fn reply(&self, id: &MessageId) -> ReplyView {
        let found = self.quoted.get(id);
        let body = found.filter(|found| !found.is_deleted()).map(|found| &found.message.body);
        let id_there = found.map_or(id, |found| &found.message.id);
        ReplyView {
            uuid: message_uuid(self.session, id_there).to_string(),
            id: found.map(|found| found.number),
            message_body: body.cloned().unwrap_or_default(),
            message_type: found.map(|found| message_type(found.message.kind)),
            sender_name: found.map(|found| self.full_name(found)),
        }
    }

    fn own_ids(&self) -> impl Iterator<Item = &Jid> {
        self.me.iter().flat_map(|me| [Some(&me.id), me.lid.as_ref()]).flatten()
    }
}
