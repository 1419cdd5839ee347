//! What can be done to one message: edit, delete, react, fetch its file.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    accounts::{BadLink, Signed},
    api::{
        chat::{
            access::{self, MessageUuid},
            reactions::GroupedReaction,
            render,
            wire::MessageView,
        },
        dialects::chat::CODE,
        endpoint::Endpoint,
        error::ApiError,
        file::{AnyFile, Shown, file_answer},
        gate::auth,
        kit::{
            Body, Call, Conversations, Data, DeletionQuery, File, OwnSessions, Path, Public, Query,
            Repeat, Send,
        },
        sessions::messages::{message_file, of_text},
    },
    domain::{
        Error, ErrorCode, SessionId, Subject,
        conversation::{StoredMessage, message_uuid},
        outbox::{OutboxEntry, OutboxState},
    },
    messaging::{self, FoundMessage, check_unsent},
    services::Services,
};

const TAG: &str = "Chat";
pub const LONGEST_TEXT: usize = 4_096;
const ONE: &str = "/api/v1/chat/messages/{uuid}";
const REACTION: &str = "/api/v1/chat/messages/{uuid}/reaction";

type Change = Call<Send, OwnSessions>;

pub fn endpoints() -> Vec<Endpoint> {
    // A second time comes to the same.
    let change = |endpoint: Endpoint| endpoint.repeats(Repeat::Repeatable);
    vec![
        Endpoint::get(ONE, read)
            .named("getMessage")
            .about(TAG, "A message, also one that waits to be sent or failed")
            .details("The UUID is the same before and after it is sent."),
        change(Endpoint::patch(ONE, edit))
            .named("editChatMessage")
            .about(TAG, "Edit an own text or caption of the last 15 minutes")
            .details("WhatsApp accepts edits for 15 minutes."),
        change(Endpoint::delete(ONE, delete))
            .named("deleteChatMessage")
            .about(TAG, "Delete a message, or take one back that is still to be sent")
            .details(
                "`for=me` removes it from the account alone. A message that waits in the \
                 outbox is cancelled.",
            ),
        change(Endpoint::post(REACTION, react))
            .named("reactToChatMessage")
            .about(TAG, "React to a message")
            .details("A second reaction takes the place of the first."),
        change(Endpoint::delete(REACTION, unreact))
            .named("removeChatReaction")
            .about(TAG, "Take the own reaction back"),
        Endpoint::get("/api/v1/chat/messages/{uuid}/media", download)
            .named("downloadChatMedia")
            .about(TAG, "The file of a message, whole or in part")
            .details(
                "Takes `Range` and `If-None-Match`. A file that the gateway does not hold is \
                 fetched from WhatsApp.",
            ),
        Endpoint::get("/api/media/{uuid}", linked)
            .named("downloadLinkedMedia")
            .about(TAG, "A file by a signed link, without a credential; or with a key")
            .details(
                "The link is `media.url` of a message and ends after `media.link_minutes`. \
                 Takes `Range` and `If-None-Match`.",
            )
            // A message that was not sent, and a file that is still to be fetched from WhatsApp.
            .may_fail(&[
                ErrorCode::Unauthenticated,
                ErrorCode::NotFound,
                ErrorCode::Forbidden,
                ErrorCode::Conflict,
                ErrorCode::NotReady,
                ErrorCode::Unsupported,
                ErrorCode::EngineFailed,
                ErrorCode::Timeout,
            ]),
    ]
}

/// What makes a link good.
#[derive(Deserialize, ToSchema)]
struct LinkQuery {
    /// Until when the link is good.
    exp: Option<String>,
    /// The signature.
    sig: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ChatEditBody, example = json!({ "message": "Hello, once more" }))]
struct EditBody {
    /// 1 to 4,096 characters; `message_body` and `body` mean the same.
    #[schema(min_length = 1, max_length = 4_096)]
    message: String,
}

#[derive(Serialize, ToSchema)]
struct ChangedView {
    /// The message as it is now.
    message: MessageView,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "uuid": "660e8400-e29b-41d4-a716-446655440045", "is_deleted": true }))]
