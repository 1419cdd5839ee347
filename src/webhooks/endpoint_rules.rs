//! Rules for what callers give for an endpoint: URL, events, headers, secret, and how many there may be.

use std::{collections::HashSet, sync::Arc};

use crate::{
    domain::{Clock, Error},
    events::Wordings,
    webhooks::{
        checks::{check_event, check_headers, check_secret, is_same, unmask},
        draft::{WebhookChange, WebhookDraft},
        endpoint_records::set_enabled,
        settings::WebhookSettings,
        stored::{OPEN_WA, SetBy, WebhookRecord, WebhookScope},
    },
};

/// Endpoints of one bot.
const MOST_OF_BOT: usize = 20;

#[derive(Clone)]
pub struct EndpointRules {
    pub settings: Arc<WebhookSettings>,
    pub wordings: Wordings,
}

impl EndpointRules {
    /// Validates a draft. Returns it with the URL in the form that is stored.
    pub async fn checked(&self, draft: WebhookDraft) -> Result<WebhookDraft, Error> {
        let wording = draft.wording.as_deref().unwrap_or(OPEN_WA);
        let events = self.check_events(wording, &draft.events);
        let names = Error::both(events, check_headers(&draft.headers));
        let secret = draft.secret.as_deref().map_or(Ok(()), check_secret);
        let guard = self.settings.guard_for(draft.set_by);
        let rest = Error::both(names, secret);
        let (url, _) = Error::both(guard.admit(&draft.url).await, rest)?;
        Ok(WebhookDraft { url: url.to_string(), ..draft })
    }

    /// Validates a change, and makes it.
    pub async fn apply(
        &self,
        webhook: &mut WebhookRecord,
        change: WebhookChange,
        clock: &Clock,
    ) -> Result<(), Error> {
        let WebhookChange { name, url, events, headers, enabled, retries, set_by } = change;
        let url = url.filter(|url| !is_same(url, &webhook.url));
        // Headers and URL together decide what a receiver is asked, so a key for one session that sets headers must
        // be allowed the URL too. An owner who leaves the URL as it is need not have looked at it.
        let is_new = url.is_some() || (headers.is_some() && set_by == SetBy::KeyOfOneSession);
        let admitted = if is_new {
            let url = url.as_ref().unwrap_or(&webhook.url);
            self.settings.guard_for(set_by).admit(url).await.map(Some)
        } else {
            Ok(None)
        };
        let named = match &events {
            Some(events) => self.check_events(&webhook.wording, events),
            None => Ok(()),
        };
        let headers = headers.map(|mut headers| {
            unmask(&mut headers, &webhook.headers)?;
            check_headers(&headers).map(|()| headers)
        });
        let ((admitted, ()), headers) =
            Error::both(Error::both(admitted, named), headers.transpose())?;
        if let Some(url) = admitted {
            webhook.url = url.to_string();
            webhook.set_by = set_by;
            webhook.probe_now(clock.steady());
        }
        if let Some(events) = events {
            webhook.events = events;
        }
        if let Some(headers) = headers {
            webhook.headers = headers;
        }
        if let Some(enabled) = enabled {
            set_enabled(webhook, enabled);
        }
        if let Some(name) = name {
            webhook.name = Some(name);
        }
        webhook.retries = retries.unwrap_or(webhook.retries);
        webhook.updated_at = clock.now();
        Ok(())
    }

    /// Refuses one more endpoint beside `known`, where that is too many.
    pub fn check_room(&self, scope: &WebhookScope, known: usize) -> Result<(), Error> {
        let most = match scope {
            WebhookScope::Bot(_) => MOST_OF_BOT,
            _ => self.settings.max_per_session,
        };
        if known < most {
            return Ok(());
        }
        let message = format!(
            "there are {known} webhooks already, and {most} is the limit; remove one first"
        );
        Err(Error::invalid_field("url", message))
    }

    fn check_events(&self, wording: &str, events: &[String]) -> Result<(), Error> {
        let unknown =
            || Error::invalid_field("wording", format!("there is no wording '{wording}'"));
        let names = self.wordings.get(wording).ok_or_else(unknown)?.names();
        if events.is_empty() {
            return Err(Error::invalid_field("events", "must name at least one event"));
        }
        let most = names.len() + 1;
        if most < events.len() {
            return Err(Error::invalid_field("events", format!("must be {most} names at most")));
        }
        Error::all(events.iter().map(|name| check_event(name, names)))?;
        let mut seen = HashSet::new();
        match events.iter().find(|name| !seen.insert(name.as_str())) {
            None => Ok(()),
            Some(name) => {
                Err(Error::invalid_field("events", format!("must name '{name}' once alone")))
            }
        }
    }
}
