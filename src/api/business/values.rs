//! Values of the variables of a text, as far as a call knows them: the business, and who writes.

use jiff::tz::TimeZone;

use crate::{
    api::{
        business::{agents, sessions},
        kit::Call,
    },
    contacts::Contact,
    content::{Filled, Values, render},
    domain::{Error, Locale, Timestamp},
};

/// Characters of a message.
const LONGEST_TEXT: usize = 4_096;

/// The text of a message with its values. A variable without one is a fault, so that nobody gets a text with gaps.
pub async fn filled_in<S, R>(
    call: &Call<S, R>,
    text: &str,
    contact: Option<&Contact>,
) -> Result<String, Error> {
    let Filled { text, missing } = render(text, &Known::of(call).await?.values(contact));
    let fault = match missing.as_slice() {
        [] if text.chars().nth(LONGEST_TEXT).is_some() => {
            "must have at most 4,096 characters with its values".to_owned()
        }
        [] => return Ok(text),
        missing => format!("has no value for {}", missing.join(", ")),
    };
    Err(Error::invalid_field("text", fault))
}

/// What a call knows beside the contact.
pub struct Known {
    business: Option<String>,
    agent: Option<String>,
    zone: TimeZone,
    locale: Locale,
    now: Timestamp,
}

impl Known {
    pub async fn of<S, R>(call: &Call<S, R>) -> Result<Self, Error> {
        let settings = call.settings.now();
        // A person's key speaks for the person.
        let agent = match call.principal().person() {
            Some(id) => Some(call.accounts.user(id).await?.name),
            None => agents::author(call).await?.name,
        };
        let own = Some(settings.business.name.clone()).filter(|name| !name.is_empty());
        let of_account = || {
            sessions::ordered(call, call.principal().session.clone())
                .into_iter()
                .find_map(|status| status.me?.push_name)
        };
        Ok(Self {
            business: own.or_else(of_account),
            agent,
            zone: settings.time_zone(),
            locale: Locale::of(&settings.business.locale),
            now: call.clock.now(),
        })
    }

    pub fn values<'k>(&'k self, contact: Option<&'k Contact>) -> Values<'k> {
        Values {
            contact,
            business: self.business.as_deref(),
            agent: self.agent.as_deref(),
            now: self.now,
            zone: self.zone.clone(),
            locale: self.locale,
        }
    }
}
