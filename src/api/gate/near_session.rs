//! Near names of sessions: an answer that a session is not there names the one that was probably meant, if the caller sees it.

use std::rc::Rc;

use actix_web::{HttpMessage, dev::ServiceResponse, web};

use crate::{
    accounts::Principal,
    api::{
        error::{ApiError, with_error},
        kit::check::names::closest,
        texts::{decoded, segment},
    },
    domain::{Error, ErrorCode, Subject},
    services::Services,
};

/// The same answer, with a near name where the session of the path is not there.
pub fn suggested(response: ServiceResponse) -> ServiceResponse {
    let Some((error, dialect)) = found(&response) else { return response };
    let (request, response) = response.into_parts();
    ServiceResponse::new(request, with_error(&response, error, dialect))
}

fn found(
    response: &ServiceResponse,
) -> Option<(Error, &'static dyn crate::api::kit::dialect::Dialect)> {
    let ApiError(error, dialect) = response.response().error()?.as_error::<ApiError>()?;
    if error.code != ErrorCode::NotFound || error.subject != Some(Subject::Session) {
        return None;
    }
    let request = response.request();
    let wanted = decoded(segment(request, "sessionId"));
    let principal = request.extensions().get::<Rc<Principal>>().cloned()?;
    let named =
        near(request.app_data::<web::Data<Services>>()?, &principal, error.clone(), &wanted);
    (named.message != error.message).then_some((named, *dialect))
}

/// The error with the near name of a session that the caller sees.
pub fn near(services: &Services, principal: &Principal, error: Error, wanted: &str) -> Error {
    let all = services.supervisor.list();
    let own = principal.session.as_ref();
    let seen = all.iter().filter(|status| own.is_none_or(|own| *own == status.id));
    named(error, wanted, seen.map(|status| status.id.as_str()))
}

/// The error with the near one of these names, if there is one.
pub fn named<'n>(error: Error, wanted: &str, names: impl Iterator<Item = &'n str>) -> Error {
    match closest(names, wanted).filter(|name| *name != wanted && !wanted.trim().is_empty()) {
        Some(name) => {
            let message = format!("{}; did you mean '{name}'?", error.message);
            Error { message, ..error }
        }
        None => error,
    }
}
