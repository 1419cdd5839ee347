//! Text of a PDF that has a text layer, page by page, with bounds on what its streams unfold to.

use std::time::Instant;

use lopdf::{DecompressError, Document, LoadOptions};

use crate::knowledge::extract::unreadable::{LARGEST_TEXT, Unreadable};

/// Bytes that one stream, or the content of one page, may unfold to.
const LARGEST_STREAM: usize = 4 * 1024 * 1024;
/// Bytes that all streams with objects may unfold to, which are read with the file. Objects are many times their text.
const ALL_OBJECTS: usize = 8 * 1024 * 1024;
const MOST_PAGES: usize = 2_000;
const BROKEN: Unreadable = Unreadable::Broken("a PDF");

pub fn text(bytes: &[u8], deadline: Instant) -> Result<String, Unreadable> {
    if !bytes.starts_with(b"%PDF-") {
        return Err(BROKEN);
    }
    let each = ALL_OBJECTS / streams_of_objects(bytes).max(1);
    let options = LoadOptions::with_max_decompressed_size(each.min(LARGEST_STREAM));
    let document =
        Document::load_from_with_options(bytes, options).map_err(|error| reason(&error))?;
    if document.is_encrypted() {
        return Err(Unreadable::Encrypted);
    }
    let pages = document.get_pages();
    if MOST_PAGES < pages.len() {
        return Err(Unreadable::TooLarge);
    }
    let mut text = String::new();
    for page in pages.into_keys() {
        if deadline < Instant::now() {
            return Err(Unreadable::TooSlow);
        }
        for piece in document.extract_text_chunks_with_limit(&[page], LARGEST_STREAM) {
            match piece {
                Ok(piece) => text.push_str(&piece),
                // A font that is not understood costs its own text alone.
                Err(error) if reason(&error) == Unreadable::TooLarge => {
                    return Err(Unreadable::TooLarge);
                }
                Err(_) => (),
            }
        }
        text.push('\n');
        if LARGEST_TEXT < text.len() {
            return Err(Unreadable::TooLarge);
        }
    }
    Ok(text)
}

/// How many streams of a file say that they hold objects, however they write it.
fn streams_of_objects(bytes: &[u8]) -> usize {
    const NAME: &[u8] = b"ObjStm";
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    // In a name, `#53` is a letter.
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let escaped = digit(at + 1).zip(digit(at + 2)).filter(|_| *byte == b'#');
        let escaped = escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        plain.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    plain.windows(NAME.len()).filter(|window| *window == NAME).count()
}

fn reason(error: &lopdf::Error) -> Unreadable {
    match error {
        lopdf::Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => {
            Unreadable::TooLarge
        }
        _ => BROKEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_objects_are_counted_however_their_name_is_written() {
        let file =
            b"<</Type/ObjStm>> <</Type /Obj#53tm>> <</#54ype/#4fbj#53#74m>> <</Type/XRef>> #";
        assert_eq!(streams_of_objects(file), 3);
        assert_eq!(streams_of_objects(b"#4"), 0);
    }
}
