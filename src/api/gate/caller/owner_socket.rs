//! Connections over the owner's Unix socket: whose they are.
//!
//! The socket serves the same API. What comes by it from the gateway's own user or from root is the
//! owner's, in every mode of `openwa.auth`; so that a proxy put before it opens nothing, a request that
//! was forwarded or comes from a page is not.

use std::any::Any;

use actix_web::{
    dev::{Extensions, ServiceRequest},
    http::header::HeaderMap,
    rt::net::UnixStream,
};

use crate::{api::gate::caller::policy::check_forwarding, private};

/// What a connection of the owner's carries.
struct OwnerConnection;

/// Notes whose a new connection is.
pub fn note(connection: &dyn Any, facts: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<UnixStream>() else { return };
    if stream.peer_cred().is_ok_and(|peer| private::is_owner(peer.uid())) {
        facts.insert(OwnerConnection);
    }
}

/// Whether a request came by the owner's socket, and from the owner.
pub fn is_owner(request: &ServiceRequest) -> bool {
    request.conn_data::<OwnerConnection>().is_some() && is_direct(request.headers())
}

fn is_direct(headers: &HeaderMap) -> bool {
    let of_a_page = ["origin", "sec-fetch-site"].iter().any(|name| headers.contains_key(*name));
    !of_a_page && check_forwarding(headers).is_ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn what_was_forwarded_or_comes_from_a_page_is_not_the_owners() {
        let with = |name: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
            is_direct(&headers)
        };
        assert!(with("user-agent") && with("content-type"));
        for name in ["via", "x-forwarded-for", "x-forwarded-host", "cf-ray", "origin"] {
            assert!(!with(name), "{name}");
        }
    }
}
