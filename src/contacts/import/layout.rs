//! Layout of a CSV file: where its text begins, what lies between its columns, and that all of it is UTF-8.

use std::io::{self, Read, Seek, SeekFrom};

use crate::{contacts::import::cell::Place, domain::Error};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Bytes that are looked at in one go.
pub const AT_ONCE: usize = 64 * 1024;
/// What may lie between columns; of several in the first line, the first of these counts.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// How a file is read as a table.
#[derive(Clone, Copy)]
pub struct Layout {
    /// Where its text begins, behind a byte order mark.
    pub start: u64,
    pub delimiter: u8,
}

/// Reads a file once: that all of it is text, where that begins, and what lies between its columns.
pub fn layout_of(file: &mut (impl Read + Seek)) -> Result<Layout, Error> {
    let unread = |error: io::Error| not_read(&error);
    let mut mark = Vec::new();
    let length = u64::try_from(BYTE_ORDER_MARK.len()).unwrap_or(u64::MAX);
    file.by_ref().take(length).read_to_end(&mut mark).map_err(unread)?;
    let start = if mark == BYTE_ORDER_MARK { length } else { 0 };
    file.seek(SeekFrom::Start(start)).map_err(unread)?;
    let mut first = FirstLine::default();
    // Before what is read next lies the beginning of a character that was cut in two.
    let (mut bytes, mut cut) = (vec![0; AT_ONCE], 0);
    loop {
        let read = file.read(bytes.get_mut(cut..).unwrap_or_default()).map_err(unread)?;
        let whole = bytes.get(..cut + read).unwrap_or_default();
        let text = match std::str::from_utf8(whole) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() && read != 0 => {
                let valid = whole.get(..error.valid_up_to()).unwrap_or_default();
                std::str::from_utf8(valid).unwrap_or_default()
            }
            Err(_) => {
                let message = "must be in UTF-8: export it again, and choose UTF-8 as its encoding";
                return Err(fault(message));
            }
        };
        first.read(text);
        if read == 0 {
            return Ok(Layout { start, delimiter: first.delimiter() });
        }
        let (done, end) = (text.len(), whole.len());
        bytes.copy_within(done..end, 0);
        cut = end - done;
    }
}

/// The first row that is not blank, of which it is noted which delimiters it has outside of quotes.
#[derive(Default)]
struct FirstLine {
    has: [bool; DELIMITERS.len()],
    has_text: bool,
    is_over: bool,
    place: Place,
}

impl FirstLine {
    fn read(&mut self, text: &str) {
        for letter in text.chars() {
            if self.is_over {
                return;
            }
            let mark = DELIMITERS.iter().position(|mark| letter == char::from(*mark));
            self.place = self.place.after(letter, mark.is_some());
            if self.place == Place::Start && matches!(letter, '\n' | '\r') {
                self.is_over = self.has_text;
                if !self.is_over {
                    self.has = Default::default();
                }
            }
            self.has_text |= !letter.is_whitespace();
            if self.place == Place::Start
                && let Some(has) = mark.and_then(|mark| self.has.get_mut(mark))
            {
                *has = true;
            }
        }
    }

    fn delimiter(&self) -> u8 {
        let found = self.has.iter().zip(DELIMITERS).find(|(has, _)| **has);
        found.map_or(b',', |(_, mark)| mark)
    }
}

/// What is wrong with the file as a whole.
pub fn fault(message: impl Into<String>) -> Error {
    Error::invalid_field("file", message)
}

pub fn not_read(error: &dyn std::error::Error) -> Error {
    Error::internal(format!("the file could not be read: {error}"))
}
