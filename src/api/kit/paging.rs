//! Numbered pages: the parameters `page` and `limit`, and the answer with its `pagination`.

use std::{borrow::Cow, collections::BTreeMap, marker::PhantomData};

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type},
};

use crate::api::kit::{
    answer::{Data, Written},
    describe::{Content, DescribeAnswer, Operation, Shape, reference, shape},
    dialect::Json,
};

const USUAL: u64 = 20;
const MOST: u64 = 100;

/// The number of a page, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct PageNumber(u64);

impl Default for PageNumber {
    fn default() -> Self {
        Self(1)
    }
}

impl ToSchema for PageNumber {
    fn name() -> Cow<'static, str> {
        "PageNumber".into()
    }
}

impl PartialSchema for PageNumber {
    fn schema() -> RefOr<Schema> {
        number(1, "Which page, from 1")
    }
}

/// How many entries a page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct PageLimit(u64);

impl Default for PageLimit {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl ToSchema for PageLimit {
    fn name() -> Cow<'static, str> {
        "PageLimit".into()
    }
}

impl PartialSchema for PageLimit {
    fn schema() -> RefOr<Schema> {
        number(USUAL, "How many on a page; more than 100 count as 100")
    }
}

fn number(usual: u64, about: &str) -> RefOr<Schema> {
    let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    schema.default(Some(usual.into())).description(Some(about)).build().into()
}

/// The parameters of a list in numbered pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Paging {
    #[serde(default)]
    page: PageNumber,
    #[serde(default)]
    limit: PageLimit,
}

impl Paging {
    pub fn limit(self) -> usize {
        usize::try_from(self.limit.0.min(MOST)).unwrap_or(usize::MAX)
    }

    /// Entries of the pages before.
    pub fn skipped(self) -> u64 {
        (self.page.0 - 1).saturating_mul(self.limit.0.min(MOST))
    }
}

/// Where a page is among all.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    /// Number of this page, from 1.
    page: u64,
    /// Entries that a page holds at most.
    #[schema(example = 20)]
    limit: u64,
    /// Entries on all pages.
    total: u64,
    /// Number of pages.
    total_pages: u64,
}

/// What an entry of a list is called where there are many.
pub trait Plural {
    const PLURAL: &'static str;
}

/// 200 with a page of a list: `{"<plural>": […], "pagination": {…}}`.
pub struct Paged<T> {
    body: Data<Box<RawValue>>,
    of: PhantomData<T>,
}

impl<T: Serialize + Plural> Paged<T> {
    pub fn of(items: &[T], paging: Paging, total: u64) -> Self {
        let limit = paging.limit.0.min(MOST);
        let pagination =
            Pagination { page: paging.page.0, limit, total, total_pages: total.div_ceil(limit) };
        let body = || {
            to_raw_value(&BTreeMap::from([
                (T::PLURAL, to_raw_value(items)?),
                ("pagination", to_raw_value(&pagination)?),
            ]))
        };
        Self { body: Data::written(body()), of: PhantomData }
    }
}

impl<T> Written for Paged<T> {
    fn written(self) -> Json {
        self.body.written()
    }
}

impl<T> Responder for Paged<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.body.respond_to(request)
    }
}

impl<T: ToSchema + Plural> DescribeAnswer for Paged<T> {
    fn describe(operation: &mut Operation) {
        operation.succeeds(200, "A page of the list", Content::Data(paged::<T>));
    }
}

fn paged<T: ToSchema + Plural>() -> Shape {
    let (entry, pagination) = (shape::<T>(), shape::<Pagination>());
    let list = ArrayBuilder::new().items(reference(&entry.name));
    let list = list.description(Some("The entries of this page.")).build();
    let schema = ObjectBuilder::new()
        .property(T::PLURAL, list)
        .required(T::PLURAL)
        .property("pagination", reference(&pagination.name))
        .required("pagination")
        .build();
    let mut others = entry.others;
    others.extend([(entry.name, entry.schema), (pagination.name, pagination.schema)]);
    Shape { name: String::new(), schema: RefOr::T(Schema::Object(schema)), others }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_begins_behind_all_before_it(page in 1..9_u64, limit in 1..500_u64) {
            let paging = Paging { page: PageNumber(page), limit: PageLimit(limit) };
            prop_assert!(paging.limit() <= 100);
            prop_assert_eq!(paging.skipped(), (page - 1) * paging.limit() as u64);
        }
    }
}
