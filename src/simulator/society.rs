//! What people do together from their phones: groups, admins, channels, stories.

use crate::{
    domain::{Ack, Group, Jid, MessageId},
    simulator::{
        Network,
        account::Person,
        groups::GroupForm,
        linking::refusal,
        protocol::{Answer, Refusal, RefusalKind},
        world::World,
    },
};

impl World {
    /// Who sees somebody's stories: those who know them or have a chat with them.
    pub fn watchers(&self, author: &Jid) -> Vec<Jid> {
        let knows = |person: &&Person| {
            person.contacts.contains_key(author) || self.ledger.has_chat(&person.me.id, author)
        };
        let watchers = self.ledger.people().filter(knows).map(|person| &person.me.id);
        let mut watchers: Vec<Jid> = watchers.filter(|id| *id != author).cloned().collect();
        watchers.sort();
        watchers
    }
}

impl Network {
    /// Makes a group, also one with an id of the old form, or a channel.
    pub fn gather(
        &self,
        phone: &Jid,
        name: String,
        people: Vec<Jid>,
        form: GroupForm,
    ) -> Result<Group, Refusal> {
        let mut world = self.world();
        world.check_writing()?;
        let me = world.account_of(phone).map(|person| person.me.id.clone());
        let me = me
            .ok_or_else(|| refusal(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp"))?;
        match world.create_group(&me, name, None, people, form)? {
            Answer::GroupCreated { group, .. } => Ok(group),
            _ => Err(refusal(RefusalKind::Fault, "the group was not made")),
        }
    }

    /// Adds people to a group.
    pub fn add_from_phone(
        &self,
        phone: &Jid,
        group: &Jid,
        people: Vec<Jid>,
    ) -> Result<(), Refusal> {
        let mut world = self.world();
        world.check_writing()?;
        world.add_participants(phone, group, people).map(drop)
    }

    /// Removes people from a group. Somebody who removes themselves leaves.
    pub fn remove_from_phone(
        &self,
        phone: &Jid,
        group: &Jid,
        mut people: Vec<Jid>,
    ) -> Result<(), Refusal> {
        let mut world = self.world();
        world.check_writing()?;
        let leaves = people.contains(phone);
        people.retain(|person| person != phone);
        if !people.is_empty() {
            world.remove_participants(phone, group, people)?;
        }
        if leaves { world.leave_group(phone, group) } else { Ok(()) }
    }

    pub fn promote_from_phone(
        &self,
        phone: &Jid,
        group: &Jid,
        people: &[Jid],
        is_up: bool,
    ) -> Result<(), Refusal> {
        let mut world = self.world();
        world.check_writing()?;
        world.promote(phone, group, people, is_up)
    }

    /// A person listens to a voice note.
    pub fn play_from_phone(&self, phone: &Jid, id: &MessageId) -> Result<(), Refusal> {
        let mut world = self.world();
        world.check_writing()?;
        let message = &world.stored(phone, id)?.message;
        if message.from_me() {
            return Err(refusal(RefusalKind::Invalid, "only what came in can be played"));
        }
        let chat = if id.chat.is_person() { phone.clone() } else { id.chat.clone() };
        world.receipt(&message.author, &chat, &id.key, Ack::Played, phone);
        Ok(())
    }
}