struct DeletedView {
    uuid: String,
    /// Always true.
    #[schema(example = true)]
    is_deleted: bool,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ChatReactionBody, example = json!({ "emoji": "👍" }))]
struct ReactionBody {
    #[schema(min_length = 1, max_length = 16, format = "emoji")]
    emoji: String,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "message_id": 1_000_000_457, "uuid": "660e8400-e29b-41d4-a716-446655440045",
    "grouped_reactions": [{ "emoji": "👍", "count": 1, "has_my_reaction": true }],
}))]
struct ReactionView {
    /// Number of the message.
    message_id: u64,
    uuid: String,
    grouped_reactions: Vec<GroupedReaction>,
}

/// A text that can be sent.
pub fn check_text(text: &str) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid_field("message", "is required"));
    }
    if LONGEST_TEXT < text.chars().count() {
        return Err(Error::invalid_field("message", "must have at most 4,096 characters"));
    }
    Ok(())
}

async fn read(
    call: Call<Conversations, OwnSessions>,
    Path(id): Path<MessageUuid>,
) -> Result<Data<ChangedView>, ApiError> {
    let message = match access::message(&call, call.request(), &id).await? {
        FoundMessage::Stored(session, stored) => render::message(&call, &session, &stored).await?,
        FoundMessage::Unsent(entry) => render::unsent(&call, *entry).await?,
    };
    Ok(Data::of(ChangedView { message }))
}

async fn edit(
    call: Change,
    Path(id): Path<MessageUuid>,
    Body(body): Body<EditBody>,
) -> Result<Data<ChangedView>, ApiError> {
    check_text(&body.message)?;
    let (session, stored) = sent_message(&call, &id, messaging::Change::Edit).await?;
    let edited = call.message_actions.edit(&session, &stored.message.id, body.message).await;
    let edited = edited.map_err(|error| of_text("message", error));
    edited.map_err(|error| refused(error, "EDIT_NOT_ALLOWED"))?;
    let stored = again(&call, &session, &stored).await?;
    let message = render::message(&call, &session, &stored).await?;
    Ok(Data::of(ChangedView { message }))
}

/// Takes a message back that was not sent. One that failed, or was cancelled, nobody has.
async fn taken_back(
    services: &Services,
    entry: &OutboxEntry,
) -> Result<Data<DeletedView>, ApiError> {
    if entry.state.is_waiting() {
        services.outbox.cancel(&entry.session, entry.id).await?;
    }
    Ok(deleted(&entry.message_uuid().to_string()))
}

async fn delete(
    call: Change,
    Path(id): Path<MessageUuid>,
    Query(query): Query<DeletionQuery>,
) -> Result<Data<DeletedView>, ApiError> {
    let for_everyone = query.is_for_everyone();
    let (session, stored) = match access::message(&call, call.request(), &id).await? {
        FoundMessage::Stored(session, stored) => (session, stored),
        FoundMessage::Unsent(entry) => return taken_back(&call, &entry).await,
    };
    let id = &stored.message.id;
    if for_everyone && !stored.is_deleted() {
        let revoked = call.message_actions.revoke(&session, id, true).await;
        revoked.map_err(|error| refused(error, "DELETE_NOT_ALLOWED"))?;
    } else if !for_everyone && !stored.hidden {
        call.message_actions.delete_for_me(&session, id).await?;
    }
    Ok(deleted(&message_uuid(&session, id).to_string()))
}

fn deleted(uuid: &str) -> Data<DeletedView> {
    let view = DeletedView { uuid: uuid.to_owned(), is_deleted: true };
    Data::of(view).saying("Message deleted")
}

async fn react(
    call: Change,
    Path(id): Path<MessageUuid>,
    Body(body): Body<ReactionBody>,
) -> Result<Data<ReactionView>, ApiError> {
    // An empty one takes the reaction back, which has a request of its own.
    if body.emoji.is_empty() {
        return Err(Error::invalid_field("emoji", "must be one emoji").into());
    }
    set_reaction(&call, &id, body.emoji).await
}

