//! Knowledge of bots: documents that are added, changed and deleted. Each change is one commit with its event, and
//! durable when its function returns.

use std::{path::PathBuf, time::Duration};

use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    domain::{Clock, Error, Subject},
    egress::Guard,
    events::{EventLog, NewEvent, Work},
    jobs::{Job, Jobs},
    knowledge::{
        chunks::joined,
        document::{Base, Document, Kind, MOST_DOCUMENTS, Status},
        draft::{self, Content, ContentChange, DocumentChange, DocumentDraft},
        event::{Change, KnowledgeEvent},
        extract::Extractor,
        parts::{self, TextPart, WordPart},
        prepared::{Prepared, parts_of},
        retrieval::Retrieval,
    },
    store::Store,
};

/// Chunks of all documents of a bot, of which a file of 10 MiB makes about 15,000.
pub const MOST_CHUNKS: u64 = 20_000;
/// The kind of the jobs that fetch documents, each named by its document.
pub const FETCH: &str = "knowledge fetch";
/// How long a caller waits for a document that is fetched.
const PATIENCE: Duration = Duration::from_secs(5);
/// Parts of a text that are read at once.
const READ_AT_ONCE: usize = 16;

/// What it works with.
pub struct KnowledgeParts {
    pub store: Store,
    pub log: EventLog,
    pub jobs: Jobs,
    pub clock: Clock,
    /// Where documents may be fetched from.
    pub guard: Guard,
    /// Where they lie while they are read.
    pub folder: PathBuf,
    pub retrieval: Retrieval,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Knowledge {
    store: Store,
    log: EventLog,
    jobs: Jobs,
    pub(in crate::knowledge) clock: Clock,
    pub(in crate::knowledge) guard: Guard,
    pub(in crate::knowledge) folder: PathBuf,
    pub(in crate::knowledge) extractor: Extractor,
    retrieval: Retrieval,
    /// Changes when a fetched document is there.
    pub(in crate::knowledge) fetched: watch::Sender<u64>,
}

/// A document with its text.
#[derive(Clone, Debug)]
pub struct Opened {
    pub document: Document,
    /// The answer, where it is a question with one.
    pub text: String,
}

/// A checked content: what is stored at once, or where it comes from.
enum Ready {
    Now(Kind, Prepared),
    Fetched(String),
}

impl Knowledge {
    pub fn new(parts: KnowledgeParts) -> Self {
        let KnowledgeParts { store, log, jobs, clock, guard, folder, retrieval } = parts;
        Self {
            store,
            log,
            jobs,
            clock,
            guard,
            folder,
            extractor: Extractor::default(),
            retrieval,
            fetched: watch::Sender::new(0),
        }
    }

    /// The documents of a bot, in the order in which they were made.
    pub async fn list(&self, bot: Uuid) -> Result<Vec<Document>, Error> {
        let found = self.store.follow(Document::of_bot(bot), MOST_DOCUMENTS).await?;
        Ok(found.into_iter().map(|found| found.record).collect())
    }

    pub async fn get(&self, id: Uuid) -> Result<Document, Error> {
        self.store.get(&Document::at(id)).await?.ok_or_else(|| unknown(id))
    }

    /// A document with its text.
    pub async fn open(&self, id: Uuid) -> Result<Opened, Error> {
        let document = self.get(id).await?;
        let text = self.text(&document).await?;
        Ok(Opened { document, text })
    }

    /// Adds a document. One that is fetched is answered when it is there, or after a few seconds while it is not.
    pub async fn add(&self, bot: Uuid, draft: DocumentDraft) -> Result<Document, Error> {
        let DocumentDraft { title, content } = draft;
        let checked = title.as_deref().map(draft::title).transpose();
        let (title, content) = Error::both(checked, draft::content(content))?;
        let usual = match &content {
            Content::Text(_) if title.is_none() => {
                return Err(Error::invalid_field("title", "is required"));
            }
            Content::Text(_) => String::new(),
            Content::Faq { question, .. } => question.clone(),
            Content::Url(url) => draft::title_of(url),
            Content::File { name, .. } => draft::title_of(name),
        };
        let file_name = file_name(&content);
        let title = if matches!(content, Content::Faq { .. }) { None } else { title };
        let ready = self.prepare(content).await?;
        let now = self.clock.now();
        let mut document = Document {
            id: Uuid::now_v7(),
            bot,
            title: title.unwrap_or(usual),
            kind: Kind::Url,
            status: Status::Processing,
            error: None,
            url: None,
            file_name,
            size: 0,
            chunks: 0,
            revision: Uuid::nil(),
            created_at: now,
            updated_at: now,
        };
        let mut work = self.log.work();
        loop {
            let mut base = open_base(&work, bot).await?;
            if MOST_DOCUMENTS as u64 <= base.documents {
                let message = "a bot has at most 1,000 documents; delete one first";
                return Err(Error::invalid(message));
            }
            base.documents += 1;
            self.put(&work, &mut document, &mut base, &ready).await?;
            let event = KnowledgeEvent::of(&document, Change::Added);
            work.append(NewEvent::of_module(None, &event)?);
            if work.commit_durable().await? {
                break;
            }
            document = Document { chunks: 0, ..document };
        }
        self.settled(document).await
    }

