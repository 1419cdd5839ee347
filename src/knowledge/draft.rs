//! What callers may say of a document, and its checks. Pure.

use crate::{
    domain::{Error, file_name, line},
    knowledge::extract::{FileType, LARGEST},
};

/// Characters of each field.
pub const LONGEST_TITLE: usize = 200;
pub const LONGEST_CONTENT: usize = 1_000_000;
pub const LONGEST_QUESTION: usize = 500;
pub const LONGEST_ANSWER: usize = 4_000;
pub const LONGEST_URL: usize = 2_048;

/// A document to be made.
#[derive(Clone, Debug)]
pub struct DocumentDraft {
    /// None where the content names itself.
    pub title: Option<String>,
    pub content: Content,
}

/// What a document has in it.
#[derive(Clone, Debug)]
pub enum Content {
    Text(String),
    Faq { question: String, answer: String },
    Url(String),
    File { name: String, bytes: Vec<u8> },
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct DocumentChange {
    pub title: Option<String>,
    pub content: Option<ContentChange>,
}

#[derive(Clone, Debug)]
pub enum ContentChange {
    /// Another content, of whatever kind.
    Replaced(Content),
    /// One of both, where the document is a question with its answer.
    Faq { question: Option<String>, answer: Option<String> },
    /// Fetched again from where it came.
    FetchedAgain,
}

/// The trimmed title.
pub fn title(title: &str) -> Result<String, Error> {
    let title = text("title", title, LONGEST_TITLE)?;
    match line::is_line(&title) {
        true => Ok(title),
        false => Err(Error::invalid_field("title", line::FAULT)),
    }
}

/// A content whose texts are trimmed and within their bounds.
pub fn content(content: Content) -> Result<Content, Error> {
    Ok(match content {
        Content::Text(content) => {
            within("content", &content, LONGEST_CONTENT)?;
            Content::Text(content)
        }
        Content::Faq { question, answer } => {
            let question = text("question", &question, LONGEST_QUESTION);
            let answer = text("answer", &answer, LONGEST_ANSWER);
            let (question, answer) = Error::both(question, answer)?;
            Content::Faq { question, answer }
        }
        Content::Url(url) => Content::Url(text("url", &url, LONGEST_URL)?),
        Content::File { name, bytes } => {
            if LARGEST < bytes.len() {
                let message = "the file is larger than 10 MiB";
                return Err(Error::new(crate::domain::ErrorCode::TooLarge, message));
            }
            let name = file_name::tidy(&name).ok_or_else(|| unknown_type("file"))?;
            Content::File { name, bytes }
        }
    })
}

/// The type of a file by its name.
pub fn file_type(name: &str) -> Result<FileType, Error> {
    FileType::of_name(name).ok_or_else(|| unknown_type("file"))
}

pub fn unknown_type(field: &str) -> Error {
    let fault = "must be one of .txt, .md, .csv, .html, .json, .pdf and .docx";
    Error::invalid_field(field, fault)
}

/// A title that fits, of a text that names itself.
pub fn title_of(text: &str) -> String {
    let text = text.trim();
    let end = text.char_indices().nth(LONGEST_TITLE).map_or(text.len(), |(end, _)| end);
    text[..end].to_owned()
}

fn text(field: &str, text: &str, most: usize) -> Result<String, Error> {
    let text = text.trim();
    within(field, text, most)?;
    Ok(text.to_owned())
}

fn within(field: &str, text: &str, most: usize) -> Result<(), Error> {
    if text.trim().is_empty() || text.chars().nth(most).is_some() {
        return Err(Error::invalid_field(field, format!("must have 1 to {most} characters")));
    }
    Ok(())
}
