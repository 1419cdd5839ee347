//! Extraction: the text of a file of a known type. It runs on threads of its own, a few at once, within bounds of size
//! and time, since files come from anywhere.

mod docx;
mod html;
mod pdf;
mod plain;
mod unreadable;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

use self::unreadable::LARGEST_TEXT;
pub use self::unreadable::Unreadable;
use crate::{
    domain::{Error, ErrorCode, file_name, media_type},
    knowledge::{chunks::tidy, prepared::Prepared},
};

/// Bytes of a file.
pub const LARGEST: usize = 10 * 1024 * 1024;
/// Files that are read at once.
const AT_ONCE: usize = 2;
/// For one file, and for the wait until another is done.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a file is, by its name or the type that its server names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    Text,
    Csv,
    Html,
    Json,
    Docx,
    Pdf,
}

impl FileType {
    /// By the ending of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        match file_name::extension(name)?.to_ascii_lowercase().as_str() {
            "txt" | "text" | "md" | "markdown" => Some(Self::Text),
            "csv" => Some(Self::Csv),
            "html" | "htm" => Some(Self::Html),
            "json" => Some(Self::Json),
            "docx" => Some(Self::Docx),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }

    /// By the type that a server names.
    pub fn of_mime(mime: &str) -> Option<Self> {
        match media_type::essence(mime)?.as_str() {
            "text/plain" | "text/markdown" => Some(Self::Text),
            "text/csv" => Some(Self::Csv),
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            "application/json" => Some(Self::Json),
            "application/pdf" => Some(Self::Pdf),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => {
                Some(Self::Docx)
            }
            _ => None,
        }
    }
}

/// Reads files. Clones share the threads.
#[derive(Clone)]
pub struct Extractor(Arc<Semaphore>);

impl Default for Extractor {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Extractor {
    /// The content of a file. `field` is what the caller calls it.
    pub async fn prepared_file(
        &self,
        field: &'static str,
        file_type: FileType,
        bytes: Vec<u8>,
    ) -> Result<Prepared, Error> {
        let size = bytes.len();
        let read = self.run(move |deadline| {
            let text = text_of(file_type, &bytes, deadline)?;
            drop(bytes);
            Ok(Prepared::of_text(&text, size))
        });
        read.await?.map_err(|reason| Error::invalid_field(field, reason.to_string()))
    }

    /// The content of a text.
    pub async fn prepared(&self, text: String) -> Result<Prepared, Error> {
        let read = self.run(move |_| {
            let tidied = tidy(&text);
            if tidied.is_empty() {
                return Err(Unreadable::Empty);
            }
            Ok(Prepared::of_text(&tidied, text.len()))
        });
        read.await?.map_err(|reason| Error::invalid_field("content", reason.to_string()))
    }

    /// Runs work on a thread of its own, when there is one. Work that lasts longer keeps its thread, so that no more
    /// than a few are ever lost to files that nobody waits for any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(Instant) -> Result<T, Unreadable> + Send + 'static,
    ) -> Result<Result<T, Unreadable>, Error> {
        let waited = tokio::time::timeout(PATIENCE, self.0.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = waited else {
            let message = "Other documents are being read. Try again in a moment";
            return Err(Error::new(ErrorCode::Unavailable, message).detail("retryAfter", 20));
        };
        let deadline = Instant::now() + PATIENCE;
        let work = tokio::task::spawn_blocking(move || {
            let _held = permit;
            work(deadline)
        });
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(done)) => Ok(done),
            // A library gave up on the file.
            Ok(Err(_)) => Ok(Err(Unreadable::Broken("a file of its type"))),
            Err(_) => Ok(Err(Unreadable::TooSlow)),
        }
    }
}

fn text_of(file_type: FileType, bytes: &[u8], deadline: Instant) -> Result<String, Unreadable> {
    let text = match file_type {
        FileType::Text => plain::decoded(bytes)?,
        FileType::Csv => plain::csv(&plain::decoded(bytes)?)?,
        FileType::Html => html::text(&plain::decoded(bytes)?),
        FileType::Json => plain::json(&plain::decoded(bytes)?)?,
        FileType::Docx => docx::text(bytes)?,
        FileType::Pdf => pdf::text(bytes, deadline)?,
    };
    if LARGEST_TEXT < text.len() {
        return Err(Unreadable::TooLarge);
    }
    let text = tidy(&text);
    if text.is_empty() { Err(Unreadable::Empty) } else { Ok(text) }
}

#[cfg(test)]
mod tests;
