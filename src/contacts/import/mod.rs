//! Import of contacts from a CSV file: columns are mapped, each row is checked, and rows are written in batches.
//!
//! `sheet` reads the file and decides nothing else; `batch` writes. What is wrong with a row is reported with its
//! number, and the others are imported.

mod batch;
mod outcome;
mod row;
mod sheet;

use self::{batch::Batch, outcome::AT_ONCE, sheet::Sheet};
pub use self::{
    outcome::{Duplicates, ImportOptions, Imported, MOST_ROWS, Mapping, RowError, SAMPLE},
    sheet::Preview,
};
use crate::{
    contacts::service::Contacts,
    domain::{Error, ErrorCode},
};

impl Contacts {
    /// What an import would read, without writing anything.
    pub async fn preview(&self, file: Vec<u8>, mapping: Mapping) -> Result<Preview, Error> {
        let reading = tokio::task::spawn_blocking(move || Sheet::open(file, &mapping)?.preview());
        reading.await.unwrap_or_else(|_| Err(cut_off()))
    }

    /// Imports a file. It goes on when its caller disconnects; the rows that were written before a stop stay.
    pub async fn import(&self, file: Vec<u8>, options: ImportOptions) -> Result<Imported, Error> {
        let contacts = self.clone();
        let work = async move { contacts.import_here(file, options).await };
        self.tasks.spawn_on(work, &self.runtime).await.unwrap_or_else(|_| Err(cut_off()))
    }

    async fn import_here(&self, file: Vec<u8>, options: ImportOptions) -> Result<Imported, Error> {
        let _turn = self.importing.acquire().await.map_err(|_| cut_off())?;
        let mapping = options.mapping.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let sheet = Sheet::open(file, &mapping)?;
            let last = sheet.last_rows()?;
            Ok((sheet, last))
        });
        let (sheet, last) = opened.await.unwrap_or_else(|_| Err(cut_off()))?;
        let mut done = Imported::default();
        let mut rows = sheet.rows();
        loop {
            let mut batch = Batch::new(&options, self.clock.now());
            while batch.rows.len() < AT_ONCE {
                let Some((number, row)) = rows.next() else { break };
                done.total += 1;
                match row {
                    Ok(row) if last.get(&row.phone) != Some(&number) => done.skipped += 1,
                    Ok(row) => batch.rows.push((number, row)),
                    Err(error) => {
                        done.failed += 1;
                        done.note(error);
                    }
                }
            }
            if batch.rows.is_empty() {
                done.errors.sort_by_key(|error| error.row);
                return Ok(done);
            }
            if self.stop.is_cancelled() {
                return Err(Error::new(
                    ErrorCode::Unavailable,
                    "the gateway is stopping; import the file again, what is there is updated",
                ));
            }
            self.write_batch(&batch, &mut done).await?;
            // Others get their turn between two batches.
            tokio::task::yield_now().await;
        }
    }
}

fn cut_off() -> Error {
    Error::internal("the import ended early; the log says why")
}
