//! Phone of a person: chats and messages, for the control API and tests.

use crate::{
    domain::{Chat, Content, Jid, Message, MessageId, Outgoing, event::Presence},
    simulator::{
        Extra, Network, PhoneMedia,
        actions::linking::not_on_whatsapp,
        message_builder::Draft,
        protocol::{Answer, DeviceContent, Refusal},
        state::directory::ensure_account,
    },
};

/// The phone of a person, with which they write and read.
#[derive(Clone, Copy)]
pub struct Phone<'n> {
    pub(super) network: &'n Network,
    pub(super) owner: &'n Jid,
}

impl Network {
    pub fn phone<'n>(&'n self, owner: &'n Jid) -> Phone<'n> {
        Phone { network: self, owner }
    }
}

impl Phone<'_> {
    /// The chats of a self.owner, newest first.
    pub fn chats(&self) -> Vec<Chat> {
        let world = self.network.world();
        let Some(threads) = world.state.chats().of(self.owner) else { return Vec::new() };
        let mut chats: Vec<Chat> = threads
            .values()
            .map(|thread| world.state.chats().summary(self.owner, thread))
            .collect();
        chats.sort_by_key(|chat| std::cmp::Reverse(chat.last_activity));
        chats
    }

    pub fn messages(&self, chat: &Jid) -> Vec<Message> {
        self.network.world().state.chats().newest(self.owner, chat, usize::MAX)
    }

    /// A person writes a text.
    pub fn write(&self, chat: &Jid, text: &str) -> Result<Message, Refusal> {
        let content = DeviceContent::Other(Content::Text { body: text.to_owned() });
        self.write_content(chat, content, Extra::default())
    }

    /// A person sends a file, which is copied.
    pub fn write_media(&self, chat: &Jid, media: PhoneMedia<'_>) -> Result<Message, Refusal> {
        self.write_content(chat, self.network.media().upload(media)?, Extra::default())
    }

    /// A person sends any content.
    pub fn write_content(
        &self,
        chat: &Jid,
        content: DeviceContent,
        extra: Extra,
    ) -> Result<Message, Refusal> {
        let mut world = self.network.writing()?;
        let me = ensure_account(&mut world.state, self.owner).map(|person| person.me.id.clone());
        let me = me.ok_or_else(not_on_whatsapp)?;
        let draft = Draft {
            key: Outgoing::new_key(),
            chat: chat.clone(),
            content,
            quoted: None,
            mentions: Vec::new(),
            extra,
        };
        world.messages().send(&me, draft, None).map(|(_, message)| message)
    }

    /// The same changes that a linked device can make, from the phone.
    pub fn edit(&self, id: &MessageId, text: String) -> Result<Answer, Refusal> {
        self.network.writing()?.message_changes().edit(self.owner, id, text, None)
    }

    pub fn revoke(&self, id: &MessageId) -> Result<Answer, Refusal> {
        self.network.writing()?.message_changes().revoke(self.owner, id, true, None)
    }

    pub fn react(&self, id: &MessageId, emoji: String) -> Result<Answer, Refusal> {
        self.network.writing()?.message_changes().react(self.owner, id, emoji, None)
    }

    pub fn read(&self, chat: &Jid) -> Result<Answer, Refusal> {
        self.network.writing()?.message_changes().mark_read(self.owner, chat, None)
    }

    pub fn show_presence(&self, chat: &Jid, presence: Presence) -> Result<Answer, Refusal> {
        self.network.writing()?.message_changes().send_presence(self.owner, chat, presence)
    }

    /// A person votes in a poll, in place of the vote before.
    pub fn vote(&self, id: &MessageId, options: Vec<String>) -> Result<Answer, Refusal> {
        self.network.writing()?.message_changes().vote(self.owner, id, options)
    }
}
