//! How events read on a surface. Each dialect has a wording of its own, and a subscription names the one that it
//! wants: one log serves them all. What a wording has no name for is not sent.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use crate::domain::Event;

/// Whether a listener gets the codes by which a phone is linked. Who scans one owns the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    Shown,
    Withheld,
}

/// The wording of a dialect.
pub trait Wording: Send + Sync + 'static {
    /// The event's name; none for an event that this dialect does not tell.
    fn name(&self, event: &Event) -> Option<&'static str>;

    /// Writes the event as compact JSON at the end of these bytes, likewise.
    fn write(&self, event: &Event, codes: Codes, bytes: &mut Vec<u8>) -> Option<()>;

    /// The names that a subscription may ask for.
    fn names(&self) -> &'static [&'static str];

    /// The body of a delivery. Those who get the same event may share its bytes.
    fn wrap(&self, event: &Event) -> Option<Bytes> {
        let mut bytes = Vec::new();
        self.write(event, Codes::Shown, &mut bytes)?;
        Some(bytes.into())
    }
}

/// All wordings by their names. Clones are the same.
#[derive(Clone, Default)]
pub struct Wordings(Arc<BTreeMap<&'static str, Arc<dyn Wording>>>);

impl Wordings {
    pub fn new(all: impl IntoIterator<Item = (&'static str, Arc<dyn Wording>)>) -> Self {
        Self(Arc::new(all.into_iter().collect()))
    }

    /// None for one that this version does not have.
    pub fn get(&self, name: &str) -> Option<&dyn Wording> {
        self.0.get(name).map(|wording| &**wording)
    }
}
