//! Knowledge bases: documents of a bot, and the search in them.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            self, Body, BodyOrForm, Bots, Bucket, Call, Created, Data, Form, Message, Path, Read,
            Repeat, path::uuid, path_value,
        },
        workspace::{
            bot_access,
            knowledge_view::{DocumentView, DocumentsView, HitsView, OpenedView},
            pages::ShortPageQuery,
        },
    },
    domain::{Error, ErrorCode, Subject},
    knowledge::{Content, ContentChange, DocumentChange, DocumentDraft},
    services::Services,
};

pub const TAG: &str = "Knowledge base";
const OF_BOT: &str = "/api/v1/kb/{id}";
const ONE: &str = "/api/v1/kb/documents/{id}";
const USUAL_HITS: usize = 5;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ONE, read)
            .named("getKnowledgeDocument")
            .about(TAG, "A document with its text"),
        Endpoint::put(ONE, change)
            .named("updateKnowledgeDocument")
            .about(TAG, "Change a document, or fetch it again")
            .details(
                "The body is as for a new document; what is not given stays as it is. A document from a URL is fetched \
                 again by `{}` or its `url`.",
            )
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteKnowledgeDocument")
            .about(TAG, "Delete a document")
            .details("Nothing is answered from it any more."),
        Endpoint::get(OF_BOT, list)
            .named("listKnowledgeDocuments")
            .about(TAG, "What a bot knows")
            .details("The id is that of the bot."),
        Endpoint::post(OF_BOT, add)
            .named("addKnowledgeDocument")
            .about(TAG, "Add a document to what a bot knows")
            .details(
                "JSON with `title` and `content`, with `question` and `answer`, or with a `url`; or a form with a \
                 `file` of at most 10 MiB: .txt, .md, .csv, .html, .json, .docx, or .pdf with a text layer. A document \
                 from a URL may still be `processing` when this answers. The id is that of the bot, which may have \
                 1,000 documents with 20,000 pieces of 800 characters.",
            ),
        Endpoint::post("/api/v1/kb/{id}/search", search)
            .named("searchKnowledge")
            .about(TAG, "Search what a bot knows")
            .details("By words, whatever their case, accents and usual endings. The id is that of the bot.")
            .limited(Bucket::Assistant)
            .repeats(Repeat::Repeatable),
    ]
}

path_value! {
    /// A bot, by its id.
    enum BotId = "id" as Uuid;
    about: "The id of the bot", example: "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12",
    read: |text| uuid(text, Subject::Bot)
}

path_value! {
    /// A document, by its id.
    enum DocumentId = "id" as Uuid;
    about: "The id of the document", example: "01980a3e-7c1e-7f6a-b3d8-5e901c47ab01",
    read: |text| uuid(text, Subject::Document)
}

/// A text with its title, a question with its answer, or a URL.
#[derive(Deserialize, ToSchema)]
#[schema(as = KnowledgeDocumentDraft, example = json!({
    "title": "Returns", "content": "Returns are free for 30 days. A refund takes five days.",
}))]
struct Draft {
    /// Title, which a text needs.
    #[schema(min_length = 1, max_length = 200, example = "Returns")]
    title: Option<String>,
    /// A text.
    #[schema(min_length = 1, max_length = 1_000_000, example = "Returns are free for 30 days.")]
    content: Option<String>,
    /// A question that people ask.
    #[schema(min_length = 1, max_length = 500, example = "What are your opening hours?")]
    question: Option<String>,
    /// The answer to the question, given as it is.
    #[schema(min_length = 1, max_length = 4_000, example = "From nine to five.")]
    answer: Option<String>,
    /// Where to fetch a page or a file.
    #[schema(min_length = 1, max_length = 2_048, example = "https://example.com/returns.html")]
    url: Option<String>,
}

impl Draft {
    fn draft(self) -> Result<DocumentDraft, Error> {
        let Self { title, content, question, answer, url } = self;
        let missing = |field: &str| Error::invalid_field(field, "is required");
        one_kind(content.is_some(), question.is_some() || answer.is_some(), url.is_some())?;
        let content = match (content, url) {
            (Some(content), _) => Content::Text(content),
            (None, Some(url)) => Content::Url(url),
            (None, None) if question.is_none() && answer.is_none() => {
                let message = "give `title` and `content`, `question` and `answer`, or `url`";
                return Err(Error::invalid(message));
            }
            (None, None) => {
                let question = question.ok_or_else(|| missing("question"));
                let answer = answer.ok_or_else(|| missing("answer"));
                let (question, answer) = Error::both(question, answer)?;
                Content::Faq { question, answer }
            }
        };
        Ok(DocumentDraft { title, content })
    }
}

/// The same, of which what is given is changed.
#[derive(Deserialize, ToSchema)]
#[schema(as = KnowledgeDocumentChange, example = json!({ "title": "Returns and refunds" }))]
struct Change {
    /// Title; that of a question with its answer is the question.
    #[schema(min_length = 1, max_length = 200, example = "Returns")]
    title: Option<String>,
    /// Another text.
    #[schema(min_length = 1, max_length = 1_000_000, example = "Returns are free for 30 days.")]
    content: Option<String>,
    /// Another question.
    #[schema(min_length = 1, max_length = 500, example = "What are your opening hours?")]
    question: Option<String>,
    /// Another answer.
    #[schema(min_length = 1, max_length = 4_000, example = "From nine to five.")]
    answer: Option<String>,
    /// Another place to fetch it from, or the same to fetch it again.
    #[schema(min_length = 1, max_length = 2_048, example = "https://example.com/returns.html")]
    url: Option<String>,
}

