//! The one thread that waits for the disk. sled's own way of waiting wakes every thread of its pool,
//! twice for each flush.

use std::{
    io,
    sync::mpsc::{self, Sender},
    thread::JoinHandle,
};

use tokio::sync::oneshot;

type Answer = oneshot::Sender<sled::Result<()>>;

pub struct Flusher {
    /// None once it is to end.
    orders: Option<Sender<Answer>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub fn start(db: sled::Db) -> io::Result<Self> {
        let (orders, received) = mpsc::channel::<Answer>();
        let thread = std::thread::Builder::new().name("store-flush".to_owned());
        let thread = thread.spawn(move || {
            for answer in received {
                // Whoever asked may have gone.
                let _ = answer.send(db.flush().map(drop));
            }
        })?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Returns when everything committed before the call is on the disk; none when the thread is gone.
    pub async fn flush(&self) -> Option<sled::Result<()>> {
        let (answer, flushed) = oneshot::channel();
        self.orders.as_ref()?.send(answer).ok()?;
        flushed.await.ok()
    }
}

/// The thread holds the folder: whoever opens it next finds it free.
impl Drop for Flusher {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
