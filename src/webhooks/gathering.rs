//! What is over and waits to be written down together with more of its kind: one flush of the disk is
//! for all of it.

use std::time::{Duration, Instant};

/// So many are enough, and nobody waits for others longer than this.
const ENOUGH: usize = 32;
const LONGEST: Duration = Duration::from_millis(2);

pub struct Gathering<T> {
    gathered: Vec<T>,
    /// When the first came.
    since: Option<Instant>,
}

impl<T> Default for Gathering<T> {
    fn default() -> Self {
        Self { gathered: Vec::new(), since: None }
    }
}

impl<T> Gathering<T> {
    pub fn add(&mut self, one: T) {
        self.since.get_or_insert_with(Instant::now);
        self.gathered.push(one);
    }

    pub fn len(&self) -> usize {
        self.gathered.len()
    }

    pub fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    pub fn take(&mut self) -> Vec<T> {
        std::mem::take(self).gathered
    }

    /// How long others may still join; none when that is not worth waiting for.
    pub fn patience(&self) -> Option<Duration> {
        let since = self.since.filter(|_| self.len() < ENOUGH)?;
        LONGEST.checked_sub(since.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_wait_for_others_a_moment_and_many_do_not() {
        let mut gathering = Gathering::default();
        assert_eq!(gathering.patience(), None, "nothing waits");
        gathering.add(0);
        gathering.since = Some(Instant::now() + LONGEST);
        assert_eq!(gathering.patience(), Some(LONGEST));
        gathering.since = Instant::now().checked_sub(LONGEST * 2);
        assert_eq!(gathering.patience(), None, "the first has waited for long enough");
        gathering.since = Some(Instant::now() + LONGEST);
        (1..ENOUGH).for_each(|number| gathering.add(number));
        assert_eq!(gathering.patience(), None, "they are many");
        assert_eq!(gathering.take(), (0..ENOUGH).collect::<Vec<_>>());
        assert!(gathering.is_empty() && gathering.patience().is_none());
    }
}
