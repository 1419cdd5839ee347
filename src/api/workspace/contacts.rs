//! Contacts: the same records as those of the business API.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::{
            contact_view::{ContactId, given},
            contacts::by,
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Call, Contacts, Created, Data, Path, Query, Repeat, path::uuid},
        workspace::{
            bot_access::{self, Sight},
            contact_view::{ContactView, ContactWithSessions},
            fields::renamed,
            pages::{PageQuery, PageView},
            people_names::all_sessions,
        },
    },
    contacts::{Contact, ContactChange, ContactDraft, ContactFilter},
    domain::{Error, Subject},
    services::Services,
};

pub const TAG: &str = "Workspace contacts";
const ALL: &str = "/api/v1/contacts";
const ONE: &str = "/api/v1/contacts/{id}";
/// Names of fields in faults, and what they are called here.
const NAMES: [(&str, &str); 2] = [("customFields", "custom_fields"), ("optedIn", "opted_in")];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listWorkspaceContacts")
            .about(TAG, "Contacts, newest first"),
        Endpoint::post(ALL, create)
            .named("createWorkspaceContact")
            .about(TAG, "Create a contact")
            .details(
                "With a name, an e-mail address or a number at least. No two have the same number, nor the same \
                 address where no number is known: 409 with `contact_id`.",
            ),
        Endpoint::get(ONE, read)
            .named("getWorkspaceContact")
            .about(TAG, "One contact with its conversations"),
        Endpoint::put(ONE, change)
            .named("updateWorkspaceContact")
            .about(TAG, "Change a contact")
            .details(
                "What is not given stays as it is; null removes a text. `custom_fields` are merged, and null removes \
                 one of them. The number can change until there are messages with the contact.",
            )
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteWorkspaceContact")
            .about(TAG, "Delete a contact")
            .details("Its messages stay. The number can be used for a new contact."),
    ]
}

