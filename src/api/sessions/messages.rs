//! What can be done to a message after it was sent: edit, delete, react, fetch its file.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        body::{Body, Query, REACHES, in_field, path_message, session_id},
        endpoint::{
            Endpoint,
            ParameterKind::{Flag, OneOf},
            Scope,
        },
        error::ApiError,
        file::{Shown, file_answer},
        sessions::{
            data,
            identity::IdentityView,
            message,
            send::check_text,
            wire::{ack_word, seconds},
        },
    },
    domain::{
        Error, ErrorCode, Identities, MessageId, Receipt, SessionId, conversation::message_uuid,
    },
    services::Services,
};

const TAG: &str = "Messages";

pub fn endpoints() -> Vec<Endpoint> {
    let change = |endpoint: Endpoint, summary| endpoint.about(TAG, summary).needs(Scope::Send);
    const ONE: &str = "/api/v1/sessions/{sessionId}/messages/{messageId}";
    vec![
        change(Endpoint::patch(ONE, edit), "Edit an own text or caption of the last 15 minutes")
            .takes::<EditBody>()
            .takes_long_text(),
        change(
            Endpoint::delete(ONE, revoke),
            "Delete a message; as an admin of a group also those of others",
        )
        .query(OneOf(&REACHES), "for", "everyone (default) or me")
        .query(Flag, "forEveryone", "The same as `for`, as true or false"),
        change(
            Endpoint::post("/api/v1/sessions/{sessionId}/messages/{messageId}/reaction", react),
            "React to a message",
        )
        .takes::<ReactionBody>(),
        change(
            Endpoint::delete("/api/v1/sessions/{sessionId}/messages/{messageId}/reaction", unreact),
            "Take a reaction back",
        ),
        Endpoint::get("/api/v1/sessions/{sessionId}/messages/{messageId}/media", download)
            .about(TAG, "The file of a message")
            .answers_other(200, "application/octet-stream"),
        Endpoint::get("/api/v1/sessions/{sessionId}/messages/{messageId}/receipts", receipts)
            .about(
                TAG,
                "Who got, read and played a message of one's own, one entry for each person",
            )
            .answers_list::<ReceiptView>(),
    ]
}

#[derive(Deserialize, ToSchema)]
struct EditBody {
    #[schema(min_length = 1, max_length = 65_536)]
    content: String,
}

#[derive(Deserialize, ToSchema)]
struct ReactionBody {
    #[schema(min_length = 1, max_length = 16, format = "emoji")]
    emoji: String,
}

/// How far a message has come with one of the people whom it went to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReceiptView {
    participant: String,
    participant_identity: Option<IdentityView>,
    /// 1 sent, 2 delivered, 3 read, 4 played.
    ack: i8,
    /// `sent`, `delivered`, `read` or `played`.
    status: &'static str,
    /// By when the person had it; null where that is not known.
    delivered_at: Option<String>,
    read_at: Option<String>,
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
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    let receipts = services.messages.receipts(&session, &id).await?;
    let people = receipts.iter().map(|receipt| &receipt.participant);
    let known = services.directory.identities(&session, people).await?;
    let views: Vec<ReceiptView> =
        receipts.iter().map(|receipt| ReceiptView::of(receipt, &known)).collect();
    Ok(HttpResponse::Ok().json(data(views)))
}

async fn edit(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<EditBody>,
) -> Result<HttpResponse, ApiError> {
    check_text("content", &body.content)?;
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    let edited = services.message_actions.edit(&session, &id, body.content).await;
    edited.map_err(|error| of_text("content", error))?;
    Ok(HttpResponse::Ok().json(message("Message edited")))
}

/// A fault of the new text of a message, under the name that this has in the request.
pub fn of_text(field: &str, error: Error) -> Error {
    match error.code {
        ErrorCode::Invalid if !error.details.contains_key("fields") => in_field(field, error),
        _ => error,
    }
}

async fn revoke(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let for_everyone = Query::of(&request).is_for_everyone()?;
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.message_actions.revoke(&session, &id, for_everyone).await?;
    Ok(HttpResponse::Ok().json(message("Message deleted")))
}

async fn react(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ReactionBody>,
) -> Result<HttpResponse, ApiError> {
    // An empty one takes the reaction back, which has a request of its own.
    if body.emoji.is_empty() {
        return Err(Error::invalid_field("emoji", "must be one emoji").into());
    }
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.message_actions.react(&session, &id, body.emoji).await?;
    Ok(HttpResponse::Ok().json(message("Reaction sent")))
}

async fn unreact(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.message_actions.react(&session, &id, String::new()).await?;
    Ok(HttpResponse::Ok().json(message("Reaction removed")))
}

async fn download(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    message_file(&services, &request, &session, &id).await
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
