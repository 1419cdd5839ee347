//! What an import takes and what becomes of it. Plain data.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::contacts::actor::Actor;

/// The format, as a file to begin with.
pub const SAMPLE: &str = "phone,name,email,tags,optedIn\n\
    +919876543210,John Doe,john@example.com,\"vip,retail\",true\n\
    +12125551234,Jane Smith,,lead,false\n";
/// Rows of a file.
pub const MOST_ROWS: usize = 50_000;
/// Rows that are written in one commit. A row is some twenty-five writes. The database holds others up while it takes a
/// commit, and keeps what the commit replaces until its end.
pub const AT_ONCE: usize = 100;
/// Rows of which it is said what is wrong.
pub const MOST_ERRORS: usize = 100;

/// Which column a field is read from. A field of one's own is `custom.<name>`.
pub type Mapping = BTreeMap<String, String>;

/// What becomes of a contact that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Tags are added, and what the row says replaces what is there. Nobody is opted out.
    #[default]
    Update,
    Skip,
}

#[derive(Clone, Debug)]
pub struct ImportOptions {
    pub mapping: Mapping,
    pub duplicates: Duplicates,
    /// Nothing is written.
    pub dry_run: bool,
    pub by: Actor,
}

/// What is wrong with a row, which has the number that a spreadsheet shows for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowError {
    pub row: usize,
    pub phone: Option<String>,
    pub error: String,
}

/// The outcome of an import. Each row is imported, updated, skipped or failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub total: usize,
    pub imported: usize,
    pub updated: usize,
    /// Known already with [`Duplicates::Skip`], or replaced by a later row with the same number.
    pub skipped: usize,
    pub failed: usize,
    /// The first hundred.
    pub errors: Vec<RowError>,
}

impl Imported {
    pub fn note(&mut self, error: RowError) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(error);
        }
    }
}
