//! Rules of bots as callers of the workspace API describe them, and as they are shown.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, Schema, schema::SchemaType},
};

use crate::{
    api::{
        kit::{choice, required_choice},
        workspace::tickets::id_in,
    },
    automation::{
        Action, Condition, Field, Match, NewStatus, Op, Trigger, TriggerKind, Wanted, check_action,
        check_condition, checked_trigger,
    },
    domain::Error,
    work_items::Priority,
};

/// What starts a rule.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = WorkspaceAutomationTrigger, example = json!({ "type": "message_received" }))]
pub struct TriggerBody {
    #[schema(schema_with = trigger_schema)]
    r#type: String,
    /// How long nobody has written; for `session_idle`, and needed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 43200, example = json!(null))]
    minutes: Option<u32>,
}

/// What must hold.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = WorkspaceAutomationCondition, example = json!({
    "field": "message.text", "op": "contains", "value": "refund",
}))]
pub struct ConditionBody {
    #[schema(schema_with = field_schema)]
    field: String,
    #[schema(schema_with = op_schema)]
    op: String,
    #[schema(schema_with = value_schema)]
    value: Value,
}

/// What is done.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = WorkspaceAutomationAction, example = json!({ "type": "add_tag", "tag": "refund" }))]
pub struct ActionBody {
    #[schema(schema_with = action_schema)]
    r#type: String,
    /// Of `send_message` and `add_note`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1600, example = "We look into it.")]
    text: Option<String>,
    /// Of `add_tag` and `remove_tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 50, example = "refund")]
    tag: Option<String>,
    /// UUID of a person, of `assign`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 36, example = json!(null))]
    user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = status_choice)]
    status: Option<String>,
    /// Of `create_ticket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, example = "A refund")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = priority_choice)]
    priority: Option<String>,
    /// Of `create_task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    title: Option<String>,
    /// UUID of the person whose task it is, of `create_task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 36, example = json!(null))]
    assignee_id: Option<String>,
    /// When the task is due, from then on; of `create_task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 43200)]
    due_in_minutes: Option<u32>,
    /// UUID of a webhook of the bot, of `call_webhook`: it gets `webhook_called`, whatever events it asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 36, example = json!(null))]
    webhook_id: Option<String>,
}

fn trigger_schema() -> Schema {
    required_choice("What starts it.", TriggerKind::WORDS)
}

fn field_schema() -> Schema {
    required_choice(
        "What is compared. A day of the week is from 1 for Monday; hours are those of the business.",
        Field::WORDS,
    )
}

fn op_schema() -> Schema {
    required_choice("How it is compared; texts without regard to case and marks.", Op::WORDS)
}

fn action_schema() -> Schema {
    required_choice("What is done.", &Action::KINDS)
}

fn status_choice() -> Schema {
    choice("Of `set_status`; `bot` gives the conversation back to its bot.", NewStatus::WORDS)
}

fn priority_choice() -> Schema {
    choice("Of `create_ticket` (default normal).", Priority::WORDS)
}

pub fn match_choice() -> Schema {
    choice("Whether all conditions must hold (default), or one.", Match::WORDS)
}

pub fn match_schema() -> Schema {
    required_choice("Whether all conditions must hold, or one.", Match::WORDS)
}

/// Any of the values that a condition may have: it is checked together with the field that is compared.
pub fn value_schema() -> Schema {
    let any = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
    let about = "A text, a whole number, true or false; a list of texts or numbers for `in`; for `regex` a regular \
                 expression of at most 200 characters, in the syntax of Rust's regex crate, which any part of the first \
                 4,000 characters may match, in any case.";
    Schema::Object(any.description(Some(about)).examples([json!("refund")]).build())
}

fn one_of(field: &str, words: &[&str]) -> Error {
    Error::invalid_field(field, format!("must be one of {}", words.join(", ")))
}

