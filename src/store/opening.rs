//! Progress of the opening of a store, for callers who wait: a migration of a large store takes minutes.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What an opening is at. Clones are the same opening.
#[derive(Clone, Debug, Default)]
pub struct Opening(Arc<Mutex<Option<OpeningStage>>>);

/// One part of the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningStage {
    /// What is done, in words for a person.
    pub work: String,
    /// Steps that are done, and all that there are where that is known.
    pub done: u64,
    pub total: Option<u64>,
}

impl Opening {
    /// None before the work has begun.
    pub fn stage(&self) -> Option<OpeningStage> {
        self.held().clone()
    }

    pub(in crate::store) fn begin(&self, work: impl Into<String>) {
        *self.held() = Some(OpeningStage { work: work.into(), done: 0, total: None });
    }

    pub(in crate::store) fn advance_to(&self, done: u64, total: Option<u64>) {
        if let Some(stage) = self.held().as_mut() {
            (stage.done, stage.total) = (done, total);
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<OpeningStage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpeningStage {
    /// None where nobody knows how much there is to do.
    pub fn percent(&self) -> Option<u64> {
        let total = self.total?;
        self.done.min(total).saturating_mul(100).checked_div(total)
    }
}

impl fmt::Display for OpeningStage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, done, total } = self;
        match (self.percent(), total) {
            (Some(percent), Some(total)) => write!(out, "{work}: {percent} %, {done} of {total}"),
            _ if 0 < *done => write!(out, "{work}: {done} so far"),
            _ => write!(out, "{work}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_done_and_how_far_it_has_come() {
        let opening = Opening::default();
        assert_eq!(opening.stage(), None);
        opening.begin("reading the store");
        assert_eq!(opening.stage().unwrap().to_string(), "reading the store");
        opening.begin("migrating the store");
        opening.advance_to(7, None);
        assert_eq!(opening.stage().unwrap().to_string(), "migrating the store: 7 so far");
        opening.advance_to(1, Some(3));
        let stage = opening.stage().unwrap();
        assert_eq!(stage.to_string(), "migrating the store: 33 %, 1 of 3");
        opening.advance_to(5, Some(3));
        assert_eq!(opening.stage().unwrap().percent(), Some(100));
        opening.advance_to(0, Some(0));
        assert_eq!(opening.stage().unwrap().percent(), None);
    }
}
