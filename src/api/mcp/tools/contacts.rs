//! Tools for contacts.

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    api::{
        business::contacts,
        error::ApiError,
        kit::{Body, Call, Contacts, Limit, Path, Query, path::uuid},
        mcp::{
            outcome::ToolAnswer,
            tool::{Effect, Tool, Words, given, with_others_texts},
        },
    },
    domain::{Error, Subject},
};

pub fn list() -> Tool {
    let words = Words {
        name: "list_contacts",
        title: "List contacts",
        about: with_others_texts!(
            "Contacts of the business in pages, newest first. A search looks in names and numbers."
        ),
    };
    Tool::new(words, Effect::Reads, listed)
}

pub fn get() -> Tool {
    let words = Words {
        name: "get_contact",
        title: "Look at a contact",
        about: with_others_texts!(
            "One contact with its conversations, by its id or by its telephone number."
        ),
    };
    Tool::new(words, Effect::Reads, found)
}

pub fn create() -> Tool {
    let words = Words {
        name: "create_contact",
        title: "Create a contact",
        about: "Adds a contact. optedIn says that the person has agreed to be written to: set it only then.",
    };
    Tool::new(words, Effect::Makes, created)
}

#[derive(Deserialize, ToSchema)]
struct ListContacts {
    /// Beginnings of words of the name, or digits of the number.
    #[schema(max_length = 100, example = "ada")]
    search: Option<String>,
    /// Only those with this tag.
    #[schema(max_length = 50, example = "vip")]
    tag: Option<String>,
    /// Number of the page, from 1.
    #[schema(minimum = 1, default = 1)]
    page: Option<u64>,
    /// Contacts on a page.
    #[serde(default)]
    limit: Limit<20, 100>,
}

#[derive(Deserialize, ToSchema)]
struct GetContact {
    /// The id of the contact.
    #[schema(max_length = 36)]
    id: Option<String>,
    /// In place of it, the telephone number with its country code.
    #[schema(max_length = 40, example = "+919876543210")]
    phone: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreateContact {
    /// The telephone number with its country code.
    #[schema(min_length = 1, max_length = 40, format = "phone", example = "+919876543210")]
    phone: String,
    #[schema(max_length = 120)]
    name: Option<String>,
    /// E-mail address.
    #[schema(max_length = 254, format = "email")]
    email: Option<String>,
    /// At most 50 characters each.
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    /// Whether the person has agreed to messages on WhatsApp.
    #[schema(default = false)]
    opted_in: Option<bool>,
}

async fn listed(call: Call<Contacts>, input: ListContacts) -> Result<impl ToolAnswer, ApiError> {
    let ListContacts { search, tag, page, limit } = input;
    let fields = json!({ "search": search, "tag": tag, "page": page, "limit": limit.get() });
    let query = given(&call, fields)?;
    contacts::list(call, Query(query)).await
}

async fn found(call: Call<Contacts>, input: GetContact) -> Result<impl ToolAnswer, ApiError> {
    let id = match (input.id, input.phone) {
        (Some(id), None) => uuid(&id, Subject::Contact)?,
        (None, Some(phone)) => call.contacts.with_phone(&phone).await?.id,
        _ => return Err(Error::invalid_field("id", "or phone is required, one of them").into()),
    };
    contacts::read(call, Path(id)).await
}

async fn created(call: Call<Contacts>, input: CreateContact) -> Result<impl ToolAnswer, ApiError> {
    let CreateContact { phone, name, email, tags, opted_in } = input;
    let fields = json!({
        "phone": phone, "name": name, "email": email, "tags": tags, "optedIn": opted_in,
    });
    let draft = given(&call, fields)?;
    contacts::create(call, Body(draft)).await
}
