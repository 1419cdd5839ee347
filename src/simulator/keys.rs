//! Under which keys the network's own store has what.
//!
//! | tree | key | value |
//! |---|---|---|
//! | 1 | person | [`crate::simulator::account::Person`] |
//! | 2 | account, chat | [`crate::simulator::thread::Thread`] |
//! | 3 | account, chat, place | [`crate::simulator::thread::Stored`] |
//! | 4 | account, chat, key of a message | its place |
//! | 5 | group | [`crate::domain::Group`] |
//! | 6 | file | its id, type and size |
//! | 7 | time, number | the same, and what is owed then |
//! | 8 | | where the clock stands |

use crate::{
    domain::{Jid, Timestamp},
    store::local::{Key, Range},
};

pub const PEOPLE: u8 = 1;
const CHATS: u8 = 2;
const MESSAGES: u8 = 3;
const PLACES: u8 = 4;
pub const GROUPS: u8 = 5;
pub const FILES: u8 = 6;
pub const DEEDS: u8 = 7;
const CLOCK: u8 = 8;

pub fn tree(number: u8) -> Key {
    Key::from_bytes(vec![number])
}

pub fn person(id: &Jid) -> Key {
    tree(PEOPLE).text(id.as_str())
}

pub fn chats(account: &Jid) -> Key {
    tree(CHATS).text(account.as_str())
}

pub fn chat(account: &Jid, chat: &Jid) -> Key {
    chats(account).text(chat.as_str())
}

fn messages(account: &Jid, chat: &Jid) -> Key {
    tree(MESSAGES).text(account.as_str()).text(chat.as_str())
}

pub fn message(account: &Jid, chat: &Jid, place: u64) -> Key {
    messages(account, chat).number(place)
}

/// The messages of a chat up to a place.
pub fn messages_before(account: &Jid, chat: &Jid, place: u64) -> Range {
    messages(account, chat).until(message(account, chat, place))
}

pub fn place(account: &Jid, chat: &Jid, key: &str) -> Key {
    tree(PLACES).text(account.as_str()).text(chat.as_str()).text(key)
}

pub fn group(id: &Jid) -> Key {
    tree(GROUPS).text(id.as_str())
}

pub fn file(id: &str) -> Key {
    tree(FILES).text(id)
}

pub fn deed(due: Timestamp, number: u64) -> Key {
    tree(DEEDS).time(due).number(number)
}

pub fn clock() -> Key {
    tree(CLOCK)
}
