//! Rules of the business for what bots send: whether one may write to a contact now.

use crate::{
    bots::Bot,
    contacts::Contact,
    domain::Clock,
    inbox::{reply_policy::allows_reply, state::InboxState},
    policy,
    settings::Settings,
};

pub struct BotRules {
    pub settings: Settings,
    pub clock: Clock,
}

impl BotRules {
    pub fn allow(&self, bot: &Bot, state: &InboxState, contact: Option<&Contact>) -> bool {
        let (settings, now) = (self.settings.now(), self.clock.now());
        let rules = policy::Settings::of(&settings);
        // Without hours of business, those in which broadcasts rest are the closed ones.
        let is_closed = match settings.opening_hours() {
            Some(hours) => !hours.is_open(now, &settings.time_zone()),
            None => rules.quiet_hours.as_ref().is_some_and(|hours| hours.end(now).is_some()),
        };
        let is_open = !(bot.business_hours_only && is_closed);
        is_open && allows_reply(&settings, state, contact, now)
    }
}
