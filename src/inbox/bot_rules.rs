//! Rules of the business for what bots send: whether one may write to a contact now.

use crate::{
    bots::Bot,
    contacts::{Contact, Medium},
    domain::Clock,
    inbox::state::InboxState,
    policy::{self, Kind, Question, Surface, Verdict, Window},
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
        let consent = contact.map(|contact| {
            let consent = contact.consent(Medium::of(&state.session));
            policy::Consent { opted_in: consent.opted_in, opted_out: consent.has_opted_out() }
        });
        let verdict = policy::judge(
            &rules,
            &Question {
                surface: Surface::Reply,
                kind: Kind::Free,
                consent,
                window: Window { last_inbound: state.last_inbound, length: settings.window() },
                recipients: 1,
                now,
            },
        );
        let is_open = !(bot.business_hours_only && is_closed);
        is_open && matches!(verdict, Verdict::Allow | Verdict::Warn(_))
    }
}
