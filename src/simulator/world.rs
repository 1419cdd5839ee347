//! All that the network knows: the ledger that outlives the process, the devices that do not, and
//! the look-ups that everything else needs.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fs, io,
};

use tokio::sync::mpsc;

use crate::{
    domain::{Contact, EventBody, Jid, JidKind, address::is_number},
    simulator::{
        NetworkSettings,
        account::{Behaviour, Person},
        agenda::Waiting,
        faults::Faults,
        ledger::{Ledger, Record},
        linking::refusal,
        protocol::{Push, Refusal, RefusalKind},
        settlers::{settle, settlers},
        web_client::WebClient,
    },
};

/// Numbers that begin so are not on WhatsApp.
const NOBODY: &str = "999";

pub struct World {
    pub settings: NetworkSettings,
    pub ledger: Ledger,
    pub devices: HashMap<u64, Connected>,
    /// Which unlinked device shows a QR reference now.
    pub references: HashMap<String, u64>,
    /// Which unlinked device shows a pairing code, and for which account.
    pub pairing_codes: HashMap<String, (u64, Jid)>,
    pub faults: Faults,
    /// Accounts whose devices have no line.
    pub cut: HashSet<Jid>,
    pub web_client: WebClient,
    pub waiting: Waiting,
    /// Whether there is something new on the agenda.
    pub has_news: bool,
    pub next_device: u64,
    pub next_passing: u64,
    /// What devices are told once the store has what brought it about.
    outbox: Vec<(u64, Push)>,
}

/// A device that is connected at this moment.
pub struct Connected {
    pub pushes: mpsc::Sender<Box<Push>>,
    /// Held back so that the next one overtakes it.
    pub held: Option<Push>,
    /// What it gets once its line is back.
    pub kept: VecDeque<Push>,
    pub account: Option<Jid>,
    pub credential: Option<String>,
    pub references_shown: u32,
    /// Which rotation of references is the present one; an older timer finds itself outdated.
    pub rotation: u64,
}

impl World {
    /// The world as its folder tells it, with the people whom everybody knows.
    pub fn open(settings: NetworkSettings) -> io::Result<Self> {
        fs::create_dir_all(settings.media_folder())?;
        let mut ledger = Ledger::open(&settings.folder, settings.most_messages)?;
        settle(&mut ledger);
        let mut world = Self {
            settings,
            ledger,
            devices: HashMap::new(),
            references: HashMap::new(),
            pairing_codes: HashMap::new(),
            faults: Faults::default(),
            cut: HashSet::new(),
            web_client: WebClient::default(),
            waiting: Waiting::new(),
            has_news: false,
            next_device: 1,
            next_passing: 0,
            outbox: Vec::new(),
        };
        world.commit();
        world.clear_media_folder()?;
        Ok(world)
    }

    /// Begins anew, in memory and on the disk. When the disk refuses, nothing has changed.
    pub fn reset(&mut self) -> io::Result<()> {
        self.ledger.clear()?;
        settle(&mut self.ledger);
        self.outbox.clear();
        for device in std::mem::take(&mut self.devices).into_values() {
            // One that does not take it sees its line end.
            let _ = device.pushes.try_send(Box::new(Push::Unlinked));
        }
        self.references.clear();
        self.pairing_codes.clear();
        // Requests that wait are answered: there is nobody in whose name any more.
        self.waiting.clear();
        self.faults = Faults::default();
        self.cut.clear();
        self.web_client = WebClient::default();
        self.clear_media_folder()
    }

    /// Writes down what was changed, then tells devices.
    pub fn commit(&mut self) -> bool {
        let has_changed = self.ledger.is_changed() || !self.outbox.is_empty();
        self.ledger.commit();
        for (device, push) in std::mem::take(&mut self.outbox) {
            self.hand_over(device, push);
        }
        has_changed && !self.ledger.is_failing()
    }

    /// Refuses what would be acknowledged and could be lost.
    pub fn check_writing(&self) -> Result<(), Refusal> {
        if self.ledger.is_failing() {
            let reason = "the network's store cannot be read or written";
            return Err(refusal(RefusalKind::Fault, reason));
        }
        Ok(())
    }

    /// Whether somebody could have this address: a number must be one that can be dialled.
    pub fn is_on_whatsapp(&self, id: &Jid) -> bool {
        let is_possible = id.kind() != JidKind::Person || is_number(id.user());
        id.is_person() && is_possible && !id.user().starts_with(NOBODY)
    }

    /// The person behind an address, under either identity; they get an account when somebody
    /// writes to them for the first time.
    pub fn account_of(&mut self, id: &Jid) -> Option<&Person> {
        let person = self.person_behind(id)?;
        let id = person.me.id.clone();
        if self.ledger.person(&id).is_none() {
            self.ledger.put(Record::Person(Box::new(person)));
        }
        self.ledger.person(&id)
    }

