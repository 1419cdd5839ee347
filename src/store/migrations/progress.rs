//! How far a migration has come: for those who wait for the store, and in the log where it takes longer than a few
//! seconds.

use std::time::{Duration, Instant};

use crate::store::opening::Opening;

/// A migration that is shorter says nothing on its way.
const FIRST: Duration = Duration::from_secs(3);
const EVERY: Duration = Duration::from_secs(5);

pub struct Progress {
    layout: u64,
    name: &'static str,
    opening: Opening,
    begun: Instant,
    next: Instant,
    /// Pairs that were done with before this start.
    before: u64,
    done: u64,
    total: u64,
}

impl Progress {
    pub fn begin(from: u64, name: &'static str, opening: &Opening) -> Self {
        let begun = Instant::now();
        let next = begun + FIRST;
        let (layout, opening) = (from + 1, opening.clone());
        opening.begin(format!("migrating the store to layout {layout} ({name}), records"));
        Self { layout, name, opening, begun, next, before: 0, done: 0, total: 0 }
    }

    pub fn resume(&mut self, done: u64, total: u64) {
        (self.before, self.done, self.total) = (done, done, total);
        self.show();
    }

    pub fn advance(&mut self, pairs: u64) {
        self.done += pairs;
        self.show();
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + EVERY;
        let (layout, name, done, total) = (self.layout, self.name, self.done, self.total);
        let (percent, rate) = (percent(done, total), self.rate());
        tracing::info!(
            layout,
            done,
            total,
            percent,
            "migrating the store to layout {layout} ({name}): {percent} %, {done} of {total} records, \
             {rate} a second"
        );
    }

    pub fn counting(&mut self, counted: u64) {
        self.opening.advance_to(counted, None);
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + EVERY;
        let (layout, name) = (self.layout, self.name);
        tracing::info!(
            layout,
            counted,
            "preparing to migrate the store to layout {layout} ({name}): {counted} records counted"
        );
    }

    pub fn end(&self) {
        let (layout, name, done) = (self.layout, self.name, self.done);
        let seconds = self.begun.elapsed().as_secs_f64();
        tracing::info!(
            layout,
            done,
            "migrated {done} records of the store to layout {layout} ({name}) in {seconds:.1} s"
        );
    }

    fn show(&self) {
        let total = Some(self.total).filter(|total| *total != 0);
        self.opening.advance_to(self.done, total);
    }

    fn rate(&self) -> u64 {
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        (self.done - self.before).saturating_mul(1_000) / millis
    }
}

fn percent(done: u64, total: u64) -> u64 {
    done.min(total).saturating_mul(100).checked_div(total).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_that_is_done_is_never_more_than_all() {
        assert_eq!([percent(0, 0), percent(1, 3), percent(5, 3)], [100, 33, 100]);
    }
}
