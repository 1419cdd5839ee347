//! Directory of a session: contacts, and both ids of people.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{
        Chat, Command, Contact, Error, EventBody, Identities, Identity, Jid, Reply, SessionId,
        Subject, address, event_people::pair_of_contact,
    },
    messaging::{
        engines::{Engines, unexpected_reply},
        identities::numbers_of,
        inbound::{ingest::Ingest, retry_writer::RetryWriter},
        mentions::{MOST_MENTIONS, mentions_in},
        stored::MessagingTables,
    },
    store::{Store, StoreError},
};

/// Clones are the same service.
#[derive(Clone)]
pub struct Directory {
    store: Store,
    engines: Engines,
    retries: RetryWriter,
}

impl Directory {
    pub fn new(store: Store, engines: Engines, ingest: &Ingest) -> Self {
        Self { store, engines, retries: ingest.retries().clone() }
    }

    /// All contacts of a ready session.
    pub async fn contacts(&self, session: &SessionId) -> Result<Vec<Contact>, Error> {
        self.engines.require_ready(session)?;
        Ok(self.store.contacts().list(session).await?)
    }

    /// A contact as the engine has it now.
    pub async fn contact(&self, session: &SessionId, id: &Jid) -> Result<Contact, Error> {
        let command = Command::Contact { id: id.clone() };
        match self.engines.execute(session, command).await? {
            Reply::Contact(contact) => {
                self.learn(session, &contact).await?;
                Ok(*contact)
            }
            _ => Err(unexpected_reply()),
        }
    }

    /// Learns both ids of a contact.
    async fn learn(&self, session: &SessionId, contact: &Contact) -> Result<(), StoreError> {
        let Some(pair) = pair_of_contact(contact) else { return Ok(()) };
        let known = self.store.identities().get(session, pair.lid()).await?;
        if known.is_some_and(|known| known.pair == pair) {
            return Ok(());
        }
        let (lid, phone) = (pair.lid().clone(), pair.phone().clone());
        let (former_phone, former_lid, since) = (None, None, None);
        let learned = EventBody::IdentityLearned { lid, phone, former_phone, former_lid, since };
        self.retries.write(session, learned).await
    }

    /// The contacts of people. A person who is no contact has the name of the chat.
    pub async fn people(
        &self,
        session: &SessionId,
        ids: impl IntoIterator<Item = Jid>,
    ) -> Result<HashMap<Jid, Contact>, Error> {
        let mut ids: Vec<Jid> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let of_session = |id| (session, id);
        let numbers = numbers_of(&self.store, ids.iter().map(of_session)).await?;
        let contacts = self.store.contacts().get_many(numbers.iter().map(of_session)).await?;
        let (known, unknown): (Vec<_>, Vec<_>) =
            ids.into_iter().zip(contacts).partition(|(_, contact)| contact.is_some());
        let chats =
            self.store.chats().get_many(unknown.iter().map(|(id, _)| (session, id))).await?;
        let strangers =
            unknown.into_iter().zip(chats).map(|((id, _), chat)| (id, chat.map(stranger)));
        let people = known.into_iter().chain(strangers);
        Ok(people.filter_map(|(id, contact)| Some((id, contact?))).collect())
    }

    /// The people named and those whom a text mentions, each once; none where a message cannot have so many.
    pub async fn mentions(
        &self,
        session: &SessionId,
        chat: &Jid,
        mut people: Vec<Jid>,
        text: &str,
    ) -> Result<Option<Vec<Jid>>, Error> {
        people.extend(self.mentioned_in(session, chat, text).await?);
        let mut seen = HashSet::new();
        people.retain(|id| seen.insert(id.clone()));
        Ok(Some(people).filter(|people| people.len() <= MOST_MENTIONS))
    }

    /// People whom a text mentions by number behind an `@`: anyone in a group, known people elsewhere.
    async fn mentioned_in(
        &self,
        session: &SessionId,
        chat: &Jid,
        text: &str,
    ) -> Result<Vec<Jid>, Error> {
        // The digits of a hidden id look like a number, and are nobody's.
        let written = mentions_in(text);
        let hidden: Vec<Jid> =
            written.iter().filter_map(|n| format!("{n}@lid").parse().ok()).collect();
        let pairs = self.identities(session, &hidden).await?;
        let (mut people, others): (Vec<Jid>, Vec<Jid>) =
            hidden.into_iter().partition(|id| pairs.other(id).is_some());
        let numbers: Vec<Jid> =
            others.iter().filter_map(|id| address::phone(id.user()).ok()).collect();
        let known = self.people(session, numbers.clone()).await?;
        people.extend(numbers.into_iter().filter(|id| chat.is_group() || known.contains_key(id)));
        Ok(people)
    }

    /// The known identities of people.
    pub async fn identities<'a>(
        &self,
        session: &SessionId,
        people: impl IntoIterator<Item = &'a Jid>,
    ) -> Result<Identities, Error> {
        Ok(self.store.identities().of(session, people).await?)
    }

    /// Both ids of the person who has this one.
    pub async fn identity(&self, session: &SessionId, id: &Jid) -> Result<Identity, Error> {
        self.store.identities().get(session, id).await?.ok_or_else(|| {
            let message = format!("no other id is known for '{id}'");
            Error::not_found(Subject::Contact, message).detail("contactId", id.as_str())
        })
    }
}

/// A person who is known from a chat alone.
fn stranger(chat: Chat) -> Contact {
    let name = chat.given_name().map(str::to_owned);
    Contact {
        id: chat.id,
        lid: None,
        name: None,
        short_name: None,
        push_name: name,
        in_address_book: false,
        on_whatsapp: true,
        business: false,
        blocked: false,
        picture: None,
    }
}
