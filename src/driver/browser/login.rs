//! Authentication of a browser at the session's proxy relay: the password goes over the debugging channel.
//!
//! Every user of the machine could read a command line. Chromium caches the password for all later connections,
//! WebSockets included, so requests are intercepted only during the first load of the page.

use std::convert::Infallible;

use chromiumoxide::{
    Browser,
    cdp::browser_protocol::{
        fetch::{
            AuthChallengeResponse, AuthChallengeResponseResponse, AuthChallengeSource,
            ContinueRequestParams, ContinueWithAuthParams, DisableParams, EnableParams,
            EventAuthRequired, EventRequestPaused, RequestPattern,
        },
        network::ResourceType,
    },
    error::CdpError,
    listeners::EventStream,
};
use futures_util::StreamExt;

use crate::driver::browser::proxy::{Relay, USERNAME};

/// Intercepts the relay's challenge.
pub struct Login {
    origin: String,
    secret: String,
    has_answered: bool,
    questions: EventStream<EventAuthRequired>,
    paused: EventStream<EventRequestPaused>,
}

impl Login {
    /// Intercepts the request for the page itself. On the level of the browser, since chromiumoxide answers
    /// challenges of a page by itself.
    pub async fn prepare(browser: &Browser, relay: &Relay, url: &str) -> Result<Self, CdpError> {
        let questions = browser.event_listener().await?;
        let paused = browser.event_listener().await?;
        let page = RequestPattern::builder().url_pattern(url).resource_type(ResourceType::Document);
        let watching = EnableParams::builder().pattern(page.build()).handle_auth_requests(true);
        browser.execute(watching.build()).await?;
        Ok(Self {
            origin: format!("http://{}", relay.address()),
            secret: relay.secret().to_owned(),
            has_answered: false,
            questions,
            paused,
        })
    }

    /// Answers challenges for as long as the future is polled.
    pub async fn answer(&mut self, browser: &Browser) -> Result<Infallible, CdpError> {
        loop {
            tokio::select! {
                Some(request) = self.paused.next() => {
                    let id = request.request_id.clone();
                    browser.execute(ContinueRequestParams::new(id)).await?;
                }
                Some(question) = self.questions.next() => {
                    let id = question.request_id.clone();
                    let answer = self.answer_to(&question);
                    browser.execute(ContinueWithAuthParams::new(id, answer)).await?;
                }
                else => std::future::pending::<()>().await,
            }
        }
    }

    /// The password goes to the relay alone, and a refused one is not sent again.
    fn answer_to(&mut self, question: &EventAuthRequired) -> AuthChallengeResponse {
        let challenge = &question.auth_challenge;
        let is_the_relay =
            challenge.source == Some(AuthChallengeSource::Proxy) && challenge.origin == self.origin;
        if !is_the_relay || self.has_answered {
            return AuthChallengeResponse::new(AuthChallengeResponseResponse::CancelAuth);
        }
        self.has_answered = true;
        AuthChallengeResponse {
            response: AuthChallengeResponseResponse::ProvideCredentials,
            username: Some(USERNAME.to_owned()),
            password: Some(self.secret.clone()),
        }
    }

    pub async fn done(self, browser: &Browser) -> Result<(), CdpError> {
        browser.execute(DisableParams::default()).await.map(|_| ())
    }
}
