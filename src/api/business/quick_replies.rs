//! Quick replies: texts by shortcut, for the picker of a chat.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::{
            chats,
            contact_view::{ContactId, given},
            values::Known,
        },
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Call, Conversations, Created, Data, Message, OwnSessions, Path, PathValue, Query,
            Read, Repeat, path::uuid, path_value,
        },
    },
    contacts::Contact,
    content::{Filled, QuickReply, QuickReplyChange, QuickReplyDraft},
    domain::{Error, ErrorCode, Subject},
};

const TAG: &str = "Business content";
const ALL: &str = "/api/whatsapp-api/quick-replies";
const ONE: &str = "/api/whatsapp-api/quick-replies/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listQuickReplies")
            .about(TAG, "Quick replies in the order of their shortcuts")
            .details(
                "`q` is what a person has typed, such as `/gre`: the answer has the shortcuts that begin so, \
                 whatever their case.",
            ),
        Endpoint::post(ALL, create)
            .named("createQuickReply")
            .about(TAG, "Save a text under a shortcut")
            .details(
                "The text may have the variables `{{contact.name}}`, `{{contact.firstName}}`, `{{contact.email}}`, \
                 `{{contact.phone}}`, `{{contact.attributes.NAME}}`, `{{org.name}}`, `{{agent.name}}`, `{{date}}` and \
                 `{{time}}`. No two shortcuts are the same but for their case: 409. There are 500 quick replies \
                 at most.",
            ),
        Endpoint::patch(ONE, change)
            .named("updateQuickReply")
            .about(TAG, "Change a quick reply")
            .details("What is not given stays as it is; null removes the file.")
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteQuickReply")
            .about(TAG, "Delete a quick reply"),
        Endpoint::post("/api/whatsapp-api/quick-replies/{id}/render", render)
            .named("renderQuickReply")
            .about(TAG, "The text of a quick reply for a conversation or a contact")
            .details(
                "Counts as a use. A variable without a value stays in the text as it is written, and is listed in \
                 `missing`; without a contact these are all that concern one. Nothing is sent.",
            ),
    ]
}

path_value! {
    /// A quick reply, by its id.
    enum QuickReplyId = "id" as Uuid;
    about: "The id of the quick reply", example: "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12",
    read: |text| uuid(text, Subject::QuickReply)
}

#[derive(Deserialize, ToSchema)]
pub struct QuickRepliesQuery {
    /// The beginning of the shortcut, with or without its slash.
    #[schema(max_length = 32, example = "/gre")]
    q: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QuickReplyDraft, example = json!({
    "shortcut": "/greeting", "content": "Hi {{contact.firstName}}, this is {{agent.name}} from {{org.name}}.",
}))]
struct Draft {
    /// A slash, which may be left out, and 1 to 31 letters, digits, `_` or `-`.
    #[schema(min_length = 1, max_length = 32, example = "/greeting")]
    shortcut: String,
    /// The text, with variables.
    #[schema(min_length = 1, max_length = 4096, example = "Hi {{contact.firstName}}!")]
    content: String,
    /// The id of an uploaded file that goes with the text.
    #[schema(max_length = 36, example = json!(null))]
    media_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QuickReplyChange, example = json!({ "content": "Hi {{contact.name}}!" }))]
struct Change {
    /// Another shortcut.
    #[schema(min_length = 1, max_length = 32, example = "/greeting")]
    shortcut: Option<String>,
    /// Another text.
    #[schema(min_length = 1, max_length = 4096, example = "Hi {{contact.name}}!")]
    content: Option<String>,
    /// The id of an uploaded file; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 36, value_type = Option<String>, example = json!(null))]
    media_id: Option<Option<String>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QuickReplies)]
pub struct QuickRepliesView {
    /// Quick replies in the order of their shortcuts.
    quick_replies: Vec<QuickReplyView>,
}

/// A text that is saved under a shortcut.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QuickReply)]
struct QuickReplyView {
    /// Id of the quick reply.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// What it is chosen by, with its slash.
    #[schema(example = "/greeting")]
    shortcut: String,
    /// The text, with variables.
    #[schema(example = "Hi {{contact.firstName}}!")]
    content: String,
    /// Id of the uploaded file that goes with the text; null without one.
    #[schema(example = json!(null))]
    media_id: Option<String>,
    /// How often it was rendered.
    usage_count: u64,
    /// Id of the API key of who wrote it; null where it was nobody with a key.
    #[schema(example = json!(null))]
    created_by: Option<String>,
    /// When it was created, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
    /// When it was changed last, RFC 3339. A use is no change.
    #[schema(example = "2026-03-24T10:31:00Z")]
    updated_at: String,
}

