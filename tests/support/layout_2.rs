//! A store of layout 2, the first one that anybody has: as the version of its day wrote it, and with more in it.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use uuid::Uuid;
use wagate::domain::{MessageId, SessionId, conversation::message_uuid};

pub type Pair = (Vec<u8>, Vec<u8>);

/// The session that has most of what the backup holds.
pub const SESSION: &str = "shop";
const MESSAGES_IN_CHAT: u64 = 40;
const FIRST_NUMBER: u64 = 1_000_100_000;
const FIRST_SECOND: i64 = 1_795_000_000;

/// A backup that the version of that day made.
pub fn backup() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/layout-2.tar.zst")
}

/// The store in the backup.
pub fn pairs() -> Vec<Pair> {
    let file = std::fs::File::open(backup()).unwrap();
    let mut archive = tar::Archive::new(zstd::stream::read::Decoder::new(file).unwrap());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().ends_with("store.pairs") {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            return split(&bytes);
        }
    }
    panic!("there is no store in it")
}

fn split(mut bytes: &[u8]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    while !bytes.is_empty() {
        let length = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let (key, value) = (length(0), length(4));
        let (pair, rest) = bytes[8..].split_at(key + value);
        pairs.push((pair[..key].to_vec(), pair[key..].to_vec()));
        bytes = rest;
    }
    pairs
}

/// The values of a tree.
pub fn values(pairs: &[Pair], tree: u8) -> Vec<Value> {
    let of_tree = pairs.iter().filter(|(key, _)| key.first() == Some(&tree));
    of_tree.map(|(_, value)| serde_json::from_slice(&value[1..]).unwrap()).collect()
}

/// Writes pairs into a store's folder.
pub fn write(folder: &Path, pairs: &[Pair]) {
    std::fs::create_dir_all(folder).unwrap();
    let db = sled::Config::new().path(folder).cache_capacity(1 << 24).open().unwrap();
    for some in pairs.chunks(1_000) {
        let mut batch = sled::Batch::default();
        for (key, value) in some {
            batch.insert(key.as_slice(), value.as_slice());
        }
        db.apply_batch(batch).unwrap();
    }
    db.flush().unwrap();
    drop(db);
    while wagate::store::is_held(folder) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A message that was added, and where it must be found.
pub struct Added {
    pub id: MessageId,
    pub number: u64,
    pub body: String,
}

struct Key(Vec<u8>);

impl Key {
    fn new(tree: u8) -> Self {
        Self(vec![tree])
    }

    fn text(mut self, text: &str) -> Self {
        self.0.extend(text.bytes());
        self.0.extend([0, 0]);
        self
    }

    fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn uuid(mut self, uuid: Uuid) -> Self {
        self.0.extend(uuid.as_bytes());
        self
    }
}

fn sortable(seconds: i64) -> u64 {
    (seconds * 1_000).cast_unsigned() ^ (1 << 63)
}

fn value(json: &Value) -> Vec<u8> {
    [&[1], json.to_string().as_bytes()].concat()
}

/// Adds messages with all their entries and events to a store of the backup.
pub fn more(pairs: &mut Vec<Pair>, count: u64) -> Vec<Added> {
    let mut all: BTreeMap<Vec<u8>, Vec<u8>> = pairs.drain(..).collect();
    let session: SessionId = SESSION.parse().unwrap();
    let sessions = all.range(vec![2_u8]..vec![3_u8]);
    let records = sessions.map(|(_, value)| serde_json::from_slice::<Value>(&value[1..]).unwrap());
    let record = records.into_iter().find(|record| record["id"] == SESSION).unwrap();
    let owner: Uuid = record["uuid"].as_str().unwrap().parse().unwrap();
    let (last, _) = all.range(vec![8_u8]..vec![9_u8]).next_back().unwrap();
    let mut seq = u64::from_be_bytes(last[1..].try_into().unwrap());
    let mut added = Vec::new();
    for n in 0..count {
        let (number, second) = (FIRST_NUMBER + n, FIRST_SECOND + n.cast_signed() / 3);
        let chat = format!("49150{:08}@c.us", n / MESSAGES_IN_CHAT);
        let id: MessageId = format!("false_{chat}_3EB0{n:016X}").parse().unwrap();
        let body = format!("Message {n} of those that were there before");
        let at = wagate::domain::clock::from_seconds(second);
        let message = json!({
            "id": id, "author": chat, "kind": "text", "body": body, "timestamp": at, "ack": "read",
            "pushName": "Ann", "media": null, "quoted": null, "mentions": [], "forwarded": false,
            "edited": false, "reactions": [],
        });
        let mut stored = message.clone();
        stored["number"] = json!(number);
        stored["hidden"] = json!(false);
        let of = |tree| Key::new(tree).text(SESSION).text(&chat);
        let place =
            of(5).number(sortable(second)).number((1 << 32) + n % 3).text(&id.to_string()).0;
        all.insert(place.clone(), value(&stored));
        all.insert(of(6).text(&id.key).text(&id.to_string()).0, place.clone());
        all.insert(of(50).number(number).0, place.clone());
        all.insert(Key::new(51).number(number).0, place);
        all.insert(Key::new(52).uuid(message_uuid(&session, &id)).0, value(&json!(number)));
        seq += 1;
        let body_of_event = json!({ "type": "message", "message": message });
        let event = json!({
            "seq": seq, "id": Uuid::from_u128(seq.into()), "session": SESSION, "sessionUuid": owner,
            "sessionSeq": seq, "at": at, "body": body_of_event, "startsAt": seq * 500,
        });
        all.insert(Key::new(8).number(seq).0, value(&event));
        all.insert(Key::new(70).uuid(owner).number(seq).0, Vec::new());
        let identity = format!("message|{id}");
        all.insert(Key::new(71).uuid(owner).text(&identity).0, value(&json!(seq)));
        added.push(Added { id, number, body });
    }
    pairs.extend(all);
    added
}
