//! What devices are shown of people: their number, their hidden identity with the number, or that alone.
//!
//! The network itself knows everybody by number. Names are changed at a device's door: on the way down
//! here, and back by [`World::unveil`]. Nobody is hidden from themselves.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Chat, Contact, EventBody, Group, Jid, JidKind, Message, MessageId,
        event_people::affected_by, identity::Pair,
    },
    simulator::{
        Network,
        ledger::Ledger,
        linking::refusal,
        protocol::{Answer, Push, Refusal, RefusalKind, Request},
        world::World,
    },
};

/// How others are shown a person. To be chosen before they write: ids of messages are not changed
/// where a device has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shown {
    /// By number, and the hidden identity is told as well.
    #[default]
    Number,
    /// Their chats, and they in ids of messages, by the hidden identity; their number is told.
    Lid,
    /// By the hidden identity, and by nothing else.
    LidAlone,
}

impl Network {
    /// Chooses how a person is shown, and gives them another hidden identity if there is one. Devices
    /// are told of the pair unless the number is hidden.
    pub fn show(&self, phone: &Jid, shown: Option<Shown>, lid: Option<Jid>) -> Result<(), Refusal> {
        let mut world = self.world();
        world.check_writing()?;
        let id = world.account_of(phone).map(|person| person.me.id.clone());
        let nobody = || refusal(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp");
        let id = id.ok_or_else(nobody)?;
        if let Some(owner) = lid.as_ref().and_then(|lid| world.phone_identity(lid))
            && owner != id
            && world.ledger.person(&owner).is_some()
        {
            let reason = "somebody else has this hidden identity";
            return Err(refusal(RefusalKind::Invalid, reason));
        }
        let pair = world.ledger.change_person(&id, |person| {
            person.shown = shown.unwrap_or(person.shown);
            person.me.lid = lid.or_else(|| person.me.lid.take());
            person.me.lid.as_ref().filter(|_| person.shown != Shown::LidAlone).cloned()
        });
        if let Some(event) = pair.flatten().and_then(|lid| Pair::of(&lid, &id)).map(told) {
            let accounts: Vec<Jid> =
                world.ledger.people().map(|person| person.me.id.clone()).collect();
            for account in accounts {
                world.tell(&account, &event, None);
            }
        }
        Ok(())
    }
}

/// That a pair is known.
pub fn told(pair: Pair) -> EventBody {
    EventBody::IdentityLearned {
        lid: pair.lid().clone(),
        phone: pair.phone().clone(),
        former_phone: None,
        former_lid: None,
        since: None,
    }
}

impl World {
    pub fn veil<'a>(&'a self, viewer: &'a Jid) -> Veil<'a> {
        Veil { ledger: &self.ledger, viewer }
    }

    /// A request with the numbers of the people whom it names.
    pub fn unveil(&self, mut request: Request) -> Request {
        let person = |id: &mut Jid| {
            if id.kind() == JidKind::Lid
                && let Some(phone) = self.phone_identity(id)
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
}

/// What one account is shown.
pub struct Veil<'a> {
    ledger: &'a Ledger,
    viewer: &'a Jid,
}

impl Veil<'_> {
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

    /// An answer; what became of people is told under the ids by which they were `asked` for.
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
            // Whoever asks by number knows it.
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
        if let Some(known) = self.ledger.person(&contact.id) {
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

    /// A person as somebody who does something.
    fn person(&self, id: &mut Jid) {
        self.hide(id, |shown| shown == Shown::LidAlone);
    }

    /// A person as a chat, or in the id of a message.
    fn address(&self, id: &mut Jid) {
        self.hide(id, |shown| shown != Shown::Number);
    }

    fn hide(&self, id: &mut Jid, hides: impl Fn(Shown) -> bool) {
        let person = self.ledger.person(id).filter(|_| id != self.viewer);
        let hidden = person.filter(|person| hides(person.shown));
        if let Some(lid) = hidden.and_then(|person| person.me.lid.clone()) {
            *id = lid;
        }
    }
}
