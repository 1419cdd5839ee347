//! All that the network keeps over a restart, and the only way to change it.
//!
//! A change is a [`Record`]: the new value of one thing, or that it is gone. [`Ledger::put`] takes it, and
//! [`Ledger::commit`] writes what a step has changed to the network's own store before anybody is answered.
//! People, groups, files, what is owed and the clock are held in memory. The chats of an account are read
//! when somebody asks for them first, and messages one by one (`history`). It knows nothing of devices or
//! time.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    path::Path,
};

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    domain::{Chat, Group, Jid, Message, MessageKind, Timestamp, chat::LastMessage},
    simulator::{
        account::{Account, Person},
        agenda::Deed,
        history::Recent,
        keys, takeover,
        thread::{Stored, Thread},
    },
    store::local::{Direction, LocalStore, StoreError},
};

/// The new value of one thing, or that it is gone. Read from the journals of former versions as well.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Record {
    Person(Box<Person>),
    Chat {
        account: Jid,
        chat: Box<Chat>,
    },
    /// In the chat that its id names.
    Message {
        account: Jid,
        stored: Box<Stored>,
    },
    MessageGone {
        account: Jid,
        chat: Jid,
        key: String,
    },
    Group(Box<Group>),
    File {
        id: String,
        mime: String,
        size: u64,
    },
    FileGone {
        id: String,
    },
    Deed {
        due: Timestamp,
        number: u64,
        deed: Box<Deed>,
    },
    DeedGone {
        due: Timestamp,
        number: u64,
    },
    /// Where the clock stands; none when it goes with the system's.
    Clock {
        stands_at: Option<Timestamp>,
    },
}

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    pub mime: String,
    pub size: u64,
}

/// The state of the network.
pub struct Ledger {
    pub store: LocalStore,
    /// By the address of their person.
    accounts: HashMap<Jid, Account>,
    groups: HashMap<Jid, Group>,
    /// Which account a credential opens.
    credentials: HashMap<String, Jid>,
    /// By id; ids rise with time.
    files: BTreeMap<String, FileEntry>,
    files_size: u64,
    deeds: BTreeMap<(Timestamp, u64), Deed>,
    next_deed: u64,
    stands_at: Option<Timestamp>,
    /// Messages that a chat keeps.
    pub most_messages: u64,
    /// Chats that are written at the end of the step, each by its account.
    pub changed: BTreeSet<(Jid, Jid)>,
    pub recent: RefCell<Recent>,
    /// Whether something could not be read, so that nothing more may be acknowledged.
    is_unreadable: Cell<bool>,
}

/// From the disk and to it.
impl Ledger {
    /// The ledger that is in a folder. The journal of a former version is taken over first.
    pub fn open(folder: &Path, most_messages: usize) -> io::Result<Self> {
        takeover::take_over(folder, most_messages)?;
        Self::load(folder, most_messages).map_err(|error| in_folder(folder, &error))
    }

    pub fn load(folder: &Path, most_messages: usize) -> Result<Self, StoreError> {
        let mut ledger = Self {
            store: LocalStore::open(folder)?,
            accounts: HashMap::new(),
            groups: HashMap::new(),
            credentials: HashMap::new(),
            files: BTreeMap::new(),
            files_size: 0,
            deeds: BTreeMap::new(),
            next_deed: 0,
            stands_at: None,
            most_messages: u64::try_from(most_messages.max(1)).unwrap_or(u64::MAX),
            changed: BTreeSet::new(),
            recent: RefCell::default(),
            is_unreadable: Cell::new(false),
        };
        ledger.all(keys::PEOPLE)?.into_iter().for_each(|person| ledger.set_person(person));
        let groups: Vec<Group> = ledger.all(keys::GROUPS)?;
        ledger.groups = groups.into_iter().map(|group| (group.id.clone(), group)).collect();
        for (id, mime, size) in ledger.all(keys::FILES)? {
            ledger.add_file(id, FileEntry { mime, size });
        }
        for (due, number, deed) in ledger.all(keys::DEEDS)? {
            ledger.add_deed(due, number, deed);
        }
        ledger.stands_at = ledger.store.get(&keys::clock())?.flatten();
        Ok(ledger)
    }

    fn all<V: DeserializeOwned>(&self, tree: u8) -> Result<Vec<V>, StoreError> {
        let found = self.store.scan(keys::tree(tree).all(), Direction::Forward, usize::MAX)?;
        Ok(found.into_iter().map(|(_, value)| value).collect())
    }