#[derive(Deserialize, ToSchema)]
pub struct ContactsQuery {
    /// Beginnings of words of the name, or of the e-mail address, whatever their case and accents, digits of the number, or
    /// its WhatsApp id.
    #[schema(max_length = 200)]
    search: Option<String>,
    /// A tag, whatever its case.
    #[schema(max_length = 50)]
    tag: Option<String>,
    /// Only those who belong to this bot: its UUID.
    #[schema(max_length = 36, example = json!(null))]
    bot_id: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// A page of contacts.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceContacts)]
struct ContactsView {
    /// Newest first.
    contacts: Vec<ContactView>,
    #[serde(flatten)]
    page: PageView,
}

async fn list(
    call: Call<Contacts>,
    Query(query): Query<ContactsQuery>,
) -> Result<Data<ContactsView>, ApiError> {
    let bot = match query.bot_id.as_deref() {
        Some(text) => Some(bot_access::seen(&call, uuid(text, Subject::Bot)?).await?.id),
        None => None,
    };
    let ContactsQuery { search, tag, page, .. } = query;
    let filter = ContactFilter { search, by_email: true, tag, bot, ..ContactFilter::default() };
    let (skipped, limit) = page.place();
    let found = call.contacts.list(&filter, skipped as u64, limit).await?;
    let chats: Vec<_> = found.contacts.iter().flat_map(Contact::chats).collect();
    let states = call.inbox.of_chats(&all_sessions(&call), &chats).await?;
    let sight = Sight::of(&call).await?;
    let seen = states.iter().filter(|state| sight.has_conversation(state));
    let owners: Vec<Uuid> = seen.filter_map(|state| state.contact).collect();
    let contacts = found.contacts.into_iter().map(|contact| {
        let sessions = owners.iter().filter(|owner| **owner == contact.id).count();
        ContactView::of(contact, sessions, &sight)
    });
    let page = page.view(found.total);
    let contacts = contacts.collect();
    Ok(Data::of(ContactsView { contacts, page }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceContactDraft, example = json!({
    "name": "Jane Roe", "email": "jane@example.com", "company": "Example Ltd", "tags": ["lead"],
}))]
struct Draft {
    /// Name of the contact.
    #[schema(max_length = 120, example = "Jane Roe")]
    name: Option<String>,
    /// E-mail address.
    #[schema(max_length = 254, example = "jane@example.com")]
    email: Option<String>,
    /// The number with its country code.
    #[schema(max_length = 40, example = "+919876543211")]
    phone: Option<String>,
    /// Where the person works.
    #[schema(max_length = 120, example = "Example Ltd")]
    company: Option<String>,
    /// A note.
    #[schema(max_length = 4096, example = "Asks for the price list")]
    notes: Option<String>,
    /// 1 to 50 characters each; each counts once whatever its case.
    #[schema(max_items = 50, example = json!(["lead"]))]
    tags: Option<Vec<String>>,
    /// Fields of the business's own, at most 8 KiB.
    #[schema(value_type = Option<Object>)]
    custom_fields: Option<Map<String, Value>>,
    /// Whether the contact has agreed to messages on WhatsApp; false when it is not given.
    opted_in: Option<bool>,
    /// A bot that the contact belongs to: its UUID.
    #[schema(max_length = 36, example = json!(null))]
    bot_id: Option<String>,
}

async fn create(
    call: Call<Contacts>,
    Body(body): Body<Draft>,
) -> Result<Created<ContactView>, ApiError> {
    let bots = match body.bot_id.as_deref() {
        Some(text) => vec![bot_access::worked(&call, uuid(text, Subject::Bot)?).await?.id],
        None => Vec::new(),
    };
    let draft = ContactDraft {
        phone: body.phone.filter(|text| !text.trim().is_empty()),
        name: body.name,
        email: body.email,
        company: body.company,
        bots,
        tags: body.tags.unwrap_or_default(),
        opted_in: body.opted_in.unwrap_or_default(),
        sms_opted_in: false,
        custom_fields: body.custom_fields.unwrap_or_default(),
        notes: body.notes,
    };
    let made = call.contacts.create(draft, by(&call)).await.map_err(worded)?;
    Ok(Created::of(ContactView::of(made, 0, &Sight::of(&call).await?)))
}

async fn read(
    call: Call<Contacts>,
    Path(id): Path<ContactId>,
) -> Result<Data<ContactWithSessions>, ApiError> {
    let contact = call.contacts.get(id).await?;
    Ok(Data::of(with_sessions(&call, contact, &Sight::of(&call).await?).await?))
}

/// A contact with its conversations and bots, as far as the caller sees them.
async fn with_sessions(
    services: &Services,
    contact: Contact,
    sight: &Sight,
) -> Result<ContactWithSessions, Error> {
    let chats = contact.chats();
    let mut sessions = services.inbox.of_chats(&all_sessions(services), &chats).await?;
    sessions.retain(|state| sight.has_conversation(state));
    Ok(ContactWithSessions::of(contact, sessions, sight))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceContactChange, example = json!({ "company": "Example Ltd", "tags": ["customer"] }))]
struct Change {
    /// Name of the contact; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 120, value_type = Option<String>, example = "Jane Roe")]
    name: Option<Option<String>>,
    /// E-mail address; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 254, value_type = Option<String>, example = "jane@example.com")]
    email: Option<Option<String>>,
    /// The number with its country code.
    #[schema(min_length = 1, max_length = 40, example = "+919876543211")]
    phone: Option<String>,
    /// Where the person works; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 120, value_type = Option<String>, example = "Example Ltd")]
    company: Option<Option<String>>,
    /// A note; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 4096, value_type = Option<String>, example = "Asks for the price list")]
    notes: Option<Option<String>>,
    /// Replaces all tags.
    #[schema(max_items = 50, example = json!(["customer"]))]
    tags: Option<Vec<String>>,
    /// Fields of the business's own to set; null removes one.
    #[schema(value_type = Option<Object>)]
    custom_fields: Option<Map<String, Value>>,
    /// Whether the contact has agreed to messages on WhatsApp.
    opted_in: Option<bool>,
    /// The bots that the contact belongs to, by their UUIDs; replaces all.
    #[schema(max_items = 20, example = json!([]))]
    bot_ids: Option<Vec<String>>,
}

impl Change {
    fn change(self) -> ContactChange {
        // Null removes a text, as a blank one does.
        let text = |given: Option<Option<String>>| given.map(Option::unwrap_or_default);
        ContactChange {
            name: text(self.name),
            email: text(self.email),
            company: text(self.company),
            notes: text(self.notes),
            phone: self.phone,
            tags: self.tags,
            opted_in: self.opted_in,
            custom_fields: self.custom_fields.unwrap_or_default(),
            ..ContactChange::default()
        }
    }
}

/// The bots of a contact after a change. Those that the caller does not see, or only looks at, stay.
async fn bots_of(
    call: &Call<Contacts>,
    id: Uuid,
    texts: &[String],
    sight: &Sight,
) -> Result<Vec<Uuid>, ApiError> {
    let mut ids = call.contacts.get(id).await?.bots;
    ids.retain(|bot| !sight.works_on(Some(*bot)));
    for text in texts {
        let bot = bot_access::seen(call, uuid(text, Subject::Bot)?).await?.id;
        if !ids.contains(&bot) {
            ids.push(bot_access::worked(call, bot).await?.id);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

async fn change(
    call: Call<Contacts>,
    Path(id): Path<ContactId>,
    Body(body): Body<Change>,
) -> Result<Data<ContactWithSessions>, ApiError> {
    let sight = Sight::of(&call).await?;
    let bots = match &body.bot_ids {
        Some(texts) => Some(bots_of(&call, id, texts, &sight).await?),
        None => None,
    };
    let change = ContactChange { bots, ..body.change() };
    let contact = call.contacts.change(id, change, by(&call)).await.map_err(worded)?;
    Ok(Data::of(with_sessions(&call, contact, &sight).await?))
}

/// A contact that is gone.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceContactDeleted)]
struct DeletedView {
    /// A sentence for a person.
    #[schema(example = "Contact deleted")]
    message: &'static str,
    /// UUID of the contact.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
}

async fn remove(
    call: Call<Contacts>,
    Path(id): Path<ContactId>,
) -> Result<Data<DeletedView>, ApiError> {
    call.contacts.delete(id, by(&call)).await?;
    Ok(Data::of(DeletedView { message: "Contact deleted", id: id.to_string() }))
}

/// An error with the fields as they are called here.
fn worded(error: Error) -> Error {
    renamed(error, |name| {
        let known = NAMES.iter().find(|(known, _)| *known == name);
        known.map_or(name, |(_, here)| here).to_owned()
    })
}