    /// The person behind an address, with or without an account.
    fn person_behind(&self, id: &Jid) -> Option<Person> {
        let id = self.phone_identity(id)?;
        if !self.is_on_whatsapp(&id) {
            return None;
        }
        let known = self.ledger.person(&id).cloned();
        Some(known.unwrap_or_else(|| {
            let (lid, name) = (self.free_lid(&id), format!("Person {}", last_digits(id.user())));
            Person::new(id, lid, name, Behaviour::Reads)
        }))
    }

    /// The hidden identity for a number that has none yet: the first that nobody else has.
    fn free_lid(&self, id: &Jid) -> Option<Jid> {
        (1..=9).filter_map(|first| lid_from(first, id)).find(|lid| self.holder(lid).is_none())
    }

    /// Who has a hidden identity by now.
    fn holder(&self, lid: &Jid) -> Option<Jid> {
        let has_it = |person: &Person| person.me.lid.as_ref() == Some(lid);
        let usual = phone_of(lid).filter(|phone| self.ledger.person(phone).is_some_and(has_it));
        usual.or_else(|| {
            let mut people = self.ledger.people();
            people.find(|person| has_it(person)).map(|person| person.me.id.clone())
        })
    }

    /// The telephone identity of a person named by either.
    pub fn phone_identity(&self, id: &Jid) -> Option<Jid> {
        match id.kind() {
            JidKind::Person => Some(id.clone()),
            // Else that of a number without an account, which would get this one.
            JidKind::Lid => self.holder(id).or_else(|| {
                let future = phone_of(id).filter(|phone| self.ledger.person(phone).is_none())?;
                (self.free_lid(&future).as_ref() == Some(id)).then_some(future)
            }),
            _ => None,
        }
    }

    /// Opens an account for its owner, with the people whom everybody knows as contacts.
    pub fn open_account(&mut self, id: &Jid, name: Option<String>) -> Option<Person> {
        let mut person = self.person_behind(id)?;
        person.behaviour = Behaviour::Manual;
        if name.is_some() {
            person.me.push_name = name;
        }
        for contact in settlers() {
            if contact.id != person.me.id {
                person.contacts.entry(contact.id.clone()).or_insert(contact);
            }
        }
        self.ledger.put(Record::Person(Box::new(person.clone())));
        Some(person)
    }

    /// How one account sees a person. The name that strangers choose is known once they have written.
    pub fn contact_of(&self, account: &Jid, id: &Jid) -> Option<Contact> {
        let person = self.person_behind(id)?.me;
        let known = self.ledger.person(account).and_then(|owner| owner.contacts.get(&person.id));
        let thread = self.ledger.thread(account, &person.id);
        let has_written = || thread.is_some_and(|thread| thread.is_received);
        Some(known.cloned().unwrap_or_else(|| Contact {
            id: person.id,
            lid: person.lid,
            name: None,
            short_name: None,
            push_name: person.push_name.filter(|_| has_written()),
            in_address_book: false,
            on_whatsapp: true,
            business: false,
            blocked: false,
            picture: None,
        }))
    }

    /// The name that an account shows for a chat.
    pub fn chat_name(&self, account: &Jid, chat: &Jid) -> String {
        if let Some(group) = self.ledger.groups().get(chat) {
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
        if devices.is_empty() {
            return;
        }
        let mut event = event.clone();
        self.veil(account).event(&mut event);
        for device in devices {
            self.push(device, Push::Happened { event: event.clone() });
        }
    }

    /// Sends a push to one device, after all that happened before it is in the store.
    pub fn push(&mut self, device: u64, push: Push) {
        self.outbox.push((device, push));
    }
}

/// The hidden identity that the network gives to a telephone number, unless somebody else has it.
pub fn lid_of(id: &Jid) -> Option<Jid> {
    lid_from(1, id)
}

/// Two numbers have no hidden identity in common, since no number begins with a zero.
fn lid_from(first: u8, id: &Jid) -> Option<Jid> {
    format!("{first}{:0>14}@lid", id.user()).parse().ok()
}

/// The number that a hidden identity was made from.
fn phone_of(lid: &Jid) -> Option<Jid> {
    let first = lid.user().chars().next()?.to_digit(10)?;
    let digits = lid.user().get(1..)?.trim_start_matches('0');
    let phone = Jid::of_phone(digits).ok().filter(|phone| is_number(phone.user()))?;
    let made = lid_from(u8::try_from(first).ok().filter(|first| 0 < *first)?, &phone)?;
    (made == *lid).then_some(phone)
}

fn last_digits(user: &str) -> &str {
    user.get(user.len().saturating_sub(4)..).unwrap_or(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Clock,
        simulator::{Device, Network, Pushes, protocol::Request},
    };

    fn network(folder: &std::path::Path) -> Network {
        Network::new(NetworkSettings::new(folder.to_owned(), Clock::system())).unwrap()
    }

    fn me() -> Jid {
        "15557654321@c.us".parse().unwrap()
    }

    /// A linked device and its credential.
    async fn linked(network: &Network) -> (Device, Pushes, String) {
        let (device, mut pushes) = network.connect();
        device.request(Request::Hello { credential: None }).await.unwrap();
        let Some(Push::Reference { reference, .. }) = pushes.recv().await else { panic!() };
        network.scan(&me(), Some("Me".to_owned()), &reference).unwrap();
        let Some(Push::Linked { credential, .. }) = pushes.recv().await else { panic!() };
        assert!(matches!(pushes.recv().await, Some(Push::Snapshot { .. })));
        (device, pushes, credential)
    }

    async fn first_push(network: &Network, credential: &str) -> Push {
        let (device, mut pushes) = network.connect();
        let hello = Request::Hello { credential: Some(credential.to_owned()) };
        device.request(hello).await.unwrap();
        pushes.recv().await.unwrap()
    }

    #[tokio::test]
    async fn what_comes_while_a_device_is_away_is_in_its_snapshot_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let first = network(folder.path());
        let (device, _pushes, credential) = linked(&first).await;
        drop(device);
        let ada: Jid = "15550000011@c.us".parse().unwrap();
        for text in ["one", "two"] {
            first.write(&ada, &me(), text).unwrap();
        }
        first.advance_clock(std::time::Duration::from_secs(1)).await;
        let of_first = first_push(&first, &credential).await;
        let second = network(folder.path());
        let Push::Snapshot { me, chats, messages, contacts, .. } =
            first_push(&second, &credential).await
        else {
            panic!("no snapshot")
        };
        assert_eq!((me.push_name.as_deref(), contacts.len()), (Some("Me"), 6));
        assert_eq!((&chats[0].id, chats[0].unread), (&ada, 2));
        let bodies: Vec<&str> = messages.iter().map(|message| message.body.as_str()).collect();
        assert_eq!(bodies, ["one", "two"]);
        let Push::Snapshot { messages: of_first, .. } = of_first else { panic!("no snapshot") };
        assert_eq!(of_first, messages);
    }

