//! Messages of people to the person of a conversation: a text, a canned response, or a file of the library.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::values::Known,
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Call, Created, Path, Send},
        workspace::{
            inbox::{TAG, caller},
            session_view::{self, MessageView, SentView},
            sessions::{self, ChatSessionId, Found},
        },
    },
    content::Filled,
    domain::{
        Content, Error, ErrorCode, MessageId, SessionId, Timestamp, command::MediaKind,
        conversation::message_uuid, outbox::SendOptions,
    },
    inbox::{Agent, Author, AuthorKind, Draft, Recipient, Terms},
    messaging::{MessageStatus, SendOutcome},
    policy::Kind,
};

const LONGEST_TEXT: usize = 4_096;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/inbox/sessions/{id}/messages", send)
            .named("sendInboxMessage")
            .about(TAG, "Write to the person of a conversation, on its own channel")
            .details(
                "A text, a canned response of the conversation's bot, or a file of the library (`POST /api/whatsapp-api/media`): \
                 exactly one of these. By SMS there are no files: 400. The bot is silent from then on, and the conversation \
                 is yours where nobody had it.",
            ),
    ]
}

/// A message to the person of a conversation: one of `content`, `canned_response_id` and `media_id`.
#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceReply, example = json!({ "content": "I am looking into it." }))]
struct ReplyBody {
    /// The text.
    #[schema(min_length = 1, max_length = 4096)]
    content: Option<String>,
    /// UUID of a canned response, whose variables are filled in.
    #[schema(max_length = 36, example = json!(null))]
    canned_response_id: Option<String>,
    /// UUID of a file of the library.
    #[schema(max_length = 36, example = json!(null))]
    media_id: Option<String>,
    /// A text under the file; with `media_id` alone.
    #[schema(max_length = 1024)]
    caption: Option<String>,
}

/// What is sent, as it is read from the request.
enum Reply {
    Text(String),
    Canned(Uuid),
    File { id: Uuid, caption: Option<String> },
}

impl ReplyBody {
    fn reply(self) -> Result<Reply, Error> {
        let Self { content, canned_response_id, media_id, caption } = self;
        let caption = caption.filter(|text| !text.trim().is_empty());
        if caption.is_some() && media_id.is_none() {
            return Err(Error::invalid_field("caption", "needs a media_id"));
        }
        let uuid = |field: &str, text: String| {
            text.trim().parse().map_err(|_| Error::invalid_field(field, "must be a UUID"))
        };
        match (content, canned_response_id, media_id) {
            (Some(text), None, None) => Ok(Reply::Text(text)),
            (None, Some(id), None) => Ok(Reply::Canned(uuid("canned_response_id", id)?)),
            (None, None, Some(id)) => Ok(Reply::File { id: uuid("media_id", id)?, caption }),
            (None, None, None) => {
                let fault = "is needed, or canned_response_id, or media_id";
                Err(Error::invalid_field("content", fault))
            }
            (Some(_), _, _) => {
                let fault = "cannot be given together with canned_response_id or media_id";
                Err(Error::invalid_field("content", fault))
            }
            (None, Some(_), Some(_)) => {
                let fault = "cannot be given together with canned_response_id";
                Err(Error::invalid_field("media_id", fault))
            }
        }
    }
}

