//! Bots as callers of the workspace API describe them.

use serde::Deserialize;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        kit::choice,
        workspace::{
            bot_view::TASKS,
            fields::{self, given},
        },
    },
    bots::{BotChange, BusinessTask, Position, Provider, Widget},
    domain::Error,
};

/// A new bot.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotDraft, example = json!({ "name": "Support Bot", "domain": "support" }))]
pub struct DraftBody {
    /// Name of the bot.
    #[schema(min_length = 1, max_length = 100, example = "Support Bot")]
    pub name: String,
    #[serde(flatten)]
    pub fields: Fields,
}

/// What is changed of a bot.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotChange, example = json!({ "name": "Help desk" }))]
pub struct ChangeBody {
    /// Another name.
    #[schema(min_length = 1, max_length = 100, example = "Help desk")]
    pub name: Option<String>,
    /// Whether it gets a new public token, so that the former is good no more.
    #[serde(default)]
    pub regenerate_public_token: bool,
    #[serde(flatten)]
    pub fields: Fields,
}

/// All of a bot but its name.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotFieldsBody)]
pub struct Fields {
    /// What it is about (default general). support, sales, ecommerce, booking, hr, education and healthcare bring a prompt
    /// and words for the hand-over.
    #[schema(min_length = 1, max_length = 50, example = "support")]
    domain: Option<String>,
    /// Null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 500, value_type = Option<String>)]
    description: Option<Option<String>>,
    /// `auto` (default), or the tag of a language such as `en` or `pt-BR`.
    #[schema(min_length = 2, max_length = 20, example = "auto")]
    language: Option<String>,
    /// What it answers to a greeting; null for the usual words.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 1600, value_type = Option<String>)]
    welcome_message: Option<Option<String>>,
    /// What it says when it knows no answer; null for the usual words.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 1600, value_type = Option<String>)]
    fallback_message: Option<Option<String>>,
    /// What it says when a person takes over; null for the usual words.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 1600, value_type = Option<String>)]
    handoff_message: Option<Option<String>>,
    /// What a model is told first; null for nothing.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 8000, value_type = Option<String>)]
    system_prompt: Option<Option<String>>,
    #[schema(schema_with = task_choice)]
    business_task: Option<BusinessTask>,
    /// How it words answers, for a model; null for nothing.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 100, value_type = Option<String>)]
    tone: Option<Option<String>>,
    /// Who words the answers.
    model: Option<ModelBody>,
    /// The same as in `model`.
    #[schema(minimum = 0, maximum = 1)]
    temperature: Option<f64>,
    /// When it hands over to a person.
    handoff: Option<HandoffBody>,
    /// The same as in `handoff`.
    #[schema(minimum = 1, maximum = 100)]
    max_turns: Option<u32>,
    /// Words that call it; all of them.
    #[schema(max_items = 50, max_length = 100)]
    trigger_keywords: Option<Vec<String>>,
    /// Where it answers; all channels (default the web alone).
    #[schema(max_items = 51)]
    channels: Option<Vec<ChannelBody>>,
    /// Whether it rests in the quiet hours of the business.
    business_hours_only: Option<bool>,
    /// Origins of pages that may have the widget; empty for all.
    #[schema(max_items = 50, max_length = 253)]
    allowed_origins: Option<Vec<String>>,
    /// How the widget looks.
    widget: Option<WidgetBody>,
}

/// Who words the answers of a bot.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotModelBody)]
struct ModelBody {
    #[schema(schema_with = provider_choice)]
    provider: Option<Provider>,
    /// Name of the model; null for that of the settings.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 100, value_type = Option<String>)]
    name: Option<Option<String>>,
    /// How free a model is in its words (default 0.3).
    #[schema(minimum = 0, maximum = 1)]
    temperature: Option<f64>,
    /// Tokens of an answer; null for the model's own limit.
    #[serde(default, deserialize_with = "given")]
    #[schema(minimum = 1, maximum = 32000, value_type = Option<u32>)]
    max_tokens: Option<Option<u32>>,
}

/// When a bot hands over to a person.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotHandoffBody)]
struct HandoffBody {
    /// Whether it ever does (default true).
    enabled: Option<bool>,
    /// Words that call for a person, beside the usual ones.
    #[schema(max_items = 50, max_length = 100)]
    keywords: Option<Vec<String>>,
    /// Replies in a conversation before a person takes over (default 10).
    #[schema(minimum = 1, maximum = 100)]
    max_turns: Option<u32>,
    /// Messages in a row that it has no answer for (default 2).
    #[schema(minimum = 1, maximum = 20)]
    after_fallbacks: Option<u32>,
}