impl From<QuickReply> for QuickReplyView {
    fn from(reply: QuickReply) -> Self {
        Self {
            id: reply.id.to_string(),
            shortcut: reply.shortcut.as_str().to_owned(),
            content: reply.content,
            media_id: reply.media.map(|id| id.to_string()),
            usage_count: reply.usage_count,
            created_by: reply.created_by.map(|id| id.to_string()),
            created_at: time(reply.created_at),
            updated_at: time(reply.updated_at),
        }
    }
}

pub async fn list(
    call: Call<Read>,
    Query(query): Query<QuickRepliesQuery>,
) -> Result<Data<QuickRepliesView>, ApiError> {
    let found = call.quick_replies.list(query.q.as_deref().unwrap_or_default()).await?;
    let quick_replies = found.into_iter().map(QuickReplyView::from).collect();
    Ok(Data::of(QuickRepliesView { quick_replies }))
}

async fn create(
    call: Call<Conversations>,
    Body(body): Body<Draft>,
) -> Result<Created<QuickReplyView>, ApiError> {
    let draft = QuickReplyDraft {
        shortcut: body.shortcut,
        content: body.content,
        media: body.media_id.as_deref().map(media).transpose()?,
        created_by: call.principal().id(),
    };
    Ok(Created::of(call.quick_replies.create(draft).await?.into()))
}

async fn change(
    call: Call<Conversations>,
    Path(id): Path<QuickReplyId>,
    Body(body): Body<Change>,
) -> Result<Data<QuickReplyView>, ApiError> {
    let media = match body.media_id {
        Some(Some(text)) => Some(Some(media(&text)?)),
        Some(None) => Some(None),
        None => None,
    };
    let change = QuickReplyChange { shortcut: body.shortcut, content: body.content, media };
    Ok(Data::of(call.quick_replies.change(id, change).await?.into()))
}

async fn remove(
    call: Call<Conversations>,
    Path(id): Path<QuickReplyId>,
) -> Result<Message, ApiError> {
    call.quick_replies.delete(id).await?;
    Ok(Message::of("Quick reply deleted"))
}

fn media(text: &str) -> Result<Uuid, Error> {
    let read = text.trim().parse();
    read.map_err(|_| Error::invalid_field("mediaId", "must be the id of an uploaded file"))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QuickReplyRendering, example = json!({}))]
struct Rendering {
    /// The conversation that the text is for.
    #[schema(max_length = 36, example = json!(null))]
    conversation_id: Option<String>,
    /// In place of it: the contact.
    #[schema(max_length = 36, example = json!(null))]
    contact_id: Option<String>,
}

/// A text with its values.
#[derive(Serialize, ToSchema)]
#[schema(as = RenderedQuickReply)]
struct RenderedView {
    /// The text, ready to be sent.
    #[schema(example = "Hi Ada, this is Grace from Acme Corp.")]
    text: String,
    /// Variables without a value, which stay in the text as they are written.
    #[schema(example = json!(["x"]))]
    missing: Vec<String>,
}

async fn render(
    call: Call<Conversations, OwnSessions>,
    Path(id): Path<QuickReplyId>,
    Body(body): Body<Rendering>,
) -> Result<Data<RenderedView>, ApiError> {
    let contact = match (&body.conversation_id, &body.contact_id) {
        (Some(_), Some(_)) => {
            let fault = "cannot be given together with conversationId";
            return Err(Error::invalid_field("contactId", fault).into());
        }
        (Some(id), None) => match chats::find(&call, id).await?.state.contact {
            Some(id) => known(call.contacts.get(id).await)?,
            None => None,
        },
        (None, Some(id)) => Some(contact(&call, id).await?),
        (None, None) => None,
    };
    let values = Known::of(&call).await?;
    let Filled { text, missing } =
        call.quick_replies.render(id, &values.values(contact.as_ref())).await?;
    Ok(Data::of(RenderedView { text, missing }))
}

/// A contact by its id. A key for one session reaches the contacts of its conversations alone.
async fn contact(call: &Call<Conversations, OwnSessions>, id: &str) -> Result<Contact, Error> {
    let id = ContactId::read(id)?;
    match call.own_session() {
        None => call.contacts.get(id).await,
        Some(_) => Err(Error::not_found(Subject::Contact, format!("there is no contact {id}"))),
    }
}

/// None for a contact that was deleted since.
fn known(found: Result<Contact, Error>) -> Result<Option<Contact>, Error> {
    match found {
        Err(error) if error.code == ErrorCode::NotFound => Ok(None),
        found => found.map(Some),
    }
}
