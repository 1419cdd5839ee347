//! Before and beside what is said: how the widget looks, the beginning of a session, its history, and its end.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Bucket, Call, Created, Data, Limit, Path, Public, Query, Repeat, path_value},
        workspace::{
            bot_view::WidgetView,
            chat::{VisitorBody, message_of},
            widget::{
                caller::{Looks, PublicBot, Talks, Visitor, unknown_session},
                views::{self, TAG, VisitorMessageView, VisitorSessionView},
            },
        },
    },
    bots::Bot,
    domain::{Error, ErrorCode, conversation::Window},
    services::Services,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/widget/{token}/config", config)
            .named("getWidgetConfig")
            .about(TAG, "How the widget of a bot looks, and whether a person is there"),
        Endpoint::post("/api/v1/widget/{token}/sessions", begin)
            .named("createWidgetSession")
            .about(TAG, "Begin a session of a visitor")
            .details(
                "The visitor's token is good for 30 days and opens this conversation alone. It is shown this once. \
                 Nothing is stored before the first message, but what is said of the visitor.",
            )
            .limited(Bucket::Assistant)
            .repeats(Repeat::Unkeyed),
        Endpoint::get("/api/v1/widget/{token}/history/{session_id}", history)
            .named("getWidgetHistory")
            .about(TAG, "The visitor's conversation with a page of its messages, oldest first"),
        Endpoint::post("/api/v1/widget/{token}/close", close)
            .named("closeWidgetSession")
            .about(TAG, "End the visitor's conversation")
            .details("It is resolved. A further message opens it again.")
            .repeats(Repeat::Unkeyed),
    ]
}

/// What a widget needs before anything is said.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetConfig)]
struct ConfigView {
    /// The bot.
    bot: WidgetBotView,
    /// Whether somebody who can take over is online.
    online: bool,
}

/// What a visitor sees of a bot.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetBot)]
struct WidgetBotView {
    /// Name of the bot.
    #[schema(example = "Support Bot")]
    name: String,
    /// What it says first; null for the usual words.
    #[schema(example = "Hi! How can I help?")]
    welcome_message: Option<String>,
    /// `auto`, or the tag of its language.
    #[schema(example = "auto")]
    language: String,
    /// Whether visitors can ask for a person.
    handoff: bool,
    /// How the widget looks.
    widget: WidgetView,
}

async fn config(
    call: Call<Public>,
    caller: PublicBot<Looks>,
) -> Result<Data<ConfigView>, ApiError> {
    let online = is_anybody_online(&call, &caller.bot).await?;
    let Bot { name, texts, language, handoff, web, .. } = caller.bot;
    let (welcome_message, handoff, widget) = (texts.welcome, handoff.enabled, web.widget.into());
    let bot = WidgetBotView { name, welcome_message, language, handoff, widget };
    Ok(Data::of(ConfigView { bot, online }))
}

async fn is_anybody_online(services: &Services, bot: &Bot) -> Result<bool, Error> {
    let people = services.teams.workers_of(Some(bot.id)).await?;
    Ok(people.iter().any(|user| services.presence.is_online(user.id)))
}

/// Who visits.
#[derive(Deserialize, ToSchema)]
#[schema(as = WidgetSessionBody, example = json!({ "visitor": { "name": "Ada" } }))]
struct SessionBody {
    /// What is known of the visitor. It stands beside the conversation, and nobody has checked it.
    visitor: Option<VisitorBody>,
    /// The tag of the visitor's language.
    #[schema(max_length = 20, example = "en")]
    language: Option<String>,
}

/// A session that began.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetSessionToken)]
struct SessionTokenView {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// Goes with all further requests, in `X-Visitor-Token`.
    #[schema(example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl")]
    visitor_token: String,
    /// Until when the token is good, RFC 3339.
    #[schema(format = DateTime)]
    expires_at: String,
}

async fn begin(
    call: Call<Public>,
    caller: PublicBot<Talks>,
    Body(body): Body<SessionBody>,
) -> Result<Created<SessionTokenView>, ApiError> {
    let visitor = VisitorBody::visitor(body.visitor, body.language);
    let (visit, visitor_token) = call.widgets.begin(&caller.bot)?;
    call.web_chats.introduce(&visit.session(), &visit.chat(), visitor).await?;
    let session_id = visit.conversation().to_string();
    let expires_at = time(visit.until);
    Ok(Created::of(SessionTokenView { session_id, visitor_token, expires_at }))
}

path_value! {
    /// The conversation of a visitor, by its UUID.
    enum VisitorSessionId = "session_id" as String;
    about: "The UUID of the conversation", example: "550e8400-e29b-41d4-a716-446655440061",
    read: |text| Ok(text.to_owned())
}

#[derive(Deserialize, ToSchema)]
struct HistoryQuery {
    /// How many messages.
    #[serde(default)]
    limit: Limit<50, 200>,
    /// Only messages before this one, by its UUID.
    #[schema(max_length = 64)]
    before: Option<String>,
}

/// The conversation of a visitor with a page of its messages.
#[derive(Serialize, ToSchema)]
#[schema(as = WidgetHistory)]
struct HistoryView {
    /// The conversation.
    session: VisitorSessionView,
    /// Oldest first.
    messages: Vec<VisitorMessageView>,
    /// Whether there are older ones.
    has_more: bool,
}

async fn history(
    call: Call<Public>,
    caller: Visitor<Looks>,
    Path(id): Path<VisitorSessionId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Data<HistoryView>, ApiError> {
    caller.check_session(Some(&id))?;
    let Some((record, state)) = views::find(&call, &caller.visit).await? else {
        let session = VisitorSessionView::new(&caller.visit);
        return Ok(Data::of(HistoryView { session, messages: Vec::new(), has_more: false }));
    };
    let window = match query.before.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => Window::Before(message_of(&call, &state, id).await?.0),
        None => Window::Newest,
    };
    let page = call.message_history.page(&record, window, query.limit.get()).await?;
    let messages = views::messages(&call, &state, &page.messages).await?;
    let session = VisitorSessionView::of(&call, &state).await?;
    Ok(Data::of(HistoryView { session, messages, has_more: page.has_more }))
}

/// The conversation that is meant; that of the token where it is not given.
#[derive(Deserialize, ToSchema)]
#[schema(as = WidgetCloseBody, example = json!({}))]
struct CloseBody {
    /// UUID of the conversation.
    #[schema(max_length = 64)]
    session_id: Option<String>,
}

async fn close(
    call: Call<Public>,
    caller: Visitor<Looks>,
    Body(body): Body<CloseBody>,
) -> Result<Data<VisitorSessionView>, ApiError> {
    caller.check_session(body.session_id.as_deref())?;
    call.inbox.caught_up().await?;
    let (session, chat) = (caller.visit.session(), caller.visit.chat());
    let resolved = call.inbox_actions.resolve((&session, &chat), None, None).await;
    match resolved {
        Ok(state) => Ok(Data::of(VisitorSessionView::of(&call, &state).await?)),
        Err(error) if error.code == ErrorCode::NotFound => Err(unknown_session().into()),
        Err(error) => Err(error.into()),
    }
}
