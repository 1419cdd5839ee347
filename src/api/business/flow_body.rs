//! Flows as callers of the business API describe them, and as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        kit::{choice, required_choice},
        workspace::automation_body::{self, ConditionBody},
    },
    automation::{
        Choice, FlowTrigger, KeywordMatch, Match, SaveTo, Step, StepKind, Validate, check_step,
    },
    domain::Error,
};

/// How often a question is repeated that nobody answers as it should be.
const RETRIES: u32 = 2;
const TRIGGERS: [&str; 3] = ["keyword", "new_conversation", "any"];
const MATCHES: [&str; 3] = ["contains", "exact", "startsWith"];
const KINDS: [&str; 9] =
    ["message", "menu", "question", "condition", "tag", "assign", "handoff", "wait", "end"];
const VALIDATIONS: [&str; 3] = ["email", "number", "phone"];

/// What starts a flow.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FlowTrigger, example = json!({ "type": "keyword", "keywords": ["menu"] }))]
pub struct TriggerBody {
    #[schema(schema_with = trigger_schema)]
    r#type: String,
    /// Of `keyword`: any of these words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50, max_length = 100, example = json!(["menu"]))]
    keywords: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = match_choice)]
    match_type: Option<String>,
}

/// A step of a flow.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FlowStep, example = json!({ "id": "hello", "type": "message", "text": "Hello!" }))]
pub struct StepBody {
    /// What other steps name it by.
    #[schema(min_length = 1, max_length = 50, example = "hello")]
    id: String,
    #[schema(schema_with = kind_schema)]
    r#type: String,
    /// Id of the step after it; the following one of the list when it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 50, example = json!(null))]
    next: Option<String>,
    /// Of `message`, `menu` and `question`. With a `mediaId` it is the text under the file, of at most 1,024 characters,
    /// and may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1600, example = "Hello!")]
    text: Option<String>,
    /// Of `message`: id of an uploaded file (`POST /api/whatsapp-api/media`), which stays as long as the step names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 36, example = json!(null))]
    media_id: Option<String>,
    /// Of `menu`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10)]
    options: Option<Vec<OptionBody>>,
    /// Of `question`: `contact.name`, `contact.email`, or `attributes.` and the name of an attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 61, example = "attributes.order")]
    save_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = validate_choice)]
    validate: Option<String>,
    /// Of `menu` and `question`: how often it is asked again (default 2) before a person takes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10)]
    retry: Option<u32>,
    /// Of `menu` and `question`: what is said to an answer that is none; the question when it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1600, example = "Please send the number.")]
    on_invalid: Option<String>,
    /// Of `condition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    conditions: Option<Vec<ConditionBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = automation_body::match_choice)]
    r#match: Option<String>,
    /// Of `condition`: id of the step where the conditions do not hold; the following one when it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 50, example = json!(null))]
    otherwise: Option<String>,
    /// Of `tag`: names of tags that the conversation gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10, max_length = 50, example = json!(["order"]))]
    add: Option<Vec<String>>,
    /// Of `tag`: names of tags that it loses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10, max_length = 50, example = json!([]))]
    remove: Option<Vec<String>>,
    /// Of `assign`: id of the person who gets the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 36, example = json!(null))]
    user_id: Option<String>,
    /// Of `handoff`: what is said before people take over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1600, example = "One moment, please.")]
    message: Option<String>,
    /// Of `wait`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 43200)]
    minutes: Option<u32>,
    /// Of `end`: whether the conversation is resolved (default false).
    #[serde(skip_serializing_if = "Option::is_none")]
    resolve: Option<bool>,
}

/// An option of a menu.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = FlowOption, example = json!({ "id": "order", "title": "My order" }))]
pub struct OptionBody {
    /// What a reply is known by.
    #[schema(min_length = 1, max_length = 50, example = "order")]
    id: String,
    /// What is shown.
    #[schema(min_length = 1, max_length = 100, example = "My order")]
    title: String,
    /// Id of the step that it leads to; that after the menu when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 50, example = json!(null))]
    next: Option<String>,
}

fn trigger_schema() -> Schema {
    required_choice("What starts it: a word, the first message, or any message.", &TRIGGERS)
}

fn match_choice() -> Schema {
    choice("Of `keyword`: how it is looked for (default contains).", &MATCHES)
}

fn kind_schema() -> Schema {
    required_choice("What the step does.", &KINDS)
}

fn validate_choice() -> Schema {
    choice("Of `question`: what the answer must be.", &VALIDATIONS)
}

fn one_of(field: &str, words: &[&str]) -> Error {
    Error::invalid_field(field, format!("must be one of {}", words.join(", ")))
}

