//! How keys and values are written.
//!
//! Keys: parts in an order-preserving, unambiguous form, so that a prefix of parts is a prefix of
//! bytes. Values: one version byte and JSON.

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{StoreError, engine::Range, trees::Tree},
};

/// The version that values are written in.
const VERSION: u8 = 1;

/// Builds a key part by part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Vec<u8>);

impl Key {
    pub fn new(tree: Tree) -> Self {
        Self(vec![tree.prefix()])
    }

    /// A text. Ends with a mark that sorts below every character and cannot stand within.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        for byte in text.bytes() {
            self.0.push(byte);
            if byte == 0 {
                self.0.push(0xFF);
            }
        }
        self.0.extend([0, 0]);
        self
    }

    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    /// A moment, earlier ones first.
    #[must_use]
    pub fn time(self, time: Timestamp) -> Self {
        self.number(sortable(time))
    }

    /// A moment, later ones first.
    #[must_use]
    pub fn time_descending(self, time: Timestamp) -> Self {
        self.number(u64::MAX - sortable(time))
    }

    #[must_use]
    pub fn uuid(mut self, id: Uuid) -> Self {
        self.0.extend(id.as_bytes());
        self
    }

    #[must_use]
    pub fn bytes(mut self, bytes: &[u8; 32]) -> Self {
        self.0.extend(bytes);
        self
    }

    pub fn length(&self) -> usize {
        self.0.len()
    }

    pub fn done(self) -> Vec<u8> {
        self.0
    }

    /// All keys that begin with this one.
    pub fn all(self) -> Range {
        Range { end: after_prefix(&self.0), start: self.0 }
    }

    /// Keys that begin with this one, up to but not including `end`.
    pub fn until(self, end: Self) -> Range {
        Range { start: self.0, end: end.0 }
    }
}

/// Reads the number that a key ends with.
pub fn last_number(key: &[u8]) -> Option<u64> {
    number_at(key, key.len().checked_sub(8)?)
}

/// Reads the number that stands at a place within a key.
pub fn number_at(key: &[u8], start: usize) -> Option<u64> {
    key.get(start..)?.first_chunk().copied().map(u64::from_be_bytes)
}

/// Reads the text that a key begins with.
pub fn first_text(key: &[u8]) -> Option<&str> {
    let text = key.get(1..)?;
    let end = text.windows(2).position(|pair| pair == [0, 0])?;
    // A session's name, the only text that is read back, holds no zero that would be marked.
    std::str::from_utf8(&text[..end]).ok()
}

pub fn encode<V: Serialize>(value: &V) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value)
        .map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(bytes)
}

pub fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, StoreError> {
    match bytes.split_first() {
        Some((&VERSION, json)) => {
            serde_json::from_slice(json).map_err(|error| StoreError::Corrupt(error.to_string()))
        }
        Some((version, _)) => Err(StoreError::Corrupt(format!("a value of version {version}"))),
        None => Err(StoreError::Corrupt("an empty value".to_owned())),
    }
}

fn sortable(time: Timestamp) -> u64 {
    let millis = time.as_millisecond();
    // Flipping the sign bit makes the order of signed numbers the order of unsigned ones.
    u64::from_be_bytes(millis.to_be_bytes()) ^ (1 << 63)
}

/// The first key that does not begin with `prefix`.
fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xFF {
            end.push(last + 1);
            return end;
        }
    }
    vec![0xFF; prefix.len() + 1]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_millis;

    proptest! {
        #[test]
        fn keys_sort_as_their_parts_do(a in ".{0,8}", b in ".{0,8}", m in any::<u64>(), n in any::<u64>()) {
            let key = |text: &str, number| Key::new(Tree::Chats).text(text).number(number);
            prop_assert_eq!(key(&a, m).cmp(&key(&b, n)), (a.as_bytes(), m).cmp(&(b.as_bytes(), n)));
        }

        #[test]
        fn a_range_holds_the_keys_of_its_prefix_alone(a in ".{0,8}", b in ".{0,8}", n in any::<u64>()) {
            let range = Key::new(Tree::Chats).text(&a).all();
            let key = Key::new(Tree::Chats).text(&b).number(n).done();
            prop_assert_eq!(range.start <= key && key < range.end, a == b);
        }

        #[test]
        fn later_moments_come_first_when_descending(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000) {
            let key = |millis| Key::new(Tree::Chats).time_descending(from_millis(millis));
            prop_assert_eq!(key(a).cmp(&key(b)), b.cmp(&a));
        }
    }

    #[test]
    fn the_first_text_of_a_key_is_read_back() {
        let key = Key::new(Tree::Chats).text("my-bot").text("x").number(7).done();
        assert_eq!(first_text(&key), Some("my-bot"));
        assert_eq!(first_text(&[]), None);
    }

    #[test]
    fn a_value_of_an_unknown_version_is_refused() {
        assert!(matches!(decode::<u8>(&[9, b'1']), Err(StoreError::Corrupt(_))));
        assert_eq!(decode::<u8>(&encode(&7u8).unwrap()).unwrap(), 7);
    }
}
