//! Stream tickets: what opens one stream in place of a key, which would lie in the logs of proxies.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::{
    endpoint::Endpoint,
    error::ApiError,
    kit::{Call, Created, OwnSessions, Read, Repeat},
    sessions::wire::seconds,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/stream-tickets", issue)
            .named("createStreamTicket")
            .about("Events", "Get a ticket that opens one stream within a minute: ?ticket=…")
            .details("For clients that cannot send headers. It stands for its caller.")
            .repeats(Repeat::Secret),
    ]
}

/// It stands for its caller: the same scopes, the same session, and no longer than the same key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TicketView {
    /// Good once, for `/ws/{sessionId}` and the event streams.
    #[schema(example = "dGlja2V0LW9mLW9uZS1taW51dGU")]
    ticket: String,
    expires_at: String,
}

async fn issue(call: Call<Read, OwnSessions>) -> Result<Created<TicketView>, ApiError> {
    let (ticket, expires_at) = call.api_keys.issue_ticket(&call.principal())?;
    Ok(Created::of(TicketView { ticket, expires_at: seconds(expires_at) }))
}
