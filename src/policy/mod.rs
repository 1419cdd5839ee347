//! Policy of sends: opt-in, customer-service window, plan, quiet hours and rate of a recipient, by one table of
//! surfaces. Pure.
//!
//! | surface | opt-in | window | plan, quiet hours | hourly limit of a recipient |
//! |---|---|---|---|---|
//! | business API | `business.opt_in` | `business.window` | no | yes |
//! | broadcast | strict | no: templates alone | yes | yes |
//! | reply of a bot or flow, survey | not refused | `business.window` | no | no |
//! | confirmation of an opt-out or opt-in | no | no | no | no |

mod hourly;
mod quiet_hours;
mod refusal;
mod window;

pub use self::{
    hourly::Hourly,
    quiet_hours::QuietHours,
    refusal::{CODE, Refusal},
    window::Window,
};
use crate::{
    config::{OptIn, Plan, WindowMode},
    domain::Timestamp,
    settings::InEffect,
};

/// What sends, as far as the rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    Business,
    Broadcast,
    /// A bot, a flow or a survey.
    Reply,
    /// Of an opt-out or an opt-in.
    Confirmation,
}

/// What is sent, as far as the rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything but a template; reactions too.
    Free,
    Template,
}

/// The consent of a contact on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    pub opted_in: bool,
    pub opted_out: bool,
}

/// Settings of the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub opt_in: OptIn,
    pub window: WindowMode,
    pub plan: Plan,
    /// Recipients of a broadcast on the plan `starter`.
    pub broadcast_starter: usize,
    /// None for sends at any time.
    pub quiet_hours: Option<QuietHours>,
}

impl Settings {
    /// Those in effect.
    pub fn of(settings: &InEffect) -> Self {
        let InEffect { business, broadcast_starter, .. } = settings;
        Self {
            opt_in: business.opt_in,
            window: business.window,
            plan: business.plan,
            broadcast_starter: *broadcast_starter,
            // Empty, or checked before it came here.
            quiet_hours: QuietHours::read(&business.quiet_hours, &business.time_zone).ok(),
        }
    }
}

/// A send that is to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub surface: Surface,
    pub kind: Kind,
    /// None for somebody who is no contact.
    pub consent: Option<Consent>,
    pub window: Window,
    /// Recipients of the broadcast; 1 for a message to one.
    pub recipients: usize,
    pub now: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow,
    /// Sent, and the answer says so.
    Warn(Warning),
    /// Not before this time.
    Wait(Timestamp),
    Refuse(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    OutsideWindow,
}

