//! Pages by number, as lists of conversations come in, and the window that a list of messages is
//! read through. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::kit::Limit,
    domain::{Error, conversation::Window},
};

/// Which page is asked for.
#[derive(Deserialize, ToSchema)]
pub struct PageQuery {
    /// How many on a page.
    #[serde(default)]
    per_page: Limit<20, 100>,
    /// From 1. Nobody pages further than the last; a list is searched instead.
    #[schema(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<usize>,
}

impl PageQuery {
    pub fn page(&self) -> PageOf {
        PageOf { page: self.page.unwrap_or(1), per_page: self.per_page.get() }
    }
}

/// Which messages of a conversation are asked for: one of the two, or neither for the newest.
#[derive(Clone, Copy, Deserialize, ToSchema)]
pub struct WindowQuery {
    /// Messages before this id.
    #[schema(minimum = 0)]
    before_id: Option<u64>,
    /// Messages after this id.
    #[schema(minimum = 0)]
    after_id: Option<u64>,
}

impl WindowQuery {
    pub fn window(self) -> Result<Window, Error> {
        match (self.before_id, self.after_id) {
            (Some(_), Some(_)) => {
                let message = "cannot be given together with before_id";
                Err(Error::invalid_field("after_id", message))
            }
            (Some(before), None) => Ok(Window::Before(before)),
            (None, Some(after)) => Ok(Window::After(after)),
            (None, None) => Ok(Window::Newest),
        }
    }
}

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageOf {
    pub page: usize,
    pub per_page: usize,
}

impl PageOf {
    pub fn offset(self) -> usize {
        (self.page - 1) * self.per_page
    }

    /// The numbers around a page that holds `shown` of `total`, at a path with its other query.
    pub fn numbers(self, shown: usize, total: usize, path: &str, query: &str) -> PageNumbers {
        let last_page = total.div_ceil(self.per_page).max(1);
        let url = |page: usize| {
            let others = url::form_urlencoded::parse(query.as_bytes());
            let mut all = url::form_urlencoded::Serializer::new(String::new());
            all.extend_pairs(others.filter(|(name, _)| name != "page" && !is_credential(name)));
            all.append_pair("page", &page.to_string());
            format!("{path}?{}", all.finish())
        };
        let first = (0 < shown).then(|| self.offset() + 1);
        PageNumbers {
            current_page: self.page,
            per_page: self.per_page,
            total,
            last_page,
            from: first,
            to: first.map(|first| first + shown - 1),
            next_page_url: (self.page < last_page).then(|| url(self.page + 1)),
            prev_page_url: (1 < self.page).then(|| url(self.page - 1)),
        }
    }
}

/// What stands around the items of a page.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageNumbers {
    /// Number of this page, from 1.
    pub current_page: usize,
    /// Entries that a page holds at most.
    #[schema(example = 20)]
    pub per_page: usize,
    /// Entries on all pages.
    pub total: usize,
    /// Number of the last page.
    pub last_page: usize,
    /// Places of the first and the last item, from 1.
    pub from: Option<usize>,
    /// Place of the last entry of the page; null on an empty page.
    pub to: Option<usize>,
    /// Path of the next page; null on the last one.
    #[schema(example = json!(null))]
    pub next_page_url: Option<String>,
    /// Path of the page before; null on the first one.
    #[schema(example = json!(null))]
    pub prev_page_url: Option<String>,
}

fn is_credential(name: &str) -> bool {
    matches!(name, "api_key" | "token")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_in_the_middle_knows_its_neighbours() {
        let page = PageOf { page: 2, per_page: 10 };
        let numbers = page.numbers(10, 25, "/c", "search=a%20b&page=2&per_page=10");
        assert_eq!((numbers.from, numbers.to, numbers.last_page), (Some(11), Some(20), 3));
        assert_eq!(numbers.next_page_url.as_deref(), Some("/c?search=a+b&per_page=10&page=3"));
        assert_eq!(numbers.prev_page_url.as_deref(), Some("/c?search=a+b&per_page=10&page=1"));
        let empty = PageOf { page: 1, per_page: 10 }.numbers(0, 0, "/c", "");
        assert_eq!((empty.from, empty.to, empty.last_page), (None, None, 1));
        assert_eq!((empty.next_page_url, empty.prev_page_url), (None, None));
    }

    proptest! {
        #[test]
        fn pages_cover_a_list_once(total in 0usize..500, per_page in 1usize..100) {
            let mut covered = 0;
            for page in 1.. {
                let page = PageOf { page, per_page };
                let shown = total.saturating_sub(page.offset()).min(per_page);
                let numbers = page.numbers(shown, total, "/", "");
                prop_assert_eq!(page.offset(), covered);
                covered += shown;
                if numbers.next_page_url.is_none() {
                    break;
                }
            }
            prop_assert_eq!(covered, total);
        }
    }
}
