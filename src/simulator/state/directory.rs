//! Directory of the network: who is behind an address, who is in a group, how an account sees a person.

use crate::{
    domain::{Contact, Group, Jid, JidKind, address::is_number},
    simulator::{
        protocol::{Refusal, RefusalKind},
        state::{
            Record, State,
            account::{Behaviour, Person},
            built_in_people::built_in_contacts,
            lid::{lid_from, phone_of},
        },
    },
};

/// Numbers with this prefix are not on WhatsApp.
const UNUSED_PREFIX: &str = "999";

/// Look-ups over the state.
#[derive(Clone, Copy)]
pub struct Directory<'a> {
    state: &'a State,
}

impl<'a> Directory<'a> {
    pub fn of(state: &'a State) -> Self {
        Self { state }
    }

    /// Whether a person can have this address. A telephone number must be one that can be dialled.
    pub fn is_on_whatsapp(&self, id: &Jid) -> bool {
        let is_possible = id.kind() != JidKind::Person || is_number(id.user());
        id.is_person() && is_possible && !id.user().starts_with(UNUSED_PREFIX)
    }

    /// The person behind an address, with or without an account.
    fn person_behind(&self, id: &Jid) -> Option<Person> {
        let id = self.phone_identity(id)?;
        if !self.is_on_whatsapp(&id) {
            return None;
        }
        let known = self.state.people().get(&id).cloned();
        Some(known.unwrap_or_else(|| {
            let (lid, name) = (self.free_lid(&id), format!("Person {}", last_digits(id.user())));
            Person::new(id, lid, name, Behaviour::Reads)
        }))
    }

    /// The hidden identity for a number that has none: the first one that is free.
    fn free_lid(&self, id: &Jid) -> Option<Jid> {
        (1..=9).filter_map(|first| lid_from(first, id)).find(|lid| self.holder(lid).is_none())
    }

    /// The person who has a hidden identity.
    fn holder(&self, lid: &Jid) -> Option<Jid> {
        let has_it = |person: &Person| person.me.lid.as_ref() == Some(lid);
        let usual =
            phone_of(lid).filter(|phone| self.state.people().get(phone).is_some_and(has_it));
        usual.or_else(|| {
            let mut people = self.state.people().iter();
            people.find(|person| has_it(person)).map(|person| person.me.id.clone())
        })
    }

    /// The telephone identity of a person that is named by either identity.
    pub fn phone_identity(&self, id: &Jid) -> Option<Jid> {
        match id.kind() {
            JidKind::Person => Some(id.clone()),
            // A number without an account has the hidden identity that it would get.
            JidKind::Lid => self.holder(id).or_else(|| {
                let future =
                    phone_of(id).filter(|phone| self.state.people().get(phone).is_none())?;
                (self.free_lid(&future).as_ref() == Some(id)).then_some(future)
            }),
            _ => None,
        }
    }

    /// A person as an account sees them. The name that a stranger chose is visible once they have written.
    pub fn contact(&self, account: &Jid, id: &Jid) -> Option<Contact> {
        let person = self.person_behind(id)?.me;
        let known =
            self.state.people().get(account).and_then(|owner| owner.contacts.get(&person.id));
        let thread = self.state.chats().thread(account, &person.id);
        let has_written = || thread.is_some_and(|thread| thread.is_received);
        Some(known.cloned().unwrap_or_else(|| Contact {
            id: person.id,
            lid: person.lid,
            name: None,
            short_name: None,
            push_name: person.push_name.filter(|_| has_written()),
            in_address_book: false,
            on_whatsapp: true,
            business: false,
            blocked: false,
            picture: None,
        }))
    }

    /// The name that an account shows for a chat.
    pub fn chat_name(&self, account: &Jid, chat: &Jid) -> String {
        if let Some(group) = self.state.groups().get(chat) {
            return group.name.clone();
        }
        match self.contact(account, chat) {
            Some(contact) => contact.display_name().to_owned(),
            None => chat.user().to_owned(),
        }
    }

    /// The members of a group; empty when there is no such group.
    pub fn members(&self, id: &Jid) -> Vec<Jid> {
        let group = self.state.groups().get(id);
        group.map(|g| g.participants.iter().map(|p| p.id.clone()).collect()).unwrap_or_default()
    }

    /// A group that a person is in.
    pub fn group_of_member(&self, me: &Jid, id: &Jid) -> Result<&'a Group, Refusal> {
        let group = self.state.groups().get(id);
        let group = group
            .ok_or_else(|| Refusal::new(RefusalKind::UnknownChat, "there is no such group"))?;
        if group.participants.iter().any(|p| p.id == *me) {
            Ok(group)
        } else {
            Err(Refusal::new(RefusalKind::NotMember, "you are not in this group"))
        }
    }

    /// A group that a person is an admin of.
    pub fn group_of_admin(&self, me: &Jid, id: &Jid) -> Result<&'a Group, Refusal> {
        let group = self.group_of_member(me, id)?;
        if group.participants.iter().any(|p| p.id == *me && p.admin) {
            Ok(group)
        } else {
            Err(Refusal::new(RefusalKind::NotAdmin, "You are not an admin of this group"))
        }
    }

    pub fn is_admin(&self, me: &Jid, id: &Jid) -> bool {
        let group = self.state.groups().get(id);
        group.is_some_and(|group| group.participants.iter().any(|p| p.id == *me && p.admin))
    }

    /// The viewers of a person's stories: everybody who has the person as a contact or has a chat with them.
    pub fn story_viewers(&self, author: &Jid) -> Vec<Jid> {
        let knows = |person: &&Person| {
            person.contacts.contains_key(author) || self.state.chats().has(&person.me.id, author)
        };
        let viewers = self.state.people().iter().filter(knows).map(|person| &person.me.id);
        let mut viewers: Vec<Jid> = viewers.filter(|id| *id != author).cloned().collect();
        viewers.sort();
        viewers
    }
}

/// The person behind an address, under either identity. A person without an account gets one.
pub fn ensure_account<'a>(state: &'a mut State, id: &Jid) -> Option<&'a Person> {
    let person = Directory::of(state).person_behind(id)?;
    let id = person.me.id.clone();
    if state.people().get(&id).is_none() {
        state.put(Record::Person(Box::new(person)));
    }
    state.people().get(&id)
}

/// Opens an account for its owner, with the built-in people as contacts.
pub fn open_account(state: &mut State, id: &Jid, name: Option<String>) -> Option<Person> {
    let mut person = Directory::of(state).person_behind(id)?;
    person.behaviour = Behaviour::Manual;
    if name.is_some() {
        person.me.push_name = name;
    }
    for contact in built_in_contacts() {
        if contact.id != person.me.id {
            person.contacts.entry(contact.id.clone()).or_insert(contact);
        }
    }
    state.put(Record::Person(Box::new(person.clone())));
    Some(person)
}

fn last_digits(user: &str) -> &str {
    user.get(user.len().saturating_sub(4)..).unwrap_or(user)
}
