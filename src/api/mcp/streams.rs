//! Open streams of HTTP+SSE: whose each is, and what is to be told on it. Bounded: so many streams, so many messages
//! that one has not read, so many that it waits for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
/// Messages of one stream that are worked at.
const MOST_IN_FLIGHT: usize = 16;
/// Seconds after which a refused caller may try again.
const ASK_AGAIN: u64 = 30;

/// All open streams of a gateway; clones are the same.
#[derive(Clone, Default)]
pub struct Streams {
    open: Arc<Mutex<HashMap<Uuid, Line>>>,
}

/// The way to the reader of one stream.
#[derive(Clone)]
pub struct Line {
    whose: Arc<Principal>,
    frames: mpsc::Sender<Bytes>,
    ended: CancellationToken,
    in_flight: Arc<Semaphore>,
}

/// The reader's end of a stream; the stream is closed when it is dropped.
pub struct Reading {
    pub id: Uuid,
    pub frames: mpsc::Receiver<Bytes>,
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
            ended: ended.clone(),
            in_flight: Arc::new(Semaphore::new(MOST_IN_FLIGHT)),
        };
        open.insert(id, line);
        drop(open);
        Ok(Reading { id, frames, ended, streams: self.clone() })
    }

    /// The stream with this id, for whoever opened it.
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
        if self.frames.try_send(frame.into()).is_err() {
            self.ended.cancel();
        }
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
        let told = line(&slow);
        for _ in 0..MOST_BEHIND {
            told.tell(b"{}");
        }
        assert!(!slow.ended.is_cancelled());
        told.tell(b"{}");
        assert!(slow.ended.is_cancelled() && !quick.ended.is_cancelled());
        assert!(streams.find(&slow.id.to_string(), &caller(1)).is_err());
    }
}
