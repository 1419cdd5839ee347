//! Tags: labels for conversations, shared by all instances. A key for one session sees those alone that
//! its own conversations carry.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        chat::{access, wire::time},
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            AllSessions, Body, Call, Conversations, Created, Data, OwnSessions, Path, Repeat,
            path::uuid, path_value,
        },
    },
    domain::{Error, SessionId, Subject, conversation::Tag},
    services::Services,
};

const TAG: &str = "Chat tags";
const ALL: &str = "/api/v1/tags";
const ONE: &str = "/api/v1/tags/{uuid}";
const USUAL_COLOR: &str = "#6b7280";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listTags")
            .about(TAG, "All tags that the caller sees")
            .details("A key for one session sees the tags of its own conversations."),
        Endpoint::post(ALL, create)
            .named("createTag")
            .about(TAG, "Create a tag")
            .details("Tags are shared by all instances. Their names are unique in any case."),
        Endpoint::get(ONE, read).named("getTag").about(TAG, "One tag"),
        Endpoint::patch(ONE, change)
            .named("updateTag")
            .about(TAG, "Change the name or the color of a tag")
            .details("What is not given stays as it is.")
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteTag")
            .about(TAG, "Delete a tag")
            .details("It is taken from all conversations too."),
    ]
}

path_value! {
    /// A tag, by its UUID.
    enum TagId = "uuid" as Uuid;
    about: "The UUID of the tag", example: "550e8400-e29b-41d4-a716-446655440001",
    read: |text| uuid(text, Subject::Tag)
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "name": "VIP", "color": "#f59e0b" }))]
struct TagDraft {
    /// 1 to 50 characters, unlike those of other tags whatever their case.
    #[schema(min_length = 1, max_length = 50)]
    name: String,
    /// `#RRGGBB`; gray when it is not given.
    #[schema(max_length = 7, format = "color")]
    color: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "color": "#10b981" }))]
struct TagChange {
    /// 1 to 50 characters, unlike those of other tags whatever their case.
    #[schema(min_length = 1, max_length = 50)]
    #[schema(example = "VIP")]
    name: Option<String>,
    #[schema(min_length = 1, max_length = 7, format = "color")]
    color: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct TagsView {
    /// The tags.
    tags: Vec<TagView>,
}

#[derive(Serialize, ToSchema)]
struct OneTagView {
    /// The tag.
    tag: TagView,
}

#[derive(Serialize, ToSchema)]
struct TagView {
    /// UUID of the tag.
    id: String,
    /// Name of the tag.
    #[schema(example = "VIP")]
    name: String,
    color: String,
    conversations_count: usize,
    created_at: String,
    updated_at: String,
}

/// The tag that is gone.
#[derive(Serialize, ToSchema)]
struct DeletedTag {
    /// UUID of the tag.
    id: String,
}

async fn list(call: Call<Conversations, OwnSessions>) -> Result<Data<TagsView>, ApiError> {
    let (own, mut tags) = (call.own_session(), Vec::new());
    for tag in call.tags.list().await? {
        let tag = view(&call, own.as_ref(), tag).await?;
        if access::sees_tag(call.request(), tag.conversations_count) {
            tags.push(tag);
        }
    }
    Ok(Data::of(TagsView { tags }))
}

async fn create(
    call: Call<Conversations, AllSessions>,
    Body(draft): Body<TagDraft>,
) -> Result<Created<OneTagView>, ApiError> {
    let color = draft.color.as_deref().unwrap_or(USUAL_COLOR);
    let tag = call.tags.create(&draft.name, color).await?;
    let tag = view(&call, None, tag).await?;
    Ok(Created::of(OneTagView { tag }).saying("Tag created"))
}

async fn read(
    call: Call<Conversations, OwnSessions>,
    Path(id): Path<TagId>,
) -> Result<Data<OneTagView>, ApiError> {
    let tag = call.tags.get(id).await?;
    let tag = view(&call, call.own_session().as_ref(), tag).await?;
    if !access::sees_tag(call.request(), tag.conversations_count) {
        return Err(Error::not_found(Subject::Tag, format!("there is no tag '{id}'")).into());
    }
    Ok(Data::of(OneTagView { tag }))
}

async fn change(
    call: Call<Conversations, AllSessions>,
    Path(id): Path<TagId>,
    Body(body): Body<TagChange>,
) -> Result<Data<OneTagView>, ApiError> {
    let tag = call.tags.change(id, body.name.as_deref(), body.color.as_deref()).await?;
    Ok(Data::of(OneTagView { tag: view(&call, None, tag).await? }))
}

async fn remove(
    call: Call<Conversations, AllSessions>,
    Path(id): Path<TagId>,
) -> Result<Data<DeletedTag>, ApiError> {
    call.tags.remove(id).await?;
    Ok(Data::of(DeletedTag { id: id.to_string() }).saying("Tag deleted"))
}

async fn view(services: &Services, own: Option<&SessionId>, tag: Tag) -> Result<TagView, Error> {
    let conversations_count = services.tags.count(tag.id, own).await?;
    Ok(TagView {
        id: tag.id.to_string(),
        name: tag.name,
        color: tag.color,
        conversations_count,
        created_at: time(tag.created_at),
        updated_at: time(tag.updated_at),
    })
}
