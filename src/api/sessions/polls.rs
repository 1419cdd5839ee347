//! Polls: what was chosen, and by whom.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Data, InSession, MessageId, Path, Read},
        sessions::identity::IdentityView,
    },
    domain::{
        Error, Identities, Message, Subject,
        details::{Poll, Vote},
    },
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/sessions/{sessionId}/messages/{messageId}/poll", tally)
            .named("getPoll")
            .about("Messages", "A poll and what everybody chose"),
    ]
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PollTallyView {
    /// Full id of the poll.
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
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
    /// The people who chose it.
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
    call: Call<Read, InSession>,
    Path(id): Path<MessageId>,
) -> Result<Data<PollTallyView>, ApiError> {
    let session = call.session_id()?;
    let message = call.messages.poll(&session, &id).await?;
    let Some(poll) = message.details().poll.clone() else {
        return Err(Error::not_found(Subject::Message, "the message is no poll").into());
    };
    let senders = poll.all_votes().iter().map(|vote| &vote.sender);
    let known = call.directory.identities(&session, senders).await?;
    Ok(Data::of(PollTallyView::of(&message, &poll, &known)))
}
