//! Webhooks of bots: endpoints, a test of one, and what was delivered.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Bots, Call, CreatedOrKnown, Data, Limit, Path, Query, Repeat, choice, path::uuid,
            path_value,
        },
        workspace::{
            bot_access,
            bots::{BotId, check_owner},
            fields::{given, in_snake_case},
            pages::{PageView, ShortPageQuery},
            webhook_view::{DeliveryView, TestView, WebhookView},
            wording::NAMES,
        },
    },
    bots::Bot,
    domain::{Error, ErrorCode, Subject},
    webhooks::{
        Attempt, Delivery, DeliveryState, SetBy, WORKSPACE, WebhookChange, WebhookDraft,
        WebhookRecord, WebhookScope,
    },
};

const TAG: &str = "Bot webhooks";
/// A bot in GET, a webhook otherwise.
const ONE: &str = "/api/v1/webhooks/{id}";
/// Deliveries of one webhook that are read at once, and how often, for those of one event.
const READ_AT_ONCE: usize = 200;
const READS: usize = 10;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/webhooks", create)
            .named("createBotWebhook")
            .about(TAG, "Register a webhook of a bot; its signing secret is shown this once")
            .details(
                "A bot has 20 at most. 200 where the same address is registered already: it is changed then. This needs an \
                 ADMIN or the owner of the bot. Who is no ADMIN names a public address.",
            )
            .repeats(Repeat::Secret)
            .may_fail(&[ErrorCode::NotFound]),
        Endpoint::get(ONE, list).named("listBotWebhooks").about(TAG, "The webhooks of a bot"),
        Endpoint::put(ONE, change)
            .named("updateBotWebhook")
            .about(TAG, "Change a webhook")
            .details(
                "What is not given stays as it is. `is_active: true` also starts one again that the gateway switched off. \
                 This needs an ADMIN or the owner of the bot.",
            )
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteBotWebhook")
            .about(TAG, "Remove a webhook")
            .details("Deliveries that wait are dropped. This needs an ADMIN or the owner of the bot."),
        Endpoint::post("/api/v1/webhooks/{id}/test", test)
            .named("testBotWebhook")
            .about(TAG, "Post a ping now and say how it went")
            .details("Posts the event `ping` once, whatever events the webhook asks for."),
        Endpoint::get("/api/v1/webhooks/{id}/deliveries", deliveries)
            .named("listBotDeliveries")
            .about(TAG, "What was delivered to the webhooks of a bot, newest event first")
            .details("Of one event name, the newest 2,000 deliveries of each webhook are looked at."),
    ]
}

path_value! {
    /// A webhook of a bot, by its UUID.
    enum BotWebhookId = "id" as Uuid;
    about: "The UUID of the webhook", example: "550e8400-e29b-41d4-a716-446655440065",
    read: |text| uuid(text, Subject::Webhook)
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceWebhookDraft, example = json!({
    "bot_id": "550e8400-e29b-41d4-a716-446655440060", "url": "http://127.0.0.1:9000/hook",
    "events": ["new_message", "handoff_requested"], "description": "CRM",
}))]
struct Draft {
    /// UUID of the bot.
    #[schema(max_length = 64)]
    bot_id: String,
    /// Address that events are posted to, http or https.
    #[schema(min_length = 1, max_length = 2_048, format = "http-url")]
    url: String,
    /// Names of events, or `*`; all when it is not given.
    #[schema(min_items = 1, max_items = 12, max_length = 64)]
    events: Option<Vec<String>>,
    /// The caller's own signing secret; one is made when it is not given.
    #[schema(min_length = 1, max_length = 256, format = "secret")]
    secret: Option<String>,
    /// A text for people.
    #[schema(max_length = 120)]
    description: Option<String>,
    /// Whether events are delivered to it (default true).
    is_active: Option<bool>,
}

