//! Contacts: lists, creation, changes, opt-in, and deletion.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    accounts::Who,
    api::{
        business::contact_view::{ContactId, ContactView, ContactWithConversations, given},
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Call, Contacts, Created, Data, Message, Paged, Paging, Path, PathValue, Query,
            Repeat,
        },
    },
    contacts::{
        Actor, ActorKind, ContactChange, ContactDraft, ContactFilter, Medium, OptInChange, Order,
        SortBy,
    },
};

const TAG: &str = "Business contacts";
const ALL: &str = "/api/whatsapp-api/contacts";
const ONE: &str = "/api/whatsapp-api/contacts/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listBusinessContacts")
            .about(TAG, "Contacts in pages, by name, number, tag or opt-in")
            .details(
                "Newest first unless `sort` says otherwise. With `before`, the page begins behind that contact: \
                 such pages neither skip nor repeat anybody while contacts come and go.",
            ),
        Endpoint::post(ALL, create)
            .named("createBusinessContact")
            .about(TAG, "Create a contact")
            .details(
                "No two contacts have the same number: 409 with `contactId`. Somebody who opted out and was \
                 deleted since stays opted out.",
            ),
        Endpoint::get(ONE, read).named("getBusinessContact").about(TAG, "One contact with its conversations"),
        Endpoint::patch(ONE, change)
            .named("updateBusinessContact")
            .about(TAG, "Change a contact")
            .details(
                "What is not given stays as it is; null removes a text. `customFields` and `attributes` are \
                 merged, and null removes one of them. The number cannot change.",
            )
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteBusinessContact")
            .about(TAG, "Delete a contact")
            .details("Its messages stay. The number can be used for a new contact."),
        Endpoint::post("/api/whatsapp-api/contacts/{id}/opt-in", opt_in)
            .named("setBusinessContactOptIn")
            .about(TAG, "Opt a contact in or out")
            .details("Somebody who has sent STOP is opted in with a `proof` alone.")
            .repeats(Repeat::Repeatable),
    ]
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BusinessChannel)]
enum Channel {
    WhatsApp,
    Sms,
}

