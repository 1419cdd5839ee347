//! Text of a PDF that has a text layer, page by page, with bounds on what its streams unfold to.

use std::time::Instant;

use lopdf::{DecompressError, Document, LoadOptions};

use crate::knowledge::extract::unreadable::{LARGEST_TEXT, Unreadable};

/// Bytes that one stream, or the content of one page, may unfold to.
const LARGEST_STREAM: usize = 8 * 1024 * 1024;
const MOST_PAGES: usize = 2_000;
const BROKEN: Unreadable = Unreadable::Broken("a PDF");

pub fn text(bytes: &[u8], deadline: Instant) -> Result<String, Unreadable> {
    if !bytes.starts_with(b"%PDF-") {
        return Err(BROKEN);
    }
    let options = LoadOptions::with_max_decompressed_size(LARGEST_STREAM);
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

fn reason(error: &lopdf::Error) -> Unreadable {
    match error {
        lopdf::Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => {
            Unreadable::TooLarge
        }
        _ => BROKEN,
    }
}