    #[tokio::test]
    async fn a_reset_is_one_on_the_disk_too() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        let (_device, mut pushes, credential) = linked(&network).await;
        network.write(&me(), &me(), "a note").unwrap();
        fs::write(network.media_place().1, "x").unwrap();
        network.reset().unwrap();
        // The note was told before.
        let pushed: Vec<Push> = std::iter::from_fn(|| pushes.try_recv()).collect();
        assert_eq!(pushed.last(), Some(&Push::Unlinked));
        let again = self::network(folder.path());
        for network in [&network, &again] {
            assert_eq!(network.accounts().len(), settlers().count());
            assert!(matches!(first_push(network, &credential).await, Push::Reference { .. }));
            let media = network.world().settings.media_folder();
            assert_eq!(fs::read_dir(media).unwrap().count(), 0);
        }
        for entry in fs::read_dir(folder.path()).unwrap() {
            let text = fs::read(entry.unwrap().path()).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&text).contains("a note"));
        }
    }

    #[tokio::test]
    async fn impossible_numbers_get_no_account_and_no_two_people_share_a_hidden_identity() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        let before = network.accounts().len();
        for text in ["05550000011@c.us", "120363000000000000@c.us", "123456@c.us"] {
            let id: Jid = text.parse().unwrap();
            assert!(network.open_account(&id, None).is_err(), "{text}");
            assert!(network.write(&me(), &id, "x").is_err(), "{text}");
        }
        let (taken, other): (Jid, Jid) =
            ("447700900001@c.us".parse().unwrap(), "447700900002@c.us".parse().unwrap());
        // Somebody is given what another number would have got.
        network.show(&other, None, lid_of(&taken)).unwrap();
        network.open_account(&taken, None).unwrap();
        let lid_of_phone = |phone: &Jid| network.world().ledger.person(phone)?.me.lid.clone();
        assert_eq!(lid_of_phone(&other), lid_of(&taken));
        let own = lid_of_phone(&taken).unwrap();
        assert_ne!(Some(&own), lid_of(&taken).as_ref());
        assert_eq!(network.world().phone_identity(&own), Some(taken.clone()));
        assert_eq!(network.world().phone_identity(&lid_of(&taken).unwrap()), Some(other));
        assert_eq!(network.accounts().len(), before + 3);
    }

    #[tokio::test]
    async fn asking_for_a_number_opens_no_account_and_both_its_identities_work() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        let (device, _pushes, _) = linked(&network).await;
        let before = network.accounts().len();
        let stranger: Jid = "447700900123@c.us".parse().unwrap();
        let contact = network.world().contact_of(&me(), &stranger).unwrap();
        assert_eq!(network.accounts().len(), before);
        let lid = contact.lid.unwrap();
        assert_eq!(network.world().phone_identity(&lid), Some(stranger.clone()));
        let content = crate::domain::Content::Text { body: "hello".to_owned() };
        let request = Request::Send {
            key: "3EB0".to_owned(),
            chat: lid,
            content: crate::simulator::protocol::DeviceContent::Other(content),
            quoted: None,
            mentions: Vec::new(),
        };
        device.request(request).await.unwrap();
        assert_eq!(network.messages(&me(), &stranger).len(), 1);
        for id in ["10000000000012@lid", "1@lid", "25550000000012@lid"] {
            let none = id.parse().ok().and_then(|id| network.world().phone_identity(&id));
            assert_eq!(none, None, "{id}");
        }
    }
}
