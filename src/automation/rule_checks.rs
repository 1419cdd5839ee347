//! What callers may say of rules. Pure.

use uuid::Uuid;

use crate::{
    automation::rule::{
        Action, Automation, Condition, Field, Match, Op, Trigger, TriggerKind, Wanted,
    },
    domain::{Error, Timestamp},
};

pub const LONGEST_NAME: usize = 100;
pub const MOST_CONDITIONS: usize = 20;
pub const MOST_ACTIONS: usize = 10;
pub const LONGEST_TEXT: usize = 1_600;
pub const LONGEST_TAG: usize = 50;
pub const LONGEST_VALUE: usize = 200;
pub const MOST_VALUES: usize = 50;
/// Thirty days.
pub const MOST_MINUTES: u32 = 43_200;

/// A rule to be made.
#[derive(Clone, Debug)]
pub struct AutomationDraft {
    pub bot: Uuid,
    pub name: String,
    pub enabled: bool,
    pub trigger: Trigger,
    pub conditions: Vec<Condition>,
    pub matching: Match,
    pub actions: Vec<Action>,
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct AutomationChange {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub trigger: Option<Trigger>,
    pub conditions: Option<Vec<Condition>>,
    pub matching: Option<Match>,
    pub actions: Option<Vec<Action>>,
    /// Its place among the rules of its bot, from 1.
    pub position: Option<usize>,
}

impl AutomationDraft {
    pub fn automation(self, now: Timestamp) -> Result<Automation, Error> {
        checked(Automation {
            id: Uuid::now_v7(),
            bot: self.bot,
            name: self.name,
            enabled: self.enabled,
            trigger: self.trigger,
            conditions: self.conditions,
            matching: self.matching,
            actions: self.actions,
            place: 0,
            created_at: now,
            updated_at: now,
        })
    }
}

impl AutomationChange {
    pub fn applied(&self, rule: Automation, now: Timestamp) -> Result<Automation, Error> {
        let Self { name, enabled, trigger, conditions, matching, actions, position } = self.clone();
        if position == Some(0) {
            return Err(Error::invalid_field("position", "must be at least 1"));
        }
        checked(Automation {
            name: name.unwrap_or(rule.name),
            enabled: enabled.unwrap_or(rule.enabled),
            trigger: trigger.unwrap_or(rule.trigger),
            conditions: conditions.unwrap_or(rule.conditions),
            matching: matching.unwrap_or(rule.matching),
            actions: actions.unwrap_or(rule.actions),
            updated_at: now,
            ..rule
        })
    }
}

/// Checks the name of a rule.
pub fn check_name(name: &str) -> Result<(), Error> {
    text("name", name, LONGEST_NAME).map(drop)
}

fn checked(rule: Automation) -> Result<Automation, Error> {
    let name = text("name", &rule.name, LONGEST_NAME);
    let trigger = checked_trigger(&rule.trigger);
    let conditions = check_conditions("conditions", &rule.conditions);
    let actions = checked_actions(&rule.actions);
    let (name, _) = Error::both(name, Error::both(trigger, Error::both(conditions, actions)))?;
    Ok(Automation { name, ..rule })
}

/// Checks what starts a rule.
pub fn checked_trigger(trigger: &Trigger) -> Result<(), Error> {
    match (trigger.kind, trigger.minutes) {
        (TriggerKind::SessionIdle, Some(minutes)) if (1..=MOST_MINUTES).contains(&minutes) => {
            Ok(())
        }
        (TriggerKind::SessionIdle, _) => {
            let fault = format!("must be between 1 and {MOST_MINUTES}");
            Err(Error::invalid_field("trigger.minutes", fault))
        }
        (_, None) => Ok(()),
        (_, Some(_)) => Err(Error::invalid_field("trigger.minutes", "is of session_idle alone")),
    }
}

/// Checks conditions under the name of their field.
pub fn check_conditions(field: &str, conditions: &[Condition]) -> Result<(), Error> {
    if MOST_CONDITIONS < conditions.len() {
        let fault = format!("must have at most {MOST_CONDITIONS} entries");
        return Err(Error::invalid_field(field, fault));
    }
    let checks = conditions.iter().enumerate();
    Error::all(checks.map(|(place, one)| check_condition(&format!("{field}[{place}]"), one)))
        .map(drop)
}

/// Checks a condition under its place.
pub fn check_condition(at: &str, condition: &Condition) -> Result<(), Error> {
    fault_of(condition).map_err(|fault| Error::invalid_field(at, fault))
}

fn fault_of(condition: &Condition) -> Result<(), String> {
    let Condition { field, op, value } = condition;
    let ops: &[Op] = match field {
        Field::Text | Field::Phone => &[
            Op::Equals,
            Op::NotEquals,
            Op::Contains,
            Op::NotContains,
            Op::StartsWith,
            Op::Regex,
            Op::In,
        ],
        Field::Channel | Field::Status => &[Op::Equals, Op::NotEquals, Op::In],
        Field::SessionTags | Field::ContactTags => &[Op::Contains, Op::NotContains, Op::In],
        Field::Rating | Field::Hour | Field::Weekday => {
            &[Op::Equals, Op::NotEquals, Op::Gt, Op::Lt, Op::In]
        }
        Field::IsFirst => &[Op::Equals],
    };
    if !ops.contains(op) {
        let words: Vec<&str> = ops.iter().map(|op| op.as_str()).collect();
        return Err(format!("{} can be compared by {}", field.as_str(), words.join(", ")));
    }
    let is_text = |text: &str| !text.trim().is_empty() && text.chars().nth(LONGEST_VALUE).is_none();
    let is_number = matches!(field, Field::Rating | Field::Hour | Field::Weekday);
    match (op, value) {
        (Op::In, Wanted::OneOf(values)) => {
            let is_good = |value: &String| {
                is_text(value) && (!is_number || value.trim().parse::<i64>().is_ok())
            };
            match (1..=MOST_VALUES).contains(&values.len()) && values.iter().all(is_good) {
                true => Ok(()),
                false => Err(format!("in needs 1 to {MOST_VALUES} values of its field's kind")),
            }
        }
        (Op::In, _) => Err("in needs a list of values".to_owned()),
        (Op::Regex, Wanted::Pattern(pattern)) => match pattern.fault() {
            None => Ok(()),
            Some(fault) => Err(format!("the value {fault}")),
        },
        (Op::Regex, _) => Err("the value must be a regular expression".to_owned()),
        (_, Wanted::Bool(_)) if *field == Field::IsFirst => Ok(()),
        (_, Wanted::Number(_)) if is_number => Ok(()),
        (_, Wanted::Text(text)) if *field != Field::IsFirst && !is_number && is_text(text) => {
            Ok(())
        }
        _ if *field == Field::IsFirst => Err("the value must be true or false".to_owned()),
        _ if is_number => Err("the value must be a whole number".to_owned()),
        _ => Err(format!("the value must be a text of 1 to {LONGEST_VALUE} characters")),
    }
}

fn checked_actions(actions: &[Action]) -> Result<(), Error> {
    if !(1..=MOST_ACTIONS).contains(&actions.len()) {
        let fault = format!("must have 1 to {MOST_ACTIONS} entries");
        return Err(Error::invalid_field("actions", fault));
    }
    let checks = actions.iter().enumerate();
    Error::all(checks.map(|(place, one)| check_action(&format!("actions[{place}]"), one))).map(drop)
}

/// Checks an action under its place.
pub fn check_action(place: &str, action: &Action) -> Result<(), Error> {
    let at = |name: &str| format!("{place}.{name}");
    match action {
        Action::SendMessage { text: said } => text(&at("text"), said, LONGEST_TEXT).map(drop),
        Action::AddNote { text: said } => text(&at("text"), said, LONGEST_TEXT).map(drop),
        Action::AddTag { tag } | Action::RemoveTag { tag } => {
            text(&at("tag"), tag, LONGEST_TAG).map(drop)
        }
        Action::CreateTicket { subject, .. } => {
            text(&at("subject"), subject, crate::work_items::LONGEST_TITLE).map(drop)
        }
        Action::CreateTask { title, due_in_minutes, .. } => {
            let title = text(&at("title"), title, crate::work_items::LONGEST_TITLE);
            let due = match due_in_minutes {
                Some(minutes) if !(1..=MOST_MINUTES).contains(minutes) => {
                    let fault = format!("must be between 1 and {MOST_MINUTES}");
                    Err(Error::invalid_field(&at("due_in_minutes"), fault))
                }
                _ => Ok(()),
            };
            Error::both(title, due).map(drop)
        }
        Action::Assign { .. }
        | Action::SetStatus { .. }
        | Action::Handoff
        | Action::CallWebhook { .. }
        | Action::PauseBot => Ok(()),
    }
}

/// A text without blanks around it.
pub fn text(field: &str, text: &str, most: usize) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().nth(most).is_some() {
        return Err(Error::invalid_field(field, format!("must have 1 to {most} characters")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn draft() -> AutomationDraft {
        AutomationDraft {
            bot: Uuid::nil(),
            name: " Refunds ".to_owned(),
            enabled: true,
            trigger: Trigger { kind: TriggerKind::MessageReceived, minutes: None },
            conditions: Vec::new(),
            matching: Match::All,
            actions: vec![Action::Handoff],
        }
    }

    fn condition(field: Field, op: Op, value: Wanted) -> Condition {
        Condition { field, op, value }
    }

    fn refused(draft: AutomationDraft) -> String {
        let fault = draft.automation(from_seconds(1)).unwrap_err();
        let fields = fault.details["fields"].as_object().unwrap();
        fields.keys().next().unwrap().clone()
    }

    #[test]
    fn a_rule_has_a_name_and_something_to_do() {
        assert_eq!(draft().automation(from_seconds(1)).unwrap().name, "Refunds");
        assert_eq!(refused(AutomationDraft { name: " ".to_owned(), ..draft() }), "name");
        assert_eq!(refused(AutomationDraft { actions: Vec::new(), ..draft() }), "actions");
        let many = vec![Action::Handoff; MOST_ACTIONS + 1];
        assert_eq!(refused(AutomationDraft { actions: many, ..draft() }), "actions");
        let empty = vec![Action::Handoff, Action::SendMessage { text: " ".to_owned() }];
        assert_eq!(refused(AutomationDraft { actions: empty, ..draft() }), "actions[1].text");
    }

    #[test]
    fn minutes_are_of_an_idle_conversation_and_needed_there() {
        let trigger =
            |kind, minutes| AutomationDraft { trigger: Trigger { kind, minutes }, ..draft() };
        assert!(trigger(TriggerKind::SessionIdle, Some(1)).automation(from_seconds(1)).is_ok());
        for (kind, minutes) in [
            (TriggerKind::SessionIdle, None),
            (TriggerKind::SessionIdle, Some(0)),
            (TriggerKind::SessionIdle, Some(MOST_MINUTES + 1)),
            (TriggerKind::TagAdded, Some(5)),
        ] {
            assert_eq!(refused(trigger(kind, minutes)), "trigger.minutes");
        }
    }

    #[test]
    fn a_condition_compares_what_can_be_compared() {
        let text = |text: &str| Wanted::Text(text.to_owned());
        let pattern = |text: &str| Wanted::Pattern(text.to_owned().into());
        for good in [
            condition(Field::Text, Op::Contains, text("refund")),
            condition(Field::SessionTags, Op::In, Wanted::OneOf(vec!["vip".to_owned()])),
            condition(Field::Rating, Op::Lt, Wanted::Number(3)),
            condition(Field::Weekday, Op::In, Wanted::OneOf(vec!["6".to_owned(), "7".to_owned()])),
            condition(Field::IsFirst, Op::Equals, Wanted::Bool(true)),
            condition(Field::Text, Op::Regex, pattern(r"order \d+")),
        ] {
            let draft = AutomationDraft { conditions: vec![good.clone()], ..draft() };
            assert!(draft.automation(from_seconds(1)).is_ok(), "{good:?}");
        }
        for bad in [
            condition(Field::Text, Op::Gt, text("a")),
            condition(Field::Text, Op::Equals, Wanted::Number(1)),
            condition(Field::Text, Op::Equals, text(" ")),
            condition(Field::Rating, Op::Equals, text("5")),
            condition(Field::Hour, Op::In, Wanted::OneOf(vec!["noon".to_owned()])),
            condition(Field::Text, Op::In, Wanted::OneOf(Vec::new())),
            condition(Field::IsFirst, Op::Equals, text("yes")),
            condition(Field::Text, Op::Regex, pattern("(order")),
            condition(Field::Text, Op::Regex, pattern(r"\w{500}{500}")),
            condition(Field::Text, Op::Regex, text("order")),
            condition(Field::Text, Op::Equals, pattern("order")),
            condition(Field::Channel, Op::Regex, pattern("sms")),
        ] {
            let draft = AutomationDraft { conditions: vec![bad], ..draft() };
            assert_eq!(refused(draft), "conditions[0]");
        }
    }
}
