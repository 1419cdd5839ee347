//! What a visitor says and does in the own conversation: messages, feedback, and the wish for a person.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        gate::{auth::client_of, caller::address::Network},
        kit::{Body, Bucket, Call, Data, File, Message, Public, Repeat},
        streams::places::Caller,
        workspace::{
            chat::{self, ChatView, Opinion, VisitorBody},
            chat_stream::{AnswerStream, answer_stream, place},
            widget::{
                caller::{Looks, Talks, Visitor, unknown_session},
                views::{self, TAG, VisitorSessionView},
            },
        },
    },
    bots::Bot,
    domain::{Error, ErrorCode},
    inbox::InboxState,
    services::Services,
    web_chat::{self, Said, Saying, WebChats},
};

const ONCE: &str =
    "A message is taken in once for each `client_message_id`: sent again, it gets the same answer.";

pub fn endpoints() -> Vec<Endpoint> {
    let talk = |endpoint: Endpoint| endpoint.limited(Bucket::Assistant).repeats(Repeat::Unkeyed);
    vec![
        talk(Endpoint::post("/api/v1/widget/{token}/chat", say))
            .named("sendWidgetMessage")
            .about(TAG, "Say something as a visitor, and get the answer")
            .details(ONCE),
        talk(Endpoint::post("/api/v1/widget/{token}/stream", stream))
            .named("streamWidgetMessage")
            .about(TAG, "Say something as a visitor, and get the answer word by word")
            .details(ONCE)
            .may_fail(&[ErrorCode::Unavailable]),
        Endpoint::post("/api/v1/widget/{token}/feedback", feedback)
            .named("giveWidgetFeedback")
            .about(TAG, "Say what the visitor thinks of an answer, or of the conversation")
            .details("Given again, it replaces what was said before.")
            .repeats(Repeat::Unkeyed),
        talk(Endpoint::post("/api/v1/widget/{token}/handoff", hand_off))
            .named("requestWidgetHandoff")
            .about(TAG, "Ask for a person")
            .details(
                "The bot is silent from then on. A `reason` becomes a message of the visitor; without one, something must \
                 have been said before.",
            )
            .may_fail(&[ErrorCode::Conflict]),
    ]
}

/// A message of a visitor.
#[derive(Deserialize, ToSchema)]
#[schema(as = WidgetChatBody, example = json!({ "message": "Hello!" }))]
struct ChatBody {
    /// What is said.
    #[schema(min_length = 1, max_length = 4000, example = "Hello!")]
    message: String,
    /// UUID of the conversation; that of the token where it is not given.
    #[schema(max_length = 64, example = json!(null))]
    session_id: Option<String>,
    /// A UUID that the page chooses for the message, so that it can send it again.
    #[schema(max_length = 64, example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    client_message_id: Option<String>,
    /// Who says it.
    visitor: Option<VisitorBody>,
    /// The tag of the language that it is in.
    #[schema(max_length = 20, example = "en")]
    language: Option<String>,
}

/// Takes a message of a visitor in.
async fn take_in(
    services: &Services,
    caller: &Visitor<Talks>,
    body: ChatBody,
) -> Result<Said, Error> {
    let ChatBody { message, session_id, client_message_id, visitor, language } = body;
    WebChats::check(&message)?;
    caller.check_session(session_id.as_deref())?;
    let given = client_message_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    let fault = || Error::invalid_field("client_message_id", "must be a UUID");
    let key = given.map(|id| id.parse::<Uuid>().map_err(|_| fault())).transpose()?;
    let key = key.map(|id| id.simple().to_string().to_uppercase());
    let visitor = VisitorBody::visitor(visitor, language);
    let saying = Saying { bot: caller.bot.id, chat: Some(caller.visit.chat()), visitor, key };
    services.web_chats.say(&message, saying).await
}

async fn say(
    call: Call<Public>,
    caller: Visitor<Talks>,
    Body(body): Body<ChatBody>,
) -> Result<Data<ChatView>, ApiError> {
    let said = take_in(&call, &caller, body).await?;
    let replied = call.web_chats.reply(&said).await?;
    Ok(Data::of(chat::answer(&call, caller.bot.id, said.message, &replied)))
}

