//! Tags of contacts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{
    business::{
        contact_view::{ContactId, ContactView},
        contacts::by,
    },
    endpoint::Endpoint,
    error::ApiError,
    kit::{Body, Call, Contacts, Data, Path, Repeat, path_value},
};

const TAG: &str = "Business contacts";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/whatsapp-api/tags", list)
            .named("listBusinessTags")
            .about(TAG, "All tags of contacts, with how many contacts bear each"),
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

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessTags)]
struct TagsView {
    tags: Vec<TagView>,
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

async fn list(call: Call<Contacts>) -> Result<Data<TagsView>, ApiError> {
    let tags = call.contacts.tags().await?.into_iter();
    let tags = tags.map(|tag| TagView { name: tag.name, contacts: tag.contacts }).collect();
    Ok(Data::of(TagsView { tags }))
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
