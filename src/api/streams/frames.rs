//! Events as listeners get them. Each is worded once, however many listen: over WebSockets, event
//! streams and webhooks.
//!
//! What was worded lately is kept, within bounds. Who comes for something older has it worded again.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use bytestring::ByteString;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    accounts::Principal,
    api::{
        sessions::wording::OpenWa,
        streams::inbox::{INBOX, InboxWords},
    },
    domain::{Error, Event, SessionId, Timestamp, WaEvent},
    events::{Codes, Wording, Wordings},
    webhooks::OPEN_WA,
};

/// How many frames are kept, and how many bytes of them.
const MOST_FRAMES: usize = 256;
const MOST_BYTES: usize = 1024 * 1024;
/// Room for the frame of a message of some words.
const USUAL_BYTES: usize = 1_280;

/// Whether a caller gets the codes by which a phone is linked: as for `GET …/qr`, which needs the same scope.
pub fn codes_for(caller: &Principal) -> Codes {
    if caller.may("admin") { Codes::Shown } else { Codes::Withheld }
}

/// An event as it goes to a listener. Clones share its bytes.
#[derive(Clone, Debug)]
pub struct Frame {
    pub name: &'static str,
    /// As server-sent events have it.
    pub stream: Bytes,
    /// The part of it that is compact JSON: what WebSockets and webhooks get, byte for byte.
    pub json: ByteString,
}

