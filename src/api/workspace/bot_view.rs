//! Bots as the workspace API shows them.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{kit::required_choice, sessions::wire::seconds},
    bots::{Bot, BotStatus, BusinessTask, Figures, Provider, Widget},
    domain::Error,
    services::Services,
};

/// A bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBot)]
pub struct BotView {
    /// UUID of the bot.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the bot.
    #[schema(example = "Support Bot")]
    name: String,
    /// What it is about.
    #[schema(example = "support")]
    domain: String,
    /// Null without one.
    #[schema(example = "Answers questions about orders")]
    description: Option<String>,
    /// `auto`, or the tag of a language.
    #[schema(example = "auto")]
    language: String,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// Whether its status is `active`.
    is_active: bool,
    /// What it answers to a greeting; null for the usual words.
    #[schema(example = "Hi! How can I help?")]
    welcome_message: Option<String>,
    /// What it says when it knows no answer; null for the usual words.
    #[schema(example = json!(null))]
    fallback_message: Option<String>,
    /// What it says when a person takes over; null for the usual words.
    #[schema(example = json!(null))]
    handoff_message: Option<String>,
    /// What a model is told first; null for nothing.
    #[schema(example = "You answer questions of customers.")]
    system_prompt: Option<String>,
    #[schema(schema_with = task_schema)]
    business_task: &'static str,
    /// How it words answers, for a model; null without one.
    #[schema(example = "friendly")]
    tone: Option<String>,
    /// Who words the answers.
    model: ModelView,
    /// When it hands over to a person.
    handoff: HandoffView,
    /// Words that call it; without any it answers everybody who writes to its sessions.
    #[schema(example = json!(["order"]))]
    trigger_keywords: Vec<String>,
    /// Where it answers.
    channels: Vec<ChannelView>,
    /// Whether it rests in the quiet hours of the business.
    business_hours_only: bool,
    /// What the widget of a page names it by; null before the first change of a bot that is older than widgets.
    #[schema(example = "pk_4f0ZkqT7mXv2BnR8sLcW1d")]
    public_token: Option<String>,
    /// Origins of pages that may have the widget; empty for all.
    #[schema(example = json!(["https://www.example.com"]))]
    allowed_origins: Vec<String>,
    /// How the widget looks.
    widget: WidgetView,
    /// UUID of the person whose bot it is; null for nobody.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    owner_id: Option<String>,
    /// UUIDs of the teams that it is shared with.
    #[schema(example = json!([]))]
    team_ids: Vec<String>,
    /// What it did.
    stats: StatsView,
    /// When it was made, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    updated_at: String,
}

/// Who words the answers of a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBotModel)]
struct ModelView {
    #[schema(schema_with = provider_schema)]
    provider: &'static str,
    /// Name of the model; null for that of the settings.
    #[schema(example = json!(null))]
    name: Option<String>,
    /// How free a model is in its words, from 0 to 1.
    #[schema(example = 0.3)]
    temperature: f64,
    /// Tokens of an answer; null for the model's own limit.
    #[schema(example = json!(null))]
    max_tokens: Option<u32>,
}

/// When a bot hands over to a person.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBotHandoff)]
struct HandoffView {
    /// Whether it ever does.
    #[schema(example = true)]
    enabled: bool,
    /// Words that call for a person, beside the usual ones.
    #[schema(example = json!(["complaint"]))]
    keywords: Vec<String>,
    /// Replies in a conversation before a person takes over.
    #[schema(example = 10)]
    max_turns: u32,
    /// Messages in a row that it has no answer for.
    #[schema(example = 2)]
    after_fallbacks: u32,
}

/// Where a bot answers.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBotChannel)]
struct ChannelView {
    #[schema(schema_with = channel_schema)]
    r#type: &'static str,
    /// Name of the session; left out for the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "shop")]
    session_id: Option<String>,
}

/// How the widget of a bot looks.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBotWidget)]
pub struct WidgetView {
    /// `#RRGGBB`; null for the usual color.
    #[schema(example = "#1f6feb")]
    color: Option<String>,
    #[schema(schema_with = position_schema)]
    position: &'static str,
    /// Title of the widget; null for the name of the bot.
    #[schema(example = "Ask us")]
    title: Option<String>,
    /// Address of a picture; null without one.
    #[schema(example = json!(null))]
    avatar_url: Option<String>,
    /// Questions that a visitor can choose before the first message.
    #[schema(example = json!(["Where is my order?"]))]
    suggestions: Vec<String>,
}

