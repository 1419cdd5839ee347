//! Knowledge over a store of its own.

use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    domain::{Clock, ErrorCode, clock::from_seconds},
    egress::{Guard, OwnPorts},
    events::EventLog,
    jobs::{Handler, Jobs, Tries},
    knowledge::{
        Answer, AnswerKind, AnswerTerms, Change, Content, ContentChange, Document, DocumentChange,
        DocumentDraft, FetchJob, Kind, Knowledge, KnowledgeEvent, KnowledgeParts, MOST_CHUNKS,
        MOST_DOCUMENTS, Retrieval, Status, TABLES,
        document::Base,
        index::Words,
        parts::{self, WordPart},
    },
    store::{Catalogue, Opener, Store},
};

const CATALOGUE: Catalogue = Catalogue::with(&[TABLES]);

struct Stage {
    store: Store,
    log: EventLog,
    jobs: Jobs,
    knowledge: Knowledge,
    retrieval: Retrieval,
    bot: Uuid,
}

impl Stage {
    async fn new() -> Self {
        let store = Opener::of(CATALOGUE).temporary().await.unwrap();
        Self::on(store, Uuid::now_v7()).await
    }

    /// As after a start of the gateway on this store.
    async fn on(store: Store, bot: Uuid) -> Self {
        let clock = Clock::manual(from_seconds(100));
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let jobs = Jobs::new(store.clone(), log.clone(), clock.clone());
        let retrieval = Retrieval::new(store.clone());
        let knowledge = Knowledge::new(KnowledgeParts {
            store: store.clone(),
            log: log.clone(),
            jobs: jobs.clone(),
            clock,
            guard: Guard::for_media(OwnPorts::default(), false),
            folder: std::env::temp_dir(),
            retrieval: retrieval.clone(),
        });
        Self { store, log, jobs, knowledge, retrieval, bot }
    }

    async fn add(&self, title: &str, content: Content) -> Document {
        let draft = DocumentDraft { title: Some(title.to_owned()), content };
        self.knowledge.add(self.bot, draft).await.unwrap()
    }

    async fn text(&self, title: &str, text: &str) -> Document {
        self.add(title, Content::Text(text.to_owned())).await
    }

    async fn faq(&self, question: &str, answer: &str) -> Document {
        let (question, answer) = (question.to_owned(), answer.to_owned());
        self.add("-", Content::Faq { question, answer }).await
    }

    async fn answer(&self, message: &str) -> Answer {
        self.retrieval.answer(self.bot, message, &AnswerTerms::default()).await.unwrap()
    }

    async fn base(&self) -> Base {
        self.store.get(&Base::at(self.bot)).await.unwrap().unwrap_or_default()
    }

    async fn events(&self) -> Vec<KnowledgeEvent> {
        let events = self.log.read(None, 0, 1_000).await.unwrap();
        events.iter().filter_map(|event| event.body.read()).collect()
    }
}

const SHOP: &str = "Our shop is open from Monday to Friday. Parcels leave on Tuesday. Returns are free for 30 days.";

#[tokio::test]
async fn a_document_is_known_until_it_is_deleted() {
    let stage = Stage::new().await;
    assert_eq!(stage.answer("When do parcels leave?").await.kind, AnswerKind::Fallback);
    let shop = stage.text("Shop", SHOP).await;
    let faq = stage.faq("What does shipping cost?", "Five euros. Always.").await;
    assert_eq!((shop.status, shop.chunks, shop.size), (Status::Ready, 1, SHOP.len() as u64));
    let answer = stage.answer("When do parcels leave?").await;
    assert_eq!(
        (answer.kind, answer.text.as_str()),
        (AnswerKind::Found, "Parcels leave on Tuesday.")
    );
    assert_eq!((answer.sources[0].document, answer.sources[0].title.as_str()), (shop.id, "Shop"));
    let known = stage.answer("what does SHIPPING cost").await;
    assert_eq!((known.kind, known.text.as_str()), (AnswerKind::Faq, "Five euros. Always."));
    // Far from the question, and yet found by its words.
    let found = stage.answer("The shipping cost, please").await;
    assert_eq!((found.kind, found.text.as_str()), (AnswerKind::Found, "Five euros. Always."));
    assert_eq!(stage.answer("Hello!").await.kind, AnswerKind::Greeting);
    let opened = stage.knowledge.open(shop.id).await.unwrap();
    assert_eq!(opened.text, SHOP);

    stage.knowledge.remove(shop.id).await.unwrap();
    assert_eq!(stage.answer("When do parcels leave?").await.kind, AnswerKind::Fallback);
    assert_eq!(stage.knowledge.list(stage.bot).await.unwrap(), std::slice::from_ref(&faq));
    let error = stage.knowledge.remove(shop.id).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    let base = stage.base().await;
    assert_eq!((base.documents, base.chunks), (1, 1));
    let changes: Vec<Change> =
        stage.events().await.iter().map(|KnowledgeEvent::Updated { change, .. }| *change).collect();
    assert_eq!(changes, [Change::Added, Change::Added, Change::Deleted]);
    // What one bot knows is not known to another.
    let other = stage.retrieval.search(Uuid::now_v7(), "shipping", 5).await.unwrap();
    assert!(other.is_empty());
}

