//! Phone of a person: accounts, devices, messages, for the control API and tests.

use std::path::Path;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        Chat, Content, Jid, Message, MessageId, Outgoing, command::MediaKind, event::Presence,
    },
    simulator::{
        Behaviour, Extra, Network,
        actions::linking::not_on_whatsapp,
        message_builder::Draft,
        protocol::{Answer, DeviceContent, Refusal, RefusalKind},
        state::{
            Person,
            directory::{ensure_account, open_account},
        },
    },
};

/// An account as the control API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedAccount)]
pub struct AccountView {
    pub phone: String,
    /// Name of the person.
    #[schema(example = "Ada")]
    pub name: String,
    /// What the person does by themselves.
    pub behaviour: Behaviour,
    /// Linked devices.
    pub devices: usize,
}

/// A linked device as its phone shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedDevice)]
pub struct DeviceView {
    /// The first part of the credential: tells devices apart, and cannot be used to log in.
    #[schema(example = "a1b2c3d4")]
    pub id: String,
    pub connected: bool,
}

/// A file that a person sends from their phone.
#[derive(Clone, Debug)]
pub struct PhoneMedia<'a> {
    pub path: &'a Path,
    pub kind: MediaKind,
    pub mime: &'a str,
    pub filename: Option<String>,
    pub caption: Option<String>,
}

/// Letters of a credential that name a device.
const DEVICE_ID: usize = 8;

impl Network {
    pub fn accounts(&self) -> Vec<AccountView> {
        let world = self.world();
        let view = |person: &Person| AccountView {
            phone: person.me.id.user().to_owned(),
            name: person.name(),
            behaviour: person.behaviour,
            devices: person.devices.len(),
        };
        let mut accounts: Vec<AccountView> = world.state.people().iter().map(view).collect();
        accounts.sort_by(|a, b| a.phone.cmp(&b.phone));
        accounts
    }

    /// Opens an account, or renames it.
    pub fn open_account(&self, phone: &Jid, name: Option<String>) -> Result<(), Refusal> {
        let opened = open_account(&mut self.writing()?.state, phone, name);
        opened.map(|_| ()).ok_or_else(not_on_whatsapp)
    }

    pub fn set_behaviour(&self, phone: &Jid, behaviour: Behaviour) -> Result<(), Refusal> {
        let mut world = self.writing()?;
        let id = ensure_account(&mut world.state, phone).map(|person| person.me.id.clone());
        let id = id.ok_or_else(not_on_whatsapp)?;
        world.state.change_person(&id, |person| person.behaviour = behaviour);
        Ok(())
    }

    pub fn devices(&self, phone: &Jid) -> Vec<DeviceView> {
        let world = self.world();
        let Some(person) = world.state.people().get(phone) else { return Vec::new() };
        let is_connected = |credential: &str| world.connections.uses_credential(credential);
        let view = |credential: &String| DeviceView {
            id: credential.chars().take(DEVICE_ID).collect(),
            connected: is_connected(credential),
        };
        person.devices.iter().map(view).collect()
    }

    /// Removes a linked device on the phone.
    pub fn remove_device(&self, phone: &Jid, id: &str) -> Result<(), Refusal> {
        let mut world = self.writing()?;
        let starts = |credential: &&String| DEVICE_ID <= id.len() && credential.starts_with(id);
        let person = world.state.people().get(phone);
        match person.and_then(|person| person.devices.iter().find(starts).cloned()) {
            Some(credential) if world.linking().unlink(&credential) => Ok(()),
            _ => Err(Refusal::new(RefusalKind::Invalid, "this phone has no such device")),
        }
    }

    /// The chats of a phone, newest first.
    pub fn chats(&self, phone: &Jid) -> Vec<Chat> {
        let world = self.world();
        let Some(threads) = world.state.chats().of(phone) else { return Vec::new() };
        let mut chats: Vec<Chat> =
            threads.values().map(|thread| world.state.chats().summary(phone, thread)).collect();
        chats.sort_by_key(|chat| std::cmp::Reverse(chat.last_activity));
        chats
    }

    pub fn messages(&self, phone: &Jid, chat: &Jid) -> Vec<Message> {
        self.world().state.chats().newest(phone, chat, usize::MAX)
    }

    /// A person writes a text.
    pub fn write(&self, phone: &Jid, chat: &Jid, text: &str) -> Result<Message, Refusal> {
        let content = DeviceContent::Other(Content::Text { body: text.to_owned() });
        self.write_content(phone, chat, content, Extra::default())
    }

    /// A person sends a file, which is copied.
    pub fn write_media(
        &self,
        phone: &Jid,
        chat: &Jid,
        media: PhoneMedia<'_>,
    ) -> Result<Message, Refusal> {
        self.write_content(phone, chat, self.upload(media)?, Extra::default())
    }

    /// Copies a file to the network. Returns the content to send.
    pub fn upload(&self, media: PhoneMedia<'_>) -> Result<DeviceContent, Refusal> {
        let unreadable = |_| Refusal::new(RefusalKind::UnknownMedia, "the file cannot be read");
        let (id, place) = self.media_place();
        std::fs::copy(media.path, place).map_err(unreadable)?;
        self.keep_media(&id, media.mime).map_err(unreadable)?;
        Ok(DeviceContent::Media {
            media: id,
            kind: media.kind,
            mime: media.mime.to_owned(),
            filename: media.filename,
            caption: media.caption,
        })
    }

    /// A person sends any content.
    pub fn write_content(
        &self,
        phone: &Jid,
        chat: &Jid,
        content: DeviceContent,
        extra: Extra,
    ) -> Result<Message, Refusal> {
        let mut world = self.writing()?;
        let me = ensure_account(&mut world.state, phone).map(|person| person.me.id.clone());
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
    pub fn edit_from_phone(
        &self,
        phone: &Jid,
        id: &MessageId,
        text: String,
    ) -> Result<Answer, Refusal> {
        self.writing()?.message_changes().edit(phone, id, text, None)
    }

    pub fn revoke_from_phone(&self, phone: &Jid, id: &MessageId) -> Result<Answer, Refusal> {
        self.writing()?.message_changes().revoke(phone, id, true, None)
    }

    pub fn react_from_phone(
        &self,
        phone: &Jid,
        id: &MessageId,
        emoji: String,
    ) -> Result<Answer, Refusal> {
        self.writing()?.message_changes().react(phone, id, emoji, None)
    }

    pub fn read_from_phone(&self, phone: &Jid, chat: &Jid) -> Result<Answer, Refusal> {
        self.writing()?.message_changes().mark_read(phone, chat, None)
    }

    pub fn presence_from_phone(
        &self,
        phone: &Jid,
        chat: &Jid,
        presence: Presence,
    ) -> Result<Answer, Refusal> {
        self.writing()?.message_changes().send_presence(phone, chat, presence)
    }

    /// A person votes in a poll, in place of the vote before.
    pub fn vote_from_phone(
        &self,
        phone: &Jid,
        id: &MessageId,
        options: Vec<String>,
    ) -> Result<Answer, Refusal> {
        self.writing()?.message_changes().vote(phone, id, options)
    }
}
