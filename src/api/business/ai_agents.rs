//! AI agents: bots as the business API names them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::contact_view::given,
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, Body, Bucket, Call, Created, Data, Message, Path, Query, Read, Repeat,
            path::uuid, path_value,
        },
        workspace::{
            bot_access::{self, Sight},
            session_view::SourceView,
        },
    },
    bots::{
        Bot, BotChange, BotDraft, BotStatus, BusinessTask, Figures, Provider, Responder,
        asks_for_person,
    },
    domain::{Error, ErrorCode, Subject},
    services::Services,
};

const TAG: &str = "Business AI agents";
const ALL: &str = "/api/whatsapp-api/ai-agents";
const ONE: &str = "/api/whatsapp-api/ai-agents/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listAiAgents")
            .about(TAG, "AI agents in the order in which they were made")
            .details("An administrator sees all; others see their own and those that are shared with their teams."),
        Endpoint::post(ALL, create)
            .named("createAiAgent")
            .about(TAG, "Make an AI agent")
            .details(
                "It is a draft until its `status` is changed. Once it is active it answers who writes to its sessions, \
                 or calls it by a keyword; of a session, one active agent alone may do without keywords. There are 200 \
                 at most.",
            ),
        Endpoint::get(ONE, read).named("getAiAgent").about(TAG, "One AI agent"),
        Endpoint::patch(ONE, change)
            .named("updateAiAgent")
            .about(TAG, "Change an AI agent")
            .details("What is not given stays as it is; null removes a text. Lists are replaced.")
            .may_fail(&[ErrorCode::Conflict])
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteAiAgent")
            .about(TAG, "Delete an AI agent")
            .details("Its rules, flows, tickets, shares and webhooks go with it; its conversations stay."),
        Endpoint::post("/api/whatsapp-api/ai-agents/{id}/test", test)
            .named("testAiAgent")
            .about(TAG, "See what an AI agent would answer")
            .details("Nobody gets a message, and no figure changes.")
            .limited(Bucket::Assistant),
    ]
}

path_value! {
    /// An AI agent, by its id.
    enum AgentId = "id" as Uuid;
    about: "The id of the AI agent", example: "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12",
    read: |text| uuid(text, Subject::Bot)
}

/// Declares words of this surface for values of the domain.
macro_rules! words {
    (
        $(#[$doc:meta])* $name:ident for $of:ident as $schema:ident { $($value:ident),* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $schema)]
        pub enum $name {
            $($value),*
        }

        impl From<$name> for $of {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$value => Self::$value),*
                }
            }
        }

        impl From<$of> for $name {
            fn from(value: $of) -> Self {
                match value {
                    $($of::$value => Self::$value),*
                }
            }
        }
    };
}
words! {
    /// What an AI agent is for.
    TaskWord for BusinessTask as AiAgentTask {
        Faq, OrderTracking, CustomerSupport, Booking, LeadQualification, Feedback, Other
    }
}
words! {
    /// Whether an AI agent is in use.
    StatusWord for BotStatus as AiAgentStatus { Draft, Active, Inactive }
}

/// Who words the answers: the gateway itself, or a model.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AiAgentProvider)]
enum ProviderWord {
    Embedded,
    OpenAi,
}

impl From<ProviderWord> for Provider {
    fn from(word: ProviderWord) -> Self {
        match word {
            ProviderWord::Embedded => Self::Embedded,
            ProviderWord::OpenAi => Self::OpenAi,
        }
    }
}

impl From<Provider> for ProviderWord {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::Embedded => Self::Embedded,
            Provider::OpenAi => Self::OpenAi,
        }
    }
}

#[derive(Deserialize, ToSchema)]
pub struct AgentsQuery {
    /// Only those of this status.
    status: Option<StatusWord>,
    /// A part of the name, whatever its case.
    #[schema(max_length = 100)]
    search: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AiAgentDraft, example = json!({
    "name": "Order desk", "businessTask": "order_tracking", "triggerKeywords": ["order", "delivery"],
    "systemPrompt": "You help with orders of Acme Corp.", "sessions": ["shop"],
}))]
struct Draft {
    /// Name of the AI agent.
    #[schema(min_length = 1, max_length = 100, example = "Order desk")]
    name: String,
    /// What it is for.
    business_task: TaskWord,
    /// Words that call it; each counts once whatever its case.
    #[schema(max_items = 50)]
    trigger_keywords: Option<Vec<String>>,
    /// Instructions for a model.
    #[schema(max_length = 8000)]
    system_prompt: Option<String>,
    /// embedded when it is not given.
    provider: Option<ProviderWord>,
    /// Name of the model; that of the settings when it is not given.
    #[schema(max_length = 100)]
    model: Option<String>,
    /// How free a model is in its words (default 0.3).
    #[schema(minimum = 0, maximum = 1)]
    temperature: Option<f64>,
    /// Replies in a row before a person takes over (default 10).
    #[schema(minimum = 1, maximum = 100)]
    max_turns: Option<u32>,
    /// Whether it rests outside of business hours (default false).
    business_hours_only: Option<bool>,
    /// The sessions whose contacts it is for.
    #[schema(max_items = 50)]
    sessions: Option<Vec<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AiAgentChange, example = json!({ "status": "active", "maxTurns": 5 }))]
