//! Import of contacts from a CSV file: columns are mapped, each row is checked, and rows are written in batches.
//!
//! The file is never held: `records` reads it row by row, `sheet` knows its header, `reading` makes batches of rows, `batch`
//! writes them. What is wrong with a row is reported with its number, and the others are imported.

mod batch;
mod cell;
mod layout;
mod outcome;
mod reading;
mod records;
mod row;
mod sheet;

use std::{fs::File, sync::Arc};

use tokio::{runtime, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{batch::Batch, reading::Reading, sheet::Sheet};
pub use self::{
    outcome::{Duplicates, ImportOptions, Imported, MOST_ROWS, Mapping, RowError, SAMPLE},
    sheet::Preview,
};
use crate::{
    contacts::service::Contacts,
    domain::{Error, ErrorCode},
};

/// Imports contacts. Clones are the same service.
#[derive(Clone)]
pub struct ContactImports {
    contacts: Contacts,
    runtime: runtime::Handle,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// One import at a time.
    turn: Arc<Semaphore>,
}

impl ContactImports {
    /// Must be called on the gateway's main runtime; callers may run on others.
    pub fn new(contacts: Contacts, tasks: TaskTracker, stop: CancellationToken) -> Self {
        let (runtime, turn) = (runtime::Handle::current(), Arc::new(Semaphore::new(1)));
        Self { contacts, runtime, tasks, stop, turn }
    }

    /// What an import would read, without writing anything.
    pub async fn preview(&self, file: File, mapping: Mapping) -> Result<Preview, Error> {
        on_a_thread(move || Sheet::open(file, &mapping)?.preview()).await
    }

    /// Imports a file. It goes on when its caller disconnects; the rows that were written before a stop stay.
    pub async fn import(&self, file: File, options: ImportOptions) -> Result<Imported, Error> {
        let imports = self.clone();
        let work = async move { imports.import_here(file, options).await };
        self.tasks.spawn_on(work, &self.runtime).await.unwrap_or_else(|_| Err(cut_off()))
    }

    async fn import_here(&self, file: File, options: ImportOptions) -> Result<Imported, Error> {
        let _turn = self.turn.acquire().await.map_err(|_| cut_off())?;
        let mapping = options.mapping.clone();
        let mut reading = on_a_thread(move || Reading::begin(file, &mapping)).await?;
        let mut done = Imported::default();
        loop {
            let rows;
            (reading, done, rows) = on_a_thread(move || {
                let rows = reading.batch(&mut done)?;
                Ok((reading, done, rows))
            })
            .await?;
            if rows.is_empty() {
                done.errors.sort_by_key(|error| error.row);
                return Ok(done);
            }
            if self.stop.is_cancelled() {
                return Err(Error::new(
                    ErrorCode::Unavailable,
                    "the gateway is stopping; import the file again, what is there is updated",
                ));
            }
            let batch = Batch { options: &options, at: self.contacts.clock.now(), rows };
            batch.commit(&self.contacts, &mut done).await?;
            // Others get their turn between two batches.
            tokio::task::yield_now().await;
        }
    }
}

/// Work that waits for the disk.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(cut_off()))
}

fn cut_off() -> Error {
    Error::internal("the import ended early; the log says why")
}
