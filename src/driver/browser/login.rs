//! How a browser gets its password for the session's relay: over the debugging channel, when the relay
//! asks for it.
//!
//! A command line could be read by every user of the machine. Chromium keeps the password for all later
//! connections, WebSockets included, so requests are looked at while the page is loaded first and never
//! again.

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

/// Listens for the relay's question.
pub struct Login {
    origin: String,
    secret: String,
    has_answered: bool,
    questions: EventStream<EventAuthRequired>,
    paused: EventStream<EventRequestPaused>,
}

impl Login {
    /// Of all requests the one for the page itself is looked at. The browser as a whole is asked, since
    /// the library answers questions to a page by itself.
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

    /// Answers for as long as it is awaited.
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

    /// The password is for the relay alone, and a refused one is not given twice.
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
