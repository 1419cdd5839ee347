//! Flows: conversations that go through steps by themselves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::{
            contact_view::given,
            flow_body::{StepBody, TriggerBody, steps},
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, Body, Call, Created, Data, Message, Path, Read, Repeat, path::uuid, path_value,
        },
        sessions::wire::seconds,
        workspace::{automations::DoneView, bot_access},
    },
    automation::{Flow, FlowChange, FlowDraft, Run, check_head},
    bots::Viewer,
    domain::{Error, ErrorCode, SessionId, Subject},
};

const TAG: &str = "Business flows";
const ALL: &str = "/api/whatsapp-api/flows";
const ONE: &str = "/api/whatsapp-api/flows/{id}";
const RUNS: &str = "/api/whatsapp-api/flows/{id}/runs";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listFlows")
            .about(TAG, "Flows in the order in which they were made")
            .details(
                "In this order they are tried: the first that a message starts is gone through. Who does not administer the \
                 gateway sees those of the AI agents that they see.",
            ),
        Endpoint::post(ALL, create)
            .named("createFlow")
            .about(TAG, "Make a flow")
            .details(
                "Its steps run before an AI agent answers; a person who takes the conversation over stops it. An answer \
                 is waited for a day. Steps that none leads to, that name none, or that go round without a question are \
                 refused. There are 100 flows of 50 steps at most. A `message` may send an uploaded file. By SMS a link that \
                 opens it for a week goes in its place where `server.public_url` is set, and its text alone where not: the \
                 run notes which.",
            ),
        Endpoint::get(RUNS, runs)
            .named("listFlowRuns")
            .about(TAG, "What a flow did, newest first")
            .details(
                "The newest 100 times that a message or a pause took it further, with what became of each step that does \
                 something.",
            ),
        Endpoint::get(ONE, read).named("getFlow").about(TAG, "One flow"),
        Endpoint::patch(ONE, change)
            .named("updateFlow")
            .about(TAG, "Change a flow")
            .details(
                "What is not given stays as it is; steps are replaced. A conversation whose step is gone leaves the flow.",
            )
            .may_fail(&[ErrorCode::Conflict])
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove).named("deleteFlow").about(TAG, "Delete a flow"),
    ]
}

path_value! {
    /// A flow, by its id.
    enum FlowId = "id" as Uuid;
    about: "The id of the flow", example: "01980a3e-7c1e-7f6a-b3d8-5e901c47aa14",
    read: |text| uuid(text, Subject::Flow)
}

/// Flows.
#[derive(Serialize, ToSchema)]
#[schema(as = Flows)]
struct FlowsView {
    /// In the order in which they were made.
    flows: Vec<FlowView>,
}

/// A conversation that goes through steps by itself.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Flow)]
struct FlowView {
    /// Id of the flow.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the flow.
    #[schema(example = "Front desk")]
    name: String,
    /// Whether messages start it.
    #[schema(example = true)]
    enabled: bool,
    /// What starts it.
    trigger: TriggerBody,
    /// The first step is the one that it begins with.
    steps: Vec<StepBody>,
    /// Name of the one session that it is for; null for all.
    #[schema(example = json!(null))]
    session_id: Option<String>,
    /// Id of the AI agent whose conversations it is for, and with which it goes; null for all.
    #[schema(example = json!(null))]
    agent_id: Option<String>,
    /// When it was made, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    updated_at: String,
}

impl From<Flow> for FlowView {
    fn from(flow: Flow) -> Self {
        Self {
            id: flow.id.to_string(),
            name: flow.name,
            enabled: flow.enabled,
            trigger: TriggerBody::of(flow.trigger),
            steps: flow.steps.into_iter().map(StepBody::of).collect(),
            session_id: flow.session.map(|session| session.to_string()),
            agent_id: flow.bot.map(|bot| bot.to_string()),
            created_at: seconds(flow.created_at),
            updated_at: seconds(flow.updated_at),
        }
    }
}

async fn list(call: Call<Read>) -> Result<Data<FlowsView>, ApiError> {
    let mut flows = Vec::new();
    for flow in call.flows.all().iter() {
        if is_seen(&call, flow).await? {
            flows.push(flow.clone().into());
        }
    }
    Ok(Data::of(FlowsView { flows }))
}

/// Whether a caller sees a flow: with its agent; one of the business as a whole only who administers that.
async fn is_seen(call: &Call<Read>, flow: &Flow) -> Result<bool, Error> {
    match flow.bot {
        Some(bot) => bot_access::is_seen(call, bot).await,
        None => Ok(Viewer::of(&call.principal()) == Viewer::Everything),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FlowDraft, example = json!({
    "name": "Front desk",
    "trigger": { "type": "keyword", "keywords": ["front desk"], "matchType": "exact" },
    "steps": [
        { "id": "hello", "type": "message", "text": "Welcome to Acme!" },
        {
            "id": "topic", "type": "menu", "text": "What is it about?",
            "options": [
                { "id": "order", "title": "My order", "next": "number" },
                { "id": "other", "title": "Something else", "next": "person" },
            ],
        },
        {
            "id": "number", "type": "question", "text": "What is the number of your order?",
            "saveTo": "attributes.order", "validate": "number", "next": "thanks",
        },
        { "id": "person", "type": "handoff", "message": "One moment, please." },
        { "id": "thanks", "type": "message", "text": "Thank you." },
    ],
}))]
struct Draft {
    /// Name of the flow.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Whether messages start it (default true).
    enabled: Option<bool>,
    /// What starts it.
    trigger: TriggerBody,
    /// The first step is the one that it begins with.
    #[schema(min_items = 1, max_items = 50)]
    steps: Vec<StepBody>,
    /// Name of the one session that it is for (default all).
    #[schema(max_length = 64, example = "shop")]
    session_id: Option<String>,
    /// Id of the AI agent whose conversations it is for, and with which it goes (default all).
    #[schema(max_length = 36)]
    agent_id: Option<String>,
}