struct Change {
    /// Another name.
    #[schema(min_length = 1, max_length = 100, example = "Order desk")]
    name: Option<String>,
    /// What it is for.
    business_task: Option<TaskWord>,
    /// Whether it is in use.
    status: Option<StatusWord>,
    /// All words that call it.
    #[schema(max_items = 50, example = json!(["order"]))]
    trigger_keywords: Option<Vec<String>>,
    /// What a model is told first; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 8000, value_type = Option<String>, example = "You help with orders.")]
    system_prompt: Option<Option<String>>,
    /// Who words the answers.
    provider: Option<ProviderWord>,
    /// Name of the model; null for that of the settings.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 100, value_type = Option<String>, example = json!(null))]
    model: Option<Option<String>>,
    /// How free a model is in its words.
    #[schema(minimum = 0, maximum = 1)]
    temperature: Option<f64>,
    /// Replies in a row before a person takes over.
    #[schema(minimum = 1, maximum = 100)]
    max_turns: Option<u32>,
    /// Whether it rests outside of business hours.
    business_hours_only: Option<bool>,
    /// All sessions whose contacts it is for.
    #[schema(max_items = 50, example = json!(["shop"]))]
    sessions: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AiAgents)]
pub struct AgentsView {
    /// AI agents in the order in which they were made.
    agents: Vec<AgentView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AiAgent)]
struct AgentView {
    /// Id of the AI agent.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the AI agent.
    #[schema(example = "Order desk")]
    name: String,
    /// What it is for.
    business_task: TaskWord,
    /// Whether it is in use.
    status: StatusWord,
    /// Words that call it.
    #[schema(example = json!(["order"]))]
    trigger_keywords: Vec<String>,
    /// What a model is told first; null without anything.
    #[schema(example = "You help with orders of Acme Corp.")]
    system_prompt: Option<String>,
    /// Who words the answers.
    provider: ProviderWord,
    /// Name of the model; null for that of the settings.
    #[schema(example = json!(null))]
    model: Option<String>,
    /// How free a model is in its words, from 0 to 1.
    #[schema(example = 0.3)]
    temperature: f64,
    /// Replies in a row before a person takes over.
    #[schema(example = 10)]
    max_turns: u32,
    /// Whether it rests outside of business hours.
    business_hours_only: bool,
    /// Where it is to answer.
    channels: Vec<ChannelView>,
    /// Conversations that it took part in.
    #[schema(example = 0)]
    conversations_handled: u64,
    /// When it was made, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    updated_at: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AiAgentChannel)]
struct ChannelView {
    /// What kind of channel it is.
    #[schema(example = "whatsapp")]
    r#type: &'static str,
    /// Name of the session.
    #[schema(example = "shop")]
    session_id: String,
}

impl AgentView {
    fn of(bot: Bot, figures: Figures) -> Self {
        let channel = |session: crate::domain::SessionId| ChannelView {
            r#type: "whatsapp",
            session_id: session.to_string(),
        };
        Self {
            id: bot.id.to_string(),
            name: bot.name,
            business_task: bot.task.into(),
            status: bot.status.into(),
            trigger_keywords: bot.trigger_keywords,
            system_prompt: bot.system_prompt,
            provider: bot.provider.into(),
            model: bot.model,
            temperature: bot.temperature,
            max_turns: bot.max_turns,
            business_hours_only: bot.business_hours_only,
            channels: bot.sessions.into_iter().map(channel).collect(),
            conversations_handled: figures.sessions,
            created_at: time(bot.created_at),
            updated_at: time(bot.updated_at),
        }
    }
}

async fn views(services: &Services, bots: Vec<Bot>) -> Result<Vec<AgentView>, Error> {
    let ids: Vec<Uuid> = bots.iter().map(|bot| bot.id).collect();
    let figures = services.bots.figures(&ids).await?;
    Ok(bots.into_iter().zip(figures).map(|(bot, figures)| AgentView::of(bot, figures)).collect())
}

async fn view(services: &Services, bot: Bot) -> Result<AgentView, Error> {
    let views = views(services, vec![bot]).await?;
    views.into_iter().next().ok_or_else(|| Error::internal("an AI agent has no view"))
}

pub async fn list(
    call: Call<Read>,
    Query(query): Query<AgentsQuery>,
) -> Result<Data<AgentsView>, ApiError> {
    let status = query.status.map(BotStatus::from);
    let sight = Sight::of(&call).await?;
    let mut found = call.bots.list(status, query.search.as_deref().unwrap_or_default()).await?;
    found.retain(|bot| sight.has(Some(bot.id)));
    let agents = views(&call, found).await?;
    Ok(Data::of(AgentsView { agents }))
}

async fn create(
    call: Call<Admin>,
    Body(body): Body<Draft>,
) -> Result<Created<AgentView>, ApiError> {
    let rest = BotChange {
        trigger_keywords: body.trigger_keywords,
        system_prompt: Some(body.system_prompt),
        provider: body.provider.map(Provider::from),
        model: Some(body.model),
        temperature: body.temperature,
        max_turns: body.max_turns,
        business_hours_only: body.business_hours_only,
        sessions: body.sessions,
        ..BotChange::default()
    };
    let (name, task) = (body.name, Some(body.business_task.into()));
    let (owner, created_by) = (call.principal().person(), call.principal().id());
    let draft = BotDraft { name, task, rest, created_by, owner };
    let made = call.bots.create(draft).await?;
    Ok(Created::of(view(&call, made).await?))
}

async fn read(call: Call<Read>, Path(id): Path<AgentId>) -> Result<Data<AgentView>, ApiError> {
    Ok(Data::of(view(&call, bot_access::seen(&call, id).await?).await?))
}

async fn change(
    call: Call<Admin>,
    Path(id): Path<AgentId>,
    Body(body): Body<Change>,
) -> Result<Data<AgentView>, ApiError> {
    let change = BotChange {
        name: body.name,
        task: body.business_task.map(BusinessTask::from),
        status: body.status.map(BotStatus::from),
        trigger_keywords: body.trigger_keywords,
        system_prompt: body.system_prompt,
        provider: body.provider.map(Provider::from),
        model: body.model,
        temperature: body.temperature,
        max_turns: body.max_turns,
        business_hours_only: body.business_hours_only,
        sessions: body.sessions,
        ..BotChange::default()
    };
    Ok(Data::of(view(&call, call.bots.change(id, change).await?).await?))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AiAgentTestBody, example = json!({ "message": "How long do refunds take?" }))]
