//! Key layout of the network's own store.
//!
//! | tree | key | value |
//! |---|---|---|
//! | 1 | person | [`crate::simulator::state::Person`] |
//! | 2 | account, chat | the chat, without its messages |
//! | 3 | account, chat, place | [`crate::simulator::state::Stored`] |
//! | 4 | account, chat, key of a message | its place |
//! | 5 | group | [`crate::domain::Group`] |
//! | 6 | file | its id, type and size |
//! | 7 | due time, number | the same, and the task |
//! | 8 | | the moment at which the clock is stopped |

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
pub const TASKS: u8 = 7;
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

pub fn task(due: Timestamp, number: u64) -> Key {
    tree(TASKS).time(due).number(number)
}

pub fn clock() -> Key {
    tree(CLOCK)
}
