//! Retrieval from a bot's knowledge: its index in memory, search and answers.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    domain::{Error, ErrorCode},
    knowledge::{
        answer::{
            self, Answer, AnswerTerms, Hit, LONGEST_QUESTION, MOST_SOURCES, Passage, Question,
        },
        cache::{Cache, Loaded},
        document::{Base, Document, Kind, MOST_DOCUMENTS},
        index::{BotIndex, Entry, Part, Ranked, Ranking},
        parts::{self, TextPart, WordPart},
        prepared::{parts_of, words_of},
        words::{self, words},
    },
    store::Store,
};

/// Most hits of a search.
pub const MOST_HITS: usize = 20;
/// How often a question is begun again because its documents change meanwhile.
const MOST_TRIES: usize = 8;
/// The part of a message that a passage must cover to be quoted.
const LEAST_QUOTED: f64 = 0.15;
/// Parts that are read at once. Reads never wait, so other tasks of the thread would.
const READ_AT_ONCE: usize = 8;

/// Answers from what bots know. Clones share the indexes in memory.
#[derive(Clone)]
pub struct Retrieval {
    store: Store,
    cache: Arc<Cache>,
    /// Held while an index is loaded, so that it is loaded once for all who ask.
    loading: Arc<Mutex<()>>,
}

impl Retrieval {
    pub fn new(store: Store) -> Self {
        Self { store, cache: Arc::default(), loading: Arc::default() }
    }

    /// Drops the index of a bot that knows nothing any more.
    pub(in crate::knowledge) fn forget(&self, bot: Uuid) {
        self.cache.forget(bot);
    }

    /// The best chunks for a query, best first.
    pub async fn search(&self, bot: Uuid, query: &str, limit: usize) -> Result<Vec<Hit>, Error> {
        let words = words(shortened(query));
        let limit = limit.min(MOST_HITS);
        let (passages, _) = self.passages(bot, &words, limit).await?;
        Ok(passages.into_iter().map(Passage::hit).collect())
    }

    /// The answer to a message, without a model. The same message and the same knowledge give the same answer.
    pub async fn answer(
        &self,
        bot: Uuid,
        message: &str,
        terms: &AnswerTerms,
    ) -> Result<Answer, Error> {
        let message = shortened(message);
        if let Some(answer) = answer::to_courtesy(message, terms) {
            return Ok(answer);
        }
        if let Some(passage) = self.known_question(bot, message).await? {
            return Ok(answer::of_known(passage));
        }
        let (passages, weights) = self.passages(bot, &words(message), MOST_SOURCES).await?;
        Ok(answer::from_passages(passages, &weights, terms))
    }

    /// What documents say of a message, best first, for somebody else to word an answer from: the answer of a question
    /// that is known goes before everything else.
    pub async fn quotes(
        &self,
        bot: Uuid,
        message: &str,
        limit: usize,
    ) -> Result<Vec<Passage>, Error> {
        let message = shortened(message);
        let known = self.known_question(bot, message).await?;
        let (found, _) = self.passages(bot, &words(message), limit.min(MOST_HITS)).await?;
        let others = found.into_iter().filter(|passage| LEAST_QUOTED <= passage.score);
        let is_other = |passage: &Passage| {
            known.as_ref().is_none_or(|known| known.document != passage.document)
        };
        let others: Vec<Passage> = others.filter(is_other).collect();
        Ok(known.into_iter().chain(others).take(limit).collect())
    }

    /// The answer of a question that is known.
    async fn known_question(&self, bot: Uuid, message: &str) -> Result<Option<Passage>, Error> {
        for _ in 0..MOST_TRIES {
            let loaded = self.loaded(bot).await?;
            let Some((known, likeness)) = answer::known(message, &loaded.questions) else {
                return Ok(None);
            };
            let Some(chunk) = loaded.index.first_chunk(known.entry) else { return Ok(None) };
            let chunk = Ranked { coverage: likeness, ..chunk };
            if let Some(mut found) = self.read(bot, &loaded, &[chunk]).await? {
                return Ok(found.pop());
            }
        }
        Err(busy())
    }

    async fn passages(
        &self,
        bot: Uuid,
        words: &[String],
        limit: usize,
    ) -> Result<(Vec<Passage>, BTreeMap<String, f64>), Error> {
        for _ in 0..MOST_TRIES {
            let loaded = self.loaded(bot).await?;
            let Ranking { chunks, weights } = loaded.index.rank(words, limit);
            if let Some(found) = self.read(bot, &loaded, &chunks).await? {
                return Ok((found, weights));
            }
        }
        Err(busy())
    }