async fn unreact(
    call: Change,
    Path(id): Path<MessageUuid>,
) -> Result<Data<ReactionView>, ApiError> {
    set_reaction(&call, &id, String::new()).await
}

async fn set_reaction(
    services: &Change,
    id: &str,
    emoji: String,
) -> Result<Data<ReactionView>, ApiError> {
    let (session, stored) = sent_message(services, id, messaging::Change::React).await?;
    let is_reacted = |stored: &StoredMessage| -> Result<bool, Error> {
        let me = services.supervisor.get(&session)?.status().me;
        let is_mine = |sender: &crate::domain::Jid| me.as_ref().is_some_and(|me| me.id == *sender);
        Ok(stored.message.reactions.iter().any(|reaction| is_mine(&reaction.sender)))
    };
    let is_done = emoji.is_empty() && stored.can_be_changed() && !is_reacted(&stored)?;
    let stored = if is_done {
        *stored
    } else {
        services.message_actions.react(&session, &stored.message.id, emoji).await?;
        again(services, &session, &stored).await?
    };
    let view = render::message(services, &session, &stored).await?;
    let MessageView { id, uuid, grouped_reactions, .. } = view;
    Ok(Data::of(ReactionView { message_id: id, uuid, grouped_reactions }))
}

async fn download(
    call: Call<Conversations, OwnSessions>,
    Path(id): Path<MessageUuid>,
) -> Result<File<AnyFile>, ApiError> {
    let (session, stored) = match access::message(&call, call.request(), &id).await? {
        FoundMessage::Stored(session, stored) => (session, stored),
        FoundMessage::Unsent(entry) => return Err(not_sent(&entry).into()),
    };
    file_of(&call, &session, &stored).await
}

/// The same for a caller with a signed link.
async fn linked(
    call: Call<Public>,
    Path(id): Path<MessageUuid>,
    Query(query): Query<LinkQuery>,
) -> Result<File<AnyFile>, ApiError> {
    if query.exp.is_none() && query.sig.is_none() {
        return with_credential(&call, &id).await;
    }
    let refused = |why: &str| Error::new(ErrorCode::Forbidden, format!("This link {why}"));
    let uuid = id.parse::<uuid::Uuid>().map_err(|_| refused("leads nowhere"))?;
    let (expires, signature) = (query.exp.and_then(|text| text.parse().ok()), query.sig);
    let (Some(expires), Some(signature)) = (expires, signature) else {
        return Err(refused("is not complete").into());
    };
    if is_of_library(uuid) {
        call.media_links.check_file(uuid, &Signed { expires, signature }).map_err(
            |bad| match bad {
                BadLink::Wrong => refused("was not signed here"),
                BadLink::Expired => refused("has expired"),
            },
        )?;
        return library_file(&call, uuid).await;
    }
    let found = match call.messages.get(&uuid.to_string()).await {
        Ok(found) => found,
        // Somebody who guesses does not learn whether a message is there.
        Err(error) if error.code == ErrorCode::NotFound => {
            return Err(refused("was not signed here").into());
        }
        Err(error) => return Err(error.into()),
    };
    // A link of a session that was removed opens nothing of a later one of its name.
    let of_session = match &found {
        FoundMessage::Stored(session, _) => call.supervisor.get(session)?.status().uuid,
        FoundMessage::Unsent(entry) => entry.session_uuid,
    };
    let signed = Signed { expires, signature };
    call.media_links.check(of_session, uuid, &signed).map_err(|bad| match bad {
        BadLink::Wrong => refused("was not signed here"),
        BadLink::Expired => refused("has expired; read the message again for a new one"),
    })?;
    match found {
        FoundMessage::Stored(session, stored) => file_of(&call, &session, &stored).await,
        FoundMessage::Unsent(entry) => Err(not_sent(&entry).into()),
    }
}

