//! Reasons why a file has no text.

/// Bytes of the text that a file may unfold to.
pub const LARGEST_TEXT: usize = 16 * 1024 * 1024;

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("is not in UTF-8 or UTF-16")]
    Encoding,
    #[error("cannot be read as {0}")]
    Broken(&'static str),
    #[error("is encrypted; save it without a password")]
    Encrypted,
    #[error("unfolds to more than 16 MiB of text or too many pages; split it")]
    TooLarge,
    #[error("takes too long to be read; split it")]
    TooSlow,
    #[error("holds no text")]
    Empty,
}
