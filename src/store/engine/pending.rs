//! Commits that the database was not given yet. They are read before it, and given to it together.
//!
//! Pure: bytes and maps, no database. Their owner holds a lock.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use crate::store::engine::Range;

/// Values by key; none for a key that was removed.
pub type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What a gathered write costs beside its bytes.
const OVERHEAD: usize = 64;

#[derive(Default)]
pub struct Pending {
    /// What the next batch will hold.
    gathered: Writes,
    /// What the database is being given now. Until it has all of it, this counts.
    given: Arc<Writes>,
    bytes: usize,
    commits: u64,
}

impl Pending {
    /// Adds a commit, whose last write of a key counts.
    pub fn add(&mut self, writes: Vec<(Vec<u8>, Option<Vec<u8>>)>) {
        for (key, value) in writes {
            self.bytes += key.len() + value.as_ref().map_or(0, Vec::len) + OVERHEAD;
            self.gathered.insert(key, value);
        }
        self.commits += 1;
    }

    /// How many commits were ever added.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// About how much is gathered.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What a key is set to here; none where the database knows.
    pub fn find(&self, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.gathered.get(key).or_else(|| self.given.get(key))
    }

    /// All that is set within a range here.
    pub fn between(&self, range: &Range) -> BTreeMap<&[u8], Option<&[u8]>> {
        self.within(Bound::Included(&range.start), Bound::Excluded(&range.end))
    }

    /// The same from a key on.
    pub fn from(&self, start: &[u8]) -> BTreeMap<&[u8], Option<&[u8]>> {
        self.within(Bound::Included(start), Bound::Unbounded)
    }

    fn within(&self, start: Bound<&[u8]>, end: Bound<&[u8]>) -> BTreeMap<&[u8], Option<&[u8]>> {
        let all = self.given.range::<[u8], _>((start, end));
        let all = all.chain(self.gathered.range::<[u8], _>((start, end)));
        all.map(|(key, value)| (key.as_slice(), value.as_deref())).collect()
    }

    /// Takes what was gathered, to give it to the database, and the number of commits that this makes.
    pub fn take(&mut self) -> (Arc<Writes>, u64) {
        // What could not be given stays below what came after it.
        let given = Arc::make_mut(&mut self.given);
        given.append(&mut self.gathered);
        self.bytes = 0;
        (self.given.clone(), self.commits)
    }

    /// The database has all that was taken.
    pub fn is_stored(&mut self) {
        self.given = Arc::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(key: u8, value: Option<u8>) -> (Vec<u8>, Option<Vec<u8>>) {
        (vec![key], value.map(|value| vec![value]))
    }

    fn found(pending: &Pending, key: u8) -> Option<Option<u8>> {
        pending.find(&[key]).map(|value| value.as_ref().map(|value| value[0]))
    }

    #[test]
    fn what_is_being_given_counts_until_the_database_has_it_and_later_commits_count_more() {
        let mut pending = Pending::default();
        pending.add(vec![write(1, Some(1)), write(2, Some(1)), write(3, Some(1))]);
        let (given, commits) = pending.take();
        assert_eq!((given.len(), commits), (3, 1));
        pending.add(vec![write(2, None), write(4, Some(2))]);
        let all = [1, 2, 3, 4].map(|key| found(&pending, key));
        assert_eq!(all, [Some(Some(1)), Some(None), Some(Some(1)), Some(Some(2))]);
        let range = Range { start: vec![2], end: vec![4] };
        let within: Vec<_> = pending.between(&range).into_iter().collect();
        assert_eq!(within, [(&[2_u8][..], None), (&[3_u8][..], Some(&[1_u8][..]))]);
        pending.is_stored();
        assert_eq!([1, 2, 4].map(|key| found(&pending, key)), [None, Some(None), Some(Some(2))]);
        assert_eq!((pending.take().0.len(), pending.commits()), (2, 2));
    }

    #[test]
    fn what_the_database_did_not_take_is_given_again_below_what_came_after_it() {
        let mut pending = Pending::default();
        pending.add(vec![write(1, Some(1)), write(2, Some(1))]);
        pending.take();
        pending.add(vec![write(2, Some(2))]);
        let (given, _) = pending.take();
        assert_eq!(given.len(), 2);
        assert_eq!([1, 2].map(|key| found(&pending, key)), [Some(Some(1)), Some(Some(2))]);
    }

    #[test]
    fn what_is_gathered_is_measured() {
        let mut pending = Pending::default();
        pending.add(vec![(vec![1; 10], Some(vec![2; 100]))]);
        assert!(110 <= pending.bytes());
        pending.take();
        assert_eq!(pending.bytes(), 0);
    }
}