impl Draft {
    fn draft(self, set_by: SetBy) -> WebhookDraft {
        WebhookDraft {
            name: self.description,
            url: self.url,
            events: self.events.unwrap_or_else(|| vec!["*".to_owned()]),
            secret: self.secret,
            enabled: self.is_active,
            wording: Some(WORKSPACE.to_owned()),
            set_by,
            ..WebhookDraft::default()
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceWebhookChange, example = json!({ "events": ["*"], "is_active": true }))]
struct Change {
    /// Address that events are posted to, http or https.
    #[schema(min_length = 1, max_length = 2_048, format = "http-url")]
    url: Option<String>,
    /// Names of events, or `*`, in place of the former ones.
    #[schema(min_items = 1, max_items = 12, max_length = 64, example = json!(["*"]))]
    events: Option<Vec<String>>,
    /// A text for people; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 120, example = "CRM")]
    description: Option<Option<String>>,
    /// Whether events are delivered to it.
    is_active: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    Delivered,
    Failed,
    Pending,
}

#[derive(Deserialize, ToSchema)]
struct DeliveriesQuery {
    /// Only those to this webhook, by its UUID.
    #[schema(max_length = 64)]
    webhook_id: Option<String>,
    /// Only those of events with this name.
    #[schema(max_length = 64)]
    event: Option<String>,
    #[schema(schema_with = wanted_schema)]
    status: Option<Wanted>,
    /// How many.
    #[serde(default)]
    limit: Limit<50, 200>,
    #[schema(schema_with = include_schema)]
    include: Option<Include>,
}

impl DeliveriesQuery {
    /// Those of a bot's webhooks whose deliveries are listed. A name that no event has is refused.
    fn chosen(&self, mut webhooks: Vec<WebhookRecord>) -> Result<Vec<WebhookRecord>, Error> {
        if let Some(name) = self.event.as_deref().filter(|name| !NAMES.contains(name)) {
            let fault = format!("'{name}' is not an event; there are {}", NAMES.join(", "));
            return Err(Error::invalid_field("event", fault));
        }
        let wanted = self.webhook_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let Some(wanted) = wanted else { return Ok(webhooks) };
        webhooks.retain(|webhook| webhook.id.to_string() == wanted.to_lowercase());
        match webhooks.is_empty() {
            true => Err(Error::invalid_field("webhook_id", "is no webhook of this bot")),
            false => Ok(webhooks),
        }
    }
}

fn wanted_schema() -> Schema {
    choice("Only those of this status.", &["delivered", "failed", "pending"])
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Include {
    Body,
}

fn include_schema() -> Schema {
    choice("`body` for what is posted, too.", &["body"])
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceWebhooks)]
struct WebhooksView {
    /// In the order in which they were made.
    webhooks: Vec<WebhookView>,
    #[serde(flatten)]
    page: PageView,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceDeliveries)]
struct DeliveriesView {
    /// Newest event first.
    deliveries: Vec<DeliveryView>,
}

/// A webhook that was removed.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceDeletedWebhook)]
struct DeletedView {
    /// A sentence for a person.
    #[schema(example = "Webhook deleted")]
    message: &'static str,
    /// UUID of the webhook.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440065")]
    id: String,
}

/// The bot of a webhook; to who does not see the bot, the webhook does not exist.
async fn bot_of(call: &Call<Bots>, webhook: Uuid) -> Result<Bot, Error> {
    let unknown = || Error::not_found(Subject::Webhook, format!("there is no webhook {webhook}"));
    let bot = call.webhooks.endpoints.bot_of(webhook).await?.ok_or_else(unknown)?;
    bot_access::seen(call, bot).await.map_err(|error| match error.code {
        ErrorCode::NotFound => unknown(),
        _ => error,
    })
}

/// The bot of a webhook that the caller may change.
async fn own_bot_of(call: &Call<Bots>, webhook: Uuid) -> Result<Bot, Error> {
    let bot = bot_of(call, webhook).await?;
    check_owner(&call.principal(), Some(&bot))?;
    Ok(bot)
}

fn set_by(call: &Call<Bots>) -> SetBy {
    match call.principal().may("admin") {
        true => SetBy::AllSessions,
        false => SetBy::KeyOfOneSession,
    }
}

fn shows_url(call: &Call<Bots>, bot: &Bot) -> bool {
    check_owner(&call.principal(), Some(bot)).is_ok()
}

async fn create(
    call: Call<Bots>,
    Body(body): Body<Draft>,
) -> Result<CreatedOrKnown<WebhookView>, ApiError> {
    let unknown = || Error::not_found(Subject::Bot, "there is no such bot");
    let bot = body.bot_id.trim().parse().map_err(|_| unknown())?;
    let bot = bot_access::seen(&call, bot).await?;
    check_owner(&call.principal(), Some(&bot))?;
    let draft = body.draft(set_by(&call));
    let registered = call.webhooks.endpoints.register(&WebhookScope::Bot(bot.id), draft).await?;
    let view = WebhookView::of(registered.webhook, registered.secret, true);
    Ok(match registered.created {
        true => CreatedOrKnown::created(view),
        false => CreatedOrKnown::known(view),
    })
}

async fn list(
    call: Call<Bots>,
    Path(id): Path<BotId>,
    Query(query): Query<ShortPageQuery>,
) -> Result<Data<WebhooksView>, ApiError> {
    let bot = bot_access::seen(&call, id).await?;
    let shows_url = shows_url(&call, &bot);
    let all = call.webhooks.endpoints.list(&WebhookScope::Bot(bot.id)).await?;
    let page = query.view(all.len());
    let all = query.of(all).into_iter();
    let webhooks = all.map(|record| WebhookView::of(record, None, shows_url)).collect();
    Ok(Data::of(WebhooksView { webhooks, page }))
}

