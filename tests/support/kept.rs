//! What a store keeps, as texts: values lie in it compressed, where a search of its bytes finds nothing.

use std::path::Path;

use wagate::{
    config::Vault,
    store::{Pair, Store, raw},
    vault::Keyring,
};

/// The store of a gateway that has stopped.
pub struct Kept {
    store: Store,
    pairs: Vec<Pair>,
}

/// A key and what lies under it, where it can be read without a secret; the bytes otherwise.
pub struct Entry {
    pub tree: u8,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Kept {
    pub async fn open(data: &Path) -> Self {
        let (keyring, folder) = (Keyring::at(data, &Vault::default()), data.join("store"));
        let store = Store::open(&folder, &keyring, wagate::tables::CATALOGUE);
        let store = store.await.unwrap_or_else(|error| panic!("{error}"));
        let (mut snapshot, mut pairs) = (store.snapshot(), Vec::new());
        loop {
            let page = snapshot.next(1 << 20).await.unwrap();
            if page.is_empty() {
                break;
            }
            pairs.extend(page);
        }
        drop(snapshot);
        assert!(!pairs.is_empty());
        Self { store, pairs }
    }

    /// All as it lies there: what is sealed stays sealed.
    pub fn as_it_lies(&self) -> impl Iterator<Item = Entry> {
        self.pairs.iter().cloned().map(Entry::of)
    }

    /// All with what is sealed opened.
    pub fn opened(&self) -> impl Iterator<Item = Entry> {
        self.pairs.iter().map(|pair| Entry::of(self.store.vault().opened(pair.clone()).unwrap()))
    }
}

impl Entry {
    fn of((key, value): Pair) -> Self {
        let text = raw::decode::<serde_json::Value>(&value).map(|text| text.to_string());
        Self { tree: key[0], key, value: text.map_or(value, String::into_bytes) }
    }

    pub fn holds(&self, text: &str) -> bool {
        let is_in =
            |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        is_in(&self.key) || is_in(&self.value)
    }
}
