//! Trees: the parts of the store by the first byte of their keys. The store's own is that of its settings; a module
//! above declares its trees beside its records.

use std::fmt;

/// A part of the store with keys of one shape. Its number begins every key on the disk: numbers are never reused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    number: u8,
    name: &'static str,
    is_sealed: bool,
}

impl Tree {
    /// Small values by name, and notes of modules that are not worth a tree.
    pub const SETTINGS: Self = Self::new(1, "Settings");

    /// A tree with its number and its name. The module that owns the tree declares it.
    pub const fn new(number: u8, name: &'static str) -> Self {
        Self { number, name, is_sealed: false }
    }

    /// A tree whose values are sealed on the disk: what is in them may be a secret of the caller's or of the
    /// gateway's.
    pub const fn sealed(number: u8, name: &'static str) -> Self {
        Self { number, name, is_sealed: true }
    }

    pub const fn prefix(self) -> u8 {
        self.number
    }

    pub const fn name(self) -> &'static str {
        self.name
    }

    pub const fn is_sealed(self) -> bool {
        self.is_sealed
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
