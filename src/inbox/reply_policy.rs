//! Whether the policy of the business lets a machine reply in a conversation now. Pure.

use crate::{
    contacts::{Contact, Medium},
    domain::Timestamp,
    inbox::state::InboxState,
    policy::{self, Kind, Question, Surface, Verdict, Window},
    settings::InEffect,
};

/// `contact` is none in a web chat, and for somebody who is no contact.
pub fn allows_reply(
    settings: &InEffect,
    state: &InboxState,
    contact: Option<&Contact>,
    now: Timestamp,
) -> bool {
    let consent = contact.map(|contact| {
        let consent = contact.consent(Medium::of(&state.session));
        policy::Consent { opted_in: consent.opted_in, opted_out: consent.has_opted_out() }
    });
    let question = Question {
        surface: Surface::Reply,
        kind: Kind::Free,
        consent,
        window: Window { last_inbound: state.last_inbound, length: settings.window() },
        recipients: 1,
        now,
    };
    let verdict = policy::judge(&policy::Settings::of(settings), &question);
    matches!(verdict, Verdict::Allow | Verdict::Warn(_))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        config::Config,
        contacts::OptOutCause,
        domain::{SessionId, clock::from_seconds},
        inbox::state::Listed,
    };

    fn state(session: SessionId) -> InboxState {
        let listed = Listed {
            last_activity: from_seconds(1),
            unread: false,
            archived: false,
            tags: Vec::new(),
            hidden: false,
        };
        let chat = "15550000001@c.us".parse().unwrap();
        let state = InboxState::new((&session, &chat), Uuid::nil(), listed, from_seconds(1));
        InboxState { last_inbound: Some(from_seconds(1)), ..state }
    }

    #[test]
    fn the_consent_is_that_for_the_medium_of_the_conversation() {
        let (settings, now) = (InEffect::configured(&Config::shipped().unwrap()), from_seconds(2));
        let mut contact = Contact::new(now);
        let allowed = |contact: &Contact| {
            ["shop".parse(), SessionId::of_sms("15550000009")].map(|session| {
                allows_reply(&settings, &state(session.unwrap()), Some(contact), now)
            })
        };
        assert_eq!(allowed(&contact), [true, true]);
        contact.consent_mut(Medium::Sms).stopped(OptOutCause::Manual, now);
        assert_eq!(allowed(&contact), [true, false]);
        contact.consent_mut(Medium::WhatsApp).stopped(OptOutCause::Manual, now);
        assert_eq!(allowed(&contact), [false, false]);
    }
}
