//! Persisted state of the network: accounts, chats, messages, groups, files, tasks and the clock.
//!
//! A change is a [`Record`]: the new value of one thing, or its removal. [`State::put`] applies a record, and
//! [`State::commit`] writes the records of one step to the network's own store before anybody is answered.
//! People, groups, the file index, tasks and the clock are held in memory. Chats are read per account at the
//! first request, messages one by one (`messages`). The state knows nothing of devices or of the system's time.

mod account;
mod built_in_people;
pub mod directory;
mod file_index;
mod journal_import;
mod keys;
pub mod lid;
mod message_cache;
mod messages;
mod task;
mod thread;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, HashMap},
    io,
    path::Path,
};

use serde::{Deserialize, de::DeserializeOwned};

#[cfg(test)]
pub use self::built_in_people::built_in_contacts;
use self::{
    account::Account, file_index::FileEntry, message_cache::MessageCache, task::TaskQueue,
    thread::Thread,
};
pub use self::{
    account::{Behaviour, IdentityVisibility, Person},
    built_in_people::add_built_in_people,
    file_index::FileIndex,
    journal_import::is_pending as is_import_pending,
    task::Task,
    thread::Stored,
};
use crate::{
    domain::{Chat, Group, Jid, Message, MessageKind, Timestamp, chat::LastMessage},
    simulator::protocol::{Refusal, RefusalKind},
    store::local::{Checkpoint, Direction, Dump, LocalStore, StoreError},
};

/// The new value of one thing, or its removal. The journals of former versions consist of these, too.
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
    #[serde(rename = "deed")]
    Task {
        due: Timestamp,
        number: u64,
        #[serde(rename = "deed")]
        task: Box<Task>,
    },
    #[serde(rename = "deedGone")]
    TaskGone {
        due: Timestamp,
        number: u64,
    },
    /// The moment at which the clock is stopped; none while it follows the system's.
    Clock {
        #[serde(rename = "standsAt")]
        stopped_at: Option<Timestamp>,
    },
}

/// The state of the network.
pub struct State {
    store: LocalStore,
    /// By the address of their person.
    accounts: HashMap<Jid, Account>,
    groups: HashMap<Jid, Group>,
    /// The account of each credential.
    credentials: HashMap<String, Jid>,
    files: FileIndex,
    tasks: TaskQueue,
    stopped_at: Option<Timestamp>,
    /// Limit of messages per chat.
    most_messages: u64,
    /// Chats to write at the end of the step, each by its account.
    changed: BTreeSet<(Jid, Jid)>,
    cache: RefCell<MessageCache>,
    /// Whether a read failed, so that nothing more may be acknowledged.
    is_unreadable: Cell<bool>,
}

/// Reading from the disk and writing to it.
impl State {
    fn load(folder: &Path, most_messages: usize) -> Result<Self, StoreError> {
        let mut state = Self {
            store: LocalStore::open(folder)?,
            accounts: HashMap::new(),
            groups: HashMap::new(),
            credentials: HashMap::new(),
            files: FileIndex::default(),
            tasks: TaskQueue::default(),
            stopped_at: None,
            most_messages: u64::try_from(most_messages.max(1)).unwrap_or(u64::MAX),
            changed: BTreeSet::new(),
            cache: RefCell::default(),
            is_unreadable: Cell::new(false),
        };
        state.all(keys::PEOPLE)?.into_iter().for_each(|person| state.set_person(person));
        let groups: Vec<Group> = state.all(keys::GROUPS)?;
        state.groups = groups.into_iter().map(|group| (group.id.clone(), group)).collect();
        for (id, mime, size) in state.all(keys::FILES)? {
            state.files.add(id, FileEntry { mime, size });
        }
        for (due, number, task) in state.all(keys::TASKS)? {
            state.tasks.add(due, number, task);
        }
        state.stopped_at = state.store.get(&keys::clock())?.flatten();
        Ok(state)
    }

