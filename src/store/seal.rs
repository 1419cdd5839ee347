//! The seal of a store: which of its values lie sealed on the disk, and the keys that seal them.

use std::sync::Arc;

use crate::{
    store::{
        StoreError,
        catalogue::Catalogue,
        codec::Key,
        engine::{Batch, Pair, Range},
        sealed_setting::SealedSetting,
        trees::Tree,
    },
    vault::{Keyring, key_of},
};

/// Clones share their keys.
#[derive(Clone)]
pub struct Seal {
    pub keyring: Keyring,
    places: Arc<Places>,
}

/// The trees and the settings whose values are sealed.
struct Places {
    trees: Vec<Tree>,
    settings: Vec<SealedSetting>,
    /// By the number of a tree.
    is_sealed: [bool; 256],
}

impl Seal {
    /// A seal for the sealed trees and settings of a catalogue.
    pub fn new(keyring: Keyring, catalogue: Catalogue) -> Self {
        let trees = catalogue.declarations().map(|declared| declared.table.tree);
        let trees: Vec<Tree> = trees.filter(|tree| tree.is_sealed()).collect();
        let mut is_sealed = [false; 256];
        for tree in &trees {
            is_sealed[usize::from(tree.prefix())] = true;
        }
        let settings = catalogue.sealed_settings().collect();
        Self { keyring, places: Arc::new(Places { trees, settings, is_sealed }) }
    }

    /// Whether the value of a key is sealed on the disk.
    pub fn covers(&self, key: &[u8]) -> bool {
        let Some((prefix, name)) = key.split_first() else { return false };
        if *prefix == Tree::SETTINGS.prefix() {
            let name = name.strip_suffix(&[0, 0]).unwrap_or_default();
            return self.places.settings.iter().any(|sealed| sealed.name().as_bytes() == name);
        }
        self.places.is_sealed[usize::from(*prefix)]
    }

    /// Every place whose values are sealed.
    pub fn ranges(&self) -> Vec<Range> {
        let settings = self.places.settings.iter();
        let settings = settings.map(|sealed| Key::new(Tree::SETTINGS).text(sealed.name()).all());
        self.places.trees.iter().map(|tree| Key::new(*tree).all()).chain(settings).collect()
    }

    /// Their names in order, by which a store knows which of them it has sealed.
    pub fn names(&self) -> Vec<String> {
        let settings = self.places.settings.iter();
        let settings = settings.map(|sealed| format!("Settings/{}", sealed.name()));
        let trees = self.places.trees.iter().map(|tree| tree.name().to_owned());
        let mut names: Vec<String> = trees.chain(settings).collect();
        names.sort();
        names
    }

    /// A value as it was written. One of before it was sealed is in the clear already.
    pub fn opened(&self, key: &[u8], value: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        if !self.covers(key) || key_of(&value).is_none() {
            return Ok(value);
        }
        Ok(self.keyring.open(key, &value)?)
    }

    /// A pair with its value as it was written.
    pub fn opened_pair(&self, (key, value): Pair) -> Result<Pair, StoreError> {
        let value = self.opened(&key, value)?;
        Ok((key, value))
    }

    /// Seals what a batch writes, where it is to lie sealed. A value from a backup is sealed already.
    pub fn seal_writes(&self, batch: &mut Batch) -> Result<(), StoreError> {
        for (key, write) in &mut batch.writes {
            if let Some(value) = write
                && self.covers(key)
                && key_of(value).is_none()
            {
                *value = self.keyring.seal(key, value)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::record::Declaration;

    const SECRETS: Tree = Tree::sealed(250, "Secrets");
    const OPEN: Tree = Tree::new(251, "Open");
    const CATALOGUE: Catalogue = Catalogue::with(&[&[Declaration::plain(SECRETS, "a test")]])
        .sealing(&[&[SealedSetting::new("a key")]]);

    #[test]
    fn what_is_sealed_is_what_lies_in_the_sealed_ranges() {
        let seal = Seal::new(Keyring::thrown_away(), CATALOGUE);
        let keys = [
            (Key::new(SECRETS).text("s"), true),
            (Key::new(Tree::SETTINGS).text("a key"), true),
            (Key::new(Tree::SETTINGS).text("a keys"), false),
            (Key::new(Tree::SETTINGS).text("schema"), false),
            (Key::new(Tree::SETTINGS), false),
            (Key::new(OPEN).text("s"), false),
        ];
        for (key, expected) in keys {
            let key = key.done();
            let lies_in = |range: Range| range.start <= key && key < range.end;
            assert_eq!(
                (seal.covers(&key), seal.ranges().into_iter().any(lies_in)),
                (expected, expected),
                "{key:?}"
            );
        }
        assert!(!seal.covers(&[]));
        assert_eq!(seal.ranges().len(), seal.names().len());
    }
}
