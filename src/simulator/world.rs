//! All that the network knows, and the look-ups that everything else needs.

use std::collections::HashMap;

use tokio::sync::mpsc;

use crate::{
    domain::{Chat, Contact, EventBody, Group, Jid, Message},
    simulator::{
        account::{Account, Behaviour},
        faults::Faults,
        media::MediaFile,
        protocol::Push,
    },
};

/// Numbers that begin so are not on WhatsApp.
const NOBODY: &str = "999";
/// Messages of each chat that a device is given when it connects.
const SNAPSHOT_MESSAGES: usize = 50;

/// People whom every new account knows: telephone number, name, behaviour.
const SETTLERS: [(&str, &str, Behaviour); 6] = [
    ("15550000001", "Echo", Behaviour::Echo),
    ("15550000002", "Slow", Behaviour::Slow),
    ("15550000003", "Silent", Behaviour::Silent),
    ("15550000011", "Ada Lovelace", Behaviour::Reads),
    ("15550000012", "Grace Hopper", Behaviour::Reads),
    ("15550000013", "Alan Turing", Behaviour::Reads),
];

pub struct World {
    /// By the address of their person.
    pub accounts: HashMap<Jid, Account>,
    pub groups: HashMap<Jid, Group>,
    pub devices: HashMap<u64, Connected>,
    /// Which account a credential opens.
    pub credentials: HashMap<String, Jid>,
    /// Which unlinked device shows a QR reference now.
    pub references: HashMap<String, u64>,
    /// Which unlinked device shows a pairing code, and for which account.
    pub pairing_codes: HashMap<String, (u64, Jid)>,
    pub media: HashMap<String, MediaFile>,
    /// The file of each message that has one, by the message's key.
    pub message_media: HashMap<String, String>,
    pub faults: Faults,
    pub next_device: u64,
}

/// A device that is connected at this moment.
pub struct Connected {
    pub pushes: mpsc::Sender<Push>,
    /// Held back so that the next one overtakes it.
    pub held: Option<Push>,
    pub account: Option<Jid>,
    pub credential: Option<String>,
    pub references_shown: u32,
    /// Which rotation of references is the present one; an older timer finds itself outdated.
    pub rotation: u64,
}

impl World {
    /// A world with the people whom everybody knows.
    pub fn settled() -> Self {
        let mut world = Self {
            accounts: HashMap::new(),
            groups: HashMap::new(),
            devices: HashMap::new(),
            credentials: HashMap::new(),
            references: HashMap::new(),
            pairing_codes: HashMap::new(),
            media: HashMap::new(),
            message_media: HashMap::new(),
            faults: Faults::default(),
            next_device: 1,
        };
        for (phone, name, behaviour) in SETTLERS {
            if let Ok(jid) = Jid::of_phone(phone) {
                let lid = lid_of(&jid);
                world
                    .accounts
                    .insert(jid.clone(), Account::new(jid, lid, name.to_owned(), behaviour));
            }
        }
        world
    }

    /// Whether somebody could have this address.
    pub fn is_on_whatsapp(&self, id: &Jid) -> bool {
        id.is_person() && !id.user().starts_with(NOBODY)
    }

    /// The account behind a person's address, under either identity; made when somebody writes to
    /// it for the first time.
    pub fn account_of(&mut self, id: &Jid) -> Option<&mut Account> {
        let id = self.phone_identity(id)?;
        if !self.is_on_whatsapp(&id) {
            return None;
        }
        let account = self.accounts.entry(id.clone()).or_insert_with(|| {
            let (lid, name) = (lid_of(&id), format!("Person {}", last_digits(id.user())));
            Account::new(id, lid, name, Behaviour::Reads)
        });
        Some(account)
    }

    /// The telephone identity of a person named by either.
    pub fn phone_identity(&self, id: &Jid) -> Option<Jid> {
        match id.kind() {
            crate::domain::JidKind::Person => Some(id.clone()),
            crate::domain::JidKind::Lid => self
                .accounts
                .values()
                .find(|a| a.me.lid.as_ref() == Some(id))
                .map(|a| a.me.id.clone()),
            _ => None,
        }
    }