impl TriggerBody {
    pub fn trigger(&self) -> Result<Trigger, Error> {
        let kind = TriggerKind::of(self.r#type.trim());
        let kind = kind.ok_or_else(|| one_of("trigger.type", TriggerKind::WORDS))?;
        let trigger = Trigger { kind, minutes: self.minutes };
        checked_trigger(&trigger)?;
        Ok(trigger)
    }

    pub fn of(trigger: &Trigger) -> Self {
        Self { r#type: trigger.kind.as_str().to_owned(), minutes: trigger.minutes }
    }
}

pub fn matching(name: Option<&str>) -> Result<Option<Match>, Error> {
    name.map(|name| Match::of(name.trim()).ok_or_else(|| one_of("match", Match::WORDS))).transpose()
}

/// Conditions of a request, under the name of their field.
pub fn conditions(part: &str, bodies: &[ConditionBody]) -> Result<Vec<Condition>, Error> {
    let all = bodies.iter().enumerate().map(|(place, body)| {
        let at = |name: &str| format!("{part}[{place}].{name}");
        let field = Field::of(body.field.trim());
        let op = Op::of(body.op.trim());
        let (field, (op, value)) = Error::both(
            field.ok_or_else(|| one_of(&at("field"), Field::WORDS)),
            Error::both(
                op.ok_or_else(|| one_of(&at("op"), Op::WORDS)),
                wanted(&body.value, op).ok_or_else(|| {
                    let fault = "must be a text, a whole number, true or false, or a list of these";
                    Error::invalid_field(&at("value"), fault)
                }),
            ),
        )?;
        let condition = Condition { field, op, value };
        check_condition(&format!("{part}[{place}]"), &condition)?;
        Ok(condition)
    });
    Error::all(all)
}

fn wanted(value: &Value, op: Option<Op>) -> Option<Wanted> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.as_i64().map(|number| number.to_string()),
        _ => None,
    };
    match value {
        Value::String(text) if op == Some(Op::Regex) => Some(Wanted::Pattern(text.clone().into())),
        Value::String(text) => Some(Wanted::Text(text.clone())),
        Value::Bool(value) => Some(Wanted::Bool(*value)),
        Value::Number(number) => number.as_i64().map(Wanted::Number),
        Value::Array(values) => {
            values.iter().map(text).collect::<Option<Vec<String>>>().map(Wanted::OneOf)
        }
        Value::Null | Value::Object(_) => None,
    }
}

impl ConditionBody {
    pub fn of(condition: &Condition) -> Self {
        let value = match &condition.value {
            Wanted::Text(text) => Value::from(text.clone()),
            Wanted::Pattern(pattern) => Value::from(pattern.as_str()),
            Wanted::Number(number) => Value::from(*number),
            Wanted::Bool(value) => Value::from(*value),
            Wanted::OneOf(values) => Value::from(values.clone()),
        };
        let (field, op) = (condition.field.as_str().to_owned(), condition.op.as_str().to_owned());
        Self { field, op, value }
    }
}

/// Actions of a request.
pub fn actions(bodies: &[ActionBody]) -> Result<Vec<Action>, Error> {
    let all = bodies.iter().enumerate().map(|(place, body)| {
        let action = body.action(&|name: &str| format!("actions[{place}].{name}"))?;
        check_action(&format!("actions[{place}]"), &action)?;
        Ok(action)
    });
    Error::all(all)
}