    pub async fn change(&self, id: Uuid, change: DocumentChange) -> Result<Document, Error> {
        let DocumentChange { title, content } = change;
        let title = title.as_deref().map(draft::title).transpose()?;
        let known = self.get(id).await?;
        let content = match content {
            None => None,
            Some(ContentChange::Replaced(content)) => Some(draft::content(content)?),
            Some(ContentChange::Faq { question, answer }) => {
                Some(self.changed_faq(&known, question, answer).await?)
            }
            Some(ContentChange::FetchedAgain) => {
                let url = known.url.clone().filter(|_| known.kind == Kind::Url);
                let url = url.ok_or_else(|| {
                    Error::invalid_field("url", "is required: the document is not fetched")
                })?;
                Some(Content::Url(url))
            }
        };
        let question = match &content {
            Some(Content::Faq { question, .. }) => Some(question.clone()),
            _ => None,
        };
        if question.is_none() && title.is_some() && content.is_none() && known.kind == Kind::Faq {
            let fault = "is its question here: change `question`";
            return Err(Error::invalid_field("title", fault));
        }
        let file_name = content.as_ref().map(file_name);
        let ready = match content {
            Some(content) => Some(self.prepare(content).await?),
            None => None,
        };
        let mut work = self.log.work();
        let document = loop {
            let found = work.get(&Document::at(id)).await?;
            let mut document = found.ok_or_else(|| unknown(id))?;
            let mut base = open_base(&work, document.bot).await?;
            if let Some(title) = question.as_ref().or(title.as_ref()) {
                document.title.clone_from(title);
            }
            document.updated_at = self.clock.now();
            match &ready {
                Some(ready) => {
                    document.file_name = file_name.clone().flatten();
                    self.put(&work, &mut document, &mut base, ready).await?;
                }
                None => {
                    base.generation += 1;
                    work.put(&Base::at(document.bot), &base).await?;
                    work.put(&Document::at(id), &document).await?;
                }
            }
            let event = KnowledgeEvent::of(&document, Change::Changed);
            work.append(NewEvent::of_module(None, &event)?);
            if work.commit_durable().await? {
                break document;
            }
        };
        self.settled(document).await
    }

    pub async fn remove(&self, id: Uuid) -> Result<(), Error> {
        let mut work = self.log.work();
        loop {
            let found = work.get(&Document::at(id)).await?;
            let document = found.ok_or_else(|| unknown(id))?;
            let mut base = work.get(&Base::at(document.bot)).await?.unwrap_or_default();
            self.remove_in(&work, &document, &mut base).await?;
            let event = KnowledgeEvent::of(&document, Change::Deleted);
            work.append(NewEvent::of_module(None, &event)?);
            if work.commit_durable().await? {
                return Ok(());
            }
        }
    }

    /// Forgets all that a bot knows, and takes nothing in for it any more. The first part of its deletion: it may be
    /// done again.
    pub async fn forget(&self, bot: Uuid) -> Result<(), Error> {
        while self.forget_one(bot).await? {}
        self.retrieval.forget(bot);
        Ok(())
    }

    /// Forgets one document; whether there was one.
    async fn forget_one(&self, bot: Uuid) -> Result<bool, Error> {
        let mut work = self.log.work();
        loop {
            let next = work.store().follow(Document::of_bot(bot), 1).await?.pop();
            let mut base = work.get(&Base::at(bot)).await?.unwrap_or_default();
            base.is_closed = true;
            match &next {
                Some(next) => self.remove_in(&work, &next.record, &mut base).await?,
                None => work.put(&Base::at(bot), &base).await?,
            }
            if work.commit_durable().await? {
                return Ok(next.is_some());
            }
        }
    }

    /// Writes a document with a content, and what it changes of the base.
    async fn put(
        &self,
        work: &Work<'_>,
        document: &mut Document,
        base: &mut Base,
        ready: &Ready,
    ) -> Result<(), Error> {
        let store = work.store();
        match ready {
            Ready::Fetched(url) => {
                (document.kind, document.url) = (Kind::Url, Some(url.clone()));
                (document.status, document.error) = (Status::Processing, None);
                base.generation += 1;
                let job = Job::new(FETCH, &document.id.to_string(), self.clock.now());
                self.jobs.schedule_in(store, &job).await?;
                work.put(&Base::at(document.bot), base).await?;
                work.put(&Document::at(document.id), document).await?;
            }
            Ready::Now(kind, prepared) => {
                document.kind = *kind;
                document.url = None;
                self.jobs.cancel_in(store, FETCH, &document.id.to_string()).await?;
                put_content(work, document, base, prepared).await?;
            }
        }
        Ok(())
    }

