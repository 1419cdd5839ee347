//! Documents of a knowledge base, as this API words them.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{kit::required_choice, sessions::wire::seconds, workspace::pages::PageView},
    knowledge::{Document, Hit, Kind, Opened, Status},
};

/// Something that a bot knows.
#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeDocument)]
pub struct DocumentView {
    /// The document.
    #[schema(value_type = String, example = "01980a3e-7c1e-7f6a-b3d8-5e901c47ab01")]
    id: Uuid,
    /// The bot that knows it.
    #[schema(value_type = String, example = "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12")]
    bot_id: Uuid,
    /// Its title; of a question with its answer, the question.
    #[schema(example = "Returns")]
    title: String,
    #[serde(rename = "type")]
    #[schema(schema_with = kind_choice)]
    kind: &'static str,
    #[schema(schema_with = status_choice)]
    status: &'static str,
    /// Why its content could not be fetched or read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "url: answered 404")]
    error: Option<String>,
    /// Where it is fetched from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.com/returns.html")]
    url: Option<String>,
    /// Name of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "returns.pdf")]
    file_name: Option<String>,
    /// Bytes of what was given or fetched.
    #[schema(example = 84)]
    size: u64,
    /// Pieces of its text that answers are looked for in.
    #[schema(example = 1)]
    chunk_count: u64,
    /// RFC 3339.
    #[schema(example = "2026-11-29T12:00:00Z")]
    created_at: String,
    /// RFC 3339.
    #[schema(example = "2026-11-29T12:00:00Z")]
    updated_at: String,
}

/// A document with its text.
#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeDocumentWithText)]
pub struct OpenedView {
    #[serde(flatten)]
    document: DocumentView,
    /// Its text as it is searched; of a question with its answer, the answer.
    #[schema(example = "Returns are free for 30 days.")]
    content: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeDocuments)]
pub struct DocumentsView {
    /// In the order in which they were made.
    pub documents: Vec<DocumentView>,
    #[serde(flatten)]
    pub page: PageView,
}

/// A piece of a document.
#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeHit)]
pub struct HitView {
    /// The document.
    #[schema(value_type = String, example = "01980a3e-7c1e-7f6a-b3d8-5e901c47ab01")]
    document_id: Uuid,
    /// Title of the document.
    #[schema(example = "Returns")]
    title: String,
    /// How much of the query it covers, from 0 to 1.
    #[schema(example = 0.82)]
    score: f64,
    /// The beginning of the piece.
    #[schema(example = "Returns are free for 30 days.")]
    excerpt: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = KnowledgeHits)]
pub struct HitsView {
    /// Best first.
    pub results: Vec<HitView>,
}

pub fn kind_choice() -> Schema {
    required_choice("What it is.", &["text", "faq", "url", "file"])
}

/// A kind of document in this API's words.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Faq => "faq",
        Kind::Url => "url",
        Kind::File => "file",
    }
}

fn status_choice() -> Schema {
    required_choice(
        "Whether its content is there. While it is processing, and after it failed, what it had before is still known.",
        &["processing", "ready", "failed"],
    )
}

impl From<Document> for DocumentView {
    fn from(document: Document) -> Self {
        let Document { id, bot, title, kind, status, error, url, file_name, size, chunks, .. } =
            document;
        let kind = kind_name(kind);
        let status = match status {
            Status::Processing => "processing",
            Status::Ready => "ready",
            Status::Failed => "failed",
        };
        Self {
            id,
            bot_id: bot,
            title,
            kind,
            status,
            error,
            url,
            file_name,
            size,
            chunk_count: chunks,
            created_at: seconds(document.created_at),
            updated_at: seconds(document.updated_at),
        }
    }
}

impl From<Opened> for OpenedView {
    fn from(Opened { document, text }: Opened) -> Self {
        Self { document: document.into(), content: text }
    }
}

impl From<Hit> for HitView {
    fn from(Hit { document, title, score, excerpt }: Hit) -> Self {
        // Two digits are what a reader compares.
        Self { document_id: document, title, score: (score * 100.0).round() / 100.0, excerpt }
    }
}