impl From<Channel> for Medium {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::WhatsApp => Self::WhatsApp,
            Channel::Sms => Self::Sms,
        }
    }
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum ContactOrder {
    CreatedAt,
    Name,
    LastMessageAt,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Asc,
    Desc,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactsQuery {
    /// Beginnings of words of the name, whatever their case and accents, digits of the number, or its WhatsApp id
    /// (`…@c.us`, `…@lid`); fewer than three digits find the beginning of a number.
    #[schema(max_length = 200)]
    search: Option<String>,
    /// A tag, whatever its case.
    #[schema(max_length = 50)]
    tag: Option<String>,
    /// Only those who have agreed to messages on WhatsApp, or only the others.
    opted_in: Option<bool>,
    /// Only those who can be reached there.
    channel: Option<Channel>,
    /// The newest, the last in the alphabet or the last to write come first; `order` turns that round.
    sort: Option<ContactOrder>,
    /// The direction of `sort`.
    order: Option<Direction>,
    /// The id of the contact behind which the page begins.
    #[schema(max_length = 36)]
    before: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl ContactsQuery {
    fn filter(self) -> Result<ContactFilter, ApiError> {
        Ok(ContactFilter {
            after: self.before.as_deref().map(ContactId::read).transpose()?,
            search: self.search,
            // The API finds contacts by name and number.
            by_email: false,
            tag: self.tag,
            opted_in: self.opted_in,
            medium: self.channel.map(Medium::from),
            bot: None,
            sort: match self.sort {
                None | Some(ContactOrder::CreatedAt) => SortBy::CreatedAt,
                Some(ContactOrder::Name) => SortBy::Name,
                Some(ContactOrder::LastMessageAt) => SortBy::LastMessageAt,
            },
            order: match self.order {
                Some(Direction::Asc) => Order::Ascending,
                None | Some(Direction::Desc) => Order::Descending,
            },
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessContactDraft, example = json!({
    "phone": "+919876543210", "name": "John Doe", "email": "john@example.com", "tags": ["vip", "retail"],
    "optedIn": true,
}))]
pub struct Draft {
    /// The number with its country code.
    #[schema(min_length = 1, max_length = 40, format = "phone")]
    phone: String,
    /// Name of the contact.
    #[schema(max_length = 120)]
    #[schema(example = "John Doe")]
    name: Option<String>,
    /// E-mail address.
    #[schema(max_length = 254)]
    #[schema(example = "john@example.com")]
    email: Option<String>,
    /// 1 to 50 characters each; each counts once whatever its case.
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    /// Whether the contact has agreed to messages on WhatsApp; false when it is not given.
    opted_in: Option<bool>,
    /// Whether the contact has agreed to text messages (SMS); false when it is not given.
    sms_opted_in: Option<bool>,
    /// At most 8 KiB.
    #[schema(value_type = Option<Object>)]
    custom_fields: Option<Map<String, Value>>,
    /// A note.
    #[schema(max_length = 4096)]
    notes: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessContactChange, example = json!({ "tags": ["vip"], "customFields": { "city": "Pune" } }))]
struct Change {
    /// Name of the contact; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 120, value_type = Option<String>)]
    #[schema(example = "John Doe")]
    name: Option<Option<String>>,
    /// E-mail address; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 254, value_type = Option<String>)]
    #[schema(example = "john@example.com")]
    email: Option<Option<String>>,
    /// A note; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 4096, value_type = Option<String>)]
    #[schema(example = "Asks for the price list")]
    notes: Option<Option<String>>,
    /// Replaces all tags.
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    /// Whether the contact has agreed to messages on WhatsApp.
    opted_in: Option<bool>,
    /// Whether the contact has agreed to text messages (SMS).
    sms_opted_in: Option<bool>,
    /// Fields of the business's own to set; null removes one.
    #[schema(value_type = Option<Object>)]
    custom_fields: Option<Map<String, Value>>,
    /// `ctwa` and `ctwaFirst` are read-only.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Map<String, Value>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessOptIn, example = json!({ "optedIn": true, "channel": "whatsapp", "proof": "Form signed on 1 May" }))]
struct OptIn {
    /// Whether the contact agrees.
    opted_in: bool,
    /// whatsapp when it is not given.
    channel: Option<Channel>,
    /// How the contact agreed.
    #[schema(max_length = 500)]
    #[schema(example = "Form signed on 1 May")]
    proof: Option<String>,
}

pub async fn list(
    call: Call<Contacts>,
    Query(query): Query<ContactsQuery>,
) -> Result<Paged<ContactView>, ApiError> {
    let paging = query.paging;
    let page = call.contacts.list(&query.filter()?, paging.skipped(), paging.limit()).await?;
    let contacts: Vec<ContactView> = page.contacts.into_iter().map(ContactView::from).collect();
    Ok(Paged::of(&contacts, paging, page.total))
}

pub async fn create(
    call: Call<Contacts>,
    Body(body): Body<Draft>,
) -> Result<Created<ContactView>, ApiError> {
    let draft = ContactDraft {
        phone: Some(body.phone),
        name: body.name,
        email: body.email,
        company: None,
        bots: Vec::new(),
        tags: body.tags.unwrap_or_default(),
        opted_in: body.opted_in.unwrap_or_default(),
        sms_opted_in: body.sms_opted_in.unwrap_or_default(),
        custom_fields: body.custom_fields.unwrap_or_default(),
        notes: body.notes,
    };
    Ok(Created::of(call.contacts.create(draft, by(&call)).await?.into()))
}

pub async fn read(
    call: Call<Contacts>,
    Path(id): Path<ContactId>,
) -> Result<Data<ContactWithConversations>, ApiError> {
    let contact = call.contacts.get(id).await?;
    let chats = contact.chats();
    let sessions: Vec<_> = call.supervisor.all().into_iter().map(|status| status.id).collect();
    let conversations = call.inbox.of_chats(&sessions, &chats).await?;
    Ok(Data::of(ContactWithConversations {
        contact: contact.into(),
        conversations: conversations.into_iter().map(Into::into).collect(),
    }))
}

async fn change(
    call: Call<Contacts>,
    Path(id): Path<ContactId>,
    Body(body): Body<Change>,
) -> Result<Data<ContactView>, ApiError> {
    // Null removes a text, as a blank one does.
    let text = |given: Option<Option<String>>| given.map(Option::unwrap_or_default);
    let change = ContactChange {
        name: text(body.name),
        email: text(body.email),
        notes: text(body.notes),
        tags: body.tags,
        opted_in: body.opted_in,
        sms_opted_in: body.sms_opted_in,
        custom_fields: body.custom_fields.unwrap_or_default(),
        attributes: body.attributes.unwrap_or_default(),
        ..ContactChange::default()
    };
    Ok(Data::of(call.contacts.change(id, change, by(&call)).await?.into()))
}

async fn remove(call: Call<Contacts>, Path(id): Path<ContactId>) -> Result<Message, ApiError> {
    call.contacts.delete(id, by(&call)).await?;
    Ok(Message::of("Contact deleted"))
}

async fn opt_in(
    call: Call<Contacts>,
    Path(id): Path<ContactId>,
    Body(body): Body<OptIn>,
) -> Result<Data<ContactView>, ApiError> {
    let medium = body.channel.map_or(Medium::WhatsApp, Medium::from);
    let change = OptInChange { medium, opted_in: body.opted_in, proof: body.proof };
    Ok(Data::of(call.contacts.set_opt_in(id, change, by(&call)).await?.into()))
}

/// Who does what a call asks for.
pub fn by<S, R>(call: &Call<S, R>) -> Actor {
    match call.principal().who {
        Who::User { id, .. } => Actor::new(ActorKind::User, id),
        Who::Key { id, .. } => Actor::caller(Some(id)),
        Who::Nobody | Who::Local => Actor::caller(None),
    }
}