impl TriggerBody {
    pub fn trigger(&self) -> Result<FlowTrigger, Error> {
        match self.r#type.trim() {
            "new_conversation" => Ok(FlowTrigger::NewConversation),
            "any" => Ok(FlowTrigger::Any),
            "keyword" => {
                let matching = match self.match_type.as_deref().map(str::trim) {
                    None | Some("contains") => KeywordMatch::Contains,
                    Some("exact") => KeywordMatch::Exact,
                    Some("startsWith") => KeywordMatch::StartsWith,
                    Some(_) => return Err(one_of("trigger.matchType", &MATCHES)),
                };
                let keywords = self.keywords.clone().unwrap_or_default();
                Ok(FlowTrigger::Keyword { keywords, matching })
            }
            _ => Err(one_of("trigger.type", &TRIGGERS)),
        }
    }

    pub fn of(trigger: FlowTrigger) -> Self {
        let plain = |name: &str| Self { r#type: name.to_owned(), keywords: None, match_type: None };
        match trigger {
            FlowTrigger::NewConversation => plain("new_conversation"),
            FlowTrigger::Any => plain("any"),
            FlowTrigger::Keyword { keywords, matching } => Self {
                keywords: Some(keywords),
                match_type: Some(
                    match matching {
                        KeywordMatch::Contains => "contains",
                        KeywordMatch::Exact => "exact",
                        KeywordMatch::StartsWith => "startsWith",
                    }
                    .to_owned(),
                ),
                ..plain("keyword")
            },
        }
    }
}

/// Steps of a request.
pub fn steps(bodies: &[StepBody]) -> Result<Vec<Step>, Error> {
    let all = bodies.iter().enumerate().map(|(place, body)| {
        let step = body.step(&|name: &str| format!("steps[{place}].{name}"))?;
        check_step(&format!("steps[{place}]"), &step)?;
        Ok(step)
    });
    Error::all(all)
}

