//! Query of a request as a type: the same schema, bounds and formats as those of bodies.
//!
//! A parameter without a value is one that is not given, since tools that offer a field for each
//! parameter send the empty ones too. Unknown parameters are ignored.

use std::{
    collections::HashMap,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{
    api::{
        error::ApiError,
        kit::{
            body,
            check::{
                Findings,
                bounds::{Bound, Field},
                check,
            },
            describe::{DescribeArg, Operation, shape},
        },
        texts::flag,
    },
    domain::{Error, ErrorCode, Timestamp},
    services::Services,
};

/// The parameters of a query, as the fields of a type.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let clock = request.app_data::<web::Data<Services>>().map(|data| data.clock.clone());
        let read = read(request.query_string(), clock.unwrap_or_default().now());
        ready(read.map(Self).map_err(ApiError::from))
    }
}

impl<T: ToSchema + 'static> DescribeArg for Query<T> {
    fn describe(operation: &mut Operation) {
        operation.query = Some(shape::<T>);
        operation.may_fail(&[ErrorCode::Invalid, ErrorCode::NotFound]);
    }
}

fn read<T: DeserializeOwned + ToSchema + 'static>(text: &str, now: Timestamp) -> Result<T, Error> {
    let bound = Bound::of::<T>();
    let none = HashMap::new();
    let fields = if let Bound::Fields(fields) = &*bound { fields } else { &none };
    let (mut faults, mut given) = (Vec::new(), Map::new());
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let field: Option<&Field> = fields.get(&*name).filter(|_| !value.trim().is_empty());
        let Some(field) = field else { continue };
        match typed(&value, &field.bound) {
            Ok(value) => _ = given.insert(name.into_owned(), value),
            Err(fault) => faults.push((name.into_owned(), fault)),
        }
    }
    let given = Value::Object(given);
    let findings = Findings::judging(now);
    // Where the reading ends early, the reason is among the faults.
    let _ = check(&bound, &given, &findings);
    let missing = |(name, _): &(String, String)| !faults.iter().any(|(known, _)| known == name);
    let found: Vec<(String, String)> = findings.into_faults().into_iter().filter(missing).collect();
    faults.extend(found);
    if !faults.is_empty() {
        return Err(Error::invalid_fields(faults));
    }
    body::typed(given)
        .map_err(|field| Error::invalid_field(&field, "is not as the API document describes it"))
}

/// A text as the value that its parameter has.
fn typed(text: &str, bound: &Bound) -> Result<Value, String> {
    match bound {
        Bound::Number(range) => {
            let whole = text.parse::<u64>().map(Value::from);
            let whole = whole.or_else(|_| text.parse::<i64>().map(Value::from)).ok();
            let number = match range.whole {
                true => whole,
                false => whole.or_else(|| text.parse::<f64>().ok().map(Value::from)),
            };
            let is_in = |number: &Value| number.as_f64().is_some_and(|n| range.fault(n).is_none());
            number.filter(is_in).ok_or_else(|| range.in_words())
        }
        Bound::Flag => {
            flag(text).map(Value::Bool).ok_or_else(|| "must be true or false".to_owned())
        }
        Bound::List { each, .. } => text.split(',').map(|entry| typed(entry, each)).collect(),
        _ => Ok(text.into()),
    }
}

/// How many entries are asked for: `USUAL` when nothing is said, from 1 to `MOST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Limit<const USUAL: usize, const MOST: usize>(usize);

impl<const USUAL: usize, const MOST: usize> Limit<USUAL, MOST> {
    pub fn get(self) -> usize {
        self.0
    }
}

impl<const USUAL: usize, const MOST: usize> Default for Limit<USUAL, MOST> {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl<const USUAL: usize, const MOST: usize> ToSchema for Limit<USUAL, MOST> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Limit{USUAL}Of{MOST}").into()
    }
}

impl<const USUAL: usize, const MOST: usize> PartialSchema for Limit<USUAL, MOST> {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
        let schema = schema.maximum(Some(MOST)).default(Some(USUAL.into()));
        schema.description(Some("How many")).build().into()
    }
}

/// Whom a message is deleted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum DeletedFor {
    Everyone,
    Me,
}

/// The query of a request that deletes a message.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeletionQuery {
    /// Whom it is deleted for; everyone when nothing is said.
    #[serde(rename = "for")]
    whom: Option<DeletedFor>,
    /// The same as `for`, as true or false.
    for_everyone: Option<bool>,
}

impl DeletionQuery {
    pub fn is_for_everyone(&self) -> bool {
        match self.whom {
            Some(whom) => whom == DeletedFor::Everyone,
            None => self.for_everyone.unwrap_or(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[derive(Debug, PartialEq, Deserialize, ToSchema)]
    #[serde(rename_all = "lowercase")]
    enum Form {
        Chat,
        Plain,
    }

    #[derive(Debug, PartialEq, Deserialize, ToSchema)]
    #[serde(rename_all = "camelCase")]
    struct Example {
        #[serde(default)]
        limit: Limit<50, 200>,
        #[serde(default)]
        unread: bool,
        is_group: Option<bool>,
        /// From the first.
        #[schema(minimum = 0, maximum = 10)]
        since: Option<u64>,
        form: Option<Form>,
        #[schema(max_length = 5)]
        search: Option<String>,
        #[schema(format = "date-time")]
        from: Option<String>,
        ids: Option<Vec<String>>,
    }

    fn read(text: &str) -> Result<Example, Error> {
        super::read(text, from_seconds(0))
    }

    fn fault(text: &str) -> String {
        let error = read(text).unwrap_err();
        let fields = error.details["fields"].as_object().unwrap();
        let all: Vec<String> = fields
            .iter()
            .map(|(name, all)| format!("{name}: {}", all[0].as_str().unwrap()))
            .collect();
        all.join("; ")
    }

    #[test]
    fn what_is_not_given_is_the_default() {
        let nothing = read("").unwrap();
        assert_eq!(nothing.limit.get(), 50);
        assert_eq!((nothing.unread, nothing.is_group, &nothing.form), (false, None, &None));
        // Empty parameters and those that nobody knows count as not given.
        assert_eq!(read("limit=&search=%20&colour=red&ids=").unwrap(), nothing);
    }

    #[test]
    fn each_parameter_is_read_as_its_type() {
        let text = "limit=7&unread=yes&isGroup=0&since=10&form=chat&search=a%20b&ids=1,2";
        let read = read(text).unwrap();
        assert_eq!((read.limit.get(), read.unread, read.is_group), (7, true, Some(false)));
        assert_eq!((read.since, read.form), (Some(10), Some(Form::Chat)));
        assert_eq!(read.search.as_deref(), Some("a b"));
        assert_eq!(read.ids, Some(vec!["1".to_owned(), "2".to_owned()]));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_bounds() {
        for (text, expected) in [
            ("limit=0", "limit: must be a whole number from 1 to 200"),
            ("limit=x", "limit: must be a whole number from 1 to 200"),
            ("limit=99999999999999999999", "limit: must be a whole number from 1 to 200"),
            ("since=-1", "since: must be a whole number from 0 to 10"),
            ("unread=maybe", "unread: must be true or false"),
            ("form=other", "form: must be one of: chat, plain"),
            ("search=abcdef", "search: must have at most 5 characters"),
            (
                "unread=x&limit=x",
                "limit: must be a whole number from 1 to 200; unread: must be true or false",
            ),
        ] {
            assert_eq!(fault(text), expected, "{text}");
        }
        assert!(
            fault("from=yesterday").starts_with("from: must be a time"),
            "{}",
            fault("from=yesterday")
        );
    }
}