async fn change(
    call: Call<Bots>,
    Path(id): Path<BotWebhookId>,
    Body(body): Body<Change>,
) -> Result<Data<WebhookView>, ApiError> {
    let bot = own_bot_of(&call, id).await?;
    let change = WebhookChange {
        name: body.description.map(Option::unwrap_or_default),
        url: body.url,
        events: body.events,
        enabled: body.is_active,
        set_by: set_by(&call),
        ..WebhookChange::default()
    };
    let changed = call.webhooks.endpoints.change(&WebhookScope::Bot(bot.id), id, change).await;
    Ok(Data::of(WebhookView::of(changed.map_err(in_snake_case)?, None, true)))
}

async fn remove(
    call: Call<Bots>,
    Path(id): Path<BotWebhookId>,
) -> Result<Data<DeletedView>, ApiError> {
    let bot = own_bot_of(&call, id).await?;
    call.webhooks.endpoints.remove(&WebhookScope::Bot(bot.id), id).await?;
    Ok(Data::of(DeletedView { message: "Webhook deleted", id: id.to_string() }))
}

async fn test(call: Call<Bots>, Path(id): Path<BotWebhookId>) -> Result<Data<TestView>, ApiError> {
    let bot = own_bot_of(&call, id).await?;
    Ok(Data::of(call.webhooks.send_test(&WebhookScope::Bot(bot.id), id).await?.into()))
}

async fn deliveries(
    call: Call<Bots>,
    Path(id): Path<BotId>,
    Query(query): Query<DeliveriesQuery>,
) -> Result<Data<DeliveriesView>, ApiError> {
    let bot = bot_access::seen(&call, id).await?;
    let webhooks = call.webhooks.endpoints.list(&WebhookScope::Bot(bot.id)).await?;
    let webhooks = query.chosen(webhooks)?;
    let found = newest_of_all(&call, bot.id, &webhooks, &query).await?;
    let shown = (shows_url(&call, &bot), call.principal().may("admin"));
    let mut views = Vec::new();
    for (webhook, delivery, attempts) in found {
        let body = match query.include {
            Some(Include::Body) => body_of(&call, bot.id, &delivery).await?,
            None => None,
        };
        views.push(DeliveryView::of((webhook, delivery), attempts, shown, body));
    }
    Ok(Data::of(DeliveriesView { deliveries: views }))
}

/// The newest deliveries to a webhook that the query asks for.
/// The newest deliveries to these webhooks, each with its webhook; those of one event in the order of the webhooks.
async fn newest_of_all<'w>(
    call: &Call<Bots>,
    bot: Uuid,
    webhooks: &'w [WebhookRecord],
    query: &DeliveriesQuery,
) -> Result<Vec<(&'w WebhookRecord, Delivery, Vec<Attempt>)>, Error> {
    let mut found = Vec::new();
    for webhook in webhooks {
        let of_webhook = newest(call, bot, webhook, query).await?.into_iter();
        found.extend(of_webhook.map(|(delivery, attempts)| (webhook, delivery, attempts)));
    }
    // A stable sort, which leaves the order of the webhooks.
    found.sort_by_key(|(_, delivery, _)| Reverse(delivery.seq));
    found.truncate(query.limit.get());
    Ok(found)
}

async fn newest(
    call: &Call<Bots>,
    bot: Uuid,
    webhook: &WebhookRecord,
    query: &DeliveriesQuery,
) -> Result<Vec<(Delivery, Vec<Attempt>)>, Error> {
    let scope = WebhookScope::Bot(bot);
    let state = query.status.map(|wanted| match wanted {
        Wanted::Delivered => DeliveryState::Delivered,
        Wanted::Failed => DeliveryState::Dead,
        Wanted::Pending => DeliveryState::Waiting,
    });
    let limit = query.limit.get();
    let is_wanted = |delivery: &Delivery| {
        query.event.as_ref().is_none_or(|event| *event == delivery.event_name)
    };
    let (mut found, mut before) = (Vec::new(), None);
    for _ in 0..READS {
        let at_once = if query.event.is_some() { READ_AT_ONCE } else { limit };
        let page =
            call.webhooks.deliveries.list(&scope, webhook.id, state, before, at_once).await?;
        let is_end = page.len() < at_once;
        before = page.last().map(|(delivery, _)| delivery.id);
        found.extend(page.into_iter().filter(|(delivery, _)| is_wanted(delivery)));
        if is_end || limit <= found.len() {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// What is posted; none where the log has dropped the event.
async fn body_of(
    call: &Call<Bots>,
    bot: Uuid,
    delivery: &Delivery,
) -> Result<Option<Value>, Error> {
    let Some(body) = call.webhooks.body_of(bot, delivery).await? else { return Ok(None) };
    let read = serde_json::from_slice(&body);
    read.map(Some).map_err(|error| Error::internal(format!("no body of a delivery: {error}")))
}
