//! Persisted state of the network: accounts, chats, messages, groups, files, tasks and the clock.
//!
//! A change is a [`Record`]: the new value of one thing, or its removal. [`State::put`] applies a record, and
//! [`State::commit`] writes the records of one step to the network's own store before anybody is answered.
//! People, groups, the file index, tasks and the clock are held in memory. Chats are read per account at the
//! first request, messages one by one (`chats`). The state knows nothing of devices or of the system's time.

mod account;
mod built_in_people;
mod chats;
pub mod directory;
mod file_index;
mod journal_import;
mod keys;
pub mod lid;
mod message_cache;
mod network_store;
mod people;
mod task;
mod thread;

use std::{collections::HashMap, io, path::Path};

use serde::Deserialize;

#[cfg(test)]
pub use self::built_in_people::built_in_contacts;
pub use self::{
    account::{Behaviour, IdentityVisibility, Person},
    built_in_people::add_built_in_people,
    file_index::FileIndex,
    journal_import::is_pending as is_import_pending,
    task::Task,
    thread::Stored,
};
use self::{
    chats::{Bookkeeping, ChatChanges, Chats},
    file_index::FileEntry,
    network_store::NetworkStore,
    people::People,
    task::TaskQueue,
};
use crate::{
    domain::{Chat, Group, Jid, Timestamp},
    store::local::StoreError,
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
    store: NetworkStore,
    people: People,
    books: Bookkeeping,
    groups: HashMap<Jid, Group>,
    files: FileIndex,
    tasks: TaskQueue,
    stopped_at: Option<Timestamp>,
}

impl State {
    fn load(folder: &Path, most_messages: usize) -> Result<Self, StoreError> {
        let mut state = Self {
            store: NetworkStore::open(folder)?,
            people: People::default(),
            books: Bookkeeping::new(most_messages),
            groups: HashMap::new(),
            files: FileIndex::default(),
            tasks: TaskQueue::default(),
            stopped_at: None,
        };
        let Self { store, people, groups, files, tasks, .. } = &mut state;
        store.all(keys::PEOPLE)?.into_iter().for_each(|person| people.set(person));
        for group in store.all::<Group>(keys::GROUPS)? {
            groups.insert(group.id.clone(), group);
        }
        for (id, mime, size) in store.all(keys::FILES)? {
            files.add(id, FileEntry { mime, size });
        }
        for (due, number, task) in store.all(keys::TASKS)? {
            tasks.add(due, number, task);
        }
        state.stopped_at = state.store.local().get(&keys::clock())?.flatten();
        Ok(state)
    }

    /// Deletes everything. When the disk refuses, nothing has changed.
    pub fn clear(&mut self) -> io::Result<()> {
        self.store.clear()?;
        self.people.clear();
        self.books.clear();
        self.groups.clear();
        self.files.clear();
        self.tasks.clear();
        self.stopped_at = None;
        Ok(())
    }

    /// Whether this step has changed anything.
    pub fn is_changed(&self) -> bool {
        self.store.local().is_changed() || self.books.is_changed()
    }

    /// Writes the changes of a step.
    pub fn commit(&mut self) {
        self.change_chats().write_changed();
        self.store.local_mut().commit();
    }

    pub fn put(&mut self, record: Record) {
        match record {
            Record::Person(person) => {
                self.store.put(keys::person(&person.me.id), &person);
                self.people.set(*person);
            }
            Record::Chat { account, chat } => self.change_chats().put(&account, *chat),
            Record::Message { account, stored } => {
                self.change_chats().put_message(&account, *stored);
            }
            Record::MessageGone { account, chat, key } => {
                self.change_chats().remove_message(&account, &chat, &key);
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
                self.store.remove(keys::file(&id));
            }
            Record::Task { due, number, task } => {
                self.store.put(keys::task(due, number), &(due, number, &task));
                self.tasks.add(due, number, *task);
            }
            Record::TaskGone { due, number } => {
                self.tasks.remove(due, number);
                self.store.remove(keys::task(due, number));
            }
            Record::Clock { stopped_at } => {
                self.stopped_at = stopped_at;
                self.store.put(keys::clock(), &stopped_at);
            }
        }
    }

    /// Changes a person; none when there is no such person.
    pub fn change_person<T>(
        &mut self,
        id: &Jid,
        change: impl FnOnce(&mut Person) -> T,
    ) -> Option<T> {
        let mut person = self.people.get(id)?.clone();
        let outcome = change(&mut person);
        self.put(Record::Person(Box::new(person)));
        Some(outcome)
    }

    /// Changes a group; none when there is no such group.
    pub fn change_group<T>(&mut self, id: &Jid, change: impl FnOnce(&mut Group) -> T) -> Option<T> {
        let mut group = self.groups.get(id)?.clone();
        let outcome = change(&mut group);
        self.put(Record::Group(Box::new(group)));
        Some(outcome)
    }

    /// Chats and messages, for changes.
    pub fn change_chats(&mut self) -> ChatChanges<'_> {
        ChatChanges::new(&mut self.people, &mut self.store, &mut self.books)
    }
}

/// The parts.
impl State {
    pub fn store(&self) -> &NetworkStore {
        &self.store
    }

    pub fn store_mut(&mut self) -> &mut NetworkStore {
        &mut self.store
    }

    pub fn people(&self) -> &People {
        &self.people
    }

    pub fn chats(&self) -> Chats<'_> {
        Chats::new(&self.people, &self.store, &self.books)
    }

    pub fn groups(&self) -> &HashMap<Jid, Group> {
        &self.groups
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
