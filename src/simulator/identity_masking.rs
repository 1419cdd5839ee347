//! Identity masking: which identity of a person a device sees, the telephone number or the hidden identity (LID).
//!
//! The network itself names everybody by number. A device's pushes and answers are masked by [`Masking`], its
//! requests unmasked by [`unmask`]. A viewer always sees their own number.

use crate::{
    domain::{
        Chat, Contact, EventBody, Group, Jid, JidKind, Message, MessageId,
        event_people::affected_by,
    },
    simulator::{
        protocol::{Answer, Push, Request},
        state::{IdentityVisibility, State, directory::Directory},
    },
};

/// A request with the numbers of the people that it names.
pub fn unmask(state: &State, mut request: Request) -> Request {
    let directory = Directory::of(state);
    let person = |id: &mut Jid| {
        if id.kind() == JidKind::Lid
            && let Some(phone) = directory.phone_identity(id)
        {
            *id = phone;
        }
    };
    let of_message = |id: &mut MessageId| {
        person(&mut id.chat);
        id.participant.iter_mut().for_each(person);
    };
    match &mut request {
        Request::Send { chat, quoted, mentions, .. } => {
            person(chat);
            quoted.iter_mut().for_each(of_message);
            mentions.iter_mut().for_each(person);
        }
        Request::Edit { message, .. }
        | Request::Revoke { message, .. }
        | Request::React { message, .. }
        | Request::Message { message }
        | Request::Receipts { message }
        | Request::Media { message } => of_message(message),
        Request::MarkRead { chat }
        | Request::Archive { chat, .. }
        | Request::Presence { chat, .. } => person(chat),
        Request::History { chat, before, .. } => {
            person(chat);
            before.iter_mut().for_each(of_message);
        }
        Request::CreateGroup { participants, .. }
        | Request::AddParticipants { participants, .. }
        | Request::RemoveParticipants { participants, .. } => {
            participants.iter_mut().for_each(person);
        }
        Request::Hello { .. }
        | Request::RefreshReferences
        | Request::PairingCode { .. }
        | Request::Exists { .. }
        | Request::Group { .. }
        | Request::DescribeGroup { .. }
        | Request::LogOut => (),
    }
    request
}

/// Masking for one viewer.
pub struct Masking<'a> {
    state: &'a State,
    viewer: &'a Jid,
}

impl<'a> Masking<'a> {
    pub fn new(state: &'a State, viewer: &'a Jid) -> Self {
        Self { state, viewer }
    }

    pub fn event(&self, event: &mut EventBody) {
        match event {
            EventBody::Message { message } | EventBody::MessageSent { message } => {
                self.message(message);
            }
            EventBody::Ack { message, participant, .. } => {
                self.message_id(message);
                participant.iter_mut().for_each(|id| self.person(id));
            }
            EventBody::MessageEdited { message, .. } => self.message_id(message),
            EventBody::MessageRevoked { message, by: person }
            | EventBody::Reaction { message, sender: person, .. }
            | EventBody::PollVote { message, sender: person, .. } => {
                self.message_id(message);
                self.person(person);
            }
            EventBody::GroupJoined { participants, by, .. }
            | EventBody::GroupLeft { participants, by, .. } => {
                participants.iter_mut().chain(by).for_each(|id| self.person(id));
            }
            EventBody::GroupUpdated { change, value, by, .. } => {
                let mut people = affected_by(*change, value.as_deref());
                if !people.is_empty() {
                    people.iter_mut().for_each(|id| self.person(id));
                    let people: Vec<&str> = people.iter().map(Jid::as_str).collect();
                    *value = Some(people.join(","));
                }
                by.iter_mut().for_each(|id| self.person(id));
            }
            EventBody::ChatUpdated { chat } => self.chat(chat),
            EventBody::ContactUpdated { contact } => self.contact(contact),
            EventBody::Presence { chat, sender, .. } => {
                self.address(chat);
                self.person(sender);
            }
            EventBody::Call { from, .. } => self.person(from),
            _ => (),
        }
    }