#[tokio::test]
async fn a_change_replaces_what_was_known() {
    let stage = Stage::new().await;
    let long = format!("{} The last sentence names a zebra.", SHOP.repeat(1_000));
    let document = stage.text("Shop", &long).await;
    assert!(64 < document.chunks, "{}", document.chunks);
    assert_eq!(stage.knowledge.open(document.id).await.unwrap().text, long);
    let found = stage.retrieval.search(stage.bot, "zebra", 5).await.unwrap();
    assert!((0.99..=1.0).contains(&found[0].score) && found[0].document == document.id);
    let change = |title: Option<&str>, content: Option<ContentChange>| DocumentChange {
        title: title.map(str::to_owned),
        content,
    };
    let text = |text: &str| Some(ContentChange::Replaced(Content::Text(text.to_owned())));
    let changed = stage.knowledge.change(document.id, change(None, text("Only a lion."))).await;
    assert_eq!(changed.unwrap().chunks, 1);
    assert!(stage.retrieval.search(stage.bot, "zebra", 5).await.unwrap().is_empty());
    assert_eq!(stage.retrieval.search(stage.bot, "LIONS", 5).await.unwrap().len(), 1);
    assert_eq!(stage.base().await.chunks, 1);
    let renamed = stage.knowledge.change(document.id, change(Some("Zoo"), None)).await.unwrap();
    assert_eq!(renamed.title, "Zoo");
    assert_eq!(stage.retrieval.search(stage.bot, "lion", 5).await.unwrap()[0].title, "Zoo");

    let faq = |question: Option<&str>, answer: Option<&str>| {
        let (question, answer) = (question.map(str::to_owned), answer.map(str::to_owned));
        change(None, Some(ContentChange::Faq { question, answer }))
    };
    let error = stage.knowledge.change(document.id, faq(Some("Who?"), None)).await.unwrap_err();
    assert!(error.details["fields"]["answer"].is_array(), "{error:?}");
    let document = stage.faq("Who is there?", "The lion.").await;
    stage.knowledge.change(document.id, faq(Some("Which animal is there?"), None)).await.unwrap();
    assert_eq!(stage.answer("which animal is there").await.text, "The lion.");
    stage.knowledge.change(document.id, faq(None, Some("A tiger."))).await.unwrap();
    assert_eq!(stage.answer("which animal is there").await.text, "A tiger.");
    for wrong in [change(Some("x"), None), change(None, Some(ContentChange::FetchedAgain))] {
        let error = stage.knowledge.change(document.id, wrong).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Invalid, "{error:?}");
    }
}

#[tokio::test]
async fn answers_are_the_same_after_a_start_and_with_words_of_an_older_layout() {
    let stage = Stage::new().await;
    let shop = stage.text("Shop", SHOP).await;
    let faq = stage.faq("What does shipping cost?", "Five euros.").await;
    let questions = ["When do parcels leave?", "cost of shipping", "free returns", "Moon?", "Hi"];
    let mut answers = Vec::new();
    for question in questions {
        answers.push(stage.answer(question).await);
    }
    for is_older in [false, true] {
        for document in [&shop, &faq].into_iter().filter(|_| is_older) {
            let part = WordPart { layout: 0, revision: document.revision, words: Words::default() };
            let mut transaction = stage.store.transaction();
            transaction.put(&parts::at(stage.bot, document.id, 0), &part).await.unwrap();
            assert!(transaction.commit().await.unwrap());
        }
        let again = Stage::on(stage.store.clone(), stage.bot).await;
        for (question, answer) in questions.into_iter().zip(&answers) {
            assert_eq!(&again.answer(question).await, answer, "{question}");
        }
    }
}

