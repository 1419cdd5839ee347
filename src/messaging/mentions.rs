//! Mentions in texts: the digits behind an `@`. Pure.

/// Digits of a number that is taken for a mention.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Mentions that a message can have.
pub const MOST_MENTIONS: usize = 100;

/// The digits of each mention; one more than a message can have at most.
pub fn mentions_in(text: &str) -> Vec<&str> {
    let behind = text.split('@').skip(1);
    let digits = behind.map(|rest| {
        let end = rest.find(|ch: char| !ch.is_ascii_digit()).unwrap_or(rest.len());
        &rest[..end]
    });
    digits.filter(|digits| DIGITS.contains(&digits.len())).take(MOST_MENTIONS + 1).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_behind_an_at_are_mentions() {
        let found = mentions_in("a@b @5521999999999! @12 x@15550000001");
        assert_eq!(found, ["5521999999999", "15550000001"]);
    }

    proptest! {
        #[test]
        fn any_text_has_mentions_of_digits_alone(text in "(\\PC|@|[0-9]){0,60}") {
            for number in mentions_in(&text) {
                prop_assert!(DIGITS.contains(&number.len()));
                prop_assert!(number.bytes().all(|byte| byte.is_ascii_digit()));
            }
        }
    }
}