/// The frames of every wording of the gateway's surfaces. Clones are the same.
#[derive(Clone)]
pub struct AllFrames(Arc<BTreeMap<&'static str, Frames>>);

impl AllFrames {
    pub fn new(all: impl IntoIterator<Item = (&'static str, Frames)>) -> Self {
        Self(Arc::new(all.into_iter().collect()))
    }

    /// Those of one wording; none for one that there is not.
    pub fn of(&self, wording: &str) -> Option<&Frames> {
        self.0.get(wording)
    }

    /// The wordings, as webhooks name them: they get the same bytes as those who listen.
    pub fn wordings(&self) -> Wordings {
        let shared = |frames: &Frames| -> Arc<dyn Wording> { Arc::new(frames.clone()) };
        Wordings::new(self.0.iter().map(|(name, frames)| (*name, shared(frames))))
    }
}

impl Default for AllFrames {
    fn default() -> Self {
        Self::new([
            (OPEN_WA, Frames::new(Arc::new(OpenWa))),
            (INBOX, Frames::new(Arc::new(InboxWords))),
        ])
    }
}

/// The frames of one wording; clones are the same frames.
#[derive(Clone)]
pub struct Frames {
    wording: Arc<dyn Wording>,
    recent: Arc<Mutex<Recent>>,
}

#[derive(Default)]
struct Recent {
    by_number: BTreeMap<u64, Frame>,
    bytes: usize,
}

impl Frames {
    pub fn new(wording: Arc<dyn Wording>) -> Self {
        Self { wording, recent: Arc::default() }
    }

    /// The names that a listener may ask for.
    pub fn names(&self) -> &'static [&'static str] {
        self.wording.names()
    }

    /// The frame of an event; none for one that this wording does not tell.
    pub fn of(&self, event: &Event, codes: Codes) -> Option<Frame> {
        let name = self.wording.name(event)?;
        // Seldom, and not shared with those who get the code.
        let is_code = matches!(event.body.whatsapp(), Some(WaEvent::Qr { .. }));
        if codes == Codes::Withheld && is_code {
            return Frame::new(&*self.wording, name, event, codes);
        }
        if let Some(frame) = self.recent().by_number.get(&event.seq) {
            return Some(frame.clone());
        }
        // Not held while it is worded, or all who want other frames would wait. Of two who word the
        // same one meanwhile both get the first.
        let frame = Frame::new(&*self.wording, name, event, Codes::Shown)?;
        Some(self.recent().keep(event.seq, frame))
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Frame {
    fn new(wording: &dyn Wording, name: &'static str, event: &Event, codes: Codes) -> Option<Self> {
        let mut bytes = Vec::with_capacity(USUAL_BYTES);
        write!(bytes, "id: {}\nevent: {name}\ndata: ", event.seq).ok()?;
        let start = bytes.len();
        wording.write(event, codes, &mut bytes)?;
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

/// Webhooks get the same bytes, codes included: only callers with the scope `admin` register them.
#[async_trait]
impl Wording for Frames {
    fn name(&self, event: &Event) -> Option<&'static str> {
        self.wording.name(event)
    }

    fn write(&self, event: &Event, codes: Codes, bytes: &mut Vec<u8>) -> Option<()> {
        self.wording.write(event, codes, bytes)
    }

    fn names(&self) -> &'static [&'static str] {
        self.wording.names()
    }

    async fn wrap(&self, event: &Event) -> Result<Option<Bytes>, Error> {
        Ok(self.of(event, Codes::Shown).map(|frame| frame.json.into_bytes()))
    }

    fn test(&self, id: Uuid, session: Option<&SessionId>, now: Timestamp) -> Value {
        self.wording.test(id, session, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Channel, clock::from_seconds};

    fn event(seq: u64, reason: &str) -> Event {
        let body = WaEvent::Failed { reason: reason.to_owned() }.into();
        let id = Uuid::nil();
        let channel = Some(Channel { id: "s".parse().unwrap(), uuid: Uuid::nil() });
        let (at, identities) = (from_seconds(0), Vec::new());
        Event { seq, id, channel, channel_seq: seq, at, body, identities }
    }

    fn open_wa() -> Frames {
        AllFrames::default().of(OPEN_WA).unwrap().clone()
    }

    #[tokio::test]
    async fn all_who_listen_share_the_bytes_of_a_frame() {
        let frames = open_wa();
        let event = event(7, "it \n broke");
        let (one, other) = (
            frames.of(&event, Codes::Shown).unwrap(),
            frames.clone().of(&event, Codes::Shown).unwrap(),
        );
        assert_eq!(one.stream.as_ptr(), other.stream.as_ptr());
        assert_eq!(frames.wrap(&event).await.unwrap().unwrap().as_ptr(), one.json.as_ptr());
        let stream = format!("id: 7\nevent: failed\ndata: {}\n\n", one.json);
        assert_eq!(one.stream, stream.as_bytes());
        let read: serde_json::Value = serde_json::from_str(&one.json).unwrap();
        assert_eq!((&read["seq"], &read["data"]["reason"]), (&7.into(), &"it \n broke".into()));
    }

    #[test]
    fn who_gets_no_codes_gets_the_event_without_one() {
        let frames = open_wa();
        let body =
            WaEvent::Qr { text: "2@secret".to_owned(), attempt: 3, expires_at: from_seconds(9) };
        let event = Event { body: body.into(), ..event(7, "") };
        let shown = frames.of(&event, Codes::Shown).unwrap();
        let withheld = frames.of(&event, Codes::Withheld).unwrap();
        let again = frames.of(&event, Codes::Shown).unwrap();
        assert!(shown.json.contains("2@secret") && again.json == shown.json);
        let bytes = String::from_utf8_lossy(&withheld.stream);
        assert!(!bytes.contains("2@secret") && !bytes.contains("data:image"), "{bytes}");
        let read: serde_json::Value = serde_json::from_str(&withheld.json).unwrap();
        assert_eq!((&read["event"], &read["seq"]), (&"qr".into(), &7.into()));
        let data = serde_json::json!({ "expiresAt": "1970-01-01T00:00:09Z", "attempt": 3 });
        assert_eq!(read["data"], data);
    }

    #[test]
    fn what_is_kept_has_bounds_and_late_listeners_wash_nothing_out() {
        let frames = open_wa();
        let kept = || {
            let recent = frames.recent.lock().unwrap();
            let total: usize = recent.by_number.values().map(|frame| frame.stream.len()).sum();
            assert_eq!(total, recent.bytes);
            assert!(recent.by_number.len() <= MOST_FRAMES && recent.bytes <= MOST_BYTES);
            recent.by_number.keys().copied().collect::<Vec<_>>()
        };
        for number in 1_000..2_000 {
            frames.of(&event(number, "x"), Codes::Shown).unwrap();
        }
        let newest: Vec<u64> = (2_000 - MOST_FRAMES as u64..2_000).collect();
        assert_eq!(kept(), newest);
        frames.of(&event(1, "late"), Codes::Shown).unwrap();
        assert_eq!(kept(), newest);
        frames.of(&event(2_000, &"x".repeat(MOST_BYTES - 2_000)), Codes::Shown).unwrap();
        assert!(kept().len() < 20);
        frames.of(&event(2_001, &"x".repeat(2 * MOST_BYTES)), Codes::Shown).unwrap();
        assert_eq!(kept(), [0; 0]);
    }
}