/// The file of a message or of the library, for a caller with a key.
async fn with_credential(call: &Call<Public>, id: &str) -> Result<File<AnyFile>, ApiError> {
    let unauthenticated = || {
        let message = "A file needs a signed link, or a key or a token in the Authorization header";
        Error::new(ErrorCode::Unauthenticated, message)
    };
    let caller = auth::caller_of(call, call.request()).await?;
    let principal = caller.ok_or_else(unauthenticated)?;
    if !principal.may("conversations") {
        let message = "This needs the scope 'conversations'";
        return Err(Error::new(ErrorCode::Forbidden, message).into());
    }
    let unknown = || Error::not_found(Subject::Media, "there is no such file");
    let uuid = id.parse::<uuid::Uuid>().map_err(|_| unknown())?;
    if is_of_library(uuid) {
        return library_file(call, uuid).await;
    }
    match call.messages.get(id).await.map_err(|_| unknown())? {
        FoundMessage::Stored(session, stored)
            if principal.session.as_ref().is_none_or(|own| *own == session) =>
        {
            file_of(call, &session, &stored).await
        }
        _ => Err(unknown().into()),
    }
}

/// Files of the library have UUIDs by time, messages have UUIDs by name.
fn is_of_library(uuid: uuid::Uuid) -> bool {
    uuid.get_version() == Some(uuid::Version::SortRand)
}

async fn library_file(call: &Call<Public>, id: uuid::Uuid) -> Result<File<AnyFile>, ApiError> {
    let file = call.library.get(id).await?;
    let path = call.library.path(&file);
    let (mime, name, tag) = (file.mime, &file.filename, file.sha256);
    let shown = Shown { path: &path, mime, name, tag };
    Ok(file_answer(call.request(), shown).await?.into())
}

async fn file_of<S, R>(
    call: &Call<S, R>,
    session: &SessionId,
    stored: &StoredMessage,
) -> Result<File<AnyFile>, ApiError> {
    if stored.is_deleted() {
        return Err(Error::not_found(Subject::Media, "the message was deleted").into());
    }
    let file = message_file(call, call.request(), session, &stored.message.id).await?;
    Ok(file.into())
}

/// The message of the path; one that still waits cannot be changed yet.
async fn sent_message(
    call: &Change,
    id: &str,
    change: messaging::Change,
) -> Result<(SessionId, Box<StoredMessage>), Error> {
    match access::message(call, call.request(), id).await? {
        FoundMessage::Stored(session, stored) => Ok((session, stored)),
        FoundMessage::Unsent(entry) => {
            check_unsent(entry.state, change)?;
            Err(not_sent(&entry))
        }
    }
}

fn not_sent(entry: &OutboxEntry) -> Error {
    let message = match (entry.state, &entry.reason) {
        (OutboxState::Failed, Some(reason)) => format!("the message was not sent: {reason}"),
        (OutboxState::Failed, None) => "the message was not sent".to_owned(),
        (OutboxState::Cancelled, _) => "the message was cancelled".to_owned(),
        _ => "the message is still to be sent".to_owned(),
    };
    let reason = if entry.state.is_waiting() { "not_sent_yet" } else { "not_sent" };
    Error::new(ErrorCode::Conflict, message).detail("reason", reason)
}

/// The message as it is after a change.
async fn again(
    services: &Services,
    session: &SessionId,
    stored: &StoredMessage,
) -> Result<StoredMessage, Error> {
    let found = services.messages.stored(session, &stored.message.id).await?;
    found.ok_or_else(|| Error::not_found(Subject::Message, "the message is gone"))
}

/// A rule of WhatsApp's in this surface's words.
fn refused(error: Error, code: &str) -> Error {
    // One that WhatsApp does not have is as one that still waits.
    let is_unsent = error.details.get("reason").is_some_and(|reason| reason == "not_sent");
    let is_rule = match error.code {
        ErrorCode::Forbidden => true,
        ErrorCode::Conflict => error.subject == Some(Subject::Message) && !is_unsent,
        _ => false,
    };
    if !is_rule {
        return error;
    }
    let reason = error.details.get("reason").cloned();
    let reason = reason.unwrap_or_else(|| json!("refused_by_whatsapp"));
    Error::invalid(error.message).detail(CODE, code).detail("reason", reason)
}
