//! Notes of a conversation, which the contact never sees.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        business::{
            agents,
            chats::{self, ChatId},
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Call, Conversations, Created, Data, OwnSessions, Path, Query},
        sessions::wire::seconds,
        workspace::{
            bot_access,
            pages::{PageQuery, PageView},
            people_names::{Names, PersonView},
            sessions,
        },
    },
    domain::{Error, ErrorCode},
    inbox::InboxState,
    notes::{NewNote, Note, NotePage},
    teams::Access,
};

pub const TAG: &str = "Inbox";
const ALL: &str = "/api/v1/inbox/notes/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listNotes")
            .about(TAG, "Notes of a conversation, newest first")
            .details("The contact sees none of them."),
        Endpoint::post(ALL, create)
            .named("createNote")
            .about(TAG, "Write a note beside a conversation")
            .details(
                "`@name`, `@name@example.com` and `@[Name](user:ID)` mention somebody who sees the conversation: \
                 they get a notification. What names nobody is text. There are 1,000 notes of a conversation at \
                 most.",
            )
            .may_fail(&[ErrorCode::NotFound]),
    ]
}

#[derive(Deserialize, ToSchema)]
pub struct NotesQuery {
    #[serde(flatten)]
    page: PageQuery,
}

/// A page of notes.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceNotes)]
struct NotesView {
    /// Newest first.
    notes: Vec<NoteView>,
    #[serde(flatten)]
    page: PageView,
}

/// A note beside a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceNote)]
pub struct NoteView {
    /// UUID of the note.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    session_id: String,
    /// Who wrote it; null for the owner of the gateway.
    author: Option<PersonView>,
    /// The text.
    #[schema(example = "@grace please call back")]
    content: String,
    /// The people who are named in it.
    mentions: Vec<PersonView>,
    /// When it was written, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
}

impl NoteView {
    fn of(note: Note, names: &Names) -> Self {
        Self {
            id: note.id.to_string(),
            session_id: note.conversation.to_string(),
            author: note.author.map(|agent| names.view(agent)),
            content: note.content,
            mentions: note.mentions.into_iter().map(|user| names.user(user)).collect(),
            created_at: seconds(note.created_at),
        }
    }
}

/// A conversation with which the caller may do so much, a web chat of a bot among them.
async fn conversation<S>(
    call: &Call<S, OwnSessions>,
    id: &str,
    least: Access,
) -> Result<InboxState, Error> {
    let record = call.conversations.get(id).await?.record;
    match (record.session.is_web(), least) {
        (true, Access::Read) => Ok(sessions::find(call, record.uuid).await?.state),
        (true, _) => Ok(sessions::worked(call, record.uuid).await?.state),
        (false, _) => Ok(chats::find(call, id).await?.state),
    }
}

async fn list(
    call: Call<Conversations, OwnSessions>,
    Path(id): Path<ChatId>,
    Query(query): Query<NotesQuery>,
) -> Result<Data<NotesView>, ApiError> {
    let state = conversation(&call, &id, Access::Read).await?;
    let place = query.page.place();
    let found = call.notes.list(&state.session, state.conversation, place).await?;
    let (names, NotePage { notes, total }) = (Names::of(&call).await?, found);
    let notes = notes.into_iter().map(|note| NoteView::of(note, &names)).collect();
    let page = query.page.view(total);
    Ok(Data::of(NotesView { notes, page }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceNoteDraft, example = json!({ "content": "@grace please call back" }))]
pub struct Draft {
    /// The text.
    #[schema(min_length = 1, max_length = 5000)]
    content: String,
}

pub async fn create(
    call: Call<Conversations, OwnSessions>,
    Path(id): Path<ChatId>,
    Body(body): Body<Draft>,
) -> Result<Created<NoteView>, ApiError> {
    let state = conversation(&call, &id, Access::Work).await?;
    let readers = bot_access::readers(&call, &state).await?;
    let new = NewNote { content: &body.content, author: agents::caller(&call), readers: &readers };
    let note = call.notes.add(&state, new).await?;
    Ok(Created::of(NoteView::of(note, &Names::of(&call).await?)))
}