    /// Forgets everything. When the disk refuses, nothing has changed.
    pub fn clear(&mut self) -> io::Result<()> {
        self.store.clear()?;
        self.accounts.clear();
        self.groups.clear();
        self.credentials.clear();
        self.files.clear();
        self.deeds.clear();
        self.changed.clear();
        self.recent.take();
        (self.files_size, self.stands_at) = (0, None);
        Ok(())
    }

    /// Whether this step has changed anything.
    pub fn is_changed(&self) -> bool {
        self.store.is_changed() || !self.changed.is_empty()
    }

    /// Ends a step.
    pub fn commit(&mut self) {
        for (account, chat) in std::mem::take(&mut self.changed) {
            let thread = self.accounts.get(&account).and_then(|account| account.chats.get());
            if let Some(thread) = thread.and_then(|chats| chats.get(&chat)) {
                self.store.put(keys::chat(&account, &chat), thread);
            }
        }
        self.store.commit();
    }

    /// Whether nothing more may be acknowledged.
    pub fn is_failing(&self) -> bool {
        self.store.is_failing() || self.is_unreadable.get()
    }

    /// What was read; nothing where the disk fails.
    pub fn read<T: Default>(&self, outcome: Result<T, StoreError>) -> T {
        outcome.unwrap_or_else(|error| {
            if !self.is_unreadable.replace(true) {
                tracing::error!(%error, "the simulated network's store cannot be read");
            }
            T::default()
        })
    }

    pub fn put(&mut self, record: Record) {
        match record {
            Record::Person(person) => {
                self.store.put(keys::person(&person.me.id), &person);
                self.set_person(*person);
            }
            Record::Chat { account, chat } => {
                let id = chat.id.clone();
                let Some(chats) = self.chats_mut(&account) else { return };
                match chats.get_mut(&id) {
                    Some(thread) => thread.chat = *chat,
                    None => {
                        chats.insert(id.clone(), Thread::new(*chat));
                    }
                }
                self.changed.insert((account, id));
            }
            Record::Message { account, stored } => self.put_stored(&account, *stored),
            Record::MessageGone { account, chat, key } => {
                self.remove_stored(&account, &chat, &key);
            }
            Record::Group(group) => {
                self.store.put(keys::group(&group.id), &group);
                self.groups.insert(group.id.clone(), *group);
            }
            Record::File { id, mime, size } => {
                self.store.put(keys::file(&id), &(&id, &mime, size));
                self.add_file(id, FileEntry { mime, size });
            }
            Record::FileGone { id } => {
                let size = self.files.remove(&id).map_or(0, |file| file.size);
                self.files_size = self.files_size.saturating_sub(size);
                self.store.remove_value(keys::file(&id));
            }
            Record::Deed { due, number, deed } => {
                self.store.put(keys::deed(due, number), &(due, number, &deed));
                self.add_deed(due, number, *deed);
            }
            Record::DeedGone { due, number } => {
                self.deeds.remove(&(due, number));
                self.store.remove_value(keys::deed(due, number));
            }
            Record::Clock { stands_at } => {
                self.stands_at = stands_at;
                self.store.put(keys::clock(), &stands_at);
            }
        }
    }

    fn set_person(&mut self, person: Person) {
        let id = person.me.id.clone();
        let known = self.accounts.remove(&id);
        for device in known.iter().flat_map(|account| &account.person.devices) {
            self.credentials.remove(device);
        }
        for device in &person.devices {
            self.credentials.insert(device.clone(), id.clone());
        }
        let chats = known.map(|account| account.chats).unwrap_or_default();
        self.accounts.insert(id, Account { person, chats });
    }

    fn add_file(&mut self, id: String, file: FileEntry) {
        self.files_size += file.size;
        self.files.insert(id, file);
    }

    fn add_deed(&mut self, due: Timestamp, number: u64, deed: Deed) {
        self.next_deed = self.next_deed.max(number + 1);
        self.deeds.insert((due, number), deed);
    }
}

