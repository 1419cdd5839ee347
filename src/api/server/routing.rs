//! From the table of endpoints to the routes of the server, each behind the gate.
//!
//! Paths that go on behind the same parameter share a scope: a request is compared with the few
//! beginnings that there are, and then with what follows one of them, most of which is plain text.

use std::rc::Rc;

use actix_web::{
    HttpRequest, HttpResponse,
    dev::HttpServiceFactory,
    http::{
        StatusCode,
        header::{ALLOW, HeaderValue},
    },
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use crate::{
    api::{
        dialects,
        endpoint::Endpoint,
        error::answer,
        former,
        gate::{self, rule::Rules},
        kit::dialect::Dialect,
        server::incoming::{self, Incoming},
    },
    domain::{Error, ErrorCode},
};

/// Puts the endpoints where their paths say; whatever else is asked for is answered with 404.
pub fn lay_out(config: &mut ServiceConfig, endpoints: Vec<Endpoint>) {
    lay_out_paths(config, by_path(endpoints));
    let nowhere = Rc::new(Rules::default());
    let anything = web::to(not_found)
        .wrap(from_fn(move |request, next| gate::pass(request, next, nowhere.clone())));
    config.default_service(anything);
}

/// The endpoints of each path, or of each rest of one; in the order of the table.
type Paths = Vec<(&'static str, Vec<Endpoint>)>;

fn by_path(endpoints: Vec<Endpoint>) -> Paths {
    let mut paths = Paths::new();
    for endpoint in endpoints {
        entry(&mut paths, endpoint.path).push(endpoint);
    }
    paths
}

fn lay_out_paths(config: &mut ServiceConfig, paths: Paths) {
    let mut scopes: Vec<(&'static str, Paths)> = Vec::new();
    for (path, endpoints) in paths {
        match behind_parameter(path) {
            Some((beginning, rest)) => entry(&mut scopes, beginning).push((rest, endpoints)),
            None => _ = config.service(resource(path, endpoints)),
        }
    }
    // Last, since what is written out comes before what a parameter may stand for.
    for (beginning, rests) in scopes {
        config.service(web::scope(beginning).configure(|config| lay_out_paths(config, rests)));
    }
}

/// What is known under a key.
fn entry<'a, T>(all: &'a mut Vec<(&'static str, Vec<T>)>, key: &'static str) -> &'a mut Vec<T> {
    let place = all.iter().position(|(known, _)| *known == key);
    let place = place.unwrap_or(all.len());
    if place == all.len() {
        all.push((key, Vec::new()));
    }
    &mut all[place].1
}

/// A path taken apart behind its first parameter. One with a pattern of its own may hold slashes:
/// it stays whole.
fn behind_parameter(path: &'static str) -> Option<(&'static str, &'static str)> {
    let end = path.find('}')? + 1;
    let (beginning, rest) = path.split_at(end);
    (!beginning.contains(':')).then_some((beginning, rest))
}

/// A path behind the gate, with a route for each method and a 405 for the others.
fn resource(path: &str, endpoints: Vec<Endpoint>) -> impl HttpServiceFactory + use<> {
    let rules = Rc::new(Rules::of(&endpoints));
    let incoming = Rc::new(Incoming::of(&endpoints));
    let methods: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect();
    let allow = methods.join(", ");
    let resource = endpoints.into_iter().fold(web::resource(path), |r, e| r.route(e.route));
    let dialect = rules.dialect().unwrap_or(dialects::USUAL);
    let resource = resource.default_service(web::to(move || {
        let allow = allow.clone();
        async move { method_not_allowed(&allow, dialect) }
    }));
    let resource = resource.wrap(from_fn(move |request, next| {
        let incoming = incoming.clone();
        incoming::check(request, next, incoming)
    }));
    // The last one comes first: who may not call learns nothing of what may be sent.
    resource.wrap(from_fn(move |request, next| gate::pass(request, next, rules.clone())))
}

fn method_not_allowed(allow: &str, dialect: &dyn Dialect) -> HttpResponse {
    let message = format!("Method not allowed: use {allow}");
    let body = dialect.http_failure("METHOD_NOT_ALLOWED", &message);
    let mut response = HttpResponse::build(StatusCode::METHOD_NOT_ALLOWED).json(body);
    if let Ok(value) = HeaderValue::try_from(allow) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

async fn not_found(request: HttpRequest) -> HttpResponse {
    let nothing = format!("There is nothing at {}", request.path());
    let error = match former::instead_of(request.path()) {
        Some(instead) => {
            let message = format!("{nothing}. {}", instead.sentence());
            Error::new(ErrorCode::NotFound, message)
                .detail("instead", instead.endpoint)
                .detail("documentation", instead.page)
        }
        None => Error::new(ErrorCode::NotFound, nothing),
    };
    answer(error, dialects::of(&request))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::routes::endpoints;

    #[test]
    fn a_path_is_taken_apart_behind_its_first_parameter() {
        let taken = ["/a/{b}/c/{d}", "/a/{b}", "/a", "/a/{b:.*}"].map(behind_parameter);
        assert_eq!(taken, [Some(("/a/{b}", "/c/{d}")), Some(("/a/{b}", "")), None, None]);
    }

    /// A scope answers for all that begins like it: of two with differently named parameters in one
    /// place the second would never be asked.
    #[test]
    fn one_place_has_one_parameter() {
        let mut names = std::collections::HashMap::new();
        for path in endpoints(true).iter().map(|endpoint| endpoint.path) {
            let mut place = String::new();
            for segment in path.split('/') {
                if segment.starts_with('{') {
                    let known = *names.entry(place.clone()).or_insert(segment);
                    assert_eq!(known, segment, "{path}");
                }
                place =
                    format!("{place}/{}", if segment.starts_with('{') { "{}" } else { segment });
            }
        }
        assert!(10 < names.len());
    }
}
