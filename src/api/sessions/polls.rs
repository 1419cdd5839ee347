//! Polls: what was chosen, and by whom.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        body::{path_message, session_id},
        endpoint::Endpoint,
        error::ApiError,
        sessions::{data, identity::IdentityView},
    },
    domain::{
        Identities, Message,
        details::{Poll, Vote},
    },
    services::Services,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/sessions/{sessionId}/messages/{messageId}/poll", tally)
            .about("Messages", "A poll and what everybody chose")
            .answers::<PollTallyView>(200),
    ]
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PollTallyView {
    message_id: String,
    chat_id: String,
    question: String,
    options: Vec<String>,
    /// How many one person may choose; 0 for any number.
    selectable: u32,
    /// How many people voted.
    voters: usize,
    /// In the order of the options.
    results: Vec<PollOptionView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PollOptionView {
    option: String,
    votes: usize,
    voters: Vec<VoterView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VoterView {
    sender: String,
    sender_identity: Option<IdentityView>,
    /// Seconds since 1970.
    timestamp: i64,
}

impl PollTallyView {
    fn of(message: &Message, poll: &Poll, known: &Identities) -> Self {
        let voter = |vote: &Vote| VoterView {
            sender: vote.sender.to_string(),
            sender_identity: IdentityView::of(&vote.sender, known),
            timestamp: vote.timestamp.as_second(),
        };
        let result = |option: &String| {
            let voters: Vec<VoterView> = poll.voters(option).map(voter).collect();
            PollOptionView { option: option.clone(), votes: voters.len(), voters }
        };
        Self {
            message_id: message.id.to_string(),
            chat_id: message.chat().to_string(),
            question: poll.question.clone(),
            options: poll.options.clone(),
            selectable: poll.selectable,
            voters: poll.all_votes().len(),
            results: poll.options.iter().map(result).collect(),
        }
    }
}

async fn tally(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (session, id) = (session_id(&request)?, path_message(&request)?);
    let message = services.messages.poll(&session, &id).await?;
    let poll = message.details().poll.clone();
    let senders = poll.iter().flat_map(|poll| poll.all_votes()).map(|vote| &vote.sender);
    let known = services.directory.identities(&session, senders).await?;
    let view = poll.as_ref().map(|poll| PollTallyView::of(&message, poll, &known));
    Ok(HttpResponse::Ok().json(data(view)))
}