    pub fn push(&self, push: &mut Push) {
        if let Push::Snapshot { contacts, chats, groups, messages, .. } = push {
            contacts.iter_mut().for_each(|contact| self.contact(contact));
            chats.iter_mut().for_each(|chat| self.chat(chat));
            groups.iter_mut().for_each(|group| self.group(group));
            messages.iter_mut().for_each(|message| self.message(message));
        }
    }

    /// An answer. Outcomes of people keep the ids that the request named (`asked`).
    pub fn answer(&self, answer: &mut Answer, asked: &[Jid]) {
        match answer {
            Answer::Sent { sent, message } => {
                self.message_id(&mut sent.id);
                sent.recipients.iter_mut().flatten().for_each(|id| self.person(id));
                self.message(message);
            }
            Answer::Receipts { receipts } => {
                receipts.iter_mut().for_each(|receipt| self.person(&mut receipt.participant));
            }
            Answer::Messages { messages } => {
                messages.iter_mut().for_each(|message| self.message(message));
            }
            // A device that asked by number knows the number.
            Answer::Exists { contact: Some(contact) } if !asked.contains(&contact.id) => {
                self.contact(contact);
            }
            Answer::Group { group } => self.group(group),
            Answer::GroupCreated { group, participants } => {
                self.group(group);
                for (outcome, asked) in participants.iter_mut().zip(asked) {
                    outcome.id = asked.clone();
                }
            }
            Answer::Participants { participants } => {
                for (outcome, asked) in participants.iter_mut().zip(asked) {
                    outcome.id = asked.clone();
                }
            }
            Answer::Done
            | Answer::PairingCode { .. }
            | Answer::Media { .. }
            | Answer::Exists { .. } => (),
        }
    }

    pub fn chat(&self, chat: &mut Chat) {
        self.address(&mut chat.id);
    }

    pub fn contact(&self, contact: &mut Contact) {
        if let Some(known) = self.state.people().get(&contact.id) {
            contact.lid.clone_from(&known.me.lid);
        }
        self.person(&mut contact.id);
    }

    fn group(&self, group: &mut Group) {
        let people = group.participants.iter_mut().map(|participant| &mut participant.id);
        people.chain(&mut group.owner).for_each(|id| self.person(id));
    }

    fn message(&self, message: &mut Message) {
        self.message_id(&mut message.id);
        message.quoted.iter_mut().for_each(|id| self.message_id(id));
        self.person(&mut message.author);
        message.mentions.iter_mut().for_each(|id| self.person(id));
        message.recipients.iter_mut().flatten().for_each(|id| self.person(id));
        message.reactions.iter_mut().for_each(|reaction| self.person(&mut reaction.sender));
        let poll = message.details.as_mut().and_then(|details| details.poll.as_mut());
        let votes = poll.and_then(|poll| poll.votes.as_mut());
        votes.into_iter().flatten().for_each(|vote| self.person(&mut vote.sender));
    }

    fn message_id(&self, id: &mut MessageId) {
        self.address(&mut id.chat);
        id.participant.iter_mut().for_each(|id| self.address(id));
    }

    /// A person as the actor of something.
    fn person(&self, id: &mut Jid) {
        self.hide(id, |visibility| visibility == IdentityVisibility::LidAlone);
    }

    /// A person as a chat, or in the id of a message.
    fn address(&self, id: &mut Jid) {
        self.hide(id, |visibility| visibility != IdentityVisibility::Number);
    }

    fn hide(&self, id: &mut Jid, hides: impl Fn(IdentityVisibility) -> bool) {
        let person = self.state.people().get(id).filter(|_| id != self.viewer);
        let hidden = person.filter(|person| hides(person.visibility));
        if let Some(lid) = hidden.and_then(|person| person.me.lid.clone()) {
            *id = lid;
        }
    }
}
