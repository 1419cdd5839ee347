//! Stream tickets: what opens one stream in place of a key, which would lie in the logs of proxies.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{
        auth::principal,
        endpoint::{Endpoint, Repeat, Scope},
        error::ApiError,
        sessions::wire::seconds,
    },
    services::Services,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/stream-tickets", issue)
            .about("Events", "Get a ticket that opens one stream within a minute: ?ticket=…")
            .needs(Scope::Read)
            .for_keys_of_one_session()
            .repeats(Repeat::Secret)
            .answers::<TicketView>(201),
    ]
}

/// It stands for its caller: the same scopes, the same session, and no longer than the same key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TicketView {
    /// Good once, for `/ws/{sessionId}` and the event streams.
    ticket: String,
    expires_at: String,
}

async fn issue(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (ticket, expires_at) = services.api_keys.issue_ticket(&principal(&request))?;
    let view = TicketView { ticket, expires_at: seconds(expires_at) };
    Ok(HttpResponse::Created().json(json!({ "success": true, "data": view })))
}
