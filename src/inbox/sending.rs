//! Sends to contacts: recipient, policy, limits, and the outbox, in one order for every surface.
//!
//! ```text
//! prepare: recipient ─▶ contact ─▶ inbox caught up ─▶ opt-in, window, plan ─▶ session ready ─▶ hourly limit
//! send:    file ─▶ outbox: entry + count of the recipient + note + menu, one commit
//! ```
//!
//! What is refused on the way counts against no limit.

use crate::{
    contacts::{Address, Contact, Contacts, Medium, find_in},
    domain::{Error, Jid, MessageId, SessionId, Subject, outbox::SendOptions},
    inbox::{
        drafts::{Draft, Drafts, Made, Terms},
        recipient,
        service::Inbox,
        state::InboxState,
    },
    messaging::{Chats, MessageActions, SendOutcome, Sends},
    policy::{self, Kind, Question, Surface, Verdict, Warning},
    settings::Settings,
    store::Store,
};

/// What sends need.
#[derive(Clone)]
pub struct SendingParts {
    pub store: Store,
    pub inbox: Inbox,
    pub contacts: Contacts,
    pub sends: Sends,
    pub message_actions: MessageActions,
    pub chats: Chats,
    pub drafts: Drafts,
    pub settings: Settings,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Sending {
    parts: SendingParts,
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
        let SendingParts { store, inbox, sends, drafts, settings, .. } = &self.parts;
        let Drafts { clock, per_recipient_hour, .. } = drafts;
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
        let SendingParts { sends, drafts, .. } = &self.parts;
        let Made { request, counted, upload } = drafts.make(place, draft, terms).await?;
        let sent = sends.send_along(&prepared.session, request, options, Some(&counted)).await;
        // Held until the send has moved the file.
        drop(upload);
        Ok(SentToContact { outcome: sent?, prepared })
    }

    /// Reacts to a message, which counts as a message to its chat. An empty emoji removes the reaction.
    pub async fn react(
        &self,
        prepared: &Prepared,
        message: &MessageId,
        emoji: String,
    ) -> Result<(), Error> {
        let SendingParts { store, message_actions, drafts, .. } = &self.parts;
        let Drafts { clock, per_recipient_hour, .. } = drafts;
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
            (None, Some(address)) => find_in(store, &address).await?,
            (None, None) => None,
        };
        Ok((contact, person))
    }
}
