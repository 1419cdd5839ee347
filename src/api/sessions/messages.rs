//! What can be done to a message after it was sent: edit, delete, react, fetch its file.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        body::{Body, Query, path_message, session_id},
        endpoint::{Endpoint, ParameterKind::Text, Scope},
        error::ApiError,
        file::{Shown, file_answer},
        sessions::{message, send::check_text},
    },
    domain::{Error, MessageId, SessionId, conversation::message_uuid},
    services::Services,
};

const TAG: &str = "Messages";

pub fn endpoints() -> Vec<Endpoint> {
    let change = |endpoint: Endpoint, summary| endpoint.about(TAG, summary).needs(Scope::Send);
    const ONE: &str = "/api/v1/sessions/{sessionId}/messages/{messageId}";
    vec![
        change(Endpoint::patch(ONE, edit), "Edit a text of the last 15 minutes")
            .takes::<EditBody>()
            .takes_long_text(),
        change(Endpoint::delete(ONE, revoke), "Delete a message").query(
            Text,
            "for",
            "everyone (default) or me",
        ),
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
    ]
}

#[derive(Deserialize, ToSchema)]
struct EditBody {
    #[schema(max_length = 65_536)]
    content: String,
}

#[derive(Deserialize, ToSchema)]
struct ReactionBody {
    #[schema(max_length = 16)]
    emoji: String,
}

async fn edit(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<EditBody>,
) -> Result<HttpResponse, ApiError> {
    check_text("content", &body.content)?;
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.messaging.edit(&session, &id, body.content).await?;
    Ok(HttpResponse::Ok().json(message("Message edited")))
}

async fn revoke(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let for_everyone = match Query::of(&request).text("for") {
        None | Some("everyone") => true,
        Some("me") => false,
        Some(_) => return Err(Error::invalid_field("for", "must be everyone or me").into()),
    };
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.messaging.revoke(&session, &id, for_everyone).await?;
    Ok(HttpResponse::Ok().json(message("Message deleted")))
}

async fn react(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ReactionBody>,
) -> Result<HttpResponse, ApiError> {
    let is_short = !body.emoji.trim().is_empty() && body.emoji.chars().count() <= 16;
    if !is_short || body.emoji.chars().any(|ch| ch.is_ascii_alphabetic() || ch.is_control()) {
        return Err(Error::invalid_field("emoji", "must be one emoji").into());
    }
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.messaging.react(&session, &id, body.emoji).await?;
    Ok(HttpResponse::Ok().json(message("Reaction sent")))
}

async fn unreact(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    services.messaging.react(&session, &id, String::new()).await?;
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
    let stored = services.messaging.media(session, id).await?;
    let name = stored.filename.as_deref().unwrap_or(&id.key);
    let tag = message_uuid(session, id).to_string();
    let shown = Shown { path: &stored.path, mime: stored.mime, name, tag };
    Ok(file_answer(request, shown).await?)
}
