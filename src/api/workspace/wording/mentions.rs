//! Words of notes that name somebody: `mention`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        event_data::written,
        kit::{Shape, shape},
        workspace::{
            session_view::AgentView,
            wording::{family::Family, sessions::agent},
        },
    },
    domain::{Error, Event},
    inbox::Agent,
    notes::NoteEvent,
    services::Services,
};

const NAME: &str = "mention";

pub struct MentionWords;

/// A note that names somebody.
#[derive(Serialize, ToSchema)]
#[schema(as = BotMentionData)]
struct Payload {
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// UUID of the note.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    note_id: String,
    /// Text of the note.
    #[schema(example = "@grace please look at this")]
    content: String,
    /// UUID of the person who is named.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7b")]
    user_id: String,
    /// UUID of the person who wrote the note; null where it is no person.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7c")]
    author_id: Option<String>,
    /// The note.
    note: NoteTold,
    /// The person who is named.
    mentioned_user: AgentView,
    /// Who wrote the note; null for the owner of the gateway.
    author: Option<AgentView>,
}

/// A note that names somebody, in short.
#[derive(Serialize, ToSchema)]
#[schema(as = BotMentionNote)]
struct NoteTold {
    /// UUID of the note.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440061")]
    session_id: String,
    /// Text of the note.
    #[schema(example = "@grace please look at this")]
    content: String,
}

#[async_trait]
impl Family for MentionWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        event.body.read::<NoteEvent>().map(|_| NAME)
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![(NAME, "A note names somebody; one event for each person", shape::<Payload>())]
    }

    async fn data(&self, services: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(NoteEvent::Mention { note, conversation, content, mentioned, author, .. }) =
            event.body.read()
        else {
            return Ok(None);
        };
        let author_id = match author {
            Some(Agent::User(id)) => Some(id.to_string()),
            Some(Agent::Key(_)) | None => None,
        };
        let author = match author {
            Some(author) => Some(agent(services, author).await?),
            None => None,
        };
        let (session_id, note_id) = (conversation.to_string(), note.to_string());
        written(&Payload {
            note: NoteTold {
                id: note_id.clone(),
                session_id: session_id.clone(),
                content: content.clone(),
            },
            session_id,
            note_id,
            content,
            user_id: mentioned.to_string(),
            author_id,
            mentioned_user: agent(services, Agent::User(mentioned)).await?,
            author,
        })
    }
}