async fn create(call: Call<Admin>, Body(body): Body<Draft>) -> Result<Created<FlowView>, ApiError> {
    let session = body.session_id.as_deref().map(session).transpose();
    let bot = body.agent_id.as_deref().map(agent).transpose();
    let trigger = body.trigger.trigger();
    let head = check_head(&body.name, trigger.as_ref().ok());
    let ((trigger, steps), ((), (session, bot))) = Error::both(
        Error::both(trigger, steps(&body.steps)),
        Error::both(head, Error::both(session, bot)),
    )?;
    let (name, enabled) = (body.name, body.enabled.unwrap_or(true));
    let draft = FlowDraft { name, enabled, trigger, steps, session, bot };
    Ok(Created::of(call.flows.create(draft).await?.into()))
}

fn session(text: &str) -> Result<SessionId, Error> {
    let fault = |_| Error::invalid_field("sessionId", "must be the name of a session");
    text.trim().parse().map_err(fault)
}

fn agent(text: &str) -> Result<Uuid, Error> {
    let fault = |_| Error::invalid_field("agentId", "must be the id of an AI agent");
    text.trim().parse().map_err(fault)
}

async fn read(call: Call<Read>, Path(id): Path<FlowId>) -> Result<Data<FlowView>, ApiError> {
    Ok(Data::of(seen(&call, id).await?.into()))
}

/// A flow that the caller sees.
async fn seen(call: &Call<Read>, id: Uuid) -> Result<Flow, Error> {
    let flow = call.flows.get(id).await?;
    match is_seen(call, &flow).await? {
        true => Ok(flow),
        false => Err(Error::not_found(Subject::Flow, format!("there is no flow {id}"))),
    }
}

/// Runs of a flow.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowRuns)]
struct RunsView {
    /// Newest first.
    runs: Vec<RunView>,
}

/// A run of a flow: from one message or pause to where it stopped.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FlowRun)]
struct RunView {
    /// When it was, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    at: String,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    conversation_id: String,
    /// What became of what it did, in order.
    actions: Vec<DoneView>,
}

async fn runs(call: Call<Read>, Path(id): Path<FlowId>) -> Result<Data<RunsView>, ApiError> {
    seen(&call, id).await?;
    let view = |run: Run| RunView {
        at: seconds(run.at),
        conversation_id: run.conversation.to_string(),
        actions: run.actions.into_iter().map(DoneView::of).collect(),
    };
    Ok(Data::of(RunsView { runs: call.flows.runs(id).await?.into_iter().map(view).collect() }))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FlowChange, example = json!({ "enabled": false }))]
struct Change {
    /// Another name.
    #[schema(min_length = 1, max_length = 100, example = "Front desk")]
    name: Option<String>,
    /// Whether messages start it.
    enabled: Option<bool>,
    /// What starts it.
    trigger: Option<TriggerBody>,
    /// All steps.
    #[schema(max_items = 50)]
    steps: Option<Vec<StepBody>>,
    /// Name of the one session that it is for; null for all.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 64, value_type = Option<String>, example = "shop")]
    session_id: Option<Option<String>>,
    /// Id of the AI agent whose conversations it is for; null for all.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 36, value_type = Option<String>, example = json!(null))]
    agent_id: Option<Option<String>>,
}

async fn change(
    call: Call<Admin>,
    Path(id): Path<FlowId>,
    Body(body): Body<Change>,
) -> Result<Data<FlowView>, ApiError> {
    let session = body.session_id.map(|given| given.as_deref().map(session).transpose());
    let bot = body.agent_id.map(|given| given.as_deref().map(agent).transpose());
    let trigger = body.trigger.map(|trigger| trigger.trigger()).transpose();
    let ((trigger, steps), (session, bot)) = Error::both(
        Error::both(trigger, body.steps.map(|all| steps(&all)).transpose()),
        Error::both(session.transpose(), bot.transpose()),
    )?;
    let (name, enabled) = (body.name, body.enabled);
    let change = FlowChange { name, enabled, trigger, steps, session, bot };
    Ok(Data::of(call.flows.change(id, change).await?.into()))
}

async fn remove(call: Call<Admin>, Path(id): Path<FlowId>) -> Result<Message, ApiError> {
    call.flows.delete(id).await?;
    Ok(Message::of("Flow deleted"))
}
