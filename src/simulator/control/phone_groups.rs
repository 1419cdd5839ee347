//! Phone of a person: groups, channels and voice notes, for the control API and tests.

use crate::{
    domain::{Ack, Group, Jid, MessageId},
    simulator::{
        GroupForm, Network,
        actions::{linking::not_on_whatsapp, queries},
        protocol::{Answer, Refusal, RefusalKind},
        state::directory::ensure_account,
    },
};

impl Network {
    /// Creates a group, also one with an id of the old form, or a channel.
    pub fn create_group(
        &self,
        phone: &Jid,
        name: String,
        people: Vec<Jid>,
        form: GroupForm,
    ) -> Result<Group, Refusal> {
        let mut world = self.writing()?;
        let me = ensure_account(&mut world.state, phone).map(|person| person.me.id.clone());
        let me = me.ok_or_else(not_on_whatsapp)?;
        match world.groups().create(&me, name, None, people, form)? {
            Answer::GroupCreated { group, .. } => Ok(group),
            _ => Err(Refusal::new(RefusalKind::Fault, "the group was not made")),
        }
    }

    /// Adds people to a group.
    pub fn add_from_phone(
        &self,
        phone: &Jid,
        group: &Jid,
        people: Vec<Jid>,
    ) -> Result<(), Refusal> {
        let mut world = self.writing()?;
        world.groups().add_participants(phone, group, people).map(drop)
    }

    /// Removes people from a group. A person who removes themselves leaves.
    pub fn remove_from_phone(
        &self,
        phone: &Jid,
        group: &Jid,
        mut people: Vec<Jid>,
    ) -> Result<(), Refusal> {
        let mut world = self.writing()?;
        let leaves = people.contains(phone);
        people.retain(|person| person != phone);
        if !people.is_empty() {
            world.groups().remove_participants(phone, group, people)?;
        }
        if leaves { world.groups().leave(phone, group) } else { Ok(()) }
    }

    pub fn promote_from_phone(
        &self,
        phone: &Jid,
        group: &Jid,
        people: &[Jid],
        is_up: bool,
    ) -> Result<(), Refusal> {
        let mut world = self.writing()?;
        world.groups().promote(phone, group, people, is_up)
    }

    /// A person listens to a voice note.
    pub fn play_from_phone(&self, phone: &Jid, id: &MessageId) -> Result<(), Refusal> {
        let mut world = self.writing()?;
        let stored = queries::stored(&world.state, phone, id)?;
        let message = &stored.message;
        if message.from_me() {
            return Err(Refusal::new(RefusalKind::Invalid, "only what came in can be played"));
        }
        let chat = if id.chat.is_person() { phone.clone() } else { id.chat.clone() };
        world.receipts().record(&message.author, &chat, &id.key, Ack::Played, phone);
        Ok(())
    }
}
