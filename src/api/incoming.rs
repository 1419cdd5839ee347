//! What a request may bring, by the table of routes: the size of its body and the length of its
//! query parameters. Checked before the handler, and by the declared length before the body is read.

use std::{rc::Rc, sync::Arc};

use actix_web::{
    Error as ActixError, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header::CONTENT_LENGTH},
    middleware::Next,
};

use crate::{
    accounts::Principal,
    api::{
        body::{BodyLimit, Query, too_large},
        bounds::{is_longer, too_many},
        connections::Connection,
        endpoint::{Endpoint, Parameter},
        error::{Surface, answer},
    },
    domain::Error,
};

/// What each method of one path takes.
pub struct Incoming(Vec<(Method, Taken)>);

struct Taken {
    body: usize,
    parameters: Vec<Parameter>,
    surface: Surface,
}

impl Incoming {
    pub fn of(endpoints: &[Endpoint]) -> Self {
        let taken = |one: &Endpoint| {
            let (body, surface) = (one.body_limit(), one.surface);
            (one.method.clone(), Taken { body, parameters: one.parameters.clone(), surface })
        };
        Self(endpoints.iter().map(taken).collect())
    }

    fn find(&self, method: &Method) -> Option<&Taken> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.iter().find(|(known, _)| known == method).map(|(_, taken)| taken)
    }
}

impl Taken {
    fn check(&self, request: &ServiceRequest) -> Result<(), Error> {
        let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        if length
            .and_then(|length| length.parse().ok())
            .is_some_and(|length: u64| u64::try_from(self.body).unwrap_or(u64::MAX) < length)
        {
            return Err(too_large(self.body));
        }
        if request.query_string().is_empty() {
            return Ok(());
        }
        let query = Query::of(request.request());
        for parameter in &self.parameters {
            let most = parameter.kind.longest();
            if query.text(parameter.name).is_some_and(|text| is_longer(text, most)) {
                return Err(Error::invalid_field(parameter.name, too_many(most, "characters")));
            }
        }
        Ok(())
    }
}

/// A connection whose caller was let in is not closed for another's sake.
fn note_caller(request: &ServiceRequest) {
    let is_known = request
        .extensions()
        .get::<Rc<Principal>>()
        .is_some_and(|principal| !principal.scopes.is_empty());
    if is_known && let Some(connection) = request.conn_data::<Arc<Connection>>() {
        connection.let_in();
    }
}

/// Refuses what is too large, as a middleware around one path.
pub async fn check(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    incoming: Rc<Incoming>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, ActixError> {
    note_caller(&request);
    if let Some(taken) = incoming.find(request.method()) {
        request.extensions_mut().insert(BodyLimit(taken.body));
        if let Err(error) = taken.check(&request) {
            let response = answer(error, taken.surface);
            return Ok(request.into_response(response).map_into_right_body());
        }
    }
    Ok(next.call(request).await?.map_into_left_body())
}
