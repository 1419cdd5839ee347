//! The door of a linked device: requests up, pushes down.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::{
    domain::{Chat, Contact, EventBody, Jid},
    simulator::{
        Network,
        groups::GroupForm,
        linking::refusal,
        protocol::{Answer, PageFault, Push, Refusal, RefusalKind, Request},
        world::{Connected, World},
    },
};

/// Pushes that a device may be behind before it is cut off.
const QUEUE: usize = 1_024;
/// How long a device waits that the network ignores.
const IGNORED: Duration = Duration::from_secs(300);

/// What comes down to a device; ends when the network cuts it off. Boxed on its way, because a channel
/// keeps room for 32 of them however empty it is.
pub struct Pushes {
    receiver: mpsc::Receiver<Box<Push>>,
}

impl Pushes {
    /// None when the device is cut off.
    pub async fn recv(&mut self) -> Option<Push> {
        self.receiver.recv().await.map(|push| *push)
    }

    /// What is there already.
    #[cfg(test)]
    pub fn try_recv(&mut self) -> Option<Push> {
        self.receiver.try_recv().ok().map(|push| *push)
    }
}

/// A connected device. Dropping it disconnects; its account keeps it linked.
pub struct Device {
    network: Network,
    id: u64,
    /// Held by the request that goes next when the line is back.
    turn: tokio::sync::Mutex<()>,
}

