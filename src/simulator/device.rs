//! Device of an account: sends requests to the network, receives pushes.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::{
    domain::{Chat, Contact, Jid},
    simulator::{
        GroupForm, Network,
        actions::queries,
        identity_masking::{Masking, unmask},
        message_builder::{Draft, Extra},
        protocol::{Answer, Push, Refusal, RefusalKind, Request},
        world::World,
    },
};

/// How long an ignored request waits before it fails.
const IGNORED: Duration = Duration::from_secs(300);

/// The pushes of a device; ends when the network disconnects it. Pushes are boxed, because a channel reserves
/// room for 32 of them even when it is empty.
pub struct Pushes {
    receiver: mpsc::Receiver<Box<Push>>,
}

impl Pushes {
    /// None once the device is disconnected.
    pub async fn recv(&mut self) -> Option<Push> {
        self.receiver.recv().await.map(|push| *push)
    }

    /// A push that is waiting already.
    #[cfg(test)]
    pub fn try_recv(&mut self) -> Option<Push> {
        self.receiver.try_recv().ok().map(|push| *push)
    }
}

/// A connected device. Dropping it disconnects it; it stays linked to its account.
pub struct Device {
    network: Network,
    id: u64,
    /// Held by the request that goes next once the account is online.
    turn: tokio::sync::Mutex<()>,
}

impl Network {
    /// Connects a device, which sends [`Request::Hello`] next.
    pub fn connect(&self) -> (Device, Pushes) {
        let (id, receiver) = self.world().connections.connect();
        let turn = tokio::sync::Mutex::new(());
        (Device { network: self.clone(), id, turn }, Pushes { receiver })
    }
}

impl Device {
    pub async fn request(&self, request: Request) -> Result<Answer, Refusal> {
        let (delay, ignored) = {
            let mut world = self.network.world();
            let delay = Duration::from_millis(world.faults.delay_requests);
            (delay, world.faults.take(|faults| &mut faults.ignore_requests))
        };
        if !delay.is_zero() {
            self.network.clock().pause(delay).await;
        }
        if ignored {
            self.network.clock().pause(IGNORED).await;
            return Err(Refusal::new(RefusalKind::Fault, "a planned fault: ignored"));
        }
        let needs_connection = !matches!(
            request,
            Request::Hello { .. } | Request::RefreshReferences | Request::PairingCode { .. }
        );
        let is_offline = self.network.world().connections.is_offline(self.id);
        if is_offline && request == Request::LogOut {
            return Err(Refusal::new(RefusalKind::Fault, "the account is offline"));
        }
        if needs_connection && (is_offline || self.turn.try_lock().is_err()) {
            // Requests go in the order of their arrival.
            let _turn = self.turn.lock().await;
            self.network.wait_until_online(self.id).await;
            return self.answer(request);
        }
        self.answer(request)
    }

    /// The account that this device belongs to now.
    pub fn account(&self) -> Option<Jid> {
        self.network.world().connections.account(self.id).cloned()
    }

    /// The contacts of this device's account.
    pub fn contacts(&self) -> Vec<Contact> {
        let world = self.network.world();
        let account = world.connections.account(self.id);
        let person = account.and_then(|account| world.state.people().get(account));
        let mut contacts: Vec<Contact> =
            person.map(|person| person.contacts.values().cloned().collect()).unwrap_or_default();
        if let Some(account) = account {
            let masking = Masking::new(&world.state, account);
            contacts.iter_mut().for_each(|contact| masking.contact(contact));
        }
        contacts
    }

    /// The chats of this device's account, newest first; none while it has no account.
    pub fn chats(&self) -> Option<Vec<Chat>> {
        let account = self.account()?;
        let mut chats = self.network.phone(&account).chats();
        // Devices list stories and channels separately.
        chats.retain(|chat| !chat.id.is_status() && !chat.id.is_channel());
        let world = self.network.world();
        let masking = Masking::new(&world.state, &account);
        chats.iter_mut().for_each(|chat| masking.chat(chat));
        Some(chats)
    }

