//! Pages by number, as lists of conversations come in, and the window that a list of messages is
//! read through. Pure but for the query.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{body::Query, error::ApiError},
    domain::{Error, conversation::Window},
};

const USUAL: usize = 20;
const LARGEST: usize = 100;
/// Nobody pages further; a list is searched instead.
const LAST: usize = 1_000_000;

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageOf {
    pub page: usize,
    pub per_page: usize,
}

impl PageOf {
    pub fn asked(query: &Query) -> Result<Self, ApiError> {
        let per_page = query.number("per_page", USUAL, 1, LARGEST)?;
        Ok(Self { page: query.number("page", 1, 1, LAST)?, per_page })
    }

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
    pub current_page: usize,
    pub per_page: usize,
    pub total: usize,
    pub last_page: usize,
    /// Places of the first and the last item, from 1.
    pub from: Option<usize>,
    pub to: Option<usize>,
    pub next_page_url: Option<String>,
    pub prev_page_url: Option<String>,
}

/// The window of messages that is asked for.
pub fn window(query: &Query) -> Result<Window, ApiError> {
    let number = |name: &str| match query.text(name) {
        Some(_) => query.number(name, 0_u64, 0, u64::MAX).map(Some),
        None => Ok(None),
    };
    match (number("before_id")?, number("after_id")?) {
        (Some(_), Some(_)) => {
            let message = "cannot be given together with before_id";
            Err(Error::invalid_field("after_id", message).into())
        }
        (Some(before), None) => Ok(Window::Before(before)),
        (None, Some(after)) => Ok(Window::After(after)),
        (None, None) => Ok(Window::Newest),
    }
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