    async fn remove_in(
        &self,
        work: &Work<'_>,
        document: &Document,
        base: &mut Base,
    ) -> Result<(), Error> {
        self.jobs.cancel_in(work.store(), FETCH, &document.id.to_string()).await?;
        for number in 0..parts_of(document.chunks) {
            work.delete(&parts::at::<TextPart>(document.bot, document.id, number)).await?;
            work.delete(&parts::at::<WordPart>(document.bot, document.id, number)).await?;
        }
        base.generation += 1;
        base.documents = base.documents.saturating_sub(1);
        base.chunks = base.chunks.saturating_sub(document.chunks);
        work.put(&Base::at(document.bot), base).await?;
        work.delete(&Document::at(document.id)).await?;
        Ok(())
    }

    /// A question and its answer, of which one may stay as it is.
    async fn changed_faq(
        &self,
        known: &Document,
        question: Option<String>,
        answer: Option<String>,
    ) -> Result<Content, Error> {
        let is_faq = known.kind == Kind::Faq;
        let missing = |field: &str| Error::invalid_field(field, "is required");
        let question = question.or_else(|| is_faq.then(|| known.title.clone()));
        let answer = match answer {
            None if is_faq => Some(self.text(known).await?),
            answer => answer,
        };
        let question = question.ok_or_else(|| missing("question"));
        let (question, answer) = Error::both(question, answer.ok_or_else(|| missing("answer")))?;
        draft::content(Content::Faq { question, answer })
    }

    async fn prepare(&self, content: Content) -> Result<Ready, Error> {
        let (kind, prepared) = match content {
            Content::Url(url) => {
                self.guard.check(&url)?;
                return Ok(Ready::Fetched(url));
            }
            Content::Faq { question, answer } => {
                (Kind::Faq, Prepared::of_answer(&question, &answer))
            }
            Content::Text(content) => (Kind::Text, self.extractor.prepared(content).await?),
            Content::File { name, bytes } => {
                let file_type = draft::file_type(&name)?;
                (Kind::File, self.extractor.prepared_file("file", file_type, bytes).await?)
            }
        };
        Ok(Ready::Now(kind, prepared))
    }

    /// A document that is fetched, as it is when it is there, or after a few seconds.
    async fn settled(&self, document: Document) -> Result<Document, Error> {
        if document.status != Status::Processing {
            return Ok(document);
        }
        self.jobs.woken();
        let mut fetched = self.fetched.subscribe();
        let there = async {
            loop {
                fetched.mark_unchanged();
                let now = self.get(document.id).await?;
                if now.status != Status::Processing || fetched.changed().await.is_err() {
                    return Ok(now);
                }
            }
        };
        tokio::time::timeout(PATIENCE, there).await.unwrap_or(Ok(document.clone()))
    }

    /// The text of a document; of one that changes meanwhile, what it had.
    async fn text(&self, document: &Document) -> Result<String, Error> {
        let mut chunks = Vec::new();
        let numbers: Vec<u64> = (0..parts_of(document.chunks)).collect();
        for some in numbers.chunks(READ_AT_ONCE) {
            let keys = some.iter().map(|number| parts::at(document.bot, document.id, *number));
            let found: Vec<Option<TextPart>> =
                self.store.get_many(&keys.collect::<Vec<_>>()).await?;
            chunks.extend(found.into_iter().flatten().flat_map(|part| part.chunks));
            tokio::task::yield_now().await;
        }
        Ok(joined(chunks))
    }
}

/// Writes a content in place of what a document had, and that it is ready.
pub(in crate::knowledge) async fn put_content(
    work: &Work<'_>,
    document: &mut Document,
    base: &mut Base,
    prepared: &Prepared,
) -> Result<(), Error> {
    let chunks = base.chunks.saturating_sub(document.chunks) + prepared.chunks;
    if MOST_CHUNKS < chunks {
        let message = "the documents of a bot have at most 20,000 chunks of 800 characters; delete one or shorten it";
        return Err(Error::invalid(message));
    }
    let former = parts_of(document.chunks);
    for (number, (text, words)) in (0_u64..).zip(&prepared.parts) {
        work.put(&parts::at(document.bot, document.id, number), text).await?;
        work.put(&parts::at(document.bot, document.id, number), words).await?;
    }
    for number in parts_of(prepared.chunks)..former {
        work.delete(&parts::at::<TextPart>(document.bot, document.id, number)).await?;
        work.delete(&parts::at::<WordPart>(document.bot, document.id, number)).await?;
    }
    (document.status, document.error) = (Status::Ready, None);
    document.size = prepared.size;
    document.chunks = prepared.chunks;
    document.revision = prepared.revision;
    base.chunks = chunks;
    base.generation += 1;
    work.put(&Base::at(document.bot), base).await?;
    work.put(&Document::at(document.id), document).await?;
    Ok(())
}

/// The base of a bot that takes documents in.
async fn open_base(work: &Work<'_>, bot: Uuid) -> Result<Base, Error> {
    let base = work.get(&Base::at(bot)).await?.unwrap_or_default();
    if base.is_closed {
        return Err(Error::not_found(Subject::Bot, format!("there is no bot {bot}")));
    }
    Ok(base)
}

fn file_name(content: &Content) -> Option<String> {
    match content {
        Content::File { name, .. } => Some(name.clone()),
        Content::Text(_) | Content::Faq { .. } | Content::Url(_) => None,
    }
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Document, format!("there is no document {id}"))
}