impl StepBody {
    fn step(&self, at: &impl Fn(&str) -> String) -> Result<Step, Error> {
        let (does, own) = self.does(at)?;
        let given = [
            ("next", self.next.is_some()),
            ("text", self.text.is_some()),
            ("mediaId", self.media_id.is_some()),
            ("options", self.options.is_some()),
            ("saveTo", self.save_to.is_some()),
            ("validate", self.validate.is_some()),
            ("retry", self.retry.is_some()),
            ("onInvalid", self.on_invalid.is_some()),
            ("conditions", self.conditions.is_some()),
            ("match", self.r#match.is_some()),
            ("otherwise", self.otherwise.is_some()),
            ("add", self.add.is_some()),
            ("remove", self.remove.is_some()),
            ("userId", self.user_id.is_some()),
            ("message", self.message.is_some()),
            ("minutes", self.minutes.is_some()),
            ("resolve", self.resolve.is_some()),
        ];
        if let Some((name, _)) = given.into_iter().find(|(name, is)| *is && !own.contains(name)) {
            let fault = format!("is not of a step of type {}", self.r#type.trim());
            return Err(Error::invalid_field(&at(name), fault));
        }
        Ok(Step { id: self.id.trim().to_owned(), does, next: self.next.clone() })
    }

    /// What the step does, and the fields that are its own.
    fn does(
        &self,
        at: &impl Fn(&str) -> String,
    ) -> Result<(StepKind, &'static [&'static str]), Error> {
        let needed = |name: &str| Error::invalid_field(&at(name), "is needed here");
        let text = || self.text.clone().ok_or_else(|| needed("text"));
        let retry = self.retry.unwrap_or(RETRIES);
        let on_invalid = self.on_invalid.clone();
        Ok(match self.r#type.trim() {
            "message" => {
                let own = &["next", "text", "mediaId"];
                let Some(id) = self.media_id.as_deref() else {
                    return Ok((StepKind::Message { text: text()?, media: None }, own));
                };
                let fault =
                    |_| Error::invalid_field(&at("mediaId"), "must be the id of an uploaded file");
                let media = Some(id.trim().parse().map_err(fault)?);
                (StepKind::Message { text: self.text.clone().unwrap_or_default(), media }, own)
            }
            "menu" => {
                let options = self.options.clone().ok_or_else(|| needed("options"));
                let (text, options) = Error::both(text(), options)?;
                let option = |body: OptionBody| {
                    let OptionBody { id, title, next } = body;
                    Choice { id: id.trim().to_owned(), title: title.trim().to_owned(), next }
                };
                let options = options.into_iter().map(option).collect();
                let own = &["next", "text", "options", "retry", "onInvalid"];
                (StepKind::Menu { text, options, retry, on_invalid }, own)
            }
            "question" => {
                let kept = self.save_to.as_deref().ok_or_else(|| needed("saveTo"));
                let (text, kept) = Error::both(text(), kept)?;
                let save_to = match kept.trim() {
                    "contact.name" => SaveTo::Name,
                    "contact.email" => SaveTo::Email,
                    kept => match kept.strip_prefix("attributes.") {
                        Some(name) => SaveTo::Attribute(name.to_owned()),
                        None => {
                            let fault = "must be contact.name, contact.email or attributes.NAME";
                            return Err(Error::invalid_field(&at("saveTo"), fault));
                        }
                    },
                };
                let validate = match self.validate.as_deref().map(str::trim) {
                    None => None,
                    Some("email") => Some(Validate::Email),
                    Some("number") => Some(Validate::Number),
                    Some("phone") => Some(Validate::Phone),
                    Some(_) => return Err(one_of(&at("validate"), &VALIDATIONS)),
                };
                let own = &["next", "text", "saveTo", "validate", "retry", "onInvalid"];
                (StepKind::Question { text, save_to, validate, retry, on_invalid }, own)
            }
            "condition" => {
                let bodies = self.conditions.as_deref().ok_or_else(|| needed("conditions"))?;
                let conditions = automation_body::conditions(&at("conditions"), bodies)?;
                let matching = automation_body::matching(self.r#match.as_deref())?;
                let matching = matching.unwrap_or(Match::All);
                let otherwise = self.otherwise.clone();
                let own = &["next", "conditions", "match", "otherwise"];
                (StepKind::Condition { conditions, matching, otherwise }, own)
            }
            "tag" => {
                let (add, remove) = (self.add.clone(), self.remove.clone());
                let (add, remove) = (add.unwrap_or_default(), remove.unwrap_or_default());
                (StepKind::Tag { add, remove }, &["next", "add", "remove"])
            }
            "assign" => {
                let id = self.user_id.as_deref().ok_or_else(|| needed("userId"))?;
                let fault = |_| Error::invalid_field(&at("userId"), "must be the id of a person");
                (StepKind::Assign { user: id.trim().parse().map_err(fault)? }, &["userId"])
            }
            "handoff" => (StepKind::Handoff { message: self.message.clone() }, &["message"]),
            "wait" => {
                let minutes = self.minutes.ok_or_else(|| needed("minutes"))?;
                (StepKind::Wait { minutes }, &["next", "minutes"])
            }
            "end" => (StepKind::End { resolve: self.resolve.unwrap_or(false) }, &["resolve"]),
            _ => return Err(one_of(&at("type"), &KINDS)),
        })
    }

    pub fn of(step: Step) -> Self {
        let Step { id, does, next } = step;
        let of = |name: &str| Self {
            id: id.clone(),
            r#type: name.to_owned(),
            next: next.clone(),
            ..Self::default()
        };
        match does {
            StepKind::Message { text, media } => Self {
                text: Some(text).filter(|text| !text.is_empty()),
                media_id: media.map(|id| id.to_string()),
                ..of("message")
            },
            StepKind::Menu { text, options, retry, on_invalid } => {
                let option = |choice: Choice| {
                    let Choice { id, title, next } = choice;
                    OptionBody { id, title, next }
                };
                let options = Some(options.into_iter().map(option).collect());
                Self { text: Some(text), options, retry: Some(retry), on_invalid, ..of("menu") }
            }
            StepKind::Question { text, save_to, validate, retry, on_invalid } => Self {
                text: Some(text),
                save_to: Some(match save_to {
                    SaveTo::Name => "contact.name".to_owned(),
                    SaveTo::Email => "contact.email".to_owned(),
                    SaveTo::Attribute(name) => format!("attributes.{name}"),
                }),
                validate: validate.map(|kind| {
                    match kind {
                        Validate::Email => "email",
                        Validate::Number => "number",
                        Validate::Phone => "phone",
                    }
                    .to_owned()
                }),
                retry: Some(retry),
                on_invalid,
                ..of("question")
            },
            StepKind::Condition { conditions, matching, otherwise } => Self {
                conditions: Some(conditions.iter().map(ConditionBody::of).collect()),
                r#match: Some(matching.as_str().to_owned()),
                otherwise,
                ..of("condition")
            },
            StepKind::Tag { add, remove } => {
                Self { add: Some(add), remove: Some(remove), ..of("tag") }
            }
            StepKind::Assign { user } => Self { user_id: Some(user.to_string()), ..of("assign") },
            StepKind::Handoff { message } => Self { message, ..of("handoff") },
            StepKind::Wait { minutes } => Self { minutes: Some(minutes), ..of("wait") },
            StepKind::End { resolve } => Self { resolve: Some(resolve), ..of("end") },
        }
    }
}
