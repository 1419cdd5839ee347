//! The one thread that waits for the disk. sled's own way of waiting wakes every thread of its pool,
//! twice for each flush.
//!
//! A flush covers all commits made before it, for all callers that wait. Those who can wait a little give
//! others the time to ask for the same one.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::watch;

/// After so long at most a commit is on its way to the disk that nobody waits for.
const UNASKED: Duration = Duration::from_millis(200);

pub struct Flusher {
    orders: Arc<Orders>,
    flushed: watch::Receiver<Flushed>,
    thread: Option<JoinHandle<()>>,
}

/// How far the disk has come.
#[derive(Clone)]
struct Flushed {
    commits: u64,
    /// No flush succeeds after one that failed.
    fault: Option<sled::Error>,
}

struct Orders {
    list: Mutex<List>,
    is_changed: Condvar,
    /// When a flush is due that is wanted at once.
    begun: Instant,
}

#[derive(Default)]
struct List {
    asked: Vec<Ask>,
    is_flushing: bool,
    is_ending: bool,
}

struct Ask {
    /// The number of commits that must be on the disk.
    commits: u64,
    due: Instant,
}

impl Flusher {
    /// The thread calls `flush` with the number of commits that are on the disk, to learn how many are then.
    pub fn start(flush: impl Fn(u64) -> sled::Result<u64> + Send + 'static) -> io::Result<Self> {
        let orders =
            Orders { list: Mutex::default(), is_changed: Condvar::new(), begun: Instant::now() };
        let orders = Arc::new(orders);
        let (tell, flushed) = watch::channel(Flushed { commits: 0, fault: None });
        let thread = std::thread::Builder::new().name("store-flush".to_owned());
        let own = orders.clone();
        let thread = thread.spawn(move || own.carry_out(&flush, &tell))?;
        Ok(Self { orders, flushed, thread: Some(thread) })
    }

    /// Returns when so many commits are on the disk; none when the thread is gone. The flush may begin so
    /// much later, to be for others too.
    pub async fn flush(&self, commits: u64, patience: Duration) -> Option<sled::Result<()>> {
        let mut flushed = self.flushed.clone();
        if flushed.borrow().commits < commits {
            self.orders.ask(commits, patience);
        }
        let is_over = |now: &Flushed| commits <= now.commits || now.fault.is_some();
        let now = flushed.wait_for(is_over).await.ok()?.clone();
        Some(match now.fault {
            Some(fault) if now.commits < commits => Err(fault),
            _ => Ok(()),
        })
    }

    /// Whether a flush failed, or the thread broke off.
    pub fn has_failed(&self) -> bool {
        self.flushed.has_changed().is_err() || self.flushed.borrow().fault.is_some()
    }
}

