//! Numbered variables of a template: {{1}}, {{2}} and so on. Pure.

use std::collections::BTreeSet;

use crate::content::placeholders;

/// How many variables a text has: the largest of their numbers.
pub fn count(text: &str) -> usize {
    placeholders::names(text).filter_map(number).max().unwrap_or(0)
}

/// The same, or what is wrong with the variables of a text.
pub fn checked_count(text: &str) -> Result<usize, String> {
    let mut numbers = BTreeSet::new();
    for name in placeholders::names(text) {
        let number = number(name)
            .ok_or("has a variable that is no number: they are {{1}}, {{2}} and so on")?;
        numbers.insert(number);
    }
    if numbers.iter().zip(1..).any(|(number, expected)| *number != expected) {
        return Err("must number its variables from {{1}} on without a gap".to_owned());
    }
    Ok(numbers.len())
}

/// The text with the value of each variable; those beyond the values stay as they are written.
pub fn fill(text: &str, values: &[String]) -> String {
    placeholders::fill(text, |name| values.get(number(name)?.checked_sub(1)?).cloned())
}

fn number(name: &str) -> Option<usize> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    name.parse().ok().filter(|number| is_number && 0 < *number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variables_are_numbered_without_a_gap() {
        for (text, expected) in [
            ("", Some(0)),
            ("Hi {{1}}, your order {{ 2 }} of {{1}}", Some(2)),
            ("{{2}} before {{1}}", Some(2)),
            ("{{2}}", None),
            ("{{1}} {{3}}", None),
            ("{{0}}", None),
            ("{{+1}}", None),
            ("{{name}}", None),
            ("{{99999999999999999999999}}", None),
        ] {
            assert_eq!(checked_count(text).ok(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn each_variable_gets_its_own_value(
            values in prop::collection::vec("[a-z{}]{0,8}", 0..12), order in prop::collection::vec(0..12_usize, 0..30),
        ) {
            let order: Vec<usize> = order.into_iter().filter(|at| *at < values.len()).collect();
            let text: String = order.iter().map(|at| format!("<{{{{{}}}}}>", at + 1)).collect();
            let expected: String = order.iter().map(|at| format!("<{}>", values[*at])).collect();
            prop_assert_eq!(fill(&text, &values), expected);
            prop_assert_eq!(count(&text), order.iter().map(|at| at + 1).max().unwrap_or(0));
        }
    }
}
