//! All that the network keeps over a restart, and the only way to change it.
//!
//! A change is a [`Record`]: the new value of one thing, or that it is gone. [`Ledger::put`] writes
//! the record down and applies it; reading the journal applies the same records in the same order.
//! So what is read back is what there was, because nothing else can change a ledger. It knows
//! nothing of files, devices or time.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Ack, Chat, Group, Jid, Message, MessageKind, Timestamp, chat::LastMessage},
    simulator::{
        account::{Account, Person},
        agenda::Deed,
        thread::{Stored, Thread},
    },
};

/// The new value of one thing, or that it is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug)]
pub struct Ledger {
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
    most_messages: usize,
    /// Records that are not in the journal yet, separated by commas.
    unwritten: Vec<u8>,
}

impl Ledger {
    pub fn new(most_messages: usize) -> Self {
        Self {
            accounts: HashMap::new(),
            groups: HashMap::new(),
            credentials: HashMap::new(),
            files: BTreeMap::new(),
            files_size: 0,
            deeds: BTreeMap::new(),
            next_deed: 0,
            stands_at: None,
            most_messages: most_messages.max(1),
            unwritten: Vec::new(),
        }
    }

    pub fn put(&mut self, record: Record) {
        if !self.unwritten.is_empty() {
            self.unwritten.push(b',');
        }
        // Plain data with text keys into memory: there is nothing to fail.
        let _ = serde_json::to_writer(&mut self.unwritten, &record);
        self.apply(record);
    }

    /// What the journal has to be given before anybody is answered.
    pub fn unwritten(&mut self) -> &mut Vec<u8> {
        &mut self.unwritten
    }

    /// Takes a record of the journal.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Person(person) => self.set_person(*person),
            Record::Chat { account, chat } => {
                let Some(account) = self.accounts.get_mut(&account) else { return };
                match account.chats.get_mut(&chat.id) {
                    Some(thread) => thread.chat = *chat,
                    None => {
                        account.chats.insert(chat.id.clone(), Thread::new(*chat));
                    }
                }
            }
            Record::Message { account, stored } => {
                if let Some(thread) = self.thread_mut(&account, stored.message.chat()) {
                    let stored = *stored;
                    thread.0.put(stored, thread.1);
                }
            }
            Record::MessageGone { account, chat, key } => {
                if let Some(thread) = self.thread_mut(&account, &chat) {
                    thread.0.remove(&key);
                }
            }
            Record::Group(group) => {
                self.groups.insert(group.id.clone(), *group);
            }
            Record::File { id, mime, size } => {
                self.files_size += size;
                self.files.insert(id, FileEntry { mime, size });
            }
            Record::FileGone { id } => {
                let size = self.files.remove(&id).map_or(0, |file| file.size);
                self.files_size = self.files_size.saturating_sub(size);
            }
            Record::Deed { due, number, deed } => {
                self.next_deed = self.next_deed.max(number + 1);
                self.deeds.insert((due, number), *deed);
            }
            Record::DeedGone { due, number } => {
                self.deeds.remove(&(due, number));
            }
            Record::Clock { stands_at } => self.stands_at = stands_at,
        }
    }

    /// The records that make this ledger out of an empty one.
    pub fn records(&self) -> impl Iterator<Item = Record> {
        let people = self.accounts.values().flat_map(|account| {
            let id = &account.person.me.id;
            let chats = account.chats.values().flat_map(move |thread| {
                let chat = Box::new(thread.chat.clone());
                let chat = Record::Chat { account: id.clone(), chat };
                let message = move |stored: &Stored| Record::Message {
                    account: id.clone(),
                    stored: Box::new(stored.clone()),
                };
                std::iter::once(chat).chain(thread.all().map(message))
            });
            std::iter::once(Record::Person(Box::new(account.person.clone()))).chain(chats)
        });
        let groups = self.groups.values().map(|group| Record::Group(Box::new(group.clone())));
        let files = self.files.iter().map(|(id, file)| Record::File {
            id: id.clone(),
            mime: file.mime.clone(),
            size: file.size,
        });
        let deeds = self.deeds.iter().map(|((due, number), deed)| Record::Deed {
            due: *due,
            number: *number,
            deed: Box::new(deed.clone()),
        });
        let clock = std::iter::once(Record::Clock { stands_at: self.stands_at });
        people.chain(groups).chain(files).chain(deeds).chain(clock)
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

    /// A chat and how many messages it may have.
    fn thread_mut(&mut self, account: &Jid, chat: &Jid) -> Option<(&mut Thread, usize)> {
        let thread = self.accounts.get_mut(account)?.chats.get_mut(chat)?;
        Some((thread, self.most_messages))
    }
}

/// Reading.
impl Ledger {
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    pub fn account(&self, id: &Jid) -> Option<&Account> {
        self.accounts.get(id)
    }

    pub fn person(&self, id: &Jid) -> Option<&Person> {
        self.accounts.get(id).map(|account| &account.person)
    }

    pub fn thread(&self, account: &Jid, chat: &Jid) -> Option<&Thread> {
        self.accounts.get(account)?.chats.get(chat)
    }

    pub fn stored(&self, account: &Jid, chat: &Jid, key: &str) -> Option<&Stored> {
        self.thread(account, chat)?.get(key)
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
        let mut stored = self.stored(account, chat, key)?.clone();
        let outcome = change(&mut stored.message);
        self.put(Record::Message { account: account.clone(), stored: Box::new(stored) });
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
        if let Some(thread) = self.account(account)?.chats.get(id) {
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
        self.put(Record::Message { account: account.clone(), stored: Box::new(stored) });
        Some(())
    }

    /// Marks everything that came in as read. The chat then, and key and author of what was not.
    pub fn read_chat(&mut self, account: &Jid, chat: &Jid) -> Option<(Chat, Vec<(String, Jid)>)> {
        let unread = self.thread(account, chat)?.unread();
        for (key, _) in &unread {
            self.change_message(account, chat, key, |message| message.ack = Ack::Read);
        }
        let seen = self.change_chat(account, chat, |chat| chat.unread = 0)?;
        Some((seen, unread.into_iter().map(|(key, author)| (key.to_string(), author)).collect()))
    }
}

/// What is not written yet and the next number are no part of the state.
impl PartialEq for Ledger {
    fn eq(&self, other: &Self) -> bool {
        self.accounts == other.accounts
            && self.groups == other.groups
            && self.credentials == other.credentials
            && self.files == other.files
            && self.files_size == other.files_size
            && self.deeds == other.deeds
            && self.stands_at == other.stands_at
    }
}