/// The thread holds the folder: the next one to open it finds it free.
impl Drop for Flusher {
    fn drop(&mut self) {
        self.orders.list().is_ending = true;
        self.orders.is_changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Orders {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, commits: u64, patience: Duration) {
        let due = if patience.is_zero() { self.begun } else { Instant::now() + patience };
        let mut list = self.list();
        // Any flush that has yet to begin covers what is committed now; the one under way may not.
        let is_covered =
            |ask: &Ask| ask.due <= due && (commits <= ask.commits || !list.is_flushing);
        if list.asked.iter().any(is_covered) {
            return;
        }
        let is_first = list.soonest().is_none_or(|soonest| due < soonest);
        list.asked.retain(|ask| ask.due < due || commits < ask.commits);
        list.asked.push(Ask { commits, due });
        if is_first && !list.is_flushing {
            self.is_changed.notify_one();
        }
    }

    fn carry_out(&self, flush: &impl Fn(u64) -> sled::Result<u64>, tell: &watch::Sender<Flushed>) {
        loop {
            let (is_last, is_urgent) = self.wait();
            let before = tell.borrow().commits;
            let outcome = flush(before);
            let is_over = is_last || outcome.is_err();
            if let Ok(commits) = outcome {
                let mut list = self.list();
                list.is_flushing = false;
                list.asked.retain(|ask| commits < ask.commits);
            }
            match outcome {
                Ok(commits) if commits == before => (),
                Ok(commits) => {
                    let due = if is_urgent { "at_once" } else { "later" };
                    metrics::counter!("wagate_store_flushes_total", "due" => due).increment(1);
                    tell.send_replace(Flushed { commits, fault: None });
                }
                Err(fault) => tell.send_modify(|now| now.fault = Some(fault)),
            }
            if is_over {
                return;
            }
        }
    }

    /// Waits until a flush is due; whether it is the last, and whether somebody wants it at once.
    fn wait(&self) -> (bool, bool) {
        let mut list = self.list();
        loop {
            if list.is_ending {
                return (true, false);
            }
            let soonest = list.soonest();
            let pause =
                soonest.map_or(UNASKED, |due| due.saturating_duration_since(Instant::now()));
            if pause.is_zero() {
                break;
            }
            let waited = self.is_changed.wait_timeout(list, pause);
            let (again, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            list = again;
            if timeout.timed_out() {
                break;
            }
        }
        list.is_flushing = true;
        (list.is_ending, list.soonest() == Some(self.begun))
    }
}

impl List {
    fn soonest(&self) -> Option<Instant> {
        self.asked.iter().map(|ask| ask.due).min()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures_util::future::join_all;

    use super::*;

    /// A flusher of a disk with so many commits to take, and what counts its flushes.
    fn counting(commits: u64) -> (Flusher, Arc<AtomicU64>) {
        let flushes = Arc::new(AtomicU64::new(0));
        let counted = flushes.clone();
        let flush = move |before| {
            if before < commits {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            Ok(commits)
        };
        (Flusher::start(flush).unwrap(), flushes)
    }

    #[tokio::test]
    async fn a_thread_that_broke_off_is_told_of_and_waits_for_nobody() {
        let flusher = Flusher::start(|_| panic!("a fault")).unwrap();
        assert!(flusher.flush(1, Duration::ZERO).await.is_none());
        assert!(flusher.flush(1, Duration::ZERO).await.is_none());
        assert!(flusher.has_failed());
    }

    #[tokio::test]
    async fn after_a_failure_nothing_later_is_said_to_be_on_the_disk() {
        let failing = |before| match before {
            0 => Ok(1),
            _ => Err(sled::Error::ReportableBug("a fault".to_owned())),
        };
        let flusher = Flusher::start(failing).unwrap();
        flusher.flush(1, Duration::ZERO).await.unwrap().unwrap();
        assert!(!flusher.has_failed());
        for _ in 0..2 {
            assert!(flusher.flush(2, Duration::ZERO).await.unwrap().is_err());
        }
        assert!(flusher.flush(1, Duration::ZERO).await.unwrap().is_ok(), "it was before");
    }

    #[tokio::test]
    async fn it_lets_go_of_the_folder_before_it_is_gone() {
        let folder = Arc::new(());
        let held = folder.clone();
        let flush = move |_| {
            drop(held.clone());
            Ok(1)
        };
        let flusher = Flusher::start(flush).unwrap();
        flusher.flush(1, Duration::ZERO).await.unwrap().unwrap();
        assert_eq!(Arc::strong_count(&folder), 2);
        drop(flusher);
        assert_eq!(Arc::strong_count(&folder), 1);
    }

    #[tokio::test]
    async fn who_can_wait_is_served_by_the_flush_of_who_cannot() {
        let (flusher, flushes) = counting(3);
        let hour = Duration::from_secs(3_600);
        let (patient, more_patient) = (flusher.flush(1, hour), flusher.flush(2, hour));
        let at_once = flusher.flush(3, Duration::ZERO);
        for flushed in join_all([patient, more_patient, at_once]).await {
            flushed.unwrap().unwrap();
        }
        assert_eq!(flushes.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn patience_comes_to_its_end() {
        let (flusher, flushes) = counting(1);
        flusher.flush(1, Duration::from_millis(1)).await.unwrap().unwrap();
        assert_eq!(flushes.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_nobody_asks_for_comes_to_the_disk_too() {
        let (flusher, _) = counting(1);
        let mut flushed = flusher.flushed.clone();
        flushed.wait_for(|now| now.commits == 1).await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_waited_for_is_flushed_at_the_end() {
        let (flusher, flushes) = counting(1);
        drop(flusher);
        assert_eq!(flushes.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_commit_made_during_a_flush_waits_for_the_next() {
        // The first flush takes in what was there when it began, and lasts until the second commit.
        let (goes_on, waits) = std::sync::mpsc::channel::<()>();
        let flush = move |before| {
            if before == 0 {
                waits.recv().unwrap();
            }
            Ok(before + 1)
        };
        let flusher = Flusher::start(flush).unwrap();
        let second = async {
            tokio::task::yield_now().await;
            let flushed = flusher.flush(2, Duration::ZERO);
            goes_on.send(()).unwrap();
            flushed.await
        };
        let (first, second) = tokio::join!(flusher.flush(1, Duration::ZERO), second);
        first.unwrap().unwrap();
        second.unwrap().unwrap();
        assert_eq!(flusher.flushed.borrow().commits, 2);
    }
}