/// Where a bot answers.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotChannelBody)]
struct ChannelBody {
    /// What kind of channel it is.
    r#type: ChannelKind,
    /// Name of the session, for `whatsapp`.
    #[schema(max_length = 64, example = "shop")]
    session_id: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = WorkspaceBotChannelKind)]
enum ChannelKind {
    Whatsapp,
    Web,
}

/// How the widget of a bot looks.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotWidgetBody)]
struct WidgetBody {
    /// `#RRGGBB`.
    #[schema(max_length = 7, example = "#1f6feb")]
    color: Option<String>,
    #[schema(schema_with = position_choice)]
    position: Option<Position>,
    /// Title of the widget.
    #[schema(max_length = 100)]
    title: Option<String>,
    /// An https address.
    #[schema(max_length = 2048)]
    avatar_url: Option<String>,
    /// Questions that a visitor can choose before the first message.
    #[schema(max_items = 6, max_length = 100, example = json!(["Where is my order?"]))]
    suggestions: Option<Vec<String>>,
}

fn task_choice() -> Schema {
    choice("What it is for; that of its domain when it is not given.", &TASKS)
}

fn provider_choice() -> Schema {
    choice("The gateway itself (default), or a model.", &["embedded", "openai"])
}

fn position_choice() -> Schema {
    choice("The corner of the page (default bottom-right).", &["bottom-right", "bottom-left"])
}

impl Fields {
    pub fn task(&self) -> Option<BusinessTask> {
        self.business_task
    }

    /// The change that these fields are.
    pub fn change(self) -> Result<BotChange, Error> {
        let (sessions, web) = match self.channels {
            Some(channels) => {
                let (sessions, web) = read_channels(channels)?;
                (Some(sessions), Some(web))
            }
            None => (None, None),
        };
        let model = self.model;
        let (provider, name, temperature, max_tokens) = match model {
            Some(model) => (model.provider, model.name, model.temperature, model.max_tokens),
            None => (None, None, None, None),
        };
        let (enabled, keywords, max_turns, after_fallbacks) = match self.handoff {
            Some(one) => (one.enabled, one.keywords, one.max_turns, one.after_fallbacks),
            None => (None, None, None, None),
        };
        let widget = self.widget.map(|widget| Widget {
            color: widget.color,
            position: widget.position.unwrap_or_default(),
            title: widget.title,
            avatar_url: widget.avatar_url,
            suggestions: widget.suggestions.unwrap_or_default(),
        });
        Ok(BotChange {
            task: self.business_task,
            trigger_keywords: self.trigger_keywords,
            system_prompt: self.system_prompt,
            provider,
            model: name,
            temperature: fields::same(
                ("model.temperature", temperature),
                ("temperature", self.temperature),
            )?,
            max_turns: fields::same(
                ("handoff.max_turns", max_turns),
                ("max_turns", self.max_turns),
            )?,
            business_hours_only: self.business_hours_only,
            sessions,
            domain: self.domain,
            description: self.description,
            language: self.language,
            tone: self.tone,
            max_tokens,
            welcome: self.welcome_message,
            fallback: self.fallback_message,
            handoff: self.handoff_message,
            handoff_enabled: enabled,
            handoff_keywords: keywords,
            after_fallbacks,
            web,
            allowed_origins: self.allowed_origins,
            widget,
            ..BotChange::default()
        })
    }
}

/// The sessions that channels name, and whether the web is among them.
fn read_channels(channels: Vec<ChannelBody>) -> Result<(Vec<String>, bool), Error> {
    let (mut sessions, mut web) = (Vec::new(), false);
    for channel in channels {
        match (channel.r#type, channel.session_id) {
            (ChannelKind::Web, _) => web = true,
            (ChannelKind::Whatsapp, Some(session)) => sessions.push(session),
            (ChannelKind::Whatsapp, None) => {
                let fault = "of type whatsapp need a session_id";
                return Err(Error::invalid_field("channels", fault));
            }
        }
    }
    Ok((sessions, web))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::workspace::bot_view::task_name;

    #[test]
    fn every_task_is_named_as_it_is_read() {
        for name in TASKS {
            let task: BusinessTask = serde_json::from_value(name.into()).unwrap();
            assert_eq!(task_name(task), name);
        }
    }
}
