//! Names of settings whose values lie sealed on the disk.

/// A sealed setting. The module that owns it declares it, and its list stands in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedSetting(&'static str);

impl SealedSetting {
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    pub const fn name(self) -> &'static str {
        self.0
    }
}
