//! Whether conditions hold. Pure.

use crate::{
    automation::rule::{Condition, Field, Match, Op, Wanted},
    domain::fold::fold,
};

/// What conditions look at. What is none holds no condition.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub text: Option<String>,
    pub channel: String,
    pub status: String,
    pub session_tags: Vec<String>,
    pub contact_tags: Vec<String>,
    pub phone: Option<String>,
    pub rating: Option<i64>,
    pub hour: i64,
    /// From 1 for Monday.
    pub weekday: i64,
    pub is_first: bool,
}

/// Whether they hold: all of them, or one. Without any they do.
pub fn hold(conditions: &[Condition], matching: Match, facts: &Facts) -> bool {
    let mut each = conditions.iter().map(|condition| holds(condition, facts));
    match matching {
        Match::All => each.all(|holds| holds),
        Match::Any => conditions.is_empty() || each.any(|holds| holds),
    }
}

pub fn holds(condition: &Condition, facts: &Facts) -> bool {
    let Condition { field, op, value } = condition;
    match field {
        Field::Text => one(facts.text.as_deref(), *op, value),
        Field::Channel => one(Some(&facts.channel), *op, value),
        Field::Status => one(Some(&facts.status), *op, value),
        Field::Phone => one(facts.phone.as_deref(), *op, value),
        Field::SessionTags => any(&facts.session_tags, *op, value),
        Field::ContactTags => any(&facts.contact_tags, *op, value),
        Field::Rating => number(facts.rating, *op, value),
        Field::Hour => number(Some(facts.hour), *op, value),
        Field::Weekday => number(Some(facts.weekday), *op, value),
        Field::IsFirst => matches!(value, Wanted::Bool(wanted) if *wanted == facts.is_first),
    }
}

fn one(text: Option<&str>, op: Op, value: &Wanted) -> bool {
    let Some(text) = text else { return false };
    if let Wanted::Pattern(pattern) = value {
        return op == Op::Regex && pattern.matches(text.trim());
    }
    let text = fold(text.trim());
    match (op, value) {
        (Op::In, Wanted::OneOf(values)) => values.iter().any(|value| folded(value) == text),
        (op, Wanted::Text(value)) => {
            let value = folded(value);
            match op {
                Op::Equals => text == value,
                Op::NotEquals => text != value,
                Op::Contains => text.contains(&value),
                Op::NotContains => !text.contains(&value),
                Op::StartsWith => text.starts_with(&value),
                Op::Regex | Op::In | Op::Gt | Op::Lt => false,
            }
        }
        _ => false,
    }
}

fn any(tags: &[String], op: Op, value: &Wanted) -> bool {
    let bears = |wanted: &str| tags.iter().any(|tag| folded(tag) == folded(wanted));
    match (op, value) {
        (Op::Contains, Wanted::Text(tag)) => bears(tag),
        (Op::NotContains, Wanted::Text(tag)) => !bears(tag),
        (Op::In, Wanted::OneOf(values)) => values.iter().any(|tag| bears(tag)),
        _ => false,
    }
}

fn number(own: Option<i64>, op: Op, value: &Wanted) -> bool {
    let Some(own) = own else { return false };
    match (op, value) {
        (Op::In, Wanted::OneOf(values)) => {
            values.iter().any(|value| value.trim().parse() == Ok(own))
        }
        (Op::Equals, Wanted::Number(value)) => own == *value,
        (Op::NotEquals, Wanted::Number(value)) => own != *value,
        (Op::Gt, Wanted::Number(value)) => own > *value,
        (Op::Lt, Wanted::Number(value)) => own < *value,
        _ => false,
    }
}

fn folded(text: &str) -> String {
    fold(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            text: Some(" Where is my REFUND?".to_owned()),
            channel: "whatsapp".to_owned(),
            status: "open".to_owned(),
            session_tags: vec!["VIP".to_owned()],
            hour: 9,
            weekday: 6,
            ..Facts::default()
        }
    }

    fn condition(field: Field, op: Op, value: Wanted) -> Condition {
        Condition { field, op, value }
    }

    #[test]
    fn each_comparison_says_what_its_name_says() {
        let text = |text: &str| Wanted::Text(text.to_owned());
        let some =
            |values: &[&str]| Wanted::OneOf(values.iter().map(|it| (*it).to_owned()).collect());
        for (field, op, value, expected) in [
            (Field::Text, Op::Contains, text("refund"), true),
            (Field::Text, Op::NotContains, text("refund"), false),
            (Field::Text, Op::StartsWith, text("where"), true),
            (Field::Text, Op::Equals, text("refund"), false),
            (Field::Text, Op::NotEquals, text("refund"), true),
            (Field::Text, Op::Regex, Wanted::Pattern(r"\brefund\?$".to_owned().into()), true),
            (Field::Text, Op::Regex, Wanted::Pattern("^refund".to_owned().into()), false),
            (Field::Phone, Op::Regex, Wanted::Pattern(".*".to_owned().into()), false),
            (Field::Channel, Op::In, some(&["sms", "WhatsApp"]), true),
            (Field::SessionTags, Op::Contains, text("vip"), true),
            (Field::SessionTags, Op::Contains, text("vi"), false),
            (Field::ContactTags, Op::NotContains, text("vip"), true),
            (Field::Hour, Op::Lt, Wanted::Number(10), true),
            (Field::Hour, Op::Gt, Wanted::Number(9), false),
            (Field::Weekday, Op::In, some(&["6", "7"]), true),
            (Field::IsFirst, Op::Equals, Wanted::Bool(false), true),
            // What is not known holds nothing, not even what is other.
            (Field::Phone, Op::NotEquals, text("+1"), false),
            (Field::Rating, Op::NotEquals, Wanted::Number(1), false),
        ] {
            let condition = condition(field, op, value);
            assert_eq!(holds(&condition, &facts()), expected, "{condition:?}");
        }
    }

    #[test]
    fn all_must_hold_or_one_and_none_are_no_bar() {
        let yes = condition(Field::Hour, Op::Equals, Wanted::Number(9));
        let no = condition(Field::Hour, Op::Equals, Wanted::Number(8));
        for (conditions, all, any) in [
            (vec![], true, true),
            (vec![yes.clone(), no.clone()], false, true),
            (vec![no], false, false),
            (vec![yes], true, true),
        ] {
            assert_eq!(hold(&conditions, Match::All, &facts()), all);
            assert_eq!(hold(&conditions, Match::Any, &facts()), any);
        }
    }
}
