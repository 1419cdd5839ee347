//! Index on the disk (tantivy): the message numbers of each word. It stores no texts, and its hits are hints that
//! the store confirms.

use std::{
    fs, io,
    ops::Bound,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tantivy::{
    Index as Tantivy, IndexReader, IndexWriter, Order, ReloadPolicy, TantivyDocument, Term,
    collector::TopDocs,
    query::{BooleanQuery, FuzzyTermQuery, Occur, Query, RangeQuery, TermQuery},
    schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{PreTokenizedString, Token},
};
use uuid::Uuid;

use crate::{
    domain::{Jid, SessionId},
    search::text::{Wanted, tokens},
};

/// The layout that this version writes and reads. An index of another layout is rebuilt.
const LAYOUT: u32 = 2;
/// The least that the library takes while there is something to write.
const WRITER_BYTES: usize = 16 * 1024 * 1024;

/// State of an index: its cursor and build progress. Stored in the index, in the same commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexState {
    layout: u32,
    /// Id of this index build, which the store knows.
    pub mark: Uuid,
    /// The cursor: the event log is indexed up to this number.
    pub read_to: u64,
    /// During a build: messages from this number on are indexed.
    pub built_from: Option<u64>,
}

impl IndexState {
    /// The state of an empty index that follows the log from this number on.
    pub fn new(mark: Uuid, read_to: u64) -> Self {
        Self { layout: LAYOUT, mark, read_to, built_from: Some(u64::MAX) }
    }
}

/// A change of the index.
#[derive(Debug)]
pub enum Change {
    /// The entry of a message; none removes it.
    Message(u64, Option<Entry>),
    /// All messages of a chat are gone.
    Chat(SessionId, Jid),
    /// All messages of a session are gone.
    Session(SessionId),
}

#[derive(Debug)]
pub struct Entry {
    pub session: SessionId,
    pub chat: Jid,
    pub text: String,
}

/// Where messages are looked for.
#[derive(Clone, Debug)]
pub enum Within {
    All,
    Session(SessionId),
    Chat(SessionId, Jid),
}

pub struct Index {
    index: Tantivy,
    reader: IndexReader,
    fields: Fields,
}

#[derive(Clone, Copy)]
struct Fields {
    number: Field,
    session: Field,
    chat: Field,
    words: Field,
}

impl Index {
    /// The index in a folder and how far it has come. None when there is none that can be used.
    pub fn open(folder: &Path) -> Option<(Self, IndexState)> {
        let index = Tantivy::open_in_dir(folder).ok()?;
        let payload = index.load_metas().ok()?.payload?;
        let state: IndexState = serde_json::from_str(&payload).ok()?;
        (state.layout == LAYOUT && index.schema() == schema().0).then_some(())?;
        Some((Self::on(index).ok()?, state))
    }

    /// An empty one in place of whatever lies there.
    pub fn create(folder: &Path, state: IndexState) -> tantivy::Result<Self> {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => fs::create_dir_all(folder)?,
        }
        let index = Self::on(Tantivy::create_in_dir(PathBuf::from(folder), schema().0)?)?;
        index.writing()?.commit(&index, state)?;
        Ok(index)
    }

    fn on(index: Tantivy) -> tantivy::Result<Self> {
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, reader, fields: schema().1 })
    }

    /// Begins to write. There is one who does at a time.
    pub fn writing(&self) -> tantivy::Result<Writing> {
        let writer = self.index.writer_with_num_threads(1, WRITER_BYTES)?;
        Ok(Writing { writer, fields: self.fields })
    }

    /// The highest numbers below `before` that a query may lead to, highest first.
    pub fn find(
        &self,
        wanted: &Wanted,
        within: &Within,
        before: Option<u64>,
        limit: usize,
    ) -> tantivy::Result<Vec<u64>> {
        let Fields { number, session, chat, words } = self.fields;
        let exact = |field, text: &str| -> Box<dyn Query> {
            let term = Term::from_field_text(field, text);
            Box::new(TermQuery::new(term, IndexRecordOption::Basic))
        };
        let mut all: Vec<Box<dyn Query>> =
            wanted.whole().map(|token| exact(words, token)).collect();
        if let Some(word) = wanted.beginning() {
            let term = Term::from_field_text(words, word);
            all.push(Box::new(FuzzyTermQuery::new_prefix(term, 0, false)));
        }
        match within {
            Within::All => (),
            Within::Session(id) => all.push(exact(session, id.as_str())),
            Within::Chat(id, of) => all.push(exact(chat, &chat_name(id, of))),
        }
        if let Some(before) = before {
            let end = Term::from_field_u64(number, before);
            all.push(Box::new(RangeQuery::new(Bound::Unbounded, Bound::Excluded(end))));
        }
        let query = BooleanQuery::new(all.into_iter().map(|query| (Occur::Must, query)).collect());
        let newest = TopDocs::with_limit(limit).order_by_u64_field("number", Order::Desc);
        let found = self.reader.searcher().search(&query, &newest)?;
        Ok(found.into_iter().filter_map(|(number, _)| number).collect())
    }
}

/// Changes that are written together, however many: each time this is done costs a few files and
/// several waits for the disk, which all others who write to it feel. Dropped, nothing of it is there.
pub struct Writing {
    writer: IndexWriter,
    fields: Fields,
}

impl Writing {
    /// Takes up changes. To write the same again changes nothing.
    pub fn add(&mut self, changes: &[Change]) -> tantivy::Result<()> {
        let Fields { number, session, chat, .. } = self.fields;
        for change in changes {
            let gone = match change {
                Change::Message(of, _) => Term::from_field_u64(number, *of),
                Change::Chat(id, of) => Term::from_field_text(chat, &chat_name(id, of)),
                Change::Session(id) => Term::from_field_text(session, id.as_str()),
            };
            self.writer.delete_term(gone);
            if let Change::Message(number, Some(entry)) = change {
                self.writer.add_document(document(self.fields, *number, entry))?;
            }
        }
        Ok(())
    }

    /// Writes them and how far they bring the index, together; on the disk when it returns.
    pub fn commit(mut self, index: &Index, state: IndexState) -> tantivy::Result<()> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&serde_json::to_string(&state).map_err(io::Error::from)?);
        commit.commit()?;
        self.writer.wait_merging_threads()?;
        index.reader.reload()
    }
}

fn document(fields: Fields, number: u64, entry: &Entry) -> TantivyDocument {
    let mut document = TantivyDocument::new();
    document.add_u64(fields.number, number);
    document.add_text(fields.session, entry.session.as_str());
    document.add_text(fields.chat, chat_name(&entry.session, &entry.chat));
    let tokens = tokens(&entry.text).into_iter();
    let tokens = tokens.map(|text| Token { text, position: 0, ..Token::default() }).collect();
    let words = PreTokenizedString { text: String::new(), tokens };
    document.add_pre_tokenized_text(fields.words, words);
    document
}

fn chat_name(session: &SessionId, chat: &Jid) -> String {
    format!("{session} {chat}")
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    // Only whether a word is in a text is asked, never how often or where.
    let plain = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let plain = TextOptions::default().set_indexing_options(plain);
    let fields = Fields {
        number: schema.add_u64_field("number", INDEXED | FAST),
        session: schema.add_text_field("session", plain.clone()),
        chat: schema.add_text_field("chat", plain.clone()),
        words: schema.add_text_field("words", plain),
    };
    (schema.build(), fields)
}
