//! Values of the variables of a text, as far as a call knows them: the business, and who writes.

use jiff::tz::TimeZone;

use crate::{
    api::{
        business::{agents, sessions},
        kit::Call,
    },
    contacts::Contact,
    content::Values,
    domain::{Error, Locale, Timestamp},
};

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
