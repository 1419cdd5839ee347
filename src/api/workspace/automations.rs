//! Automations: rules of a bot that act in its conversations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Bots, Call, Created, Data, Message, Path, Query, Read, Repeat, path::uuid,
            path_value,
        },
        sessions::wire::seconds,
        workspace::{
            automation_body::{
                ActionBody, ConditionBody, TriggerBody, actions, conditions, match_choice,
                match_schema, matching,
            },
            bot_access,
            pages::{PageView, ShortPageQuery},
        },
    },
    automation::{
        Action, Automation, AutomationChange, AutomationDraft, Done, Facts, Figures, Match, Run,
        check_name, hold, holds,
    },
    domain::{Error, ErrorCode, Subject},
    services::Services,
};

pub const TAG: &str = "Automations";
const ALL: &str = "/api/v1/automations";
const ONE: &str = "/api/v1/automations/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ONE, list)
            .named("listAutomations")
            .about(TAG, "Rules of a bot, in the order in which they were made")
            .details("An event starts five of them at most, in this order. What a rule does starts none."),
        Endpoint::post(ALL, create)
            .named("createAutomation")
            .about(TAG, "Make a rule of a bot")
            .details(
                "It acts in conversations of the bot, before the bot answers, once for each event. An action that cannot \
                 be done is noted in `last_error`, and the others go on. A webhook of the bot gets \
                 `automation_triggered`. A bot has 50 at most.",
            )
            .may_fail(&[ErrorCode::NotFound]),
        Endpoint::put(ONE, change)
            .named("updateAutomation")
            .about(TAG, "Change a rule")
            .details("What is not given stays as it is; lists are replaced.")
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove).named("deleteAutomation").about(TAG, "Delete a rule"),
        Endpoint::get("/api/v1/automations/{id}/runs", runs)
            .named("listAutomationRuns")
            .about(TAG, "The newest 100 runs of a rule, newest first"),
        Endpoint::post("/api/v1/automations/{id}/test", test)
            .named("testAutomation")
            .about(TAG, "See whether a message would start a rule")
            .details("Nothing is done, and nobody gets a message."),
    ]
}

path_value! {
    /// The bot whose rules are listed.
    enum BotOfAutomations = "id" as Uuid;
    about: "The UUID of the bot", example: "550e8400-e29b-41d4-a716-446655440060",
    read: |text| uuid(text, Subject::Bot)
}

path_value! {
    /// A rule, by its UUID.
    enum AutomationId = "id" as Uuid;
    about: "The UUID of the rule", example: "550e8400-e29b-41d4-a716-446655440072",
    read: |text| uuid(text, Subject::Automation)
}

/// The rules of a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAutomations)]
struct AutomationsView {
    /// In the order in which they are tried.
    automations: Vec<AutomationView>,
    #[serde(flatten)]
    page: PageView,
}

/// A rule of a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAutomation)]
struct AutomationView {
    /// UUID of the rule.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// UUID of the bot.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440060")]
    bot_id: String,
    /// Name of the rule.
    #[schema(example = "Refunds")]
    name: String,
    /// Whether it is in use.
    #[schema(example = true)]
    enabled: bool,
    /// What starts it.
    trigger: TriggerBody,
    /// What must hold.
    conditions: Vec<ConditionBody>,
    #[schema(schema_with = match_schema)]
    r#match: &'static str,
    /// What it does, in this order.
    actions: Vec<ActionBody>,
    /// Its place among the rules of its bot, which are tried in this order, from 1.
    #[schema(example = 1)]
    position: usize,
    /// How often it ran.
    #[schema(example = 0)]
    run_count: u64,
    /// When it ran last, RFC 3339; null before the first time.
    #[schema(example = json!(null))]
    last_run_at: Option<String>,
    /// Why an action of it could not be done, the last time that one could not; null while all could.
    #[schema(example = json!(null))]
    last_error: Option<String>,
    /// When it was made, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    updated_at: String,
}

impl AutomationView {
    fn of(rule: Automation, figures: Figures, position: usize) -> Self {
        Self {
            id: rule.id.to_string(),
            bot_id: rule.bot.to_string(),
            name: rule.name,
            enabled: rule.enabled,
            trigger: TriggerBody::of(&rule.trigger),
            conditions: rule.conditions.iter().map(ConditionBody::of).collect(),
            r#match: rule.matching.as_str(),
            actions: rule.actions.iter().map(ActionBody::of).collect(),
            position,
            run_count: figures.runs,
            last_run_at: figures.last_run_at.map(seconds),
            last_error: figures.last_error,
            created_at: seconds(rule.created_at),
            updated_at: seconds(rule.updated_at),
        }
    }
}

