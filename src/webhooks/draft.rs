//! Requests to register or change an endpoint, and the answer to a registration.

use crate::webhooks::stored::{RetryPlan, SetBy, WebhookRecord};

/// What a caller asks for when registering an endpoint.
#[derive(Clone, Debug, Default)]
pub struct WebhookDraft {
    /// As a person names it.
    pub name: Option<String>,
    pub url: String,
    pub events: Vec<String>,
    pub headers: Vec<(String, String)>,
    pub secret: Option<String>,
    pub enabled: Option<bool>,
    pub retries: Option<RetryPlan>,
    /// The wording of its deliveries. None keeps the endpoint's wording, or chooses open-wa's for a new one.
    pub wording: Option<String>,
    pub set_by: SetBy,
}

/// Changes to an endpoint; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    pub name: Option<String>,
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    pub headers: Option<Vec<(String, String)>>,
    pub enabled: Option<bool>,
    pub retries: Option<RetryPlan>,
    /// Who makes the change.
    pub set_by: SetBy,
}

#[derive(Clone, Debug)]
pub struct Registered {
    pub webhook: WebhookRecord,
    /// False when an endpoint with this URL existed and was changed.
    pub created: bool,
    /// The signing secret, shown this once. None when the endpoint keeps its own.
    pub secret: Option<String>,
}
