//! Open streams of HTTP+SSE: whose each is, and what is to be sent on it. Bounded: so many streams, so many messages
//! and bytes that one has not read and that all have not, so many messages that one waits for.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    accounts::Principal,
    domain::{Error, ErrorCode},
};

/// Streams at once.
const MOST: usize = 100;
/// Streams of one caller at once.
const MOST_OF_ONE: usize = 50;
/// Messages that a reader may be behind.
const MOST_BEHIND: usize = 64;
/// Bytes that a reader may be behind, but for a single message.
const MOST_BYTES_BEHIND: usize = 1024 * 1024;
/// Bytes that all readers may be behind, but for a single message of each.
const MOST_BYTES_OF_ALL: usize = 32 * 1024 * 1024;
/// Messages of one stream that are worked at.
const MOST_IN_FLIGHT: usize = 16;
/// Seconds after which a refused caller may try again.
const ASK_AGAIN: u64 = 30;

/// All open streams of a gateway; clones are the same.
#[derive(Clone, Default)]
pub struct Streams {
    open: Arc<Mutex<HashMap<Uuid, Line>>>,
    /// Bytes that no reader has taken yet.
    bytes: Arc<AtomicUsize>,
}

/// The way to the reader of one stream.
#[derive(Clone)]
pub struct Line {
    whose: Arc<Principal>,
    frames: mpsc::Sender<Frame>,
    /// Bytes that the reader has not taken yet, and those of all.
    bytes: [Arc<AtomicUsize>; 2],
    ended: CancellationToken,
    in_flight: Arc<Semaphore>,
}

/// A message on its way to its reader. Its bytes count until it is taken, or dropped.
pub struct Frame {
    bytes: Bytes,
    counted: [Arc<AtomicUsize>; 2],
}

impl Frame {
    fn counted(bytes: Bytes, counted: &[Arc<AtomicUsize>; 2]) -> Self {
        counted.iter().for_each(|one| _ = one.fetch_add(bytes.len(), Ordering::SeqCst));
        Self { bytes, counted: counted.clone() }
    }

    /// Its bytes, which its reader has now.
    pub fn taken(mut self) -> Bytes {
        let bytes = self.bytes.clone();
        self.uncount();
        bytes
    }

    fn uncount(&mut self) {
        let length = std::mem::take(&mut self.bytes).len();
        self.counted.iter().for_each(|one| _ = one.fetch_sub(length, Ordering::SeqCst));
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.uncount();
    }
}

/// The reader's end of a stream; the stream is closed when it is dropped.
pub struct Reading {
    pub id: Uuid,
    pub frames: mpsc::Receiver<Frame>,
    /// Where the reader was too far behind.
    pub ended: CancellationToken,
    streams: Streams,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.streams.open().remove(&self.id);
    }
}

impl Streams {
    /// A new stream of this caller.
    pub fn add(&self, whose: Principal) -> Result<Reading, Error> {
        let mut open = self.open();
        // Its connection may take a while to close.
        open.retain(|_, line| !line.ended.is_cancelled());
        if MOST_OF_ONE <= open.values().filter(|line| *line.whose == whose).count() {
            let message = format!("You have {MOST_OF_ONE} streams open already. Close one first");
            let error = Error::new(ErrorCode::RateLimited, message);
            return Err(error.detail("limit", MOST_OF_ONE).detail("retryAfter", ASK_AGAIN));
        }
        if MOST <= open.len() {
            let message = "There are too many streams of assistants already. Try again later";
            let error = Error::new(ErrorCode::Unavailable, message);
            return Err(error.detail("retryAfter", ASK_AGAIN));
        }
        let (sender, frames) = mpsc::channel(MOST_BEHIND);
        let (id, ended) = (Uuid::new_v4(), CancellationToken::new());
        let line = Line {
            whose: Arc::new(whose),
            frames: sender,
            bytes: [Arc::default(), self.bytes.clone()],
            ended: ended.clone(),
            in_flight: Arc::new(Semaphore::new(MOST_IN_FLIGHT)),
        };
        open.insert(id, line);
        drop(open);
        Ok(Reading { id, frames, ended, streams: self.clone() })
    }

