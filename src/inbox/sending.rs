//! Sends to contacts: recipient, policy, limits, and the outbox, in one order for every surface.
//!
//! ```text
//! prepare: recipient ─▶ contact ─▶ inbox caught up ─▶ opt-in, window, plan ─▶ session ready ─▶ hourly limit
//! send:    file ─▶ outbox: entry + count of the recipient + note + menu, one commit
//! ```
//!
//! What is refused on the way counts against no limit.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    contacts::{Address, Contact, Contacts, Medium},
    domain::{
        Clock, Content, Error, ErrorCode, Jid, JidKind, MessageId, SessionId, Subject, Timestamp,
        command::MediaKind,
        outbox::{OutboxEntry, SendOptions},
    },
    inbox::{
        marketing,
        menu::{MenuDraft, MenuOption, SentMenu},
        recipient,
        sent_note::{Author, SentNote},
        service::Inbox,
        state::InboxState,
    },
    messaging::{
        Along, Chats, Library, MessageActions, Outbox, SendOutcome, SendRequest, Sends,
        uploads::{Source, Upload, Uploads, Wanted},
    },
    policy::{self, Kind, Question, Surface, Verdict, Warning},
    settings::Settings,
    store::{Record, Store},
};

/// What sends need.
#[derive(Clone)]
pub struct SendingParts {
    pub store: Store,
    pub inbox: Inbox,
    pub contacts: Contacts,
    pub sends: Sends,
    pub outbox: Outbox,
    pub message_actions: MessageActions,
    pub chats: Chats,
    pub uploads: Uploads,
    pub library: Library,
    pub clock: Clock,
    pub settings: Settings,
    /// Messages to one recipient in an hour; 0 for no limit.
    pub per_recipient_hour: usize,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Sending {
    pub(in crate::inbox) parts: SendingParts,
}

/// Whom a message is for.
#[derive(Clone, Debug)]
pub enum Recipient {
    /// A person; the conversation with the newest activity among these sessions, else the first session.
    Person {
        id: Jid,
        sessions: Vec<SessionId>,
    },
    Chat {
        session: SessionId,
        chat: Jid,
    },
}

/// What is sent.
pub enum Draft {
    Content(Content),
    File {
        source: Source,
        kind: MediaKind,
        filename: Option<String>,
        caption: Option<String>,
    },
    /// A file of the library.
    Stored {
        id: Uuid,
        kind: MediaKind,
        filename: Option<String>,
        caption: Option<String>,
    },
    /// With the menu as the caller wrote it.
    Menu(MenuDraft, serde_json::Value),
    /// A template with its parameters: a text or a file, what can be replied, and the template as the caller named it.
    Template {
        message: Box<Draft>,
        options: Vec<MenuOption>,
        written: serde_json::Value,
        /// Counted, so that nobody gets too much of it.
        is_marketing: bool,
    },
}

/// Who sends, and what goes with the message.
#[derive(Clone, Debug)]
pub struct Terms {
    pub author: Author,
    pub client_ref: Option<String>,
    /// The message's key, if it was chosen before.
    pub key: Option<String>,
    pub quoted: Option<String>,
    pub link_preview: bool,
    pub options: SendOptions,
}

/// A send that may be carried out.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub session: SessionId,
    pub chat: Jid,
    pub contact: Option<Contact>,
    pub warning: Option<Warning>,
    /// The person whose messages are counted.
    recipient: Jid,
}

/// A message that was sent or queued.
#[derive(Debug)]
pub struct SentToContact {
    pub prepared: Prepared,
    pub outcome: SendOutcome,
}

impl Sending {
    pub fn new(parts: SendingParts) -> Self {
        Self { parts }
    }

    /// Checks whether a message may be sent. Nothing is counted.
    pub async fn prepare(
        &self,
        recipient: &Recipient,
        kind: Kind,
        options: SendOptions,
    ) -> Result<Prepared, Error> {
        let SendingParts { store, inbox, sends, clock, settings, per_recipient_hour, .. } =
            &self.parts;
        let (session, chat) = self.place(recipient).await?;
        inbox.caught_up().await?;
        // A web chat is the gateway's own: a visitor has asked for what is written there.
        if session.is_web() {
            sends.check_ready(&session, options)?;
            let recipient = chat.clone();
            return Ok(Prepared { session, chat, contact: None, warning: None, recipient });
        }
        let state = inbox.get(&session, &chat).await?;
        let (contact, person) = self.contact(&session, &chat, state.as_ref()).await?;
        let consent = contact.as_ref().map(|contact| {
            let consent = contact.consent(Medium::of(&session));
            policy::Consent { opted_in: consent.opted_in, opted_out: consent.has_opted_out() }
        });
        // By SMS there is no window, as for a template.
        let kind = if session.is_sms() { Kind::Template } else { kind };
        let now = clock.now();
        let verdict = policy::judge(
            &policy::Settings::of(&settings.now()),
            &Question {
                surface: Surface::Business,
                kind,
                consent,
                window: inbox.window(state.as_ref()),
                recipients: 1,
                now,
            },
        );
        let warning = match verdict {
            Verdict::Allow => None,
            Verdict::Warn(warning) => Some(warning),
            Verdict::Refuse(refusal) => return Err(refusal.error()),
            // Only what is sent in bulk waits.
            Verdict::Wait(_) => None,
        };
        sends.check_ready(&session, options)?;
        recipient::check(store, &person, *per_recipient_hour, now).await?;
        Ok(Prepared { session, chat, contact, warning, recipient: person })
    }

