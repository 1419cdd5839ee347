//! Events as listeners get them. Each is worded once, however many listen: over WebSockets, event
//! streams and webhooks.
//!
//! What was worded lately is kept, within bounds. Who comes for something older has it worded anew.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use bytestring::ByteString;

use crate::{
    api::sessions::wire::{EVENT_NAMES, encode, name},
    domain::Event,
    webhooks::Envelope,
};

/// How many frames are kept, and how many bytes of them.
const MOST_FRAMES: usize = 256;
const MOST_BYTES: usize = 1024 * 1024;
/// Room for the frame of a message of some words.
const USUAL_BYTES: usize = 1_280;

/// An event as it goes to a listener. Clones share its bytes.
#[derive(Clone, Debug)]
pub struct Frame {
    pub name: &'static str,
    /// As server-sent events have it.
    pub stream: Bytes,
    /// The part of it that is compact JSON: what WebSockets and webhooks get, byte for byte.
    pub json: ByteString,
}

/// The frames of one gateway; clones are the same frames.
#[derive(Clone, Default)]
pub struct Frames {
    recent: Arc<Mutex<Recent>>,
}

#[derive(Default)]
struct Recent {
    by_number: BTreeMap<u64, Frame>,
    bytes: usize,
}

impl Frames {
    /// The frame of an event; none for one that is of no interest outside.
    pub fn of(&self, event: &Event) -> Option<Frame> {
        let name = name(&event.body)?;
        if let Some(frame) = self.recent().by_number.get(&event.seq) {
            return Some(frame.clone());
        }
        // Not held while it is worded, or all who want other frames would wait. Of two who word the
        // same one meanwhile both get the first.
        let frame = Frame::new(name, event)?;
        Some(self.recent().keep(event.seq, frame))
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Frame {
    fn new(name: &'static str, event: &Event) -> Option<Self> {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        write!(bytes, "id: {}\nevent: {name}\ndata: ", event.seq).ok()?;
        let start = bytes.len();
        encode(event, &mut bytes)?;
        let end = bytes.len();
        bytes.extend(b"\n\n");
        let stream = Bytes::from(bytes);
        let json = stream.slice(start..end);
        Some(Self { name, json: ByteString::try_from(json).ok()?, stream })
    }
}

impl Recent {
    /// Old frames make room for new ones, never the other way round: a late listener's are not kept.
    /// The frame that is kept now, or was already.
    fn keep(&mut self, number: u64, frame: Frame) -> Frame {
        if let Some(kept) = self.by_number.get(&number) {
            return kept.clone();
        }
        self.bytes += frame.stream.len();
        self.by_number.insert(number, frame.clone());
        while MOST_FRAMES < self.by_number.len() || MOST_BYTES < self.bytes {
            let Some((_, oldest)) = self.by_number.pop_first() else { break };
            self.bytes -= oldest.stream.len();
        }
        frame
    }
}

/// Webhooks get the same bytes.
impl Envelope for Frames {
    fn name(&self, event: &Event) -> Option<&'static str> {
        name(&event.body)
    }

    fn wrap(&self, event: &Event) -> Option<Bytes> {
        self.of(event).map(|frame| frame.json.into_bytes())
    }

    fn names(&self) -> &'static [&'static str] {
        &EVENT_NAMES
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{EventBody, clock::from_seconds};

    fn event(seq: u64, reason: &str) -> Event {
        let body = EventBody::Failed { reason: reason.to_owned() };
        let (id, session) = (Uuid::nil(), "s".parse().unwrap());
        Event {
            seq,
            id,
            session,
            session_seq: seq,
            at: from_seconds(0),
            body,
            identities: Vec::new(),
        }
    }

    #[test]
    fn all_who_listen_share_the_bytes_of_a_frame() {
        let frames = Frames::default();
        let event = event(7, "it \n broke");
        let (one, other) = (frames.of(&event).unwrap(), frames.clone().of(&event).unwrap());
        assert_eq!(one.stream.as_ptr(), other.stream.as_ptr());
        assert_eq!(frames.wrap(&event).unwrap().as_ptr(), one.json.as_ptr());
        let stream = format!("id: 7\nevent: failed\ndata: {}\n\n", one.json);
        assert_eq!(one.stream, stream.as_bytes());
        let read: serde_json::Value = serde_json::from_str(&one.json).unwrap();
        assert_eq!((&read["seq"], &read["data"]["reason"]), (&7.into(), &"it \n broke".into()));
    }

    #[test]
    fn what_is_kept_has_bounds_and_late_listeners_wash_nothing_out() {
        let frames = Frames::default();
        let kept = || {
            let recent = frames.recent.lock().unwrap();
            let total: usize = recent.by_number.values().map(|frame| frame.stream.len()).sum();
            assert_eq!(total, recent.bytes);
            assert!(recent.by_number.len() <= MOST_FRAMES && recent.bytes <= MOST_BYTES);
            recent.by_number.keys().copied().collect::<Vec<_>>()
        };
        for number in 1_000..2_000 {
            frames.of(&event(number, "x")).unwrap();
        }
        let newest: Vec<u64> = (2_000 - MOST_FRAMES as u64..2_000).collect();
        assert_eq!(kept(), newest);
        frames.of(&event(1, "late")).unwrap();
        assert_eq!(kept(), newest);
        frames.of(&event(2_000, &"x".repeat(MOST_BYTES - 2_000))).unwrap();
        assert!(kept().len() < 20);
        frames.of(&event(2_001, &"x".repeat(2 * MOST_BYTES))).unwrap();
        assert_eq!(kept(), [0; 0]);
    }
}
