//! Middleware around all others: the bound of the path, CORS, and the headers of every answer.
//!
//! An answer that says nothing else may not be framed, sniffed, kept, or taken in by a page of another
//! origin.

use std::fmt;

use actix_web::{
    Error as ActixError, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, CROSS_ORIGIN_RESOURCE_POLICY,
            HeaderMap, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    web,
};

use crate::{
    api::{
        dialects,
        gate::caller::policy::Policy,
        server::cors::{self, Cors},
    },
    bots::Bot,
    services::Services,
    widget,
};

/// Bytes of a path. The longest that names something is far shorter.
const LONGEST_PATH: usize = 4 * 1024;
/// Links to files, which pages of others show in an `<img>`.
const SHOWN_ELSEWHERE: &str = "/api/media/";

/// What pages of other origins ask for the widget of a bot, whose token follows.
const WIDGET: &str = "/api/v1/widget/";

const UNFRAMED: &str = "frame-ancestors 'none'";
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// A picture may have a style of its own.
const PICTURE: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// The middleware.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let is_shown_elsewhere = request.path().starts_with(SHOWN_ELSEWHERE);
    let policy = request.app_data::<web::Data<Policy>>();
    let cors = match policy {
        Some(policy) => match bot_of_widget(&request).await {
            Some(bot) => Cors::of_widget(request.headers(), |origin| {
                policy.lists_origin(origin) || widget::allows(&bot.web.allowed_origins, origin)
            }),
            None => Cors::of(request.headers(), policy),
        },
        None => Cors::default(),
    };
    let is_preflight = cors.is_allowed() && cors::is_preflight(&request);
    let dress = move |headers: &mut HeaderMap| {
        cors.apply(headers);
        complete(headers, is_shown_elsewhere);
    };
    let mut response = if LONGEST_PATH < request.uri().path().len() {
        request.into_response(too_long())
    } else if is_preflight {
        request.into_response(cors::preflight_answer())
    } else {
        match next.call(request).await {
            Ok(response) => response.map_into_boxed_body(),
            // Worded by the server itself, which knows nothing of headers.
            Err(error) => return Err(Dressed { error, dress: Box::new(dress) }.into()),
        }
    };
    dress(response.headers_mut());
    Ok(response)
}

/// The bot whose widget a request is for.
async fn bot_of_widget(request: &ServiceRequest) -> Option<Bot> {
    let token = request.path().strip_prefix(WIDGET)?.split('/').next()?;
    let services = request.app_data::<web::Data<Services>>()?;
    services.widgets.bot(token).await.ok()
}

fn too_long() -> HttpResponse {
    let message = format!("The path has more than {LONGEST_PATH} bytes");
    let body = dialects::USUAL.http_failure("URI_TOO_LONG", &message);
    HttpResponse::build(StatusCode::URI_TOO_LONG).json(body)
}

/// Adds what an answer does not say itself.
fn complete(headers: &mut HeaderMap, is_shown_elsewhere: bool) {
    let picture =
        headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"image/"));
    let policy = match headers.get(CONTENT_SECURITY_POLICY).map(HeaderValue::to_str) {
        Some(Ok(given)) if given.contains("frame-ancestors") => None,
        Some(Ok(given)) => HeaderValue::try_from(format!("{given}; {UNFRAMED}")).ok(),
        _ => Some(HeaderValue::from_static(if picture { PICTURE } else { NOTHING })),
    };
    if let Some(policy) = policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    // For browsers that do not know the policy. It cannot name origins, so a page that others may frame goes without.
    let is_unframed =
        |policy: &HeaderValue| policy.to_str().is_ok_and(|text| text.contains(UNFRAMED));
    if headers.get(CONTENT_SECURITY_POLICY).is_some_and(is_unframed) {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    let resource = if is_shown_elsewhere { "cross-origin" } else { "same-origin" };
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_RESOURCE_POLICY, resource),
        (CACHE_CONTROL, "no-store"),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// An error whose answer gets the same headers as all others.
struct Dressed {
    error: ActixError,
    dress: Box<dyn Fn(&mut HeaderMap)>,
}

impl fmt::Debug for Dressed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(out)
    }
}

impl fmt::Display for Dressed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(out)
    }
}

impl ResponseError for Dressed {
    fn status_code(&self) -> StatusCode {
        self.error.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.error.as_response_error().error_response();
        (self.dress)(response.headers_mut());
        response
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::*;

    fn completed(lines: &[(HeaderName, &'static str)], is_shown_elsewhere: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        complete(&mut headers, is_shown_elsewhere);
        headers
    }

    #[test]
    fn an_answer_that_says_nothing_gets_the_strictest_of_everything() {
        let headers = completed(&[], false);
        assert_eq!(headers.get(CONTENT_SECURITY_POLICY).unwrap(), NOTHING);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-store");
        assert_eq!(headers.get(CROSS_ORIGIN_RESOURCE_POLICY).unwrap(), "same-origin");
        let shown = completed(&[], true);
        assert_eq!(shown.get(CROSS_ORIGIN_RESOURCE_POLICY).unwrap(), "cross-origin");
    }

    #[test]
    fn what_an_answer_says_stays_and_it_is_never_framed() {
        let lines = [(CONTENT_SECURITY_POLICY, "sandbox"), (CACHE_CONTROL, "private, no-cache")];
        let headers = completed(&lines, true);
        let policy = headers.get(CONTENT_SECURITY_POLICY).unwrap();
        assert_eq!(policy, "sandbox; frame-ancestors 'none'");
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "private, no-cache");
        let framed = [(CONTENT_SECURITY_POLICY, "frame-ancestors 'self'")];
        let headers = completed(&framed, false);
        assert_eq!(headers.get(CONTENT_SECURITY_POLICY).unwrap(), "frame-ancestors 'self'");
    }
}
