//! What a service knows the gateway by.

use crate::config::LiveSecret;

/// Secrets that the settings may replace at any time.
#[derive(Clone)]
pub enum Credential {
    Bearer(LiveSecret),
    Basic(String, LiveSecret),
}

impl Credential {
    /// The request with the secret of this moment.
    pub(in crate::egress) fn put_on(
        &self,
        request: reqwest::RequestBuilder,
    ) -> reqwest::RequestBuilder {
        match self {
            Self::Bearer(token) => request.bearer_auth(token.now().expose()),
            Self::Basic(user, password) => request.basic_auth(user, Some(password.now().expose())),
        }
    }
}