    /// Sends what was prepared.
    pub async fn send(
        &self,
        prepared: Prepared,
        draft: Draft,
        terms: Terms,
    ) -> Result<SentToContact, Error> {
        let options = terms.options;
        let place = (&prepared.chat, &prepared.recipient);
        let Made { request, counted, upload } = self.make(place, draft, terms).await?;
        let sends = &self.parts.sends;
        let sent = sends.send_along(&prepared.session, request, options, Some(&counted)).await;
        // Held until the send has moved the file.
        drop(upload);
        Ok(SentToContact { outcome: sent?, prepared })
    }

    /// Makes a message of a draft, for a chat and the person whose messages are counted. A file is taken in.
    pub(in crate::inbox) async fn make(
        &self,
        (chat, recipient): (&Jid, &Jid),
        draft: Draft,
        terms: Terms,
    ) -> Result<Made, Error> {
        let SendingParts { uploads, clock, per_recipient_hour, .. } = &self.parts;
        let Terms { author, client_ref, key, quoted, link_preview, .. } = terms;
        let (draft, options, template, is_marketing) = match draft {
            Draft::Template { message, options, written, is_marketing } => {
                (*message, options, Some(written), is_marketing)
            }
            draft => (draft, Vec::new(), None, false),
        };
        let mut upload = None;
        let (content, menu, interactive) = match draft {
            Draft::Content(content) => (content, None, None),
            Draft::Menu(menu, written) => {
                let sent = menu.sent(clock.now());
                (Content::Text { body: menu.text() }, Some(sent), Some(written))
            }
            Draft::Template { .. } => {
                return Err(Error::internal("a template within a template was sent"));
            }
            Draft::File { source, kind, filename, caption } => {
                let wanted = Wanted { kind, filename, caption };
                let received = upload.insert(uploads.receive(source, wanted).await?);
                (Content::Media(received.media.clone()), None, None)
            }
            Draft::Stored { id, kind, filename, caption } => {
                let (source, wanted) = (self.stored(id).await?, Wanted { kind, filename, caption });
                let received = upload.insert(uploads.receive(source, wanted).await?);
                (Content::Media(received.media.clone()), None, None)
            }
        };
        let menu = menu.or_else(|| SentMenu::of_template(options, clock.now()));
        let (chat, mentions) = (chat.clone(), Vec::new());
        let counted = Counted {
            recipient: recipient.clone(),
            limit: if chat.kind() == JidKind::Web { 0 } else { *per_recipient_hour },
            now: clock.now(),
            note: SentNote { client_ref, interactive, template, ..SentNote::by(author) },
            menu,
            is_marketing,
        };
        let request = SendRequest { key, chat, content, quoted, mentions, link_preview };
        Ok(Made { request, counted, upload })
    }

    /// Reacts to a message, which counts as a message to its chat. An empty emoji removes the reaction.
    pub async fn react(
        &self,
        prepared: &Prepared,
        message: &MessageId,
        emoji: String,
    ) -> Result<(), Error> {
        let SendingParts { store, clock, message_actions, per_recipient_hour, .. } = &self.parts;
        let mut transaction = store.transaction();
        loop {
            let (recipient, now) = (&prepared.recipient, clock.now());
            recipient::count(transaction.store(), recipient, *per_recipient_hour, now).await?;
            if transaction.commit().await? {
                break;
            }
        }
        message_actions.react(&prepared.session, message, emoji).await
    }

    async fn stored(&self, id: Uuid) -> Result<Source, Error> {
        let library = &self.parts.library;
        let unknown = |_| Error::invalid_field("mediaId", "names no uploaded file");
        let file = library.get(id).await.map_err(unknown)?;
        let path = library.path(&file);
        Ok(Source::Stored { field: "mediaId", path, mime: file.mime, name: file.filename })
    }