    /// Opens an account for its owner, with the people whom everybody knows as contacts.
    pub fn open_account(&mut self, id: &Jid, name: Option<String>) -> Option<&mut Account> {
        let people: Vec<Contact> =
            SETTLERS.iter().filter_map(|(phone, name, _)| settler(phone, name)).collect();
        let account = self.account_of(id)?;
        account.behaviour = Behaviour::Manual;
        if name.is_some() {
            account.me.push_name = name;
        }
        let own = account.me.id.clone();
        for contact in people.into_iter().filter(|contact| contact.id != own) {
            account.contacts.entry(contact.id.clone()).or_insert(contact);
        }
        Some(account)
    }

    /// How one account sees a person.
    pub fn contact_of(&mut self, account: &Jid, id: &Jid) -> Option<Contact> {
        let person = self.account_of(id)?;
        let (id, lid, push_name) =
            (person.me.id.clone(), person.me.lid.clone(), person.me.push_name.clone());
        let known = self.accounts.get(account).and_then(|account| account.contacts.get(&id));
        Some(known.cloned().unwrap_or(Contact {
            id,
            lid,
            name: None,
            short_name: None,
            push_name,
            in_address_book: false,
            on_whatsapp: true,
            business: false,
            blocked: false,
            picture: None,
        }))
    }

    /// The name that an account shows for a chat.
    pub fn chat_name(&mut self, account: &Jid, chat: &Jid) -> String {
        if let Some(group) = self.groups.get(chat) {
            return group.name.clone();
        }
        match self.contact_of(account, chat) {
            Some(contact) => contact.display_name().to_owned(),
            None => chat.user().to_owned(),
        }
    }

    /// Tells every connected device of an account, except one.
    pub fn tell(&mut self, account: &Jid, event: &EventBody, except: Option<u64>) {
        let of_account = |(id, device): (&u64, &Connected)| {
            (device.account.as_ref() == Some(account) && Some(*id) != except).then_some(*id)
        };
        let devices: Vec<u64> = self.devices.iter().filter_map(of_account).collect();
        for device in devices {
            self.push(device, Push::Happened { event: event.clone() });
        }
    }

    /// Sends a push to one device. One whose queue is full is cut off: it will connect again and
    /// be given a snapshot.
    pub fn push(&mut self, device: u64, push: Push) {
        let Some(connected) = self.devices.get_mut(&device) else { return };
        let is_event = matches!(push, Push::Happened { .. });
        if is_event && self.faults.take(|faults| &mut faults.reorder_events) {
            connected.held = Some(push);
            return;
        }
        let copies =
            if is_event && self.faults.take(|faults| &mut faults.duplicate_events) { 2 } else { 1 };
        if is_event && self.faults.take(|faults| &mut faults.drop_events) {
            return;
        }
        let mut wave = vec![push; copies];
        wave.extend(connected.held.take());
        if wave.into_iter().any(|push| connected.pushes.try_send(push).is_err()) {
            self.devices.remove(&device);
        }
    }

    /// All that a device of this account needs to show.
    pub fn snapshot(&self, account: &Jid) -> Option<Push> {
        let account = self.accounts.get(account)?;
        let mut chats: Vec<Chat> =
            account.chats.values().map(|thread| thread.chat.clone()).collect();
        chats.sort_by_key(|chat| std::cmp::Reverse(chat.last_activity));
        let recent = |messages: &[Message]| {
            messages[messages.len().saturating_sub(SNAPSHOT_MESSAGES)..].to_vec()
        };
        let is_member = |group: &&Group| group.participants.iter().any(|p| p.id == account.me.id);
        Some(Push::Snapshot {
            me: account.me.clone(),
            contacts: account.contacts.values().cloned().collect(),
            chats,
            groups: self.groups.values().filter(is_member).cloned().collect(),
            messages: account.chats.values().flat_map(|thread| recent(&thread.messages)).collect(),
        })
    }
}

/// The hidden identity that the network gives to a telephone number.
pub fn lid_of(id: &Jid) -> Option<Jid> {
    format!("1{:0>14}@lid", id.user()).parse().ok()
}

fn settler(phone: &str, name: &str) -> Option<Contact> {
    let id = Jid::of_phone(phone).ok()?;
    Some(Contact {
        lid: lid_of(&id),
        id,
        name: Some(name.to_owned()),
        short_name: name.split(' ').next().map(str::to_owned),
        push_name: Some(name.to_owned()),
        in_address_book: true,
        on_whatsapp: true,
        business: false,
        blocked: false,
        picture: None,
    })
}

fn last_digits(user: &str) -> &str {
    user.get(user.len().saturating_sub(4)..).unwrap_or(user)
}
