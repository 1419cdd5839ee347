//! The rows of a file in batches, of which those that a later row replaces are left out.

use std::fs::File;

use crate::{
    contacts::import::{
        outcome::{AT_ONCE, Imported, Mapping},
        row::Row,
        sheet::{LastRows, Rows, Sheet},
    },
    domain::Error,
};

/// It reads the disk: it belongs on a thread that may wait.
pub struct Reading {
    rows: Rows<File>,
    last: LastRows,
}

impl Reading {
    /// Reads the file once, so that nothing of one that cannot be imported is written.
    pub fn begin(file: File, mapping: &Mapping) -> Result<Self, Error> {
        let mut sheet = Sheet::open(file, mapping)?;
        let last = sheet.last_rows()?;
        Ok(Self { rows: sheet.into_rows()?, last })
    }

    /// The next rows that are to be written, with their numbers; none at the end. The others are counted.
    pub fn batch(&mut self, done: &mut Imported) -> Result<Vec<(usize, Row)>, Error> {
        let mut batch = Vec::new();
        while batch.len() < AT_ONCE {
            let Some(row) = self.rows.next() else { break };
            let (number, row) = row?;
            done.total += 1;
            match row {
                Ok(row) if self.last.get(row.phone.as_str()) != Some(&number) => done.skipped += 1,
                Ok(row) => batch.push((number, row)),
                Err(error) => {
                    done.failed += 1;
                    done.note(error);
                }
            }
        }
        Ok(batch)
    }
}