    /// The contacts of these ids, in their order; none for one that was deleted.
    pub async fn contacts_of(&self, ids: &[Uuid]) -> Result<Vec<Option<Contact>>, Error> {
        self.parts.contacts.get_many(ids).await
    }

    /// The address of a contact.
    pub async fn address_of(&self, contact: Uuid) -> Result<Jid, Error> {
        let contact = self.parts.contacts.get(contact).await?;
        chats_of(&contact).into_iter().next().ok_or_else(|| {
            Error::new(ErrorCode::Conflict, "this contact has no number that can be written to")
        })
    }

    /// The ids of the chats that a contact may have.
    pub async fn chats_of(&self, contact: Uuid) -> Result<Vec<Jid>, Error> {
        Ok(chats_of(&self.parts.contacts.get(contact).await?))
    }

    /// The same of several contacts, whose records are at hand.
    pub fn chats_of_all(&self, contacts: &[Contact]) -> Vec<Jid> {
        contacts.iter().flat_map(chats_of).collect()
    }

    /// The conversation of a recipient.
    async fn place(&self, recipient: &Recipient) -> Result<(SessionId, Jid), Error> {
        let SendingParts { inbox, chats, .. } = &self.parts;
        let (id, sessions) = match recipient {
            Recipient::Chat { session, chat } => return Ok((session.clone(), chat.clone())),
            Recipient::Person { id, sessions } => (id, sessions),
        };
        let mut newest: Option<InboxState> = None;
        for session in sessions {
            let chat = chats.canonical_id(session, id).await?;
            let Some(state) = inbox.get(session, &chat).await? else { continue };
            let at = |state: &InboxState| state.listed.last_activity;
            if newest.as_ref().is_none_or(|known| at(known) < at(&state)) {
                newest = Some(state);
            }
        }
        if let Some(InboxState { session, chat, .. }) = newest {
            return Ok((session, chat));
        }
        let session = sessions.first().cloned().ok_or_else(|| {
            Error::not_found(Subject::Session, "there is no session to send with")
        })?;
        let chat = chats.canonical_id(&session, id).await?;
        Ok((session, chat))
    }

    /// The contact at the other side, and the id that its messages are counted by.
    async fn contact(
        &self,
        session: &SessionId,
        chat: &Jid,
        state: Option<&InboxState>,
    ) -> Result<(Option<Contact>, Jid), Error> {
        let SendingParts { store, contacts, chats, .. } = &self.parts;
        let person = chats.number_of(session, chat).await?;
        let by_state = match state.and_then(|state| state.contact) {
            Some(id) => contacts.get(id).await.ok(),
            None => None,
        };
        let contact = match (by_state, Address::of_chat(&person)) {
            (Some(contact), _) => Some(contact),
            (None, Some(address)) => contacts.find(store, &address).await?,
            (None, None) => None,
        };
        Ok((contact, person))
    }
}

/// The chats that a contact has in a session of WhatsApp or SMS, by each of its ids.
pub fn chats_of(contact: &Contact) -> Vec<Jid> {
    let phone = contact.phone.as_ref().map(|digits| format!("{digits}@c.us"));
    let lid = contact.lid.as_ref().map(|digits| format!("{digits}@lid"));
    [phone, lid].into_iter().flatten().filter_map(|id| id.parse().ok()).collect()
}

/// A message that is made and not accepted yet.
pub(in crate::inbox) struct Made {
    pub request: SendRequest,
    pub counted: Counted,
    /// Its file, which is removed when this is dropped before the file is moved.
    pub upload: Option<Upload>,
}

/// What is written in the commit of an accepted message.
pub(in crate::inbox) struct Counted {
    recipient: Jid,
    limit: usize,
    now: Timestamp,
    note: SentNote,
    menu: Option<SentMenu>,
    is_marketing: bool,
}

#[async_trait]
impl Along for Counted {
    async fn write_in(&self, store: &Store, entry: &OutboxEntry) -> Result<(), Error> {
        recipient::count(store, &self.recipient, self.limit, self.now).await?;
        let mut transaction = store.transaction();
        let session = &entry.session;
        transaction.put(&SentNote::at(session, &entry.outgoing.key), &self.note).await?;
        if self.is_marketing {
            marketing::note(store, &self.recipient, self.now).await?;
        }
        if let Some(menu) = &self.menu {
            let of_chat = SentMenu::key().text(session.as_str()).text(entry.chat().as_str());
            transaction.put(&of_chat, menu).await?;
        }
        // Within a transaction nothing can be in conflict.
        transaction.commit().await?;
        Ok(())
    }
}
