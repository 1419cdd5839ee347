//! Text of a Word document: the paragraphs of its main part, with a bound on what it unfolds to.

use std::io::{BufReader, Cursor, Read};

use quick_xml::{
    Reader,
    events::{BytesRef, Event},
};
use zip::ZipArchive;

use crate::knowledge::extract::unreadable::{LARGEST_TEXT, Unreadable};

const PART: &str = "word/document.xml";
/// Bytes of the main part, whose marks are many times the text.
const LARGEST_PART: u64 = 48 * 1024 * 1024;
const BROKEN: Unreadable = Unreadable::Broken("a .docx document");

pub fn text(bytes: &[u8]) -> Result<String, Unreadable> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| BROKEN)?;
    let part = archive.by_name(PART).map_err(|_| BROKEN)?;
    // What the archive says of its size is not believed.
    let mut part = part.take(LARGEST_PART + 1);
    let mut reader = Reader::from_reader(BufReader::new(&mut part));
    // A mark at a place where it does not belong is no reason to refuse the text.
    reader.config_mut().check_end_names = false;
    let (mut text, mut buffer, mut within) = (String::new(), Vec::new(), 0_usize);
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(|_| BROKEN)?;
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "t" => within += 1,
                name => separate(&mut text, name),
            },
            Event::Empty(tag) => separate(&mut text, tag.local_name().as_ref()),
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" => within = within.saturating_sub(1),
                "p" => text.push('\n'),
                _ => (),
            },
            Event::Text(content) if 0 < within => text.push_str(&content),
            Event::CData(content) if 0 < within => text.push_str(&content),
            Event::GeneralRef(reference) if 0 < within => text.extend(character(&reference)),
            Event::Eof => break,
            _ => (),
        }
        if LARGEST_TEXT < text.len() {
            return Err(Unreadable::TooLarge);
        }
        buffer.clear();
    }
    drop(reader);
    if part.limit() == 0 { Err(Unreadable::TooLarge) } else { Ok(text) }
}

fn separate(text: &mut String, name: &str) {
    match name {
        "tab" => text.push(' '),
        "br" | "cr" => text.push('\n'),
        _ => (),
    }
}

/// The character of a reference such as `&amp;` or `&#233;`. None of another that a document declares itself.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(ch)) = reference.resolve_char_ref() {
        return Some(ch);
    }
    match reference.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