struct TestBody {
    /// What a contact would write.
    #[schema(min_length = 1, max_length = 4000, example = "How long do refunds take?")]
    message: String,
    /// What was said before, oldest first; replies of the agent count for the hand-over.
    #[schema(max_items = 100)]
    history: Option<Vec<Line>>,
}

/// Something that was said before.
#[derive(Deserialize, ToSchema)]
#[schema(as = AiAgentTestLine, example = json!({ "role": "user", "content": "Hello" }))]
struct Line {
    /// Who said it.
    role: LineRole,
    /// The text.
    #[schema(min_length = 1, max_length = 4096, example = "Hello")]
    content: String,
}

/// Who said something: the contact, or the AI agent.
#[derive(Clone, Copy, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = AiAgentTestRole)]
enum LineRole {
    User,
    Assistant,
}

/// What an AI agent would answer.
#[derive(Serialize, ToSchema)]
#[schema(as = AiAgentTest)]
struct TestView {
    /// The answer.
    #[schema(example = "Refunds take five days.")]
    reply: String,
    /// What it comes from, best first.
    sources: Vec<SourceView>,
    /// Whether a person would take over.
    #[schema(example = false)]
    handoff: bool,
}

async fn test(
    call: Call<Read>,
    Path(id): Path<AgentId>,
    Body(body): Body<TestBody>,
) -> Result<Data<TestView>, ApiError> {
    let bot = bot_access::seen(&call, id).await?;
    let responder = Responder::new(call.retrieval.clone());
    let history = body.history.unwrap_or_default();
    if history.iter().any(|line| line.content.trim().is_empty()) {
        return Err(Error::invalid_field("history", "must have texts that are not blank").into());
    }
    let said = history.iter().filter(|line| line.role == LineRole::Assistant).count();
    let is_enough = usize::try_from(bot.max_turns).unwrap_or(usize::MAX) <= said;
    if bot.handoff.enabled && (is_enough || asks_for_person(&bot, &body.message)) {
        let (reply, sources) = (responder.handoff(&bot), Vec::new());
        return Ok(Data::of(TestView { reply, sources, handoff: true }));
    }
    let answer = responder.answer(&bot, &body.message).await?;
    let sources = answer.sources.iter().map(SourceView::from).collect();
    Ok(Data::of(TestView { reply: answer.text, sources, handoff: false }))
}

async fn remove(call: Call<Admin>, Path(id): Path<AgentId>) -> Result<Message, ApiError> {
    call.remove_bot(id).await?;
    Ok(Message::of("AI agent deleted"))
}
