//! What the owner of a plain tree reads and writes with: keys and values as bytes, in batches of its own.

pub use crate::store::{
    codec::{TIME, decode, encode, last_number, text_at, time_at},
    engine::{Direction, Engine, Range},
    plain::Plain,
    record::{behind, follow, follow_many, get, get_many, put_in, remove_in, select},
    table::{Table, clear, remove_entries_in},
};