    fn all<V: DeserializeOwned>(&self, tree: u8) -> Result<Vec<V>, StoreError> {
        let found = self.store.scan(keys::tree(tree).all(), Direction::Forward, usize::MAX)?;
        Ok(found.into_iter().map(|(_, value)| value).collect())
    }

    /// Deletes everything. When the disk refuses, nothing has changed.
    pub fn clear(&mut self) -> io::Result<()> {
        self.store.clear()?;
        self.accounts.clear();
        self.groups.clear();
        self.credentials.clear();
        self.files.clear();
        self.tasks.clear();
        self.changed.clear();
        self.cache.take();
        self.stopped_at = None;
        Ok(())
    }

    /// Whether this step has changed anything.
    pub fn is_changed(&self) -> bool {
        self.store.is_changed() || !self.changed.is_empty()
    }

    /// Writes the changes of a step.
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

    /// Refuses a change that would be acknowledged and could be lost.
    pub fn check_writable(&self) -> Result<(), Refusal> {
        if self.is_failing() {
            let reason = "the network's store cannot be read or written";
            return Err(Refusal::new(RefusalKind::Fault, reason));
        }
        Ok(())
    }

    /// The value that was read; the default where the disk fails.
    fn read<T: Default>(&self, outcome: Result<T, StoreError>) -> T {
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
                self.files.add(id, FileEntry { mime, size });
            }
            Record::FileGone { id } => {
                self.files.remove(&id);
                self.store.remove_value(keys::file(&id));
            }
            Record::Task { due, number, task } => {
                self.store.put(keys::task(due, number), &(due, number, &task));
                self.tasks.add(due, number, *task);
            }
            Record::TaskGone { due, number } => {
                self.tasks.remove(due, number);
                self.store.remove_value(keys::task(due, number));
            }
            Record::Clock { stopped_at } => {
                self.stopped_at = stopped_at;
                self.store.put(keys::clock(), &stopped_at);
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
}

/// Checkpoints and dumps of the store.
impl State {
    /// All of the state, except files.
    pub fn dump(&self) -> Dump {
        self.store.dump()
    }

    pub fn is_checkpoint_due(&self) -> bool {
        self.store.is_due()
    }

    pub fn begin_checkpoint(&mut self) -> Option<Checkpoint> {
        self.store.begin()
    }

    pub fn end_checkpoint(&mut self, checkpoint: Checkpoint, outcome: Result<(), StoreError>) {
        self.store.end(checkpoint, outcome);
    }
}

/// Reading.
impl State {
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

    fn thread_mut(&mut self, account: &Jid, chat: &Jid) -> Option<&mut Thread> {
        self.chats_mut(account)?.get_mut(chat)
    }

    fn chats_mut(&mut self, account: &Jid) -> Option<&mut HashMap<Jid, Thread>> {
        self.chats(account)?;
        self.accounts.get_mut(account)?.chats.get_mut()
    }

    /// Whether an account has a chat, without reading the account's other chats.
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

    pub fn files(&self) -> &FileIndex {
        &self.files
    }

    pub fn tasks(&self) -> &TaskQueue {
        &self.tasks
    }

    /// The moment at which the clock is stopped; none while it follows the system's.
    pub fn stopped_at(&self) -> Option<Timestamp> {
        self.stopped_at
    }
}

/// Changes of one thing. Each returns `None` when there is no such thing.
impl State {
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

    /// The chat after the change.
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

    /// The chat with this address, created when the account has none.
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

fn in_folder(folder: &Path, error: &StoreError) -> io::Error {
    let kind = match error {
        StoreError::InUse => io::ErrorKind::ResourceBusy,
        _ => io::ErrorKind::InvalidData,
    };
    let folder = folder.display();
    let message =
        format!("{folder}: {error}; delete this folder to start with an empty simulated network");
    io::Error::new(kind, message)
}

#[cfg(test)]
mod tests;
