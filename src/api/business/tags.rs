//! Tags of contacts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        business::{
            contact_view::{ContactId, ContactView},
            contacts::by,
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Call, Contacts, Data, Limit, Path, Query, Repeat, path_value},
    },
    contacts::TagCount,
};

const TAG: &str = "Business contacts";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/whatsapp-api/tags", list)
            .named("listBusinessTags")
            .about(TAG, "Tags of contacts, with how many contacts bear each")
            .details(
                "In the order of their names, 1,000 at most. For the next ones, `after` is the name of the last.",
            ),
        Endpoint::post("/api/whatsapp-api/contacts/{id}/tags", add)
            .named("addBusinessContactTags")
            .about(TAG, "Add tags to a contact")
            .details("Those that it has, whatever their case, stay as they are.")
            .repeats(Repeat::Repeatable),
        Endpoint::delete("/api/whatsapp-api/contacts/{id}/tags/{tag}", remove)
            .named("removeBusinessContactTag")
            .about(TAG, "Take a tag from a contact"),
    ]
}

path_value! {
    /// A tag of a contact, by its name.
    enum TagName = "tag" as String;
    about: "The tag, whatever its case", example: "vip",
    read: |text| Ok(text.to_owned())
}

#[derive(Deserialize, ToSchema)]
#[schema(as = BusinessTagsDraft, example = json!({ "tags": ["retail"] }))]
struct TagsDraft {
    #[schema(min_items = 1, max_items = 50)]
    tags: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
struct TagsQuery {
    /// How many tags.
    #[serde(default)]
    limit: Limit<1_000, 1_000>,
    /// Only the tags behind this one: its name.
    #[schema(max_length = 50)]
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessTags)]
struct TagsView {
    tags: Vec<TagView>,
    has_more: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessTag)]
struct TagView {
    /// Name of the tag.
    #[schema(example = "vip")]
    name: String,
    /// How many contacts bear it.
    contacts: u64,
}

async fn list(
    call: Call<Contacts>,
    Query(query): Query<TagsQuery>,
) -> Result<Data<TagsView>, ApiError> {
    let most = query.limit.get();
    let mut found = call.contacts.tags(query.after.as_deref(), most + 1).await?;
    let has_more = most < found.len();
    found.truncate(most);
    let view = |tag: TagCount| TagView { name: tag.name, contacts: tag.contacts };
    let tags = found.into_iter().map(view).collect();
    Ok(Data::of(TagsView { tags, has_more }))
}

async fn add(
    call: Call<Contacts>,
    Path(id): Path<ContactId>,
    Body(body): Body<TagsDraft>,
) -> Result<Data<ContactView>, ApiError> {
    Ok(Data::of(call.contacts.add_tags(id, &body.tags, by(&call)).await?.into()))
}

async fn remove(
    call: Call<Contacts>,
    Path(id): Path<ContactId>,
    Path(tag): Path<TagName>,
) -> Result<Data<ContactView>, ApiError> {
    Ok(Data::of(call.contacts.remove_tag(id, &tag, by(&call)).await?.into()))
}
