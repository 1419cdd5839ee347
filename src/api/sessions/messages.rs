//! What can be done to a message after it was sent: edit, delete, react, fetch its file.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        file::{AnyFile, Shown, file_answer},
        kit::{
            self, Body, Call, DeletionQuery, File, InSession, Listed, Message, Path, Query, Read,
            Send, required_choice,
        },
        sessions::{
            identity::IdentityView,
            texts::check_text,
            wire::{ack_word, seconds},
        },
        texts::in_field,
    },
    domain::{
        Error, ErrorCode, Identities, MessageId, Receipt, SessionId, conversation::message_uuid,
    },
    services::Services,
};

const TAG: &str = "Messages";

pub fn endpoints() -> Vec<Endpoint> {
    const ONE: &str = "/api/v1/sessions/{sessionId}/messages/{messageId}";
    const REACTION: &str = "/api/v1/sessions/{sessionId}/messages/{messageId}/reaction";
    vec![
        Endpoint::patch(ONE, edit)
            .named("editMessage")
            .about(TAG, "Edit an own text or caption of the last 15 minutes")
            .details("WhatsApp accepts edits for 15 minutes."),
        Endpoint::delete(ONE, revoke)
            .named("deleteMessage")
            .about(TAG, "Delete a message; as an admin of a group also those of others")
            .details("`for=me` removes it from the account alone."),
        Endpoint::post(REACTION, react)
            .named("reactToMessage")
            .about(TAG, "React to a message")
            .details("A second reaction takes the place of the first."),
        Endpoint::delete(REACTION, unreact)
            .named("removeReaction")
            .about(TAG, "Take a reaction back"),
        Endpoint::get("/api/v1/sessions/{sessionId}/messages/{messageId}/media", download)
            .named("downloadMessageMedia")
            .about(TAG, "The file of a message, whole or in part")
            .details(
                "Takes `Range` and `If-None-Match`. A file that the gateway does not hold is \
                 fetched from WhatsApp.",
            ),
        Endpoint::get("/api/v1/sessions/{sessionId}/messages/{messageId}/receipts", receipts)
            .named("listMessageReceipts")
            .about(TAG, "Who got, read and played a message of one's own")
            .details("One entry for each person whom the message went to."),
    ]
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "content": "Hello, once more" }))]
struct EditBody {
    /// The new text or caption, 1 to 65,536 characters.
    #[schema(min_length = 1, max_length = 65_536)]
    content: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "emoji": "👍" }))]
struct ReactionBody {
    #[schema(min_length = 1, max_length = 16, format = "emoji")]
    emoji: String,
}

fn status_schema() -> Schema {
    required_choice("The same as `ack`, in a word.", &["sent", "delivered", "read", "played"])
}

/// How far a message has come with one of the people whom it went to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReceiptView {
    /// Id of the person.
    #[schema(example = "15550000001@c.us")]
    participant: String,
    participant_identity: Option<IdentityView>,
    /// 1 sent, 2 delivered, 3 read, 4 played.
    ack: i8,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// By when the person had it; null where that is not known.
    #[schema(example = "2026-03-24T10:31:00.000Z")]
    delivered_at: Option<String>,
    /// When it was read, RFC 3339; null before that.
    read_at: Option<String>,
    /// When it was played, RFC 3339; null before that.
    #[schema(example = json!(null))]
    played_at: Option<String>,
}

impl ReceiptView {
    fn of(receipt: &Receipt, known: &Identities) -> Self {
        Self {
            participant: receipt.participant.to_string(),
            participant_identity: IdentityView::of(&receipt.participant, known),
            ack: receipt.ack.level(),
            status: ack_word(receipt.ack),
            delivered_at: receipt.delivered_at.map(seconds),
            read_at: receipt.read_at.map(seconds),
            played_at: receipt.played_at.map(seconds),
        }
    }
}

async fn receipts(
    call: Call<Read, InSession>,
    Path(id): Path<kit::MessageId>,
) -> Result<Listed<ReceiptView>, ApiError> {
    let session = call.session_id()?;
    let receipts = call.messages.receipts(&session, &id).await?;
    let people = receipts.iter().map(|receipt| &receipt.participant);
    let known = call.directory.identities(&session, people).await?;
    Ok(receipts.iter().map(|receipt| ReceiptView::of(receipt, &known)).collect())
}

async fn edit(
    call: Call<Send, InSession>,
    Path(id): Path<kit::MessageId>,
    Body(body): Body<EditBody>,
) -> Result<Message, ApiError> {
    check_text("content", &body.content)?;
    let edited = call.message_actions.edit(&call.session_id()?, &id, body.content).await;
    edited.map_err(|error| of_text("content", error))?;
    Ok(Message::of("Message edited"))
}

/// A fault of the new text of a message, under the name that this has in the request.
pub fn of_text(field: &str, error: Error) -> Error {
    match error.code {
        ErrorCode::Invalid if !error.details.contains_key("fields") => in_field(field, error),
        _ => error,
    }
}

async fn revoke(
    call: Call<Send, InSession>,
    Path(id): Path<kit::MessageId>,
    Query(query): Query<DeletionQuery>,
) -> Result<Message, ApiError> {
    call.message_actions.revoke(&call.session_id()?, &id, query.is_for_everyone()).await?;
    Ok(Message::of("Message deleted"))
}

async fn react(
    call: Call<Send, InSession>,
    Path(id): Path<kit::MessageId>,
    Body(body): Body<ReactionBody>,
) -> Result<Message, ApiError> {
    // An empty one takes the reaction back, which has a request of its own.
    if body.emoji.is_empty() {
        return Err(Error::invalid_field("emoji", "must be one emoji").into());
    }
    call.message_actions.react(&call.session_id()?, &id, body.emoji).await?;
    Ok(Message::of("Reaction sent"))
}

async fn unreact(
    call: Call<Send, InSession>,
    Path(id): Path<kit::MessageId>,
) -> Result<Message, ApiError> {
    call.message_actions.react(&call.session_id()?, &id, String::new()).await?;
    Ok(Message::of("Reaction removed"))
}

async fn download(
    call: Call<Read, InSession>,
    Path(id): Path<kit::MessageId>,
) -> Result<File<AnyFile>, ApiError> {
    let file = message_file(&call, call.request(), &call.session_id()?, &id).await?;
    Ok(file.into())
}

/// The file of a message as an answer.
pub async fn message_file(
    services: &Services,
    request: &HttpRequest,
    session: &SessionId,
    id: &MessageId,
) -> Result<HttpResponse, ApiError> {
    let stored = services.message_files.get(session, id).await?;
    let name = stored.filename.as_deref().unwrap_or(&id.key);
    let tag = message_uuid(session, id).to_string();
    let shown = Shown { path: &stored.path, mime: stored.mime, name, tag };
    Ok(file_answer(request, shown).await?)
}
