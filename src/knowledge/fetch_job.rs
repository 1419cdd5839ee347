//! Job that fetches a document from its URL and reads it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use url::Url;
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    egress::{Bounds, fetch},
    events::{NewEvent, Work},
    jobs::{Handler, Job, Then},
    knowledge::{
        document::{Base, Document, Status},
        draft::unknown_type,
        event::{Change, KnowledgeEvent},
        extract::{FileType, LARGEST},
        prepared::Prepared,
        service::{FETCH, Knowledge, put_content},
    },
};

const DEADLINE: Duration = Duration::from_secs(30);
/// Contents that wait for their commit.
const MOST_WAITING: usize = 8;

/// What was fetched, or why it could not be.
type Outcome = Result<Prepared, String>;

/// Fetches documents. A document that cannot be fetched has failed, until it is asked for again.
pub struct FetchJob {
    knowledge: Knowledge,
    /// By document and time of the job: work that runs again after a conflict does not fetch again.
    waiting: Mutex<HashMap<(Uuid, Timestamp), Outcome>>,
}

impl FetchJob {
    pub const KIND: &'static str = FETCH;

    pub fn new(knowledge: Knowledge) -> Self {
        Self { knowledge, waiting: Mutex::default() }
    }

    async fn outcome(&self, document: Uuid, url: &str, due: Timestamp) -> Outcome {
        let waiting = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = waiting().get(&(document, due)) {
            return known.clone();
        }
        let outcome = self.fetched(url).await.map_err(|error| error.message);
        let mut waiting = waiting();
        if MOST_WAITING <= waiting.len() {
            waiting.clear();
        }
        waiting.insert((document, due), outcome.clone());
        outcome
    }

    async fn fetched(&self, url: &str) -> Result<Prepared, Error> {
        let kept = |error: std::io::Error| {
            Error::internal(format!("the document cannot be kept: {error}"))
        };
        tokio::fs::create_dir_all(&self.knowledge.folder).await.map_err(kept)?;
        let file = Partial(self.knowledge.folder.join(Uuid::new_v4().to_string()));
        let bounds = Bounds {
            size: LARGEST as u64,
            deadline: DEADLINE,
            guard: self.knowledge.guard.clone(),
        };
        let fetched = fetch(url, &file.0, &bounds).await?;
        let named = fetched.content_type.as_deref().and_then(FileType::of_mime);
        let file_type =
            named.or_else(|| of_path(&fetched.url)).ok_or_else(|| unknown_type("url"))?;
        let bytes = tokio::fs::read(&file.0).await.map_err(kept)?;
        self.knowledge.extractor.prepared_file("url", file_type, bytes).await
    }
}

#[async_trait]
impl Handler for FetchJob {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let id: Uuid = job.name.parse().map_err(|_| Error::internal("a document without an id"))?;
        let Some(mut document) = work.get(&Document::at(id)).await? else { return Ok(Then::Done) };
        let Some(url) = document.url.clone() else { return Ok(Then::Done) };
        let outcome = self.outcome(id, &url, job.due).await;
        let mut base = work.get(&Base::at(document.bot)).await?.unwrap_or_default();
        document.updated_at = self.knowledge.clock.now();
        let put = match &outcome {
            Ok(prepared) => put_content(work, &mut document, &mut base, prepared).await,
            Err(reason) => Err(Error::invalid(reason)),
        };
        match put {
            Ok(()) => (),
            Err(error) if error.code == crate::domain::ErrorCode::Invalid => {
                (document.status, document.error) = (Status::Failed, Some(error.message));
                work.put(&Document::at(id), &document).await?;
            }
            Err(error) => return Err(error),
        }
        let event = KnowledgeEvent::of(&document, Change::Changed);
        work.append(NewEvent::of_module(None, &event)?);
        Ok(Then::Done)
    }

    async fn committed(&self, job: &Job) {
        if let Ok(id) = job.name.parse() {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&(id, job.due));
        }
        self.knowledge.fetched.send_modify(|number| *number += 1);
    }
}

/// By the ending of the last part of a path.
fn of_path(url: &Url) -> Option<FileType> {
    FileType::of_name(url.path_segments()?.next_back()?)
}

/// A file that is removed once it was read.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // A fetch that failed at once left none.
        let _ = std::fs::remove_file(&self.0);
    }
}
