//! What the table of routes says of the routes of one path.

use actix_web::http::Method;

use crate::api::{
    endpoint::Endpoint,
    kit::{
        describe::Reach,
        dialect::Dialect,
        terms::{Bucket, Repeat, Scope},
    },
};

/// What the table says of a route.
#[derive(Clone, Copy)]
pub struct Rule {
    pub scope: Scope,
    pub bucket: Bucket,
    pub repeat: Repeat,
    pub dialect: &'static dyn Dialect,
    pub reach: Reach,
    /// The name of the operation, where the audit log notes it.
    pub audited: Option<&'static str>,
}

/// What the table says of the routes of one path, by method; nothing where there is no such path.
#[derive(Default)]
pub struct Rules(Vec<(Method, Rule)>);

impl Rules {
    pub fn of(endpoints: &[Endpoint]) -> Self {
        let rule = |one: &Endpoint| {
            let &Endpoint { scope, repeat, dialect, reach, .. } = one;
            let (bucket, audited) = (one.bucket(), one.is_audited().then_some(one.name));
            let rule = Rule { scope, bucket, repeat, dialect, reach, audited };
            (one.method.clone(), rule)
        };
        Self(endpoints.iter().map(rule).collect())
    }

    /// None where there is nothing, and for a method that the path does not know: the 404 or 405 tells
    /// nothing.
    pub fn find(&self, method: &Method) -> Option<Rule> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.iter().find(|(known, _)| known == method).map(|(_, rule)| *rule)
    }

    /// The dialect of the routes; none where there is nothing.
    pub fn dialect(&self) -> Option<&'static dyn Dialect> {
        self.0.first().map(|(_, rule)| rule.dialect)
    }
}
