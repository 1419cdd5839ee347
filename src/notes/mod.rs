//! Notes: what people write to each other beside a conversation. The contact never sees one.
//!
//! ```text
//!  note ──▶ record + timeline entry + [`NoteAdded`] + one event for each person who is named in it, one commit
//! ```
//!
//! Notes are read by nobody who sends: no message, no event but [`NoteEvent`] and no stream holds the text of one.

mod event;
mod mentions;
mod note;
mod service;

pub use self::{
    event::{NoteAdded, NoteEvent},
    note::Note,
    service::{LONGEST_NOTE, MOST_NOTES, NewNote, NotePage, Notes, write_in},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<Note>()];