    /// The network itself, for a device in the same process: files need not travel.
    pub fn network(&self) -> &Network {
        &self.network
    }

    fn answer(&self, request: Request) -> Result<Answer, Refusal> {
        let mut world = self.network.world();
        let request = match request {
            Request::Hello { credential } => return Ok(world.linking().hello(self.id, credential)),
            Request::RefreshReferences => {
                world.linking().restart_references(self.id);
                return Ok(Answer::Done);
            }
            Request::PairingCode { phone } => {
                return world.linking().make_pairing_code(self.id, &phone);
            }
            other => other,
        };
        let Some(account) = world.connections.account(self.id).cloned() else {
            return Err(Refusal::new(RefusalKind::NotLinked, "this device is not linked"));
        };
        world.state.store().check_writable()?;
        let asked = named_in(&request);
        let request = unmask(&world.state, request);
        let mut answer = self.carry_out(&mut world, &account, request)?;
        Masking::new(&world.state, &account).answer(&mut answer, &asked);
        Ok(answer)
    }

    fn carry_out(&self, world: &mut World, me: &Jid, request: Request) -> Result<Answer, Refusal> {
        match request {
            Request::Hello { .. } | Request::RefreshReferences | Request::PairingCode { .. } => {
                Ok(Answer::Done)
            }
            Request::Send { key, chat, content, quoted, mentions } => {
                let extra = Extra::default();
                let draft = Draft { key, chat, content, quoted, mentions, extra };
                let (sent, message) = world.messages().send(me, draft, Some(self.id))?;
                Ok(Answer::Sent { sent, message: Box::new(message) })
            }
            Request::Edit { message, text } => {
                world.message_changes().edit(me, &message, text, Some(self.id))
            }
            Request::Revoke { message, for_everyone } => {
                world.message_changes().revoke(me, &message, for_everyone, Some(self.id))
            }
            Request::React { message, emoji } => {
                world.message_changes().react(me, &message, emoji, Some(self.id))
            }
            Request::MarkRead { chat } => {
                world.message_changes().mark_read(me, &chat, Some(self.id))
            }
            Request::Archive { chat, archived } => {
                world.message_changes().archive(me, &chat, archived, Some(self.id))
            }
            Request::Presence { chat, presence } => {
                world.message_changes().send_presence(me, &chat, presence)
            }
            Request::History { chat, before, limit } => {
                queries::history(&world.state, me, &chat, before.as_ref(), limit)
            }
            Request::Message { message } => queries::message(&world.state, me, &message),
            Request::Media { message } => queries::media_of(&world.state, me, &message),
            Request::Receipts { message } => queries::receipts_of(&world.state, me, &message),
            Request::Exists { id } => Ok(queries::exists(&world.state, me, &id)),
            Request::Group { id } => queries::group(&world.state, me, &id),
            Request::CreateGroup { name, description, participants } => {
                world.groups().create(me, name, description, participants, GroupForm::Group)
            }
            Request::DescribeGroup { group, description } => {
                world.groups().describe(me, &group, description)
            }
            Request::AddParticipants { group, participants } => {
                world.groups().add_participants(me, &group, participants)
            }
            Request::RemoveParticipants { group, participants } => {
                world.groups().remove_participants(me, &group, participants)
            }
            Request::LogOut => {
                if let Some(credential) = world.connections.credential(self.id).map(str::to_owned) {
                    world.linking().unlink(&credential);
                }
                Ok(Answer::Done)
            }
        }
    }
}

/// The people whose outcome a request asks for, by the ids of the request.
fn named_in(request: &Request) -> Vec<Jid> {
    match request {
        Request::Exists { id } => vec![id.clone()],
        Request::CreateGroup { participants, .. }
        | Request::AddParticipants { participants, .. }
        | Request::RemoveParticipants { participants, .. } => participants.clone(),
        _ => Vec::new(),
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.network.world().disconnect(self.id);
    }
}