async fn send(
    call: Call<Send>,
    Path(id): Path<ChatSessionId>,
    Body(body): Body<ReplyBody>,
) -> Result<Created<MessageView>, ApiError> {
    let reply = body.reply()?;
    let found = sessions::worked(&call, id).await?;
    let author = author(&call).await?;
    let state = &found.state;
    let (session, chat) = (state.session.clone(), state.chat.clone());
    if let Some(bot) = session.web_bot() {
        call.web_chats.open(bot).await?;
    }
    let (draft, r#type, text) = drafted(&call, &found, reply).await?;
    let options = SendOptions::default();
    let recipient = Recipient::Chat { session: session.clone(), chat };
    let prepared = call.sending.prepare(&recipient, Kind::Free, options).await?;
    let terms = Terms {
        author: author.clone(),
        client_ref: None,
        key: call.message_key(),
        quoted: None,
        link_preview: true,
        options,
    };
    let sent = call.sending.send(prepared, draft, terms).await.map_err(in_own_words)?;
    let (message, at, status) = now(sent.outcome);
    call.inbox.caught_up().await?;
    let id = message_uuid(&session, &message);
    let agent = author.id.map(|id| (id, author.name));
    let view = session_view::sent(&call, state, SentView { id, r#type, text, status, agent, at });
    Ok(Created::of(view))
}

/// A message as it is now: its id, its time and its status.
fn now(outcome: SendOutcome) -> (MessageId, Timestamp, MessageStatus) {
    match outcome {
        SendOutcome::Sent(sent) => (sent.id, sent.timestamp, MessageStatus::from(sent.ack)),
        SendOutcome::Queued(entry) => {
            (entry.message_id(entry.account.as_ref()), entry.queued_at, MessageStatus::Pending)
        }
    }
}

/// The name of the field as this API has it.
fn in_own_words(error: Error) -> Error {
    crate::api::workspace::fields::in_snake_case(error)
}

/// What is sent, of which type it is, and its text.
async fn drafted(
    call: &Call<Send>,
    found: &Found,
    reply: Reply,
) -> Result<(Draft, &'static str, String), Error> {
    let text = match reply {
        Reply::Text(text) => text.trim().to_owned(),
        Reply::Canned(id) => canned(call, found, id).await?,
        Reply::File { id, caption } => {
            let (kind, name) = file_kind(call, &found.state.session, id).await?;
            let text = caption.clone().unwrap_or_default();
            return Ok((Draft::Stored { id, kind, filename: None, caption }, name, text));
        }
    };
    if text.is_empty() || text.chars().nth(LONGEST_TEXT).is_some() {
        return Err(Error::invalid_field("content", "must have 1 to 4096 characters"));
    }
    Ok((Draft::Content(Content::Text { body: text.clone() }), "text", text))
}

/// The text of a canned response of the conversation's bot, with its values.
async fn canned(call: &Call<Send>, found: &Found, id: Uuid) -> Result<String, Error> {
    let unknown = || {
        let fault = "names no canned response of the conversation's bot";
        Error::invalid_field("canned_response_id", fault)
    };
    let response = call.canned_responses.get(id).await.map_err(|error| match error.code {
        ErrorCode::NotFound => unknown(),
        _ => error,
    })?;
    if found.bot.as_ref().is_none_or(|bot| bot.id != response.bot) {
        return Err(unknown());
    }
    let contact = match found.state.contact {
        Some(id) => call.contacts.get(id).await.ok(),
        None => None,
    };
    let known = Known::of(call).await?;
    let Filled { text, missing } =
        call.canned_responses.render(id, &known.values(contact.as_ref())).await?;
    match missing.as_slice() {
        [] => Ok(text),
        missing => {
            let fault = format!("has no value for {}", missing.join(", "));
            Err(Error::invalid_field("canned_response_id", fault))
        }
    }
}

/// As what a file of the library is sent, by its type.
async fn file_kind(
    call: &Call<Send>,
    session: &SessionId,
    id: Uuid,
) -> Result<(MediaKind, &'static str), Error> {
    if session.is_sms() {
        return Err(Error::invalid_field("media_id", "cannot be sent by SMS; send a text"));
    }
    let file = call.library.get(id).await.map_err(|error| match error.code {
        ErrorCode::NotFound => Error::invalid_field("media_id", "names no uploaded file"),
        _ => error,
    })?;
    let kind = MediaKind::of_type(&file.mime);
    let name = match kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        _ => "document",
    };
    Ok((kind, name))
}

/// Who writes, as it is noted with the message.
async fn author(call: &Call<Send>) -> Result<Author, Error> {
    let (kind, agent) = match caller(call)? {
        Agent::User(id) => (AuthorKind::User, (id, Some(call.accounts.user(id).await?.name))),
        Agent::Key(id) => (AuthorKind::Api, (id, call.api_keys.name(id).await?)),
    };
    Ok(Author { kind, id: Some(agent.0), name: agent.1 })
}
