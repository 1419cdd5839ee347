//! How keys are written: parts in an order-preserving, unambiguous form, so that a prefix of parts is a prefix of
//! bytes. How values are written stands in [`crate::store::values`].

use std::{cmp::Ordering, marker::PhantomData};

use uuid::Uuid;

use crate::{
    domain::Timestamp,
    store::{engine::Range, trees::Tree},
};

pub use crate::store::values::{decode, encode, encode_json};

/// Builds a key part by part. `R` says what lies under it, where that is known.
pub struct Key<R = ()> {
    bytes: Vec<u8>,
    of: PhantomData<fn() -> R>,
}

impl Key {
    pub fn new(tree: Tree) -> Self {
        Self::from_bytes(vec![tree.prefix()])
    }
}

impl<R> Key<R> {
    /// A key as it was read from the store.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes, of: PhantomData }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text that its parts begin with: for most tables the name of the session.
    pub fn first_text(&self) -> Option<String> {
        text_at(&self.bytes, 1)
    }

    /// A text. Ends with a mark that sorts below every character and cannot stand within.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.bytes.reserve(text.len() + 2);
        for (place, part) in text.as_bytes().split(|byte| *byte == 0).enumerate() {
            if 0 < place {
                self.bytes.extend([0, 0xFF]);
            }
            self.bytes.extend_from_slice(part);
        }
        self.bytes.extend([0, 0]);
        self
    }

    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.bytes.extend(number.to_be_bytes());
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
        self.bytes.extend(id.as_bytes());
        self
    }

    #[must_use]
    pub fn bytes(mut self, bytes: &[u8; 32]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    /// The parts of another key.
    #[must_use]
    pub fn joined<Q>(mut self, other: &Key<Q>) -> Self {
        // Behind the number of its tree.
        self.bytes.extend(other.bytes.iter().skip(1));
        self
    }

    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    pub fn done(self) -> Vec<u8> {
        self.bytes
    }

    /// All keys that begin with this one.
    pub fn all(self) -> Range {
        Range { end: after_prefix(&self.bytes), start: self.bytes }
    }

    /// Keys that begin with this one, up to but not including `end`.
    pub fn until(self, end: Self) -> Range {
        Range { start: self.bytes, end: end.bytes }
    }
}

impl<R> Clone for Key<R> {
    fn clone(&self) -> Self {
        Self::from_bytes(self.bytes.clone())
    }
}

impl<R> std::fmt::Debug for Key<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({:?})", self.bytes)
    }
}

impl<R> PartialEq for Key<R> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<R> Eq for Key<R> {}

impl<R> PartialOrd for Key<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R> Ord for Key<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes.cmp(&other.bytes)
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

/// How many bytes a moment has in a key.
pub const TIME: usize = 8;

/// Reads the moment that stands at a place within a key, earlier ones first.
pub fn time_at(key: &[u8], start: usize) -> Option<Timestamp> {
    let sorted = number_at(key, start)?;
    let millis = i64::from_be_bytes((sorted ^ SIGN).to_be_bytes());
    Timestamp::from_millisecond(millis).ok()
}

/// Reads the text that stands at a place within a key.
pub fn text_at(key: &[u8], start: usize) -> Option<String> {
    let (mut text, mut bytes) = (Vec::new(), key.get(start..)?.iter());
    loop {
        match (*bytes.next()?, bytes.as_slice().first()) {
            (0, Some(0)) => return String::from_utf8(text).ok(),
            (0, _) => {
                text.push(0);
                bytes.next()?;
            }
            (byte, _) => text.push(byte),
        }
    }
}

const SIGN: u64 = 1 << 63;

fn sortable(time: Timestamp) -> u64 {
    let millis = time.as_millisecond();
    // Flipping the sign bit makes the order of signed numbers the order of unsigned ones.
    u64::from_be_bytes(millis.to_be_bytes()) ^ SIGN
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

    const PLACES: Tree = Tree::new(250, "Places");

    proptest! {
        #[test]
        fn keys_sort_as_their_parts_do(a in ".{0,8}", b in ".{0,8}", m in any::<u64>(), n in any::<u64>()) {
            let key = |text: &str, number| Key::new(PLACES).text(text).number(number);
            prop_assert_eq!(key(&a, m).cmp(&key(&b, n)), (a.as_bytes(), m).cmp(&(b.as_bytes(), n)));
        }

        #[test]
        fn a_range_holds_the_keys_of_its_prefix_alone(a in ".{0,8}", b in ".{0,8}", n in any::<u64>()) {
            let range = Key::new(PLACES).text(&a).all();
            let key = Key::new(PLACES).text(&b).number(n).done();
            prop_assert_eq!(range.start <= key && key < range.end, a == b);
        }

        #[test]
        fn the_parts_of_a_key_are_read_back(millis in -1_000_000i64..1_000_000, text in "[\0a-z\u{ff}]{0,8}") {
            let begun = Key::new(PLACES).number(7);
            let place = begun.length();
            let key = begun.time(from_millis(millis)).text(&text).number(0).done();
            prop_assert_eq!(time_at(&key, place), Some(from_millis(millis)));
            prop_assert_eq!(text_at(&key, place + TIME), Some(text));
        }

        #[test]
        fn later_moments_come_first_when_descending(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000) {
            let key = |millis| Key::new(PLACES).time_descending(from_millis(millis));
            prop_assert_eq!(key(a).cmp(&key(b)), b.cmp(&a));
        }
    }
}
