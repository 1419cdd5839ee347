//! Numbered pages of the workspace API: `page` and `per_page`, and where lists begin.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{api::kit::Limit, domain::Error};

/// Entries up to which pages of a list go that is read from its beginning.
const FARTHEST: usize = 10_000;
/// How many are on a page where nothing is said, as `Limit` below.
const USUAL: usize = 20;

/// Which page is asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[schema(as = WorkspacePageQuery)]
pub struct PageQuery {
    /// From 1.
    #[schema(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<usize>,
    /// How many on a page.
    #[serde(default)]
    per_page: Limit<20, 100>,
}

impl PageQuery {
    fn page(self) -> usize {
        self.page.unwrap_or(1)
    }

    fn per_page(self) -> usize {
        self.per_page.get()
    }

    /// This page of a list of so many entries.
    pub fn view(self, total: impl TryInto<u64>) -> PageView {
        PageView { total: counted(total), page: self.page(), per_page: self.per_page() }
    }

    /// Entries of the pages before, and how many this one holds.
    pub fn place(self) -> (usize, usize) {
        ((self.page() - 1).saturating_mul(self.per_page()), self.per_page())
    }

    /// The same, for a list that is read from its beginning.
    pub fn near_place(self) -> Result<(usize, usize), Error> {
        let (skipped, limit) = self.place();
        if FARTHEST < skipped.saturating_add(limit) {
            let fault = "reaches beyond 10,000 entries; narrow the list by a filter";
            return Err(Error::invalid_field("page", fault));
        }
        Ok((skipped, limit))
    }

    /// The entries of this page out of all.
    pub fn of<T>(self, all: Vec<T>) -> Vec<T> {
        let (skipped, limit) = self.place();
        all.into_iter().skip(skipped).take(limit).collect()
    }
}

/// Which of the entries are on a page, as every list of this API says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WorkspacePage)]
pub struct PageView {
    /// Entries that were found, on all pages.
    #[schema(example = 1)]
    total: u64,
    /// Number of this page, from 1.
    #[schema(example = 1)]
    page: usize,
    /// Entries that a page holds at most.
    #[schema(example = 20)]
    per_page: usize,
}

/// Which page of a short list is asked for; all of it where nothing is said.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[schema(as = WorkspaceShortPageQuery)]
pub struct ShortPageQuery {
    /// From 1. Without `page` and `per_page` all are listed.
    #[schema(minimum = 1, maximum = 1_000_000, example = 1)]
    page: Option<usize>,
    /// How many on a page (20 where `page` alone is given).
    #[schema(minimum = 1, maximum = 100, example = 20)]
    per_page: Option<usize>,
}

impl ShortPageQuery {
    fn page(self) -> usize {
        self.page.unwrap_or(1)
    }

    /// Entries that a page of a list of this length holds at most.
    fn per_page(self, total: usize) -> usize {
        if self.is_whole() { total.max(USUAL) } else { self.per_page.unwrap_or(USUAL) }
    }

    /// This page of a list of so many entries.
    pub fn view(self, total: usize) -> PageView {
        PageView { total: counted(total), page: self.page(), per_page: self.per_page(total) }
    }

    fn is_whole(self) -> bool {
        self.page.is_none() && self.per_page.is_none()
    }

    /// The entries of this page out of all.
    pub fn of<T>(self, all: Vec<T>) -> Vec<T> {
        let limit = self.per_page(all.len());
        let skipped = self.page().saturating_sub(1).saturating_mul(limit);
        all.into_iter().skip(skipped).take(limit).collect()
    }
}

fn counted(total: impl TryInto<u64>) -> u64 {
    total.try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other() {
        let page = |page| PageQuery { page, per_page: Limit::default() };
        let all: Vec<usize> = (0..45).collect();
        assert_eq!(page(None).of(all.clone()), (0..20).collect::<Vec<_>>());
        assert_eq!(page(Some(3)).of(all.clone()), (40..45).collect::<Vec<_>>());
        assert!(page(Some(1_000_000)).of(all.clone()).is_empty());
        let short = |page| ShortPageQuery { page, per_page: None };
        assert_eq!(short(None).of(all.clone()), all);
        assert_eq!(short(Some(3)).of(all.clone()), (40..45).collect::<Vec<_>>());
        assert_eq!((short(None).page(), short(None).per_page(45)), (1, 45));
        assert_eq!((short(None).per_page(0), short(Some(2)).per_page(45)), (20, 20));
    }
}
