//! The one thread that waits for the disk. sled's own way of waiting wakes every thread of its pool,
//! twice for each flush.

use std::{io, thread::JoinHandle};

use tokio::sync::{mpsc, oneshot};

type Answer = oneshot::Sender<sled::Result<()>>;

pub struct Flusher {
    /// None once it is to end.
    orders: Option<mpsc::Sender<Answer>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    /// The thread calls `flush` for each flush that is asked for.
    pub fn start(flush: impl Fn() -> sled::Result<()> + Send + 'static) -> io::Result<Self> {
        let (orders, mut received) = mpsc::channel::<Answer>(1);
        let thread = std::thread::Builder::new().name("store-flush".to_owned());
        let thread = thread.spawn(move || {
            while let Some(answer) = received.blocking_recv() {
                // Whoever asked may have gone.
                let _ = answer.send(flush());
            }
        })?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Returns when everything committed before the call is on the disk; none when the thread is gone.
    pub async fn flush(&self) -> Option<sled::Result<()>> {
        let (answer, flushed) = oneshot::channel();
        self.orders.as_ref()?.send(answer).await.ok()?;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_thread_that_broke_off_is_told_of_and_waits_for_nobody() {
        let flusher = Flusher::start(|| panic!("a fault")).unwrap();
        assert!(flusher.flush().await.is_none());
        assert!(flusher.flush().await.is_none());
    }

    #[tokio::test]
    async fn it_lets_go_of_the_folder_before_it_is_gone() {
        let folder = Arc::new(());
        let held = folder.clone();
        let flush = move || {
            drop(held.clone());
            Ok(())
        };
        let flusher = Flusher::start(flush).unwrap();
        flusher.flush().await.unwrap().unwrap();
        assert_eq!(Arc::strong_count(&folder), 2);
        drop(flusher);
        assert_eq!(Arc::strong_count(&folder), 1);
    }
}
