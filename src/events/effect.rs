//! Names of what a consumer does because of an event. The same event, rule and step give the same name, so that a
//! replay finds what was done before. Pure.

use uuid::Uuid;

/// Names of effects are hashed under this one (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x2d0b_91c4_7c1e_4f6a_b3d8_5e90_1c47_aa12);
/// Hexadecimal digits of a message key after its beginning.
const DIGITS: usize = 18;

/// The name of one step of what a rule does because of an event.
pub fn effect_id(event: Uuid, rule: &str, step: u32) -> Uuid {
    // The parts that have one length come first: no two lists of parts read the same.
    Uuid::new_v5(&NAMESPACE, &[event.as_bytes(), &step.to_be_bytes()[..], rule.as_bytes()].concat())
}

/// The message key of an effect that is a send, in the form that WhatsApp Web gives its own.
pub fn message_key(effect: Uuid) -> String {
    let digits = effect.simple().to_string().to_uppercase();
    format!("3EB0{}", digits.get(..DIGITS).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_replay_gives_the_same_name_and_this_one_for_good() {
        let event = Uuid::from_u128(1);
        let effect = effect_id(event, "welcome", 0);
        assert_eq!(effect, effect_id(event, "welcome", 0));
        assert_eq!(effect.get_version_num(), 5);
        // Stored by earlier versions: it must never change.
        assert_eq!(effect.to_string(), "40ae76b4-b0f4-56bc-902a-829597e8a1f6");
        assert_eq!(message_key(effect), "3EB040AE76B4B0F456BC90");
    }

    proptest! {
        #[test]
        fn another_event_rule_or_step_gives_another_name(
            one in (0..9_u128, "[a-z0-9]{0,4}", 0..9_u32), other in (0..9_u128, "[a-z0-9]{0,4}", 0..9_u32),
        ) {
            let id = |(event, rule, step): &(u128, String, u32)| {
                effect_id(Uuid::from_u128(*event), rule, *step)
            };
            prop_assert_eq!(id(&one) == id(&other), one == other);
            let key = message_key(id(&one));
            prop_assert!(key.len() == 22 && key.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }
}
