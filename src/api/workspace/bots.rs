//! Bots of the workspace: made, listed, changed, activated, copied, deleted.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    accounts::Principal,
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Bots, Call, Created, Data, Path, Query, Read, Repeat, choice, path::uuid,
            path_value,
        },
        workspace::{
            bot_access::{self, Sight},
            bot_body::{ChangeBody, DraftBody},
            bot_view::{self, BotView},
            fields::{renamed, snake},
            pages::{PageView, ShortPageQuery},
        },
    },
    bots::{Bot, BotChange, BotDraft, BotStatus},
    domain::{Error, ErrorCode, Subject},
};

const TAG: &str = "Bots";
const ALL: &str = "/api/v1/bots";
const ONE: &str = "/api/v1/bots/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listBots")
            .about(TAG, "Your bots, in the order in which they were made")
            .details("An OWNER and an ADMIN see all of them."),
        Endpoint::post(ALL, create)
            .named("createBot")
            .about(TAG, "Make a bot")
            .details(
                "It is a draft, which its owner can chat with, and answers contacts once it is activated. There are 200 at \
                 most.",
            ),
        Endpoint::get(ONE, read).named("getBot").about(TAG, "One bot"),
        Endpoint::put(ONE, change)
            .named("updateBot")
            .about(TAG, "Change a bot")
            .details(
                "What is not given stays as it is; null removes a text; lists are replaced. Its status is changed by \
                 activating it.",
            )
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteBot")
            .about(TAG, "Delete a bot; its conversations stay")
            .details("Its rules, flows, tickets, shares and webhooks go with it."),
        Endpoint::post("/api/v1/bots/{id}/activate", activate)
            .named("activateBot")
            .about(TAG, "Let a bot answer, or rest")
            .details(
                "Of a session, one active bot alone answers without trigger keywords: a second is 409. A bot that rests \
                 answers nobody.",
            )
            .repeats(Repeat::Repeatable),
        Endpoint::post("/api/v1/bots/{id}/duplicate", duplicate)
            .named("duplicateBot")
            .about(TAG, "Copy a bot")
            .details(
                "The copy is a draft with a public token of its own, and answers in no session. The rules of the bot are \
                 copied, too.",
            ),
    ]
}

path_value! {
    /// A bot, by its UUID.
    pub enum BotId = "id" as Uuid;
    about: "The UUID of the bot", example: "550e8400-e29b-41d4-a716-446655440060",
    read: |text| uuid(text, Subject::Bot)
}

#[derive(Deserialize, ToSchema)]
struct BotsQuery {
    #[schema(schema_with = status_choice)]
    status: Option<BotStatus>,
    /// A part of the name, whatever its case.
    #[schema(max_length = 100)]
    search: Option<String>,
    #[serde(flatten)]
    page: ShortPageQuery,
}

fn status_choice() -> Schema {
    choice("Only those of this status.", &["draft", "active", "inactive"])
}

/// Bots.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceBots)]
struct BotsView {
    /// In the order in which they were made.
    bots: Vec<BotView>,
    #[serde(flatten)]
    page: PageView,
}

async fn list(
    call: Call<Read>,
    Query(query): Query<BotsQuery>,
) -> Result<Data<BotsView>, ApiError> {
    let search = query.search.as_deref().unwrap_or_default();
    let sight = Sight::of(&call).await?;
    let mut found = call.bots.list(query.status, search).await?;
    found.retain(|bot| sight.has(Some(bot.id)));
    let page = query.page.view(found.len());
    let bots = bot_view::views(&call, query.page.of(found)).await?;
    Ok(Data::of(BotsView { bots, page }))
}

async fn create(
    call: Call<Bots>,
    Body(body): Body<DraftBody>,
) -> Result<Created<BotView>, ApiError> {
    let DraftBody { name, fields } = body;
    let (task, rest) = (fields.task(), fields.change()?);
    let (owner, created_by) = (call.principal().person(), call.principal().id());
    let draft = BotDraft { name, task, rest, created_by, owner };
    let made = call.bots.create(draft).await.map_err(worded)?;
    Ok(Created::of(bot_view::view(&call, made).await?))
}

async fn read(call: Call<Read>, Path(id): Path<BotId>) -> Result<Data<BotView>, ApiError> {
    Ok(Data::of(bot_view::view(&call, bot_access::seen(&call, id).await?).await?))
}

async fn change(
    call: Call<Bots>,
    Path(id): Path<BotId>,
    Body(body): Body<ChangeBody>,
) -> Result<Data<BotView>, ApiError> {
    let ChangeBody { name, regenerate_public_token, fields } = body;
    let change = BotChange { name, new_token: regenerate_public_token, ..fields.change()? };
    let bot = bot_access::managed(&call, id).await?;
    let changed = call.bots.change(bot.id, change).await.map_err(worded)?;
    Ok(Data::of(bot_view::view(&call, changed).await?))
}

/// A bot that was deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceDeletedBot)]
struct DeletedView {
    /// A sentence for a person.
    #[schema(example = "Bot deleted")]
    message: &'static str,
    /// UUID of the bot.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
}

async fn remove(call: Call<Bots>, Path(id): Path<BotId>) -> Result<Data<DeletedView>, ApiError> {
    let bot = bot_access::managed(&call, id).await?;
    call.remove_bot(bot.id).await?;
    Ok(Data::of(DeletedView { message: "Bot deleted", id: id.to_string() }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotActivation, example = json!({ "active": true }))]
struct ActivationBody {
    /// Whether it answers (default true).
    active: Option<bool>,
}

async fn activate(
    call: Call<Bots>,
    Path(id): Path<BotId>,
    Body(body): Body<ActivationBody>,
) -> Result<Data<BotView>, ApiError> {
    let is_active = body.active.unwrap_or(true);
    let status = if is_active { BotStatus::Active } else { BotStatus::Inactive };
    let change = BotChange { status: Some(status), ..BotChange::default() };
    let bot = bot_access::managed(&call, id).await?;
    let changed = call.bots.change(bot.id, change).await?;
    Ok(Data::of(bot_view::view(&call, changed).await?))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceBotCopyBody, example = json!({ "name": "Support Bot for nights" }))]
struct CopyBody {
    /// Name of the copy; that of the bot with "(copy)" when it is not given.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
}

async fn duplicate(
    call: Call<Bots>,
    Path(id): Path<BotId>,
    Body(body): Body<CopyBody>,
) -> Result<Created<BotView>, ApiError> {
    let bot = bot_access::seen(&call, id).await?;
    let whose = (call.principal().person(), call.principal().id());
    let copy = call.bots.duplicate(bot.id, body.name, whose).await.map_err(worded)?;
    call.automations.copy(bot.id, copy.id).await?;
    Ok(Created::of(bot_view::view(&call, copy).await?))
}

/// An error with the fields as they are called here.
fn worded(error: Error) -> Error {
    renamed(error, |name| match name {
        "sessions" => "channels".to_owned(),
        "model" => "model.name".to_owned(),
        name => snake(name),
    })
}

/// Refuses who neither owns a bot nor administers the workspace; of what has no bot, or none any more, all but
/// administrators.
pub fn check_owner(principal: &Principal, bot: Option<&Bot>) -> Result<(), Error> {
    let is_its = |bot: &Bot| match bot.owner {
        Some(owner) => principal.person() == Some(owner),
        None => principal.id().is_some() && principal.id() == bot.created_by,
    };
    if principal.may("admin") || bot.is_some_and(is_its) {
        return Ok(());
    }
    Err(Error::new(ErrorCode::Forbidden, "This needs an ADMIN or the owner of the bot"))
}
