//! World: the parts of the network that one lock protects, and the steps that join them.

use std::{fs, io};

use crate::{
    domain::Timestamp,
    simulator::{
        NetworkSettings,
        actions::{
            groups::Groups, linking::Linking, message_changes::MessageChanges, messages::Messages,
            receipts::Receipts,
        },
        connections::Connections,
        faults::Faults,
        media_folder,
        pairing::Pairing,
        protocol::Push,
        scheduler::{Due, Scheduler, Timer},
        state::{Record, State, Task, add_built_in_people},
        web_client::WebClient,
    },
};

pub struct World {
    settings: NetworkSettings,
    pub state: State,
    pub connections: Connections,
    pub pairing: Pairing,
    pub scheduler: Scheduler,
    pub faults: Faults,
    pub web_client: WebClient,
}

impl World {
    /// Opens the world of a folder, with the built-in people.
    pub fn open(settings: NetworkSettings) -> io::Result<Self> {
        fs::create_dir_all(settings.media_folder())?;
        let mut state = State::open(&settings.folder, settings.most_messages)?;
        add_built_in_people(&mut state);
        let mut world = Self {
            settings,
            state,
            connections: Connections::default(),
            pairing: Pairing::default(),
            scheduler: Scheduler::default(),
            faults: Faults::default(),
            web_client: WebClient::default(),
        };
        world.commit();
        media_folder::clear(&world.settings.media_folder(), world.state.files())?;
        Ok(world)
    }

    /// Deletes everything, in memory and on the disk. When the disk refuses, nothing has changed.
    pub fn reset(&mut self) -> io::Result<()> {
        self.state.clear()?;
        add_built_in_people(&mut self.state);
        self.connections.reset();
        self.pairing = Pairing::default();
        self.scheduler.clear_timers();
        self.faults = Faults::default();
        self.web_client = WebClient::default();
        media_folder::clear(&self.settings.media_folder(), self.state.files())
    }

    /// Ends a step: writes the changes to the store, then hands pushes to devices. Returns whether there were
    /// changes.
    pub fn commit(&mut self) -> bool {
        let has_changed = self.state.is_changed() || self.connections.has_pushes();
        self.state.commit();
        self.connections.flush(&mut self.faults);
        has_changed && !self.state.store().is_failing()
    }

    pub fn now(&self) -> Timestamp {
        self.state.stopped_at().unwrap_or_else(|| self.settings.clock.now())
    }

