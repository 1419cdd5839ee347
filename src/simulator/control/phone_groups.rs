//! Phone of a person: groups, channels and voice notes, for the control API and tests.

use crate::{
    domain::{Ack, Group, Jid, MessageId},
    simulator::{
        GroupForm, Phone,
        actions::{linking::not_on_whatsapp, queries},
        protocol::{Answer, Refusal, RefusalKind},
        state::directory::ensure_account,
    },
};

impl Phone<'_> {
    /// Creates a group, also one with an id of the old form, or a channel.
    pub fn create_group(
        &self,
        name: String,
        people: Vec<Jid>,
        form: GroupForm,
    ) -> Result<Group, Refusal> {
        let mut world = self.network.writing()?;
        let me = ensure_account(&mut world.state, self.owner).map(|person| person.me.id.clone());
        let me = me.ok_or_else(not_on_whatsapp)?;
        match world.groups().create(&me, name, None, people, form)? {
            Answer::GroupCreated { group, .. } => Ok(group),
            _ => Err(Refusal::new(RefusalKind::Fault, "the group was not made")),
        }
    }

    /// Adds people to a group.
    pub fn add_to_group(&self, group: &Jid, people: Vec<Jid>) -> Result<(), Refusal> {
        let mut world = self.network.writing()?;
        world.groups().add_participants(self.owner, group, people).map(drop)
    }

    /// Removes people from a group. A person who removes themselves leaves.
    pub fn remove_from_group(&self, group: &Jid, mut people: Vec<Jid>) -> Result<(), Refusal> {
        let mut world = self.network.writing()?;
        let leaves = people.contains(self.owner);
        people.retain(|person| person != self.owner);
        if !people.is_empty() {
            world.groups().remove_participants(self.owner, group, people)?;
        }
        if leaves { world.groups().leave(self.owner, group) } else { Ok(()) }
    }

    pub fn promote(&self, group: &Jid, people: &[Jid], is_up: bool) -> Result<(), Refusal> {
        let mut world = self.network.writing()?;
        world.groups().promote(self.owner, group, people, is_up)
    }

    /// A person listens to a voice note.
    pub fn play(&self, id: &MessageId) -> Result<(), Refusal> {
        let mut world = self.network.writing()?;
        let stored = queries::stored(&world.state, self.owner, id)?;
        let message = &stored.message;
        if message.from_me() {
            return Err(Refusal::new(RefusalKind::Invalid, "only what came in can be played"));
        }
        let chat = if id.chat.is_person() { self.owner.clone() } else { id.chat.clone() };
        world.receipts().record(&message.author, &chat, &id.key, Ack::Played, self.owner);
        Ok(())
    }
}