impl Change {
    fn change(self) -> Result<DocumentChange, Error> {
        let Self { title, content, question, answer, url } = self;
        one_kind(content.is_some(), question.is_some() || answer.is_some(), url.is_some())?;
        let content = match (content, url) {
            (Some(content), _) => Some(ContentChange::Replaced(Content::Text(content))),
            (None, Some(url)) => Some(ContentChange::Replaced(Content::Url(url))),
            (None, None) if question.is_some() || answer.is_some() => {
                Some(ContentChange::Faq { question, answer })
            }
            (None, None) if title.is_none() => Some(ContentChange::FetchedAgain),
            (None, None) => None,
        };
        Ok(DocumentChange { title, content })
    }
}

#[derive(ToSchema)]
#[schema(as = KnowledgeFileForm)]
#[expect(dead_code, reason = "only its schema is read")]
struct FileForm {
    /// The file, whose name ends with its type.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Title; the name of the file when it is not given.
    #[schema(example = "Returns")]
    title: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = KnowledgeQuery, example = json!({ "query": "How long do refunds take?" }))]
struct Query {
    /// Words to look for.
    #[schema(min_length = 1, max_length = 1_000, example = "How long do refunds take?")]
    query: String,
    /// How many results at most; 5 when it is not given.
    #[schema(minimum = 1, maximum = 20)]
    limit: Option<usize>,
}

async fn list(
    call: Call<Read>,
    Path(bot): Path<BotId>,
    kit::Query(query): kit::Query<ShortPageQuery>,
) -> Result<Data<DocumentsView>, ApiError> {
    bot_access::seen(&call, bot).await?;
    let documents = call.knowledge.list(bot).await?;
    let page = query.view(documents.len());
    let documents = query.of(documents).into_iter().map(DocumentView::from).collect();
    Ok(Data::of(DocumentsView { documents, page }))
}

async fn add(
    call: Call<Bots>,
    body: BodyOrForm<Draft, FileForm>,
    Path(bot): Path<BotId>,
) -> Result<Created<DocumentView>, ApiError> {
    let draft = match body {
        BodyOrForm::Form(mut form) => {
            let title = form.text("title").map(str::to_owned);
            DocumentDraft { title, content: file_of(&mut form).await? }
        }
        BodyOrForm::Body(draft) => draft.draft()?,
    };
    bot_access::managed(&call, bot).await?;
    Ok(Created::of(call.knowledge.add(bot, draft).await?.into()))
}

async fn read(call: Call<Read>, Path(id): Path<DocumentId>) -> Result<Data<OpenedView>, ApiError> {
    bot_access::seen(&call, bot_of(&call, id).await?).await.map_err(unknown(id))?;
    Ok(Data::of(call.knowledge.open(id).await?.into()))
}

async fn change(
    call: Call<Bots>,
    body: BodyOrForm<Change, FileForm>,
    Path(id): Path<DocumentId>,
) -> Result<Data<DocumentView>, ApiError> {
    let change = match body {
        BodyOrForm::Form(mut form) => {
            let title = form.text("title").map(str::to_owned);
            let content = Some(ContentChange::Replaced(file_of(&mut form).await?));
            DocumentChange { title, content }
        }
        BodyOrForm::Body(change) => change.change()?,
    };
    bot_access::managed(&call, bot_of(&call, id).await?).await.map_err(unknown(id))?;
    Ok(Data::of(call.knowledge.change(id, change).await?.into()))
}

async fn remove(call: Call<Bots>, Path(id): Path<DocumentId>) -> Result<Message, ApiError> {
    bot_access::managed(&call, bot_of(&call, id).await?).await.map_err(unknown(id))?;
    call.knowledge.remove(id).await?;
    Ok(Message::of("The document was deleted"))
}

async fn search(
    call: Call<Read>,
    Body(Query { query, limit }): Body<Query>,
    Path(bot): Path<BotId>,
) -> Result<Data<HitsView>, ApiError> {
    bot_access::seen(&call, bot).await?;
    let hits = call.retrieval.search(bot, &query, limit.unwrap_or(USUAL_HITS)).await?;
    Ok(Data::of(HitsView { results: hits.into_iter().map(Into::into).collect() }))
}

/// The bot whose document it is.
async fn bot_of(services: &Services, document: Uuid) -> Result<Uuid, Error> {
    Ok(services.knowledge.get(document).await?.bot)
}

/// A document of a bot that does not exist to the caller does not exist either.
fn unknown(document: Uuid) -> impl Fn(Error) -> Error {
    move |error| match error.code {
        ErrorCode::NotFound => {
            Error::not_found(Subject::Document, format!("there is no document {document}"))
        }
        _ => error,
    }
}

async fn file_of(form: &mut Form<FileForm>) -> Result<Content, Error> {
    let file = form.file()?;
    let name = file.filename.clone();
    let name = name.ok_or_else(|| Error::invalid_field("file", "must have a name"))?;
    Ok(Content::File { name, bytes: file.into_bytes().await? })
}

/// That a body is of one kind: a text, a question with its answer, or a URL.
fn one_kind(text: bool, faq: bool, url: bool) -> Result<(), Error> {
    if 1 < usize::from(text) + usize::from(faq) + usize::from(url) {
        let message = "give one of `content`, `question` with `answer`, and `url`";
        return Err(Error::invalid(message));
    }
    Ok(())
}
