//! Pages of the workspace API: `page` and `per_page`.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::Error;

const USUAL: u64 = 20;
const MOST: u64 = 100;
/// Entries up to which pages go.
const FARTHEST: usize = 10_000;

/// Which page of a list.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
pub struct Pages {
    /// Number of the page, from 1 (default 1).
    #[schema(minimum = 1, maximum = 10_000)]
    page: Option<u64>,
    /// Entries on a page, at most 100 (default 20).
    #[schema(minimum = 1, maximum = 100)]
    per_page: Option<u64>,
}

impl Pages {
    pub fn page(self) -> u64 {
        self.page.unwrap_or(1).max(1)
    }

    pub fn per_page(self) -> u64 {
        self.per_page.unwrap_or(USUAL).clamp(1, MOST)
    }

    /// How many entries come before the page, and how many it has.
    pub fn place(self) -> Result<(usize, usize), Error> {
        let skipped = (self.page() - 1).saturating_mul(self.per_page());
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let limit = usize::try_from(self.per_page()).unwrap_or(usize::MAX);
        if FARTHEST < skipped.saturating_add(limit) {
            let fault = "reaches beyond 10,000 entries; narrow the list by a filter";
            return Err(Error::invalid_field("page", fault));
        }
        Ok((skipped, limit))
    }
}
