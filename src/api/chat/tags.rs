//! Tags: labels for conversations, shared by all instances. A key for one session sees those alone that
//! its own conversations bear.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        auth,
        body::{Body, uuid},
        chat::{access, data, told, wire::time},
        endpoint::{Endpoint, Repeat, Scope},
        error::ApiError,
    },
    domain::{Error, Subject, conversation::Tag},
    services::Services,
};

const TAG: &str = "Chat tags";
const ONE: &str = "/api/v1/tags/{uuid}";
const USUAL_COLOR: &str = "#6b7280";

pub fn endpoints() -> Vec<Endpoint> {
    let about =
        |endpoint: Endpoint, summary| endpoint.about(TAG, summary).needs(Scope::Conversations);
    vec![
        about(Endpoint::get("/api/v1/tags", list), "All tags that the caller sees")
            .answers::<TagsView>(200),
        about(Endpoint::post("/api/v1/tags", create), "Make a tag")
            .takes::<TagDraft>()
            .answers::<OneTagView>(201),
        about(Endpoint::get(ONE, read), "One tag").answers::<OneTagView>(200),
        about(Endpoint::patch(ONE, change), "Change a tag")
            .repeats(Repeat::Repeatable)
            .takes::<TagChange>()
            .answers::<OneTagView>(200),
        about(Endpoint::delete(ONE, remove), "Remove a tag, from all conversations too"),
    ]
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
    #[schema(min_length = 1, max_length = 50)]
    name: Option<String>,
    #[schema(min_length = 1, max_length = 7, format = "color")]
    color: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct TagsView {
    tags: Vec<TagView>,
}

#[derive(Serialize, ToSchema)]
struct OneTagView {
    tag: TagView,
}

#[derive(Serialize, ToSchema)]
struct TagView {
    id: String,
    name: String,
    color: String,
    conversations_count: usize,
    created_at: String,
    updated_at: String,
}

async fn list(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let mut tags = Vec::new();
    for tag in services.tags.list().await? {
        let tag = view(&services, &request, tag).await?;
        if access::sees_tag(&request, tag.conversations_count) {
            tags.push(tag);
        }
    }
    Ok(HttpResponse::Ok().json(data(TagsView { tags })))
}

async fn create(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(draft): Body<TagDraft>,
) -> Result<HttpResponse, ApiError> {
    access::for_all_sessions(&request)?;
    let color = draft.color.as_deref().unwrap_or(USUAL_COLOR);
    let tag = services.tags.create(&draft.name, color).await?;
    let tag = view(&services, &request, tag).await?;
    Ok(HttpResponse::Created().json(told("Tag created", OneTagView { tag })))
}

async fn read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = uuid(&request, "uuid", Subject::Tag)?;
    let tag = services.tags.get(id).await?;
    let tag = view(&services, &request, tag).await?;
    if !access::sees_tag(&request, tag.conversations_count) {
        return Err(Error::not_found(Subject::Tag, format!("there is no tag '{id}'")).into());
    }
    Ok(HttpResponse::Ok().json(data(OneTagView { tag })))
}

async fn change(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<TagChange>,
) -> Result<HttpResponse, ApiError> {
    access::for_all_sessions(&request)?;
    let id = uuid(&request, "uuid", Subject::Tag)?;
    let tag = services.tags.change(id, body.name.as_deref(), body.color.as_deref());
    let tag = view(&services, &request, tag.await?).await?;
    Ok(HttpResponse::Ok().json(data(OneTagView { tag })))
}

async fn remove(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    access::for_all_sessions(&request)?;
    let id = uuid(&request, "uuid", Subject::Tag)?;
    services.tags.remove(id).await?;
    let gone = serde_json::json!({ "id": id });
    Ok(HttpResponse::Ok().json(told("Tag deleted", gone)))
}

async fn view(services: &Services, request: &HttpRequest, tag: Tag) -> Result<TagView, Error> {
    let session = auth::principal(request).session.clone();
    let conversations_count = services.tags.count(tag.id, session.as_ref()).await?;
    Ok(TagView {
        id: tag.id.to_string(),
        name: tag.name,
        color: tag.color,
        conversations_count,
        created_at: time(tag.created_at),
        updated_at: time(tag.updated_at),
    })
}