    pub fn messages(&mut self) -> Messages<'_> {
        Messages {
            now: self.now(),
            settings: &self.settings,
            state: &mut self.state,
            connections: &mut self.connections,
            scheduler: &mut self.scheduler,
            faults: &mut self.faults,
        }
    }

    pub fn message_changes(&mut self) -> MessageChanges<'_> {
        let now = self.now();
        MessageChanges { state: &mut self.state, connections: &mut self.connections, now }
    }

    pub fn receipts(&mut self) -> Receipts<'_> {
        let now = self.now();
        Receipts { state: &mut self.state, connections: &mut self.connections, now }
    }

    pub fn groups(&mut self) -> Groups<'_> {
        let now = self.now();
        Groups { state: &mut self.state, connections: &mut self.connections, now }
    }

    pub fn linking(&mut self) -> Linking<'_> {
        Linking {
            now: self.now(),
            settings: &self.settings,
            state: &mut self.state,
            connections: &mut self.connections,
            pairing: &mut self.pairing,
            scheduler: &mut self.scheduler,
        }
    }

    /// Removes a device that is disconnected.
    pub fn disconnect(&mut self, device: u64) {
        self.connections.disconnect(device);
        self.pairing.remove(device);
    }

    /// Runs the first task or timer that is due until then. A clock that is stopped moves to its time. Returns
    /// whether there was one.
    pub fn run_next(&mut self, until: Timestamp) -> bool {
        let due = self.scheduler.next_due(&self.state).filter(|due| *due <= until);
        let Some(due) = due else { return false };
        if self.state.stopped_at().is_some_and(|now| now < due) {
            self.state.put(Record::Clock { stopped_at: Some(due) });
        }
        match self.scheduler.take_first(&mut self.state) {
            Some(Due::Task(task)) => self.run_task(task),
            Some(Due::Timer(timer)) => self.run_timer(timer),
            None => (),
        }
        true
    }

    fn run_task(&mut self, task: Task) {
        match task {
            Task::Deliver { sender, stored, receivers } => {
                self.messages().deliver(&sender, *stored, receivers);
            }
            Task::Read { account, chat } => {
                // The person may have no such chat any more.
                let _ = self.message_changes().mark_read(&account, &chat, None);
            }
            Task::Repeat { account, chat, key } => self.messages().repeat(&account, &chat, &key),
        }
    }

    fn run_timer(&mut self, timer: Timer) {
        match timer {
            Timer::NextReference { device, rotation } => {
                self.linking().reference_expired(device, rotation);
            }
            Timer::ExpirePairingCode { code } => self.pairing.expire_code(&code),
            Timer::Wake(wake) => {
                // The request may have been dropped.
                let _ = wake.send(());
            }
        }
    }

    /// Stops the clock at a moment, or lets it follow the system's. When the clock is set back, tasks and timers
    /// keep their distance from it.
    pub fn set_clock(&mut self, stopped_at: Option<Timestamp>) {
        let before = self.now();
        self.state.put(Record::Clock { stopped_at });
        let back = before.as_millisecond() - self.now().as_millisecond();
        if 0 < back {
            self.scheduler.shift_back(&mut self.state, back);
        }
        for device in self.connections.devices() {
            self.connections.push(device, Push::Clock { stopped_at });
        }
        self.scheduler.clock_changed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Clock, Jid},
        simulator::{
            Device, Network, Pushes,
            protocol::Request,
            state::{built_in_contacts, directory::Directory, lid::default_lid},
        },
    };

    fn network(folder: &std::path::Path) -> Network {
        Network::new(NetworkSettings::new(folder.to_owned(), Clock::system())).unwrap()
    }

    fn phone_identity(network: &Network, id: &Jid) -> Option<Jid> {
        Directory::of(&network.world().state).phone_identity(id)
    }

    fn me() -> Jid {
        "15557654321@c.us".parse().unwrap()
    }

    /// A linked device and its credential.
    async fn linked(network: &Network) -> (Device, Pushes, String) {
        let (device, mut pushes) = network.connect();
        device.request(Request::Hello { credential: None }).await.unwrap();
        let Some(Push::Reference { reference, .. }) = pushes.recv().await else { panic!() };
        network.account(&me()).scan(Some("Me".to_owned()), &reference).unwrap();
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
    async fn messages_that_arrive_while_a_device_is_disconnected_are_in_its_snapshot_also_after_a_restart()
     {
        let folder = tempfile::tempdir().unwrap();
        let first = network(folder.path());
        let (device, _pushes, credential) = linked(&first).await;
        drop(device);
        let ada: Jid = "15550000011@c.us".parse().unwrap();
        for text in ["one", "two"] {
            first.phone(&ada).write(&me(), text).unwrap();
        }
        first.clock().advance(std::time::Duration::from_secs(1)).await;
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
        network.phone(&me()).write(&me(), "a note").unwrap();
        fs::write(network.media().place().1, "x").unwrap();
        network.reset().unwrap();
        // The event of the note comes before.
        let pushed: Vec<Push> = std::iter::from_fn(|| pushes.try_recv()).collect();
        assert_eq!(pushed.last(), Some(&Push::Unlinked));
        let again = self::network(folder.path());
        for network in [&network, &again] {
            assert_eq!(network.accounts().len(), built_in_contacts().count());
            assert!(matches!(first_push(network, &credential).await, Push::Reference { .. }));
            let media = network.settings().media_folder();
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
            assert!(network.account(&id).open(None).is_err(), "{text}");
            assert!(network.phone(&me()).write(&id, "x").is_err(), "{text}");
        }
        let (taken, other): (Jid, Jid) =
            ("447700900001@c.us".parse().unwrap(), "447700900002@c.us".parse().unwrap());
        // Another person has the hidden identity that the number would get.
        network.account(&other).set_visibility(None, default_lid(&taken)).unwrap();
        network.account(&taken).open(None).unwrap();
        let lid_of_phone = |phone: &Jid| network.world().state.people().get(phone)?.me.lid.clone();
        assert_eq!(lid_of_phone(&other), default_lid(&taken));
        let own = lid_of_phone(&taken).unwrap();
        assert_ne!(Some(&own), default_lid(&taken).as_ref());
        assert_eq!(phone_identity(&network, &own), Some(taken.clone()));
        assert_eq!(phone_identity(&network, &default_lid(&taken).unwrap()), Some(other));
        assert_eq!(network.accounts().len(), before + 3);
    }

    #[tokio::test]
    async fn asking_for_a_number_opens_no_account_and_both_its_identities_work() {
        let folder = tempfile::tempdir().unwrap();
        let network = network(folder.path());
        let (device, _pushes, _) = linked(&network).await;
        let before = network.accounts().len();
        let stranger: Jid = "447700900123@c.us".parse().unwrap();
        let contact = Directory::of(&network.world().state).contact(&me(), &stranger).unwrap();
        assert_eq!(network.accounts().len(), before);
        let lid = contact.lid.unwrap();
        assert_eq!(phone_identity(&network, &lid), Some(stranger.clone()));
        let content = crate::domain::Content::Text { body: "hello".to_owned() };
        let request = Request::Send {
            key: "3EB0".to_owned(),
            chat: lid,
            content: crate::simulator::protocol::DeviceContent::Other(content),
            quoted: None,
            mentions: Vec::new(),
        };
        device.request(request).await.unwrap();
        assert_eq!(network.phone(&me()).messages(&stranger).len(), 1);
        for id in ["10000000000012@lid", "1@lid", "25550000000012@lid"] {
            let none = id.parse().ok().and_then(|id| phone_identity(&network, &id));
            assert_eq!(none, None, "{id}");
        }
    }
}