async fn stream(
    call: Call<Public>,
    caller: Visitor<Talks>,
    Body(body): Body<ChatBody>,
) -> Result<File<AnswerStream>, ApiError> {
    let address = Network::of(client_of(call.request())).to_string();
    let place = place(call.request(), &caller.bot, Caller::Address(address))?;
    let said = take_in(&call, &caller, body).await?;
    Ok(answer_stream(call.services(), caller.bot.id, (said, place)))
}

/// What a visitor thinks.
#[derive(Deserialize, ToSchema)]
#[schema(as = WidgetFeedbackBody, example = json!({ "type": "csat", "rating": 5 }))]
struct FeedbackBody {
    /// UUID of the conversation; that of the token where it is not given.
    #[schema(max_length = 64)]
    session_id: Option<String>,
    #[serde(flatten)]
    opinion: Opinion,
}

async fn feedback(
    call: Call<Public>,
    caller: Visitor<Looks>,
    Body(body): Body<FeedbackBody>,
) -> Result<Message, ApiError> {
    caller.check_session(body.session_id.as_deref())?;
    let found = views::find(&call, &caller.visit).await?;
    let (_, state) = found.ok_or_else(unknown_session)?;
    body.opinion.give(&call, &state).await?;
    Ok(Message::of("Thank you for the feedback"))
}

/// The wish for a person.
#[derive(Deserialize, ToSchema)]
#[schema(as = WidgetHandoffBody, example = json!({ "reason": "My order has not come" }))]
struct HandoffBody {
    /// UUID of the conversation; that of the token where it is not given.
    #[schema(max_length = 64)]
    session_id: Option<String>,
    /// What the person is to know first.
    #[schema(max_length = 4000, example = "My order has not come")]
    reason: Option<String>,
}

fn check_hands_over(bot: &Bot) -> Result<(), Error> {
    match bot.handoff.enabled {
        true => Ok(()),
        false => Err(Error::new(ErrorCode::Forbidden, "This bot does not hand over to a person")),
    }
}

/// Says something as the visitor, and waits for what the bot says to it.
async fn say_as(services: &Services, caller: &Visitor<Talks>, text: &str) -> Result<(), Error> {
    let (bot, chat) = (caller.bot.id, Some(caller.visit.chat()));
    let saying = Saying { bot, chat, visitor: web_chat::Visitor::default(), key: None };
    let said = services.web_chats.say(text, saying).await?;
    services.web_chats.reply(&said).await?;
    Ok(())
}

async fn hand_off(
    call: Call<Public>,
    caller: Visitor<Talks>,
    Body(body): Body<HandoffBody>,
) -> Result<Data<VisitorSessionView>, ApiError> {
    let HandoffBody { session_id, reason } = body;
    caller.check_session(session_id.as_deref())?;
    check_hands_over(&caller.bot)?;
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    // Where there is a conversation, the bot is silent before the reason is said.
    let asked = ask_for_person(&call, &caller).await?;
    if let Some(reason) = &reason {
        say_as(&call, &caller, reason).await?;
    }
    let state = match asked {
        Some(state) => Some(state),
        None => ask_for_person(&call, &caller).await?,
    };
    let message = "Say something first: the conversation has not begun";
    let state = state.ok_or_else(|| Error::new(ErrorCode::Conflict, message))?;
    Ok(Data::of(VisitorSessionView::of(&call, &state).await?))
}

/// Leaves the conversation of a visitor to people; none where it has not begun.
async fn ask_for_person(
    services: &Services,
    caller: &Visitor<Talks>,
) -> Result<Option<InboxState>, Error> {
    services.inbox.caught_up().await?;
    let (session, chat) = (caller.visit.session(), caller.visit.chat());
    match services.inbox_actions.ask_for_person((&session, &chat), caller.bot.id).await {
        Ok(state) => Ok(Some(state)),
        Err(error) if error.code == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
