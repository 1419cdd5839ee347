//! Wording of a dialect: name and JSON of each event. A subscription chooses its wording by name, so one log serves
//! all dialects. An event without a name in a wording is not sent in it.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use crate::domain::Event;

/// Whether a listener gets linking codes. A person who scans one owns the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    Shown,
    Withheld,
}

/// The wording of a dialect.
pub trait Wording: Send + Sync + 'static {
    /// The event's name; none for an event that this dialect does not have.
    fn name(&self, event: &Event) -> Option<&'static str>;

    /// Appends the event as compact JSON; none for an event without a name.
    fn write(&self, event: &Event, codes: Codes, bytes: &mut Vec<u8>) -> Option<()>;

    /// The names that a subscription may ask for.
    fn names(&self) -> &'static [&'static str];

    /// The body of a delivery. Deliveries of one event may share it.
    fn wrap(&self, event: &Event) -> Option<Bytes> {
        let mut bytes = Vec::new();
        self.write(event, Codes::Shown, &mut bytes)?;
        Some(bytes.into())
    }
}

/// All wordings by name. Clones are the same.
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