/// Reading.
impl Ledger {
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.accounts.values().map(|account| &account.person)
    }

    pub fn person(&self, id: &Jid) -> Option<&Person> {
        self.accounts.get(id).map(|account| &account.person)
    }

    /// The chats of an account.
    pub fn chats(&self, id: &Jid) -> Option<&HashMap<Jid, Thread>> {
        let account = self.accounts.get(id)?;
        Some(account.chats.get_or_init(|| {
            let range = keys::chats(id).all();
            let found: Vec<(_, Thread)> =
                self.read(self.store.scan(range, Direction::Forward, usize::MAX));
            found.into_iter().map(|(_, thread)| (thread.chat.id.clone(), thread)).collect()
        }))
    }

    pub fn thread(&self, account: &Jid, chat: &Jid) -> Option<&Thread> {
        self.chats(account)?.get(chat)
    }

    pub fn thread_mut(&mut self, account: &Jid, chat: &Jid) -> Option<&mut Thread> {
        self.chats_mut(account)?.get_mut(chat)
    }

    fn chats_mut(&mut self, account: &Jid) -> Option<&mut HashMap<Jid, Thread>> {
        self.chats(account)?;
        self.accounts.get_mut(account)?.chats.get_mut()
    }

    /// Whether an account has a chat. The others need not be read for that.
    pub fn has_chat(&self, account: &Jid, chat: &Jid) -> bool {
        match self.accounts.get(account).map(|account| account.chats.get()) {
            Some(Some(chats)) => chats.contains_key(chat),
            Some(None) => self.read(self.store.get::<Thread>(&keys::chat(account, chat))).is_some(),
            None => false,
        }
    }

    pub fn groups(&self) -> &HashMap<Jid, Group> {
        &self.groups
    }

    pub fn account_of_credential(&self, credential: &str) -> Option<&Jid> {
        self.credentials.get(credential)
    }

    pub fn files(&self) -> &BTreeMap<String, FileEntry> {
        &self.files
    }

    /// In bytes.
    pub fn files_size(&self) -> u64 {
        self.files_size
    }

    pub fn deeds(&self) -> &BTreeMap<(Timestamp, u64), Deed> {
        &self.deeds
    }

    pub fn next_deed(&self) -> u64 {
        self.next_deed
    }

    pub fn stands_at(&self) -> Option<Timestamp> {
        self.stands_at
    }
}

/// Changes of one thing. Each answers `None` when there is no such thing.
impl Ledger {
    pub fn change_person<T>(
        &mut self,
        id: &Jid,
        change: impl FnOnce(&mut Person) -> T,
    ) -> Option<T> {
        let mut person = self.person(id)?.clone();
        let outcome = change(&mut person);
        self.put(Record::Person(Box::new(person)));
        Some(outcome)
    }

    pub fn change_group<T>(&mut self, id: &Jid, change: impl FnOnce(&mut Group) -> T) -> Option<T> {
        let mut group = self.groups.get(id)?.clone();
        let outcome = change(&mut group);
        self.put(Record::Group(Box::new(group)));
        Some(outcome)
    }

    /// The chat as it is then.
    pub fn change_chat(
        &mut self,
        account: &Jid,
        chat: &Jid,
        change: impl FnOnce(&mut Chat),
    ) -> Option<Chat> {
        let before = &self.thread(account, chat)?.chat;
        let mut after = before.clone();
        change(&mut after);
        if after != *before {
            let (account, chat) = (account.clone(), Box::new(after.clone()));
            self.put(Record::Chat { account, chat });
        }
        Some(after)
    }

    pub fn change_message<T>(
        &mut self,
        account: &Jid,
        chat: &Jid,
        key: &str,
        change: impl FnOnce(&mut Message) -> T,
    ) -> Option<T> {
        let mut stored = Stored::clone(&*self.stored(account, chat, key)?);
        let outcome = change(&mut stored.message);
        self.put_stored(account, stored);
        Some(outcome)
    }

    /// The chat with this address, made when the account has none.
    pub fn open_chat(
        &mut self,
        account: &Jid,
        id: &Jid,
        name: &str,
        now: Timestamp,
    ) -> Option<Chat> {
        if let Some(thread) = self.chats(account)?.get(id) {
            return Some(thread.chat.clone());
        }
        let chat = Chat {
            id: id.clone(),
            name: name.to_owned(),
            unread: 0,
            archived: false,
            pinned: false,
            muted_until: None,
            last_activity: now,
            last_message: None,
        };
        self.put(Record::Chat { account: account.clone(), chat: Box::new(chat.clone()) });
        Some(chat)
    }

    /// Adds a message to a chat that is open, counting it as unread when it came in.
    pub fn add_message(&mut self, account: &Jid, stored: Stored) -> Option<()> {
        let message = &stored.message;
        self.change_chat(account, message.chat(), |chat| {
            chat.last_activity = message.timestamp;
            chat.last_message = Some(LastMessage::of(message));
            if !message.from_me() && message.kind != MessageKind::GroupNotice {
                chat.unread += 1;
                chat.archived = false;
            }
        })?;
        self.put_stored(account, stored);
        Some(())
    }
}

pub fn in_folder(folder: &Path, error: &StoreError) -> io::Error {
    let kind = match error {
        StoreError::InUse => io::ErrorKind::ResourceBusy,
        _ => io::ErrorKind::InvalidData,
    };
    let folder = folder.display();
    let message =
        format!("{folder}: {error}; without this folder the simulated network begins anew");
    io::Error::new(kind, message)
}

#[cfg(test)]
mod tests;
