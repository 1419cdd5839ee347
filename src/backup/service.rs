//! Backups of a running gateway: one at a time, streamed to the caller.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    runtime,
    sync::{Semaphore, mpsc},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    backup::{
        BackupError, Profiles,
        create::{Source, write_archive},
    },
    domain::{Clock, Error, ErrorCode},
    session::Supervisor,
    simulator::Network,
    store::Store,
};

const CHUNK: usize = 64 * 1024;
/// Chunks that wait for a reader that is slower than the disk.
const CHUNKS: usize = 8;

type Chunk = Result<Bytes, BackupError>;

/// Takes backups of this gateway; clones are the same service.
#[derive(Clone)]
pub struct Backups {
    inner: Arc<Inner>,
}

struct Inner {
    source: Source,
    turn: Arc<Semaphore>,
    runtime: runtime::Handle,
    tasks: TaskTracker,
    stop: CancellationToken,
}

pub struct BackupsParts {
    pub store: Store,
    pub data: PathBuf,
    pub sessions_dir: PathBuf,
    pub network: Option<Network>,
    pub supervisor: Supervisor,
    pub clock: Clock,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

impl Backups {
    /// Must be called on the sessions' runtime: callers may run on others.
    pub fn new(parts: BackupsParts) -> Self {
        let BackupsParts { store, data, sessions_dir, network, supervisor, clock, tasks, stop } =
            parts;
        let supervisor = Some(supervisor);
        let source = Source { store, data, sessions_dir, network, supervisor, clock };
        let turn = Arc::new(Semaphore::new(1));
        let runtime = runtime::Handle::current();
        Self { inner: Arc::new(Inner { source, turn, runtime, tasks, stop }) }
    }

    /// Starts a backup and waits for its first bytes. It ends when the download is dropped.
    pub async fn start(&self, profiles: Profiles) -> Result<Download, Error> {
        let inner = self.inner.clone();
        let turn = inner.turn.clone().try_acquire_owned().map_err(|_| {
            Error::new(ErrorCode::Conflict, "a backup is being taken already; wait for its end")
        })?;
        let (sender, mut chunks) = mpsc::channel(CHUNKS);
        let work = async move {
            let _turn = turn;
            let (stop, buffer) = (inner.stop.clone(), BytesMut::new());
            let out = Chunks { sender: sender.clone(), buffer, stop };
            match write_archive(&inner.source, profiles, out).await {
                Ok((_, manifest)) => tracing::info!(
                    files = manifest.files,
                    bytes = manifest.bytes,
                    longest_pause_us = manifest.longest_pause_microseconds,
                    "a backup of {} files was taken",
                    manifest.files
                ),
                Err(error) => {
                    // Without a reader there is no caller to report to.
                    let _ = sender.send(Err(error)).await;
                }
            }
        };
        self.inner.tasks.spawn_on(work, &self.inner.runtime);
        match chunks.recv().await {
            Some(Ok(first)) => Ok(Download { first: Some(first), rest: chunks }),
            Some(Err(error)) => Err(error.into()),
            None => Err(Error::internal("the backup ended before it began")),
        }
    }
}

/// An archive on its way.
pub struct Download {
    first: Option<Bytes>,
    rest: mpsc::Receiver<Chunk>,
}

impl Download {
    /// The next bytes; none at the end. An error means that the archive is not whole.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        Some(self.rest.recv().await?.map_err(Error::from))
    }
}

/// Hands what is written to another task, in pieces of some size.
struct Chunks {
    sender: mpsc::Sender<Chunk>,
    buffer: BytesMut,
    stop: CancellationToken,
}

impl Chunks {
    fn send(&mut self) -> io::Result<()> {
        if self.stop.is_cancelled() {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the gateway is stopping"));
        }
        let chunk = self.buffer.split().freeze();
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads it any more");
        // Only ever called by work that may block.
        if chunk.is_empty() { Ok(()) } else { self.sender.blocking_send(Ok(chunk)).map_err(gone) }
    }
}

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if CHUNK <= self.buffer.len() {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}