impl From<Widget> for WidgetView {
    fn from(widget: Widget) -> Self {
        let Widget { color, position, title, avatar_url, suggestions } = widget;
        Self { color, position: position.as_str(), title, avatar_url, suggestions }
    }
}

/// What a bot did.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBotStats)]
struct StatsView {
    /// Conversations that it took part in.
    #[schema(example = 0)]
    sessions: u64,
    /// Messages that it answered, and its answers.
    #[schema(example = 0)]
    messages: u64,
}

fn status_schema() -> Schema {
    required_choice("`draft` until it is activated first.", &["draft", "active", "inactive"])
}

fn provider_schema() -> Schema {
    required_choice("The gateway itself, or a model.", &["embedded", "openai"])
}

fn channel_schema() -> Schema {
    required_choice("What kind of channel it is.", &["whatsapp", "web"])
}

fn position_schema() -> Schema {
    required_choice("The corner of the page.", &["bottom-right", "bottom-left"])
}

/// Names of tasks.
pub const TASKS: [&str; 7] = [
    "faq",
    "order_tracking",
    "customer_support",
    "booking",
    "lead_qualification",
    "feedback",
    "other",
];

fn task_schema() -> Schema {
    required_choice("What it is for.", &TASKS)
}

pub fn task_name(task: BusinessTask) -> &'static str {
    match task {
        BusinessTask::Faq => "faq",
        BusinessTask::OrderTracking => "order_tracking",
        BusinessTask::CustomerSupport => "customer_support",
        BusinessTask::Booking => "booking",
        BusinessTask::LeadQualification => "lead_qualification",
        BusinessTask::Feedback => "feedback",
        BusinessTask::Other => "other",
    }
}

fn channels(bot: &Bot) -> Vec<ChannelView> {
    let web = bot.web.is_on.then_some(ChannelView { r#type: "web", session_id: None });
    let sessions = bot
        .sessions
        .iter()
        .map(|session| ChannelView { r#type: "whatsapp", session_id: Some(session.to_string()) });
    web.into_iter().chain(sessions).collect()
}

impl BotView {
    fn of(bot: Bot, figures: Figures, teams: &[Uuid]) -> Self {
        let channels = channels(&bot);
        Self {
            id: bot.id.to_string(),
            name: bot.name,
            domain: bot.domain,
            description: bot.description,
            language: bot.language,
            status: match bot.status {
                BotStatus::Draft => "draft",
                BotStatus::Active => "active",
                BotStatus::Inactive => "inactive",
            },
            is_active: bot.status == BotStatus::Active,
            welcome_message: bot.texts.welcome,
            fallback_message: bot.texts.fallback,
            handoff_message: bot.texts.handoff,
            system_prompt: bot.system_prompt,
            business_task: task_name(bot.task),
            tone: bot.tone,
            model: ModelView {
                provider: match bot.provider {
                    Provider::Embedded => "embedded",
                    Provider::OpenAi => "openai",
                },
                name: bot.model,
                temperature: bot.temperature,
                max_tokens: bot.max_tokens,
            },
            handoff: HandoffView {
                enabled: bot.handoff.enabled,
                keywords: bot.handoff.keywords,
                max_turns: bot.max_turns,
                after_fallbacks: bot.handoff.after_fallbacks,
            },
            trigger_keywords: bot.trigger_keywords,
            channels,
            business_hours_only: bot.business_hours_only,
            public_token: bot.web.public_token,
            allowed_origins: bot.web.allowed_origins,
            widget: bot.web.widget.into(),
            owner_id: bot.owner.map(|id| id.to_string()),
            team_ids: teams.iter().map(Uuid::to_string).collect(),
            stats: StatsView { sessions: figures.sessions, messages: figures.messages },
            created_at: seconds(bot.created_at),
            updated_at: seconds(bot.updated_at),
        }
    }
}

pub async fn views(services: &Services, bots: Vec<Bot>) -> Result<Vec<BotView>, Error> {
    let ids: Vec<_> = bots.iter().map(|bot| bot.id).collect();
    let figures = services.bots.figures(&ids).await?;
    let teams = services.teams.teams_of_bots(&ids).await?;
    let all = bots.into_iter().zip(figures).zip(teams);
    Ok(all.map(|((bot, figures), teams)| BotView::of(bot, figures, &teams)).collect())
}

pub async fn view(services: &Services, bot: Bot) -> Result<BotView, Error> {
    let views = views(services, vec![bot]).await?;
    views.into_iter().next().ok_or_else(|| Error::internal("a bot has no view"))
}
