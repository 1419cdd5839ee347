//! Canned responses: texts of a bot that people insert.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::contact_view::given,
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Call, Conversations, Created, Data, Message, Path, Query, Repeat, path::uuid,
            path_value,
        },
        sessions::wire::seconds,
        workspace::{
            bot_access,
            notes::TAG,
            pages::{PageQuery, PageView},
        },
    },
    content::{CannedResponse, CannedResponseChange, CannedResponseDraft},
    domain::{Error, ErrorCode, Subject},
};

const ALL: &str = "/api/v1/inbox/canned-responses";
const ONE: &str = "/api/v1/inbox/canned-responses/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ONE, list)
            .named("listCannedResponses")
            .about(TAG, "Canned responses of a bot, oldest first")
            .details("`q` finds the beginning of a shortcut, or words of the title."),
        Endpoint::post(ALL, create)
            .named("createCannedResponse")
            .about(TAG, "Save a text for those who answer for a bot")
            .details(
                "The text may have the variables of quick replies, such as `{{contact.firstName}}` and \
                 `{{agent.name}}`. No two shortcuts of a bot are the same but for their case: 409. A bot has 500 at \
                 most.",
            )
            .may_fail(&[ErrorCode::NotFound]),
        Endpoint::put(ONE, change)
            .named("updateCannedResponse")
            .about(TAG, "Change a canned response")
            .details("What is not given stays as it is; null removes a shortcut or a category.")
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteCannedResponse")
            .about(TAG, "Delete a canned response"),
    ]
}

path_value! {
    /// The bot whose responses are listed.
    enum BotOfResponses = "id" as Uuid;
    about: "The UUID of the bot", example: "550e8400-e29b-41d4-a716-446655440055",
    read: |text| uuid(text, Subject::Bot)
}

path_value! {
    /// A canned response, by its UUID.
    enum ResponseId = "id" as Uuid;
    about: "The UUID of the canned response", example: "550e8400-e29b-41d4-a716-446655440056",
    read: |text| uuid(text, Subject::CannedResponse)
}

#[derive(Deserialize, ToSchema)]
pub struct ResponsesQuery {
    /// The beginning of a shortcut, with or without its slash, or words of the title.
    #[schema(max_length = 100, example = "/hel")]
    q: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// A page of canned responses.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceCannedResponses)]
struct ResponsesView {
    /// Oldest first.
    canned_responses: Vec<ResponseView>,
    #[serde(flatten)]
    page: PageView,
}

/// A text that people insert.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceCannedResponse)]
struct ResponseView {
    /// UUID of the canned response.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// UUID of the bot.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440055")]
    bot_id: String,
    /// What it is called in lists.
    #[schema(example = "Hello")]
    title: String,
    /// What it is chosen by, with its slash; null without one.
    #[schema(example = "/hello")]
    shortcut: Option<String>,
    /// The text, with variables.
    #[schema(example = "Hello {{contact.firstName}}!")]
    content: String,
    /// Where it is sorted in; null for nowhere.
    #[schema(example = "Greetings")]
    category: Option<String>,
    /// How often it was used.
    usage_count: u64,
    /// UUID of the person or of the API key that wrote it; null where that is not known.
    #[schema(example = json!(null))]
    created_by: Option<String>,
    /// When it was written, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
    /// When it was changed last, RFC 3339. A use is no change.
    #[schema(example = "2026-03-24T10:31:00Z")]
    updated_at: String,
}

impl From<CannedResponse> for ResponseView {
    fn from(response: CannedResponse) -> Self {
        Self {
            id: response.id.to_string(),
            bot_id: response.bot.to_string(),
            title: response.title,
            shortcut: response.shortcut.map(|shortcut| shortcut.as_str().to_owned()),
            content: response.content,
            category: response.category,
            usage_count: response.usage_count,
            created_by: response.created_by.map(|id| id.to_string()),
            created_at: seconds(response.created_at),
            updated_at: seconds(response.updated_at),
        }
    }
}

async fn list(
    call: Call<Conversations>,
    Path(bot): Path<BotOfResponses>,
    Query(query): Query<ResponsesQuery>,
) -> Result<Data<ResponsesView>, ApiError> {
    let bot = bot_access::seen(&call, bot).await?;
    let found = call.canned_responses.list(bot.id, query.q.as_deref().unwrap_or_default()).await?;
    let page = query.page.view(found.len());
    let canned_responses = query.page.of(found).into_iter().map(Into::into).collect();
    Ok(Data::of(ResponsesView { canned_responses, page }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceCannedResponseDraft, example = json!({
    "bot_id": "550e8400-e29b-41d4-a716-446655440055", "title": "Hello", "shortcut": "/hello",
    "content": "Hello {{contact.firstName}}, this is {{agent.name}}.",
}))]
struct Draft {
    /// UUID of the bot.
    #[schema(min_length = 1, max_length = 36)]
    bot_id: String,
    /// What it is called in lists.
    #[schema(min_length = 1, max_length = 100)]
    title: String,
    /// The text, with variables.
    #[schema(min_length = 1, max_length = 4096)]
    content: String,
    /// A slash, which may be left out, and 1 to 31 letters, digits, `_` or `-`.
    #[schema(max_length = 32, example = "/hello")]
    shortcut: Option<String>,
    /// Where it is sorted in.
    #[schema(max_length = 50, example = "Greetings")]
    category: Option<String>,
}

async fn create(
    call: Call<Conversations>,
    Body(body): Body<Draft>,
) -> Result<Created<ResponseView>, ApiError> {
    let bot = bot_access::worked(&call, uuid(&body.bot_id, Subject::Bot)?).await?;
    let draft = CannedResponseDraft {
        bot: bot.id,
        title: body.title,
        content: body.content,
        shortcut: body.shortcut,
        category: body.category,
        created_by: call.principal().id(),
    };
    Ok(Created::of(call.canned_responses.create(draft).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceCannedResponseChange, example = json!({ "title": "Good morning" }))]
struct Change {
    /// What it is called in lists.
    #[schema(min_length = 1, max_length = 100)]
    title: Option<String>,
    /// The text, with variables.
    #[schema(min_length = 1, max_length = 4096)]
    content: Option<String>,
    /// Another shortcut; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 32, value_type = Option<String>, example = "/hello")]
    shortcut: Option<Option<String>>,
    /// Another category; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 50, value_type = Option<String>, example = "Greetings")]
    category: Option<Option<String>>,
}

/// That the caller works with the bot of a response; to who does not see it, there is no such response.
async fn check_worked(call: &Call<Conversations>, id: Uuid) -> Result<(), Error> {
    let response = call.canned_responses.get(id).await?;
    let unknown =
        || Error::not_found(Subject::CannedResponse, format!("there is no canned response {id}"));
    bot_access::worked(call, response.bot).await.map_err(|error| match error.code {
        ErrorCode::NotFound => unknown(),
        _ => error,
    })?;
    Ok(())
}

async fn change(
    call: Call<Conversations>,
    Path(id): Path<ResponseId>,
    Body(body): Body<Change>,
) -> Result<Data<ResponseView>, ApiError> {
    check_worked(&call, id).await?;
    let Change { title, content, shortcut, category } = body;
    let change = CannedResponseChange { title, content, shortcut, category };
    Ok(Data::of(call.canned_responses.change(id, change).await?.into()))
}

async fn remove(
    call: Call<Conversations>,
    Path(id): Path<ResponseId>,
) -> Result<Message, ApiError> {
    check_worked(&call, id).await?;
    call.canned_responses.delete(id).await?;
    Ok(Message::of("Canned response deleted"))
}