impl ActionBody {
    fn action(&self, at: &impl Fn(&str) -> String) -> Result<Action, Error> {
        let needed = |name: &str, value: &Option<String>| {
            value.clone().ok_or_else(|| Error::invalid_field(&at(name), "is needed here"))
        };
        let record = |name: &str, value: &Option<String>| {
            needed(name, value).and_then(|text| id_in(&at(name), &text))
        };
        let (action, own): (Action, &[&str]) = match self.r#type.trim() {
            "send_message" => {
                (Action::SendMessage { text: needed("text", &self.text)? }, &["text"])
            }
            "add_note" => (Action::AddNote { text: needed("text", &self.text)? }, &["text"]),
            "add_tag" => (Action::AddTag { tag: needed("tag", &self.tag)? }, &["tag"]),
            "remove_tag" => (Action::RemoveTag { tag: needed("tag", &self.tag)? }, &["tag"]),
            "assign" => (Action::Assign { user: record("user_id", &self.user_id)? }, &["user_id"]),
            "set_status" => {
                let name = needed("status", &self.status)?;
                let status = NewStatus::of(name.trim());
                let status = status.ok_or_else(|| one_of(&at("status"), NewStatus::WORDS))?;
                (Action::SetStatus { status }, &["status"])
            }
            "handoff" => (Action::Handoff, &[]),
            "pause_bot" => (Action::PauseBot, &[]),
            "call_webhook" => {
                let webhook = record("webhook_id", &self.webhook_id)?;
                (Action::CallWebhook { webhook }, &["webhook_id"])
            }
            "create_ticket" => {
                let priority = match self.priority.as_deref().map(str::trim) {
                    None => None,
                    Some(name) => {
                        let known = Priority::of(name);
                        Some(known.ok_or_else(|| one_of(&at("priority"), Priority::WORDS))?)
                    }
                };
                let subject = needed("subject", &self.subject)?;
                (Action::CreateTicket { subject, priority }, &["subject", "priority"])
            }
            "create_task" => {
                let title = needed("title", &self.title);
                let assignee = record("assignee_id", &self.assignee_id);
                let (title, assignee) = Error::both(title, assignee)?;
                let due_in_minutes = self.due_in_minutes;
                let own = &["title", "assignee_id", "due_in_minutes"];
                (Action::CreateTask { title, assignee, due_in_minutes }, own)
            }
            _ => return Err(one_of(&at("type"), &Action::KINDS)),
        };
        let given = [
            ("text", self.text.is_some()),
            ("tag", self.tag.is_some()),
            ("user_id", self.user_id.is_some()),
            ("status", self.status.is_some()),
            ("subject", self.subject.is_some()),
            ("priority", self.priority.is_some()),
            ("title", self.title.is_some()),
            ("assignee_id", self.assignee_id.is_some()),
            ("due_in_minutes", self.due_in_minutes.is_some()),
            ("webhook_id", self.webhook_id.is_some()),
        ];
        match given.into_iter().find(|(name, is_given)| *is_given && !own.contains(name)) {
            None => Ok(action),
            Some((name, _)) => {
                let fault = format!("is not of {}", action.kind());
                Err(Error::invalid_field(&at(name), fault))
            }
        }
    }

    pub fn of(action: &Action) -> Self {
        let nothing = Self {
            r#type: action.kind().to_owned(),
            text: None,
            tag: None,
            user_id: None,
            status: None,
            subject: None,
            priority: None,
            title: None,
            assignee_id: None,
            due_in_minutes: None,
            webhook_id: None,
        };
        match action.clone() {
            Action::SendMessage { text } | Action::AddNote { text } => {
                Self { text: Some(text), ..nothing }
            }
            Action::AddTag { tag } | Action::RemoveTag { tag } => {
                Self { tag: Some(tag), ..nothing }
            }
            Action::Assign { user } => Self { user_id: Some(user.to_string()), ..nothing },
            Action::SetStatus { status } => {
                Self { status: Some(status.as_str().to_owned()), ..nothing }
            }
            Action::Handoff | Action::PauseBot => nothing,
            Action::CallWebhook { webhook } => {
                Self { webhook_id: Some(webhook.to_string()), ..nothing }
            }
            Action::CreateTicket { subject, priority } => Self {
                subject: Some(subject),
                priority: priority.map(|one| one.as_str().to_owned()),
                ..nothing
            },
            Action::CreateTask { title, assignee, due_in_minutes } => Self {
                title: Some(title),
                assignee_id: Some(assignee.to_string()),
                due_in_minutes,
                ..nothing
            },
        }
    }
}