    /// The texts of chunks; none when one has changed since the index was loaded.
    async fn read(
        &self,
        bot: Uuid,
        loaded: &Loaded,
        chunks: &[Ranked],
    ) -> Result<Option<Vec<Passage>>, Error> {
        let mut passages = Vec::new();
        for ranked in chunks {
            let Some(entry) = loaded.index.entries.get(ranked.entry) else { return Ok(None) };
            let part: Option<TextPart> =
                self.store.get(&parts::at(bot, entry.id, ranked.part)).await?;
            let part = part.filter(|part| part.revision == ranked.revision);
            let chunk = part.and_then(|part| part.chunks.into_iter().nth(ranked.chunk));
            let Some(chunk) = chunk else { return Ok(None) };
            passages.push(Passage {
                document: entry.id,
                title: entry.title.clone(),
                score: ranked.coverage,
                text: chunk.text,
                is_answer: entry.kind == Kind::Faq,
            });
        }
        Ok(Some(passages))
    }

    /// What a bot knows at this moment.
    async fn loaded(&self, bot: Uuid) -> Result<Arc<Loaded>, Error> {
        for _ in 0..MOST_TRIES {
            let base = self.store.get(&Base::at(bot)).await?.unwrap_or_default();
            if let Some(loaded) = self.cache.get(bot, base.generation) {
                return Ok(loaded);
            }
            let _held = self.loading.lock().await;
            if let Some(loaded) = self.cache.get(bot, base.generation) {
                return Ok(loaded);
            }
            let Some(loaded) = self.load(bot, base.generation).await? else { continue };
            let now = self.store.get(&Base::at(bot)).await?.unwrap_or_default();
            if now.generation == base.generation {
                let loaded = Arc::new(loaded);
                self.cache.put(bot, loaded.clone());
                return Ok(loaded);
            }
        }
        Err(busy())
    }

    /// Reads all words of a bot that are not in memory; none when they change meanwhile.
    async fn load(&self, bot: Uuid, generation: u64) -> Result<Option<Loaded>, Error> {
        let former = self.cache.former(bot).unwrap_or_default();
        let documents = self.store.follow(Document::of_bot(bot), MOST_DOCUMENTS).await?;
        let (mut entries, mut all, mut questions) = (Vec::new(), Vec::new(), Vec::new());
        for document in documents.into_iter().map(|found| found.record) {
            let entry = entries.len();
            let revision = document.revision;
            let mut numbers = Vec::new();
            for number in 0..parts_of(document.chunks) {
                match former.index.words_of(document.id, number, revision) {
                    Some(words) => all.push(Part { entry, number, revision, words }),
                    None => numbers.push(number),
                }
            }
            for some in numbers.chunks(READ_AT_ONCE) {
                let keys = some.iter().map(|number| parts::at(bot, document.id, *number));
                let found: Vec<Option<WordPart>> =
                    self.store.get_many(&keys.collect::<Vec<_>>()).await?;
                for (number, part) in some.iter().zip(found) {
                    let part = part.filter(|part| part.revision == document.revision);
                    let Some(part) = part else { return Ok(None) };
                    let Some(part) = self.of_layout(&document, *number, part).await? else {
                        return Ok(None);
                    };
                    let words = Arc::new(part.words);
                    all.push(Part { entry, number: *number, revision, words });
                }
                tokio::task::yield_now().await;
            }
            if document.kind == Kind::Faq && 0 < document.chunks {
                questions.push(Question::new(entry, &document.title));
            }
            entries.push(Entry { id: document.id, title: document.title, kind: document.kind });
        }
        Ok(Some(Loaded { index: BotIndex::new(generation, entries, all), questions }))
    }

    /// A part whose words are made as this version makes them.
    async fn of_layout(
        &self,
        document: &Document,
        number: u64,
        part: WordPart,
    ) -> Result<Option<WordPart>, Error> {
        if part.layout == words::LAYOUT {
            return Ok(Some(part));
        }
        let key = parts::at::<TextPart>(document.bot, document.id, number);
        let text = self.store.get(&key).await?.filter(|text| text.revision == part.revision);
        let beside = if document.kind == Kind::Faq { document.title.as_str() } else { "" };
        Ok(text.map(|text| WordPart {
            layout: words::LAYOUT,
            words: words_of(&text.chunks, beside),
            revision: text.revision,
        }))
    }
}

/// As much of a question as is read.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(LONGEST_QUESTION).map_or(text, |(end, _)| &text[..end])
}

fn busy() -> Error {
    let message = "The documents of this bot change too fast at the moment. Try again in a moment";
    Error::new(ErrorCode::Unavailable, message).detail("retryAfter", 1)
}
