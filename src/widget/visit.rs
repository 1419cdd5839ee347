//! A visit: the one conversation that a visitor's token opens, and the token itself, a JWT. Pure.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::jwt,
    domain::{Jid, SessionId, Timestamp, conversation::conversation_uuid},
    widget::key::WidgetKey,
};

/// What kind of token it is. No other is a visitor's.
const KIND: &str = "visitor";

#[derive(Serialize, Deserialize)]
struct Claims {
    kind: String,
    bot: Uuid,
    /// Whose the chat is.
    conv: Uuid,
    iat: i64,
    exp: i64,
}

/// A visitor of a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    pub bot: Uuid,
    pub visitor: Uuid,
    pub until: Timestamp,
}

impl Visit {
    /// Its token from now on; none never happens.
    pub fn sign(&self, key: &WidgetKey, now: Timestamp) -> Option<String> {
        let claims = Claims {
            kind: KIND.to_owned(),
            bot: self.bot,
            conv: self.visitor,
            iat: now.as_second(),
            exp: self.until.as_second(),
        };
        jwt::sign(&claims, |signed| key.mac(signed))
    }

    /// The visit of a token that is one of ours and has not expired.
    pub fn read(key: &WidgetKey, token: &str, now: Timestamp) -> Option<Self> {
        let claims: Claims = jwt::read(token, |signed| key.mac(signed))?;
        let until = Timestamp::from_second(claims.exp).ok()?;
        let is_good = claims.kind == KIND && now < until;
        is_good.then_some(Self { bot: claims.bot, visitor: claims.conv, until })
    }

    /// The channel of its chat.
    pub fn session(&self) -> SessionId {
        SessionId::of_web(self.bot)
    }

    pub fn chat(&self) -> Jid {
        Jid::of_visitor(self.visitor)
    }

    /// The UUID that its conversation has, once somebody wrote in it.
    pub fn conversation(&self) -> Uuid {
        conversation_uuid(&self.session(), &self.chat())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    fn visit() -> Visit {
        Visit { bot: Uuid::from_u128(1), visitor: Uuid::from_u128(2), until: from_seconds(2_000) }
    }

    fn token() -> String {
        visit().sign(&WidgetKey::fixed(7), from_seconds(1_000)).unwrap()
    }

    #[test]
    fn a_token_opens_its_visit_until_its_end() {
        let (key, token) = (WidgetKey::fixed(7), token());
        assert_eq!(Visit::read(&key, &token, from_seconds(1_999)), Some(visit()));
        assert_eq!(Visit::read(&key, &token, from_seconds(2_000)), None);
        assert_eq!(Visit::read(&WidgetKey::fixed(8), &token, from_seconds(1_999)), None);
    }

    #[test]
    fn a_token_of_another_kind_is_none_whoever_signed_it() {
        let key = WidgetKey::fixed(7);
        for kind in ["", "agent"] {
            let claims = Claims {
                kind: kind.to_owned(),
                bot: Uuid::nil(),
                conv: Uuid::nil(),
                iat: 0,
                exp: 9,
            };
            let token = jwt::sign(&claims, |signed| key.mac(signed)).unwrap();
            assert_eq!(Visit::read(&key, &token, from_seconds(1)), None, "{kind}");
        }
    }

    proptest! {
        #[test]
        fn a_token_with_another_character_is_none(at in 0_usize..220, with in "[A-Za-z0-9_.-]") {
            let token = token();
            let at = at % token.len();
            let mut other = token.clone();
            other.replace_range(at..=at, &with);
            let expected = (other == token).then(visit);
            prop_assert_eq!(Visit::read(&WidgetKey::fixed(7), &other, from_seconds(1_500)), expected);
        }

        #[test]
        fn no_text_makes_it_fail_otherwise(text in ".{0,80}") {
            prop_assert_eq!(Visit::read(&WidgetKey::fixed(7), &text, from_seconds(1_500)), None);
        }
    }
}