async fn list(
    call: Call<Read>,
    Path(id): Path<BotOfAutomations>,
    Query(query): Query<ShortPageQuery>,
) -> Result<Data<AutomationsView>, ApiError> {
    let bot = bot_access::seen(&call, id).await?;
    let found = call.automations.of_bot(bot.id).await?.into_iter();
    let automations: Vec<AutomationView> = (1..)
        .zip(found)
        .map(|(place, (rule, figures))| AutomationView::of(rule, figures, place))
        .collect();
    let page = query.view(automations.len());
    let automations = query.of(automations);
    Ok(Data::of(AutomationsView { automations, page }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceAutomationDraft, example = json!({
    "bot_id": "550e8400-e29b-41d4-a716-446655440060", "name": "Refunds",
    "trigger": { "type": "message_received" },
    "conditions": [{ "field": "message.text", "op": "contains", "value": "refund" }],
    "actions": [
        { "type": "add_tag", "tag": "refund" },
        { "type": "create_ticket", "subject": "A refund", "priority": "high" },
    ],
}))]
struct Draft {
    /// UUID of the bot.
    #[schema(min_length = 1, max_length = 36)]
    bot_id: String,
    /// Name of the rule.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Whether it is in use (default true).
    enabled: Option<bool>,
    /// What starts it.
    trigger: TriggerBody,
    /// What must hold (default nothing).
    #[schema(max_items = 20)]
    conditions: Option<Vec<ConditionBody>>,
    #[schema(schema_with = match_choice)]
    r#match: Option<String>,
    /// What it does, in this order.
    #[schema(min_items = 1, max_items = 10)]
    actions: Vec<ActionBody>,
}

impl Draft {
    fn draft(self, bot: Uuid) -> Result<AutomationDraft, Error> {
        let conditions = conditions("conditions", &self.conditions.unwrap_or_default());
        let named = Error::both(check_name(&self.name), matching(self.r#match.as_deref()));
        let ((((), matching), trigger), (conditions, actions)) = Error::both(
            Error::both(named, self.trigger.trigger()),
            Error::both(conditions, actions(&self.actions)),
        )?;
        Ok(AutomationDraft {
            bot,
            name: self.name,
            enabled: self.enabled.unwrap_or(true),
            trigger,
            conditions,
            matching: matching.unwrap_or(Match::All),
            actions,
        })
    }
}

async fn create(
    call: Call<Bots>,
    Body(body): Body<Draft>,
) -> Result<Created<AutomationView>, ApiError> {
    let bot = bot_access::managed(&call, uuid(&body.bot_id, Subject::Bot)?).await?;
    let draft = body.draft(bot.id)?;
    check_webhooks(&call, bot.id, &draft.actions).await?;
    let made = call.automations.create(draft).await?;
    let position = call.automations.position(&made);
    Ok(Created::of(AutomationView::of(made, Figures::default(), position)))
}

/// That the webhooks which actions call are the bot's.
async fn check_webhooks(services: &Services, bot: Uuid, actions: &[Action]) -> Result<(), Error> {
    for (place, action) in actions.iter().enumerate() {
        let Action::CallWebhook { webhook } = action else { continue };
        if services.webhooks.endpoints.bot_of(*webhook).await? != Some(bot) {
            let field = format!("actions[{place}].webhook_id");
            return Err(Error::invalid_field(&field, "must be a webhook of the bot"));
        }
    }
    Ok(())
}

/// A rule of a bot that the caller sees, or may change; to others it does not exist.
async fn of_bot<S>(call: &Call<S>, id: Uuid, may_change: bool) -> Result<Automation, Error> {
    let rule = call.automations.get(id).await?;
    let seen = match may_change {
        true => bot_access::managed(call, rule.bot).await,
        false => bot_access::seen(call, rule.bot).await,
    };
    seen.map_err(|error| match error.code {
        ErrorCode::NotFound => {
            Error::not_found(Subject::Automation, format!("there is no automation {id}"))
        }
        _ => error,
    })?;
    Ok(rule)
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceAutomationChange, example = json!({ "enabled": false }))]
struct Change {
    /// Another name.
    #[schema(min_length = 1, max_length = 100, example = "Refunds")]
    name: Option<String>,
    /// Whether it is in use.
    enabled: Option<bool>,
    /// What starts it.
    trigger: Option<TriggerBody>,
    /// What must hold; all of it.
    #[schema(max_items = 20)]
    conditions: Option<Vec<ConditionBody>>,
    #[schema(schema_with = match_choice)]
    r#match: Option<String>,
    /// What it does; all of it.
    #[schema(max_items = 10)]
    actions: Option<Vec<ActionBody>>,
    /// Its place among the rules of its bot, from 1; one behind the last is the last.
    #[schema(minimum = 1, maximum = 1000, example = 1)]
    position: Option<usize>,
}

async fn change(
    call: Call<Bots>,
    Path(id): Path<AutomationId>,
    Body(body): Body<Change>,
) -> Result<Data<AutomationView>, ApiError> {
    let rule = of_bot(&call, id, true).await?;
    let trigger = body.trigger.map(|trigger| trigger.trigger()).transpose();
    let conditions = body.conditions.map(|all| conditions("conditions", &all)).transpose();
    let actions = body.actions.map(|all| actions(&all)).transpose();
    let name = body.name.as_deref().map(check_name).transpose();
    let named = Error::both(name, matching(body.r#match.as_deref()));
    let (((_, matching), trigger), (conditions, actions)) =
        Error::both(Error::both(named, trigger), Error::both(conditions, actions))?;
    check_webhooks(&call, rule.bot, actions.as_deref().unwrap_or_default()).await?;
    let (name, enabled) = (body.name, body.enabled);
    let position = body.position;
    let change =
        AutomationChange { name, enabled, trigger, conditions, matching, actions, position };
    let changed = call.automations.change(id, change).await?;
    let figures = call.automations.figures(id).await?;
    let position = call.automations.position(&changed);
    Ok(Data::of(AutomationView::of(changed, figures, position)))
}

async fn remove(call: Call<Bots>, Path(id): Path<AutomationId>) -> Result<Message, ApiError> {
    of_bot(&call, id, true).await?;
    call.automations.delete(id).await?;
    Ok(Message::of("Automation deleted"))
}

/// Runs of a rule.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAutomationRuns)]
struct RunsView {
    /// Newest first.
    runs: Vec<RunView>,
}

/// A run of a rule.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAutomationRun)]
struct RunView {
    /// When it was, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    at: String,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// What became of each action, in order.
    actions: Vec<DoneView>,
}

/// What became of an action.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAutomationResult)]
pub struct DoneView {
    /// What was to be done.
    #[schema(example = "add_tag")]
    r#type: String,
    /// Whether it was done.
    #[schema(example = true)]
    done: bool,
    /// Why it was not; null where it was.
    #[schema(example = json!(null))]
    error: Option<String>,
    /// How it was done in another way than it says, such as a link in place of a file; null where it was done so.
    #[schema(example = json!(null))]
    note: Option<String>,
}

impl DoneView {
    pub fn of(done: Done) -> Self {
        Self { r#type: done.action, done: done.fault.is_none(), error: done.fault, note: done.note }
    }
}

async fn runs(call: Call<Read>, Path(id): Path<AutomationId>) -> Result<Data<RunsView>, ApiError> {
    of_bot(&call, id, false).await?;
    let view = |run: Run| RunView {
        at: seconds(run.at),
        session_id: run.conversation.to_string(),
        actions: run.actions.into_iter().map(DoneView::of).collect(),
    };
    let runs = call.automations.runs(id).await?.into_iter().map(view).collect();
    Ok(Data::of(RunsView { runs }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceAutomationTestBody, example = json!({ "message": "I want a refund" }))]
struct TestBody {
    /// What a contact would write.
    #[schema(min_length = 1, max_length = 4096)]
    message: String,
    #[schema(schema_with = channel_choice)]
    channel: Option<String>,
    /// Whether it would be the first message of the conversation (default false).
    is_first_message: Option<bool>,
}

fn channel_choice() -> utoipa::openapi::Schema {
    crate::api::kit::choice(
        "Where it would come in (default whatsapp).",
        &["whatsapp", "sms", "web"],
    )
}

/// Whether a message would start a rule.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAutomationTest)]
struct TestView {
    /// Whether it would, with an open conversation without tags.
    #[schema(example = true)]
    matches: bool,
    /// Whether each condition holds, in order.
    #[schema(example = json!([true]))]
    conditions: Vec<bool>,
    /// What would be done.
    actions: Vec<ActionBody>,
}

async fn test(
    call: Call<Read>,
    Path(id): Path<AutomationId>,
    Body(body): Body<TestBody>,
) -> Result<Data<TestView>, ApiError> {
    let rule = of_bot(&call, id, false).await?;
    let local = call.clock.now().to_zoned(call.settings.now().time_zone());
    let facts = Facts {
        text: Some(body.message),
        channel: body.channel.unwrap_or_else(|| "whatsapp".to_owned()),
        status: "open".to_owned(),
        hour: local.hour().into(),
        weekday: local.weekday().to_monday_one_offset().into(),
        is_first: body.is_first_message.unwrap_or(false),
        ..Facts::default()
    };
    let is_of_message = rule.trigger.kind == crate::automation::TriggerKind::MessageReceived
        || (facts.is_first && rule.trigger.kind == crate::automation::TriggerKind::SessionCreated);
    let matches = is_of_message && hold(&rule.conditions, rule.matching, &facts);
    let conditions = rule.conditions.iter().map(|one| holds(one, &facts)).collect();
    let actions = match matches {
        true => rule.actions.iter().map(ActionBody::of).collect(),
        false => Vec::new(),
    };
    Ok(Data::of(TestView { matches, conditions, actions }))
}