#[tokio::test]
async fn bounds_are_kept_and_a_deleted_bot_learns_nothing() {
    let stage = Stage::new().await;
    stage.text("Shop", SHOP).await;
    let full = |change: fn(&mut Base)| {
        let stage = &stage;
        async move {
            let former = stage.base().await;
            let mut base = former.clone();
            change(&mut base);
            let mut transaction = stage.store.transaction();
            transaction.put(&Base::at(stage.bot), &base).await.unwrap();
            assert!(transaction.commit().await.unwrap());
            let content = Content::Text("More.".to_owned());
            let draft = DocumentDraft { title: Some("More".to_owned()), content };
            let refused = stage.knowledge.add(stage.bot, draft).await;
            let listed = stage.knowledge.list(stage.bot).await.unwrap().len();
            transaction.put(&Base::at(stage.bot), &former).await.unwrap();
            assert!(transaction.commit().await.unwrap());
            (refused.unwrap_err().code, listed)
        }
    };
    let most = |base: &mut Base| base.documents = MOST_DOCUMENTS as u64;
    assert_eq!(full(most).await, (ErrorCode::Invalid, 1));
    assert_eq!(full(|base| base.chunks = MOST_CHUNKS).await, (ErrorCode::Invalid, 1));
    assert_eq!(full(|base| base.is_closed = true).await, (ErrorCode::NotFound, 1));
    stage.faq("Who?", "You.").await;
    for _ in 0..2 {
        stage.knowledge.forget(stage.bot).await.unwrap();
        assert!(stage.knowledge.list(stage.bot).await.unwrap().is_empty());
        assert_eq!(stage.answer("When do parcels leave?").await.kind, AnswerKind::Fallback);
    }
    let draft = DocumentDraft { title: None, content: Content::Url("http://x.example".to_owned()) };
    let error = stage.knowledge.add(stage.bot, draft).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    let base = stage.base().await;
    assert_eq!((base.documents, base.chunks, base.is_closed), (0, 0, true));
}

#[tokio::test]
async fn a_fetch_that_a_kill_cut_off_is_done_after_the_start() {
    let stage = Stage::new().await;
    let url = "https://127.0.0.1/page.html".to_owned();
    let draft = DocumentDraft { title: None, content: Content::Url(url.clone()) };
    let refused = stage.knowledge.add(stage.bot, draft).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Invalid, "a private address is refused at once");
    let url = "https://nowhere.invalid/page.html".to_owned();
    // Nobody runs the job, as if the gateway had ended at that moment; who waits for it is cut off.
    let draft = DocumentDraft { title: None, content: Content::Url(url) };
    let (knowledge, bot) = (stage.knowledge.clone(), stage.bot);
    let waits = tokio::spawn(async move { knowledge.add(bot, draft).await });
    let document = loop {
        if let Some(document) = stage.knowledge.list(bot).await.unwrap().pop() {
            break document;
        }
        tokio::task::yield_now().await;
    };
    waits.abort();
    assert_eq!((document.status, document.kind), (Status::Processing, Kind::Url));
    let again = Stage::on(stage.store.clone(), stage.bot).await;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let handler: Arc<dyn Handler> = Arc::new(FetchJob::new(again.knowledge.clone()));
    again.jobs.start([(FetchJob::KIND, handler)].into(), Tries::default(), &tasks, stop.clone());
    let settled = async {
        loop {
            let now = again.knowledge.get(document.id).await.unwrap();
            if now.status != Status::Processing {
                return now;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    let now = tokio::time::timeout(std::time::Duration::from_secs(30), settled).await.unwrap();
    assert_eq!(now.status, Status::Failed);
    assert!(now.error.is_some_and(|error| error.contains("url")));
    assert!(again.jobs.get(FetchJob::KIND, &document.id.to_string()).await.unwrap().is_none());
    // The event is published after the commit that it is a part of.
    let published = async {
        while again.events().await.len() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), published).await.unwrap();
    assert_eq!(again.events().await.len(), 2);
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}