    /// The stream with this id, for the caller that opened it.
    pub fn find(&self, id: &str, who: &Principal) -> Result<Line, Error> {
        let found = id.parse::<Uuid>().ok().and_then(|id| self.open().get(&id).cloned());
        let line = found.filter(|line| !line.ended.is_cancelled());
        let line = line.ok_or_else(|| {
            Error::new(ErrorCode::NotFound, "There is no open stream with this sessionId")
        })?;
        match *line.whose == *who {
            true => Ok(line),
            false => {
                let message = "This stream was opened with another key";
                Err(Error::new(ErrorCode::Forbidden, message))
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Uuid, Line>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// A place for one more message that is worked at.
    pub fn begin(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.in_flight.clone().try_acquire_owned().map_err(|_| {
            let message = format!("{MOST_IN_FLIGHT} messages of this stream are being answered");
            Error::new(ErrorCode::RateLimited, message).detail("retryAfter", 1)
        })
    }

    /// Tells the reader a message. One that is too far behind is cut off: it would hold what others need.
    pub fn tell(&self, message: &[u8]) {
        let mut frame = Vec::with_capacity(message.len() + 32);
        frame.extend_from_slice(b"event: message\ndata: ");
        frame.extend_from_slice(message);
        frame.extend_from_slice(b"\n\n");
        let frame = Frame::counted(frame.into(), &self.bytes);
        if self.has_room(frame.bytes.len()) && self.frames.try_send(frame).is_ok() {
            return;
        }
        self.ended.cancel();
    }

    /// Whether a frame of this length, which is counted already, is the only one or one of few.
    fn has_room(&self, length: usize) -> bool {
        let [own, all] = self.bytes.each_ref().map(|bytes| bytes.load(Ordering::SeqCst));
        own == length || own <= MOST_BYTES_BEHIND && all <= MOST_BYTES_OF_ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(key: u128) -> Principal {
        Principal::key(Uuid::from_u128(key), None, vec!["*".to_owned()], None)
    }

    #[test]
    fn streams_are_bounded_and_a_place_is_free_again_when_its_reader_leaves() {
        let streams = Streams::default();
        let mut open: Vec<Reading> =
            (0..MOST_OF_ONE).map(|_| streams.add(caller(1)).unwrap()).collect();
        let refused = |key| streams.add(caller(key)).err().map(|error| error.code);
        assert_eq!(refused(1), Some(ErrorCode::RateLimited));
        open.extend((0..MOST - MOST_OF_ONE).map(|_| streams.add(caller(2)).unwrap()));
        assert_eq!(refused(3), Some(ErrorCode::Unavailable));
        open.pop();
        assert!(streams.add(caller(3)).is_ok());
        open.clear();
        assert!(streams.open().is_empty());
    }

    #[test]
    fn a_stream_belongs_to_who_opened_it() {
        let streams = Streams::default();
        let reading = streams.add(caller(1)).unwrap();
        let id = reading.id.to_string();
        let code = |id: &str, key| streams.find(id, &caller(key)).err().map(|error| error.code);
        assert_eq!(code(&id, 1), None);
        assert_eq!(code(&id, 2), Some(ErrorCode::Forbidden));
        assert_eq!(code("x", 1), Some(ErrorCode::NotFound));
        drop(reading);
        assert_eq!(code(&id, 1), Some(ErrorCode::NotFound));
    }

    #[test]
    fn a_reader_that_is_too_far_behind_is_cut_off() {
        let streams = Streams::default();
        let (slow, quick) = (streams.add(caller(1)).unwrap(), streams.add(caller(1)).unwrap());
        let line = |reading: &Reading| streams.find(&reading.id.to_string(), &caller(1)).unwrap();
        let open = line(&slow);
        for _ in 0..MOST_BEHIND {
            open.tell(b"{}");
        }
        assert!(!slow.ended.is_cancelled());
        open.tell(b"{}");
        assert!(slow.ended.is_cancelled() && !quick.ended.is_cancelled());
        assert!(streams.find(&slow.id.to_string(), &caller(1)).is_err());
    }

    #[test]
    fn what_readers_have_not_taken_is_bounded_in_bytes_too() {
        let streams = Streams::default();
        let half = vec![b'x'; MOST_BYTES_BEHIND / 2];
        let line = |reading: &Reading| streams.find(&reading.id.to_string(), &caller(1)).unwrap();
        let mut large = streams.add(caller(1)).unwrap();
        // A single message is taken however large it is, and another one only when that was read.
        line(&large).tell(&vec![b'x'; 2 * MOST_BYTES_BEHIND]);
        assert!(!large.ended.is_cancelled());
        let frame = large.frames.try_recv().unwrap();
        assert!(2 * MOST_BYTES_BEHIND < frame.taken().len());
        line(&large).tell(&half);
        line(&large).tell(&half);
        assert!(large.ended.is_cancelled());
        // All together: each of them is within its own bound.
        let mut others = Vec::new();
        for _ in 0..MOST_OF_ONE {
            let reading = streams.add(caller(1)).unwrap();
            let open = line(&reading);
            open.tell(&half);
            open.tell(b"{}");
            others.push(reading);
        }
        let is_cut = |reading: &&Reading| reading.ended.is_cancelled();
        assert_eq!(others.iter().filter(is_cut).count(), 0, "half of what all may have");
        for reading in &others {
            line(reading).tell(&half[..half.len() - 100]);
        }
        let cut = others.iter().filter(is_cut).count();
        assert!(0 < cut && cut < MOST_OF_ONE, "{cut}");
        assert!(streams.bytes.load(Ordering::SeqCst) <= MOST_BYTES_OF_ALL);
        drop((large, others));
        assert_eq!(streams.bytes.load(Ordering::SeqCst), 0);
    }
}