impl Warning {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutsideWindow => "outside_24h_window",
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rules {
    opt_in: OptIn,
    window: WindowMode,
    is_bulk: bool,
    is_limited: bool,
}

impl Rules {
    fn of(surface: Surface, settings: &Settings) -> Self {
        let (opt_in, window) = (settings.opt_in, settings.window);
        match surface {
            Surface::Business => Self { opt_in, window, is_bulk: false, is_limited: true },
            Surface::Broadcast => Self {
                opt_in: OptIn::Strict,
                window: WindowMode::Off,
                is_bulk: true,
                is_limited: true,
            },
            Surface::Reply => {
                Self { opt_in: OptIn::OptedOut, window, is_bulk: false, is_limited: false }
            }
            Surface::Confirmation => Self {
                opt_in: OptIn::Off,
                window: WindowMode::Off,
                is_bulk: false,
                is_limited: false,
            },
        }
    }
}

/// Whether sends of a surface count against the hourly limit of their recipient.
pub fn counts_hourly(surface: Surface, settings: &Settings) -> bool {
    Rules::of(surface, settings).is_limited
}

/// Judges a send. The first rule that forbids it names the reason: opt-in, window, plan; then quiet hours.
pub fn judge(settings: &Settings, question: &Question) -> Verdict {
    let rules = Rules::of(question.surface, settings);
    if let Some(refusal) = opt_in(rules.opt_in, question.consent) {
        return Verdict::Refuse(refusal);
    }
    let is_outside = question.kind == Kind::Free && !question.window.is_open(question.now);
    if is_outside && rules.window == WindowMode::Enforce {
        return Verdict::Refuse(Refusal::OutsideWindow);
    }
    let is_starter = rules.is_bulk && settings.plan == Plan::Starter;
    if is_starter && settings.broadcast_starter < question.recipients {
        return Verdict::Refuse(Refusal::PlanLimit { limit: settings.broadcast_starter });
    }
    let quiet = settings.quiet_hours.as_ref().filter(|_| rules.is_bulk);
    if let Some(end) = quiet.and_then(|quiet| quiet.end(question.now)) {
        return Verdict::Wait(end);
    }
    match is_outside && rules.window == WindowMode::Warn {
        true => Verdict::Warn(Warning::OutsideWindow),
        false => Verdict::Allow,
    }
}

fn opt_in(rule: OptIn, consent: Option<Consent>) -> Option<Refusal> {
    match (rule, consent) {
        (OptIn::Off, _) | (OptIn::OptedOut, None) => None,
        (OptIn::Strict, None) => Some(Refusal::NotOptedIn),
        (OptIn::Strict | OptIn::OptedOut, Some(consent)) if consent.opted_out => {
            Some(Refusal::OptedOut)
        }
        (OptIn::Strict, Some(consent)) => (!consent.opted_in).then_some(Refusal::NotOptedIn),
        (OptIn::OptedOut, Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    const YES: Option<Consent> = Some(Consent { opted_in: true, opted_out: false });
    const NO: Option<Consent> = Some(Consent { opted_in: false, opted_out: false });
    const REFUSED: Option<Consent> = Some(Consent { opted_in: false, opted_out: true });
    const DAY: i64 = 86_400;
    const SURFACES: [Surface; 4] =
        [Surface::Business, Surface::Broadcast, Surface::Reply, Surface::Confirmation];

    fn settings() -> Settings {
        Settings {
            opt_in: OptIn::Strict,
            window: WindowMode::Enforce,
            plan: Plan::Pro,
            broadcast_starter: 1_000,
            quiet_hours: None,
        }
    }

    /// A free message to a contact who wrote at second 0.
    fn question(surface: Surface, consent: Option<Consent>, now: i64) -> Question {
        let length = Duration::from_secs(86_400);
        let window = Window { last_inbound: Some(from_seconds(0)), length };
        Question {
            surface,
            kind: Kind::Free,
            consent,
            window,
            recipients: 1,
            now: from_seconds(now),
        }
    }

    #[test]
    fn who_has_not_agreed_gets_nothing_and_who_has_refused_gets_a_confirmation_alone() {
        use Verdict::{Allow, Refuse};
        let (not, out) = (Refuse(Refusal::NotOptedIn), Refuse(Refusal::OptedOut));
        for (surface, unknown, no, yes, refused) in [
            (Surface::Business, not, not, Allow, out),
            (Surface::Broadcast, not, not, Allow, out),
            (Surface::Reply, Allow, Allow, Allow, out),
            (Surface::Confirmation, Allow, Allow, Allow, Allow),
        ] {
            let judged = [None, NO, YES, REFUSED]
                .map(|consent| judge(&settings(), &question(surface, consent, 1)));
            assert_eq!(judged, [unknown, no, yes, refused], "{surface:?}");
        }
    }

    #[test]
    fn outside_of_the_window_templates_alone_are_sent() {
        let ask = |settings: &Settings, now, kind| {
            judge(settings, &Question { kind, ..question(Surface::Business, YES, now) })
        };
        let (enforced, last) = (settings(), DAY - 1);
        assert_eq!(ask(&enforced, last, Kind::Free), Verdict::Allow);
        assert_eq!(ask(&enforced, DAY, Kind::Free), Verdict::Refuse(Refusal::OutsideWindow));
        assert_eq!(ask(&enforced, DAY, Kind::Template), Verdict::Allow);
        let warned = Settings { window: WindowMode::Warn, ..settings() };
        assert_eq!(ask(&warned, DAY, Kind::Free), Verdict::Warn(Warning::OutsideWindow));
        let off = Settings { window: WindowMode::Off, ..settings() };
        assert_eq!(ask(&off, DAY, Kind::Free), Verdict::Allow);
    }

    #[test]
    fn a_broadcast_keeps_to_the_plan_and_to_quiet_hours() {
        let starter = Settings {
            plan: Plan::Starter,
            quiet_hours: QuietHours::read("21:00-08:00", "UTC").ok(),
            ..settings()
        };
        let ask = |surface, recipients, now| {
            let question = Question { recipients, ..question(surface, YES, now) };
            judge(&starter, &question)
        };
        let noon = 12 * 3_600;
        assert_eq!(ask(Surface::Broadcast, 1_000, noon), Verdict::Allow);
        let refused = Verdict::Refuse(Refusal::PlanLimit { limit: 1_000 });
        assert_eq!(ask(Surface::Broadcast, 1_001, noon), refused);
        let morning = Verdict::Wait(from_seconds(8 * 3_600));
        assert_eq!(ask(Surface::Broadcast, 1, 3_600), morning);
        assert_eq!(ask(Surface::Business, 1_001, 3_600), Verdict::Allow);
    }

    fn any_settings() -> impl Strategy<Value = Settings> {
        let opt_in = prop::sample::select(vec![OptIn::Strict, OptIn::OptedOut, OptIn::Off]);
        let window =
            prop::sample::select(vec![WindowMode::Enforce, WindowMode::Warn, WindowMode::Off]);
        let plan = prop::sample::select(vec![Plan::Starter, Plan::Pro]);
        (opt_in, window, plan, 0_usize..9).prop_map(|(opt_in, window, plan, broadcast_starter)| {
            Settings { opt_in, window, plan, broadcast_starter, quiet_hours: None }
        })
    }

    proptest! {
        #[test]
        fn more_consent_a_later_message_and_fewer_recipients_never_make_a_send_worse(
            settings in any_settings(),
            surface in prop::sample::select(SURFACES.to_vec()),
            kind in prop::sample::select(vec![Kind::Free, Kind::Template]),
            last in prop::option::of(0..3 * DAY),
            (now, recipients) in (0..3 * DAY, 0_usize..9),
        ) {
            let rank = |verdict| match verdict {
                Verdict::Allow => 0,
                Verdict::Warn(_) => 1,
                Verdict::Wait(_) => 2,
                Verdict::Refuse(_) => 3,
            };
            let last_inbound = last.map(from_seconds);
            let window = Window { last_inbound, length: Duration::from_secs(86_400) };
            let ask = |consent, window, recipients| {
                let question = Question { kind, window, recipients, ..question(surface, consent, now) };
                rank(judge(&settings, &question))
            };
            prop_assert!(ask(YES, window, recipients) <= ask(NO, window, recipients));
            prop_assert!(ask(NO, window, recipients) <= ask(REFUSED, window, recipients));
            let later = Window { last_inbound: Some(from_seconds(now)), ..window };
            prop_assert!(ask(YES, later, recipients) <= ask(YES, window, recipients));
            prop_assert!(ask(YES, window, recipients) <= ask(YES, window, recipients + 1));
        }

        #[test]
        fn a_contact_who_refused_gets_nothing_but_the_confirmation_unless_opt_in_is_off(
            settings in any_settings(), now in 0..3 * DAY,
        ) {
            for surface in SURFACES {
                let is_asked = match surface {
                    Surface::Business => settings.opt_in != OptIn::Off,
                    Surface::Broadcast | Surface::Reply => true,
                    Surface::Confirmation => false,
                };
                let judged = judge(&settings, &question(surface, REFUSED, now));
                let is_refused = judged == Verdict::Refuse(Refusal::OptedOut);
                prop_assert_eq!(is_refused, is_asked, "{:?}", surface);
            }
        }
    }
}