impl Network {
    /// Connects a device, which then says [`Request::Hello`].
    pub fn connect(&self) -> (Device, Pushes) {
        let (pushes, receiver) = mpsc::channel(QUEUE);
        let mut world = self.world();
        let id = world.next_device;
        world.next_device += 1;
        let connected = Connected {
            pushes,
            held: None,
            kept: std::collections::VecDeque::new(),
            account: None,
            credential: None,
            references_shown: 0,
            rotation: 0,
        };
        world.devices.insert(id, connected);
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
            self.network.pause(delay).await;
        }
        if ignored {
            self.network.pause(IGNORED).await;
            return Err(refusal(RefusalKind::Fault, "a planned fault: ignored"));
        }
        let needs_line = !matches!(
            request,
            Request::Hello { .. } | Request::RefreshReferences | Request::PairingCode { .. }
        );
        let is_cut = self.network.world().is_cut(self.id);
        if is_cut && request == Request::LogOut {
            return Err(refusal(RefusalKind::Fault, "the line is cut"));
        }
        if needs_line && (is_cut || self.turn.try_lock().is_err()) {
            // In the order in which they came.
            let _turn = self.turn.lock().await;
            self.network.line_back(self.id).await;
            return self.answer(request);
        }
        self.answer(request)
    }

    /// The account that this device belongs to now.
    pub fn account(&self) -> Option<Jid> {
        self.network.world().devices.get(&self.id)?.account.clone()
    }

    /// The people whom this device's account knows.
    pub fn contacts(&self) -> Vec<Contact> {
        let world = self.network.world();
        let account = world.devices.get(&self.id).and_then(|device| device.account.as_ref());
        let person = account.and_then(|account| world.ledger.person(account));
        let mut contacts: Vec<Contact> =
            person.map(|person| person.contacts.values().cloned().collect()).unwrap_or_default();
        if let Some(account) = account {
            contacts.iter_mut().for_each(|contact| world.veil(account).contact(contact));
        }
        contacts
    }

    /// The chats of this device's account, newest first; none while it has no account.
    pub fn chats(&self) -> Option<Vec<Chat>> {
        let account = self.account()?;
        let mut chats = self.network.chats(&account);
        // A device has stories and channels apart.
        chats.retain(|chat| !chat.id.is_status() && !chat.id.is_channel());
        let world = self.network.world();
        chats.iter_mut().for_each(|chat| world.veil(&account).chat(chat));
        Some(chats)
    }

    /// The network itself, for a device in the same process: files need not travel.
    pub fn network(&self) -> &Network {
        &self.network
    }

    fn answer(&self, request: Request) -> Result<Answer, Refusal> {
        let mut world = self.network.world();
        let request = match request {
            Request::Hello { credential } => return Ok(world.hello(self.id, credential)),
            Request::RefreshReferences => {
                world.restart_references(self.id);
                return Ok(Answer::Done);
            }
            Request::PairingCode { phone } => return world.make_pairing_code(self.id, &phone),
            other => other,
        };
        let account = world.devices.get(&self.id).and_then(|device| device.account.clone());
        let Some(account) = account else {
            return Err(refusal(RefusalKind::NotLinked, "this device is not linked"));
        };
        world.check_writing()?;
        let asked = named_in(&request);
        let request = world.unveil(request);
        let mut answer = self.carry_out(&mut world, &account, request)?;
        world.veil(&account).answer(&mut answer, &asked);
        Ok(answer)
    }

    fn carry_out(&self, world: &mut World, me: &Jid, request: Request) -> Result<Answer, Refusal> {
        match request {
            Request::Hello { .. } | Request::RefreshReferences | Request::PairingCode { .. } => {
                Ok(Answer::Done)
            }
            Request::Send { key, chat, content, quoted, mentions } => {
                let extra = crate::simulator::Extra::default();
                let draft =
                    crate::simulator::relay::Draft { key, chat, content, quoted, mentions, extra };
                let (sent, message) = world.send(me, draft, Some(self.id))?;
                Ok(Answer::Sent { sent, message: Box::new(message) })
            }
            Request::Edit { message, text } => world.edit(me, &message, text, Some(self.id)),
            Request::Revoke { message, for_everyone } => {
                world.revoke(me, &message, for_everyone, Some(self.id))
            }
            Request::React { message, emoji } => world.react(me, &message, emoji, Some(self.id)),
            Request::MarkRead { chat } => world.mark_read(me, &chat, Some(self.id)),
            Request::Archive { chat, archived } => {
                world.archive(me, &chat, archived, Some(self.id))
            }
            Request::Presence { chat, presence } => world.show_presence(me, &chat, presence),
            Request::History { chat, before, limit } => {
                world.history(me, &chat, before.as_ref(), limit)
            }
            Request::Message { message } => {
                Ok(Answer::Messages { messages: vec![world.stored(me, &message)?.told()] })
            }
            Request::Media { message } => world.media_of(me, &message),
            Request::Receipts { message } => world.receipts_of(me, &message),
            Request::Exists { id } => {
                Ok(Answer::Exists { contact: world.contact_of(me, &id).map(Box::new) })
            }
            Request::Group { id } => world.group(me, &id),
            Request::CreateGroup { name, description, participants } => {
                world.create_group(me, name, description, participants, GroupForm::Group)
            }
            Request::DescribeGroup { group, description } => {
                world.describe_group(me, &group, description)
            }
            Request::AddParticipants { group, participants } => {
                world.add_participants(me, &group, participants)
            }
            Request::RemoveParticipants { group, participants } => {
                world.remove_participants(me, &group, participants)
            }
            Request::LogOut => {
                let device = world.devices.get(&self.id);
                if let Some(credential) = device.and_then(|device| device.credential.clone()) {
                    world.unlink(&credential);
                }
                Ok(Answer::Done)
            }
        }
    }
}

/// The people whose outcome a request asks for, as it names them.
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
        let mut world = self.network.world();
        world.devices.remove(&self.id);
        let id = self.id;
        world.references.retain(|_, shown_by| *shown_by != id);
        world.pairing_codes.retain(|_, (shown_by, _)| *shown_by != id);
    }
}

/// What can be done to the connected devices of an account from outside.
impl Network {
    /// Plays a page's fault on every connected device of an account. How many there were.
    pub fn strike_page(&self, account: &Jid, fault: PageFault) -> usize {
        self.to_devices(account, &Push::Fault { fault })
    }

    /// Makes something happen in an account that nobody did, such as a call.
    pub fn happen(&self, account: &Jid, event: &EventBody) {
        self.world().tell(account, event, None);
    }

    fn to_devices(&self, account: &Jid, push: &Push) -> usize {
        let mut world = self.world();
        let of_account = |(id, device): (&u64, &Connected)| {
            (device.account.as_ref() == Some(account)).then_some(*id)
        };
        let devices: Vec<u64> = world.devices.iter().filter_map(of_account).collect();
        for device in &devices {
            world.push(*device, push.clone());
        }
        devices.len()
    }
}
