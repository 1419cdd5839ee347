//! People in WhatsApp's address book.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Data, InSession, Listed, Path, Query, Read, path_value},
        sessions::identity::IdentityView,
        texts::person,
    },
    domain::{
        Contact, Error, Identities, Jid, JidKind, Subject,
        address::{Sought, sought},
        identity::Both,
    },
};

const TAG: &str = "Contacts";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/sessions/{sessionId}/contacts", list)
            .named("listContacts")
            .about(TAG, "List the contacts")
            .details("`myContacts=true` leaves out people who are not in the address book."),
        Endpoint::get("/api/v1/sessions/{sessionId}/contacts/{contactId}", read)
            .named("getContact")
            .about(TAG, "Look at a contact")
            .details("With the picture and whether the person is blocked."),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContactsQuery {
    /// Only contacts whose name or number holds this.
    search: Option<String>,
    /// Only those in the address book.
    #[serde(default)]
    my_contacts: bool,
    /// How many; all when it is not given.
    #[schema(minimum = 1)]
    limit: Option<usize>,
    /// How many to leave out first.
    #[serde(default)]
    #[schema(minimum = 0, default = 0)]
    offset: usize,
}

path_value! {
    /// A person, by id or telephone number.
    enum ContactId = "contactId" as Jid;
    about: "The id or the telephone number of the person", example: "15550000001@c.us",
    read: read_contact_id
}

fn read_contact_id(text: &str) -> Result<Jid, Error> {
    let id = person(text)?;
    if id.is_person() {
        return Ok(id);
    }
    let error = Error::invalid(format!("'{id}' is not a person")).about(Subject::ChatId);
    Err(error.detail("chatId", id.as_str()))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContactView {
    /// Id of the person.
    #[schema(example = "15550000001@c.us")]
    id: String,
    /// Name in the address book, or the one that the person chose, or the number.
    #[schema(example = "Ada")]
    name: String,
    pushname: Option<String>,
    /// Whether the person is in the address book.
    is_my_contact: bool,
    /// Whether the person uses WhatsApp.
    #[serde(rename = "isWAContact")]
    is_wa_contact: bool,
    /// Short form of the name; null without one.
    #[schema(example = "Ada")]
    short_name: Option<String>,
    /// Whether it is a business account.
    is_business: bool,
    /// Always false.
    is_group: bool,
    lid: Option<String>,
    identity: Option<IdentityView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContactDetails {
    #[serde(flatten)]
    contact: ContactView,
    /// Whether the account blocks the person.
    is_blocked: bool,
    /// The profile picture, as far as it may be seen.
    profile_pic_thumb_obj: PictureView,
}

#[derive(Serialize, ToSchema)]
struct PictureView {
    /// Address of the picture at WhatsApp, which ends after a while; null without one.
    #[schema(example = "https://pps.whatsapp.net/v/picture.jpg")]
    eurl: Option<String>,
    /// WhatsApp's id of the picture; null without one.
    #[schema(example = "1700000000")]
    id: Option<String>,
    /// A small picture as a data URL; null without one.
    #[schema(example = "data:image/jpeg;base64,/9j/4AAQSkZJRg==")]
    img: Option<String>,
}

impl ContactView {
    fn of(contact: &Contact, known: &Identities) -> Self {
        let lid = contact.lid.as_ref().or_else(|| known.other(&contact.id));
        Self {
            id: contact.id.to_string(),
            name: contact.display_name().to_owned(),
            pushname: contact.push_name.clone(),
            is_my_contact: contact.in_address_book,
            is_wa_contact: contact.on_whatsapp,
            short_name: contact.short_name.clone(),
            is_business: contact.business,
            is_group: false,
            lid: lid.filter(|lid| lid.kind() == JidKind::Lid).map(ToString::to_string),
            identity: IdentityView::of(&contact.id, known),
        }
    }
}

async fn list(
    call: Call<Read, InSession>,
    Query(query): Query<ContactsQuery>,
) -> Result<Listed<ContactView>, ApiError> {
    let session = call.session_id()?;
    let ContactsQuery { search, my_contacts, limit, offset } = query;
    let search = search.map(|search| search.to_lowercase());
    let sought = search.as_deref().and_then(sought);
    let both = match &sought {
        Some(Sought::Id(id)) => call.directory.identities(&session, [id]).await?.both(id),
        _ => None,
    };
    let contacts = call.directory.contacts(&session).await?;
    let wanted = |contact: &&Contact| {
        let has_address = |search: &String| match &sought {
            Some(Sought::Digits(digits)) => contact.id.as_str().contains(digits),
            Some(Sought::Id(id)) => {
                let is_either = |both: &Both| {
                    [&both.phone, &both.lid].into_iter().flatten().any(|id| contact.id == *id)
                };
                contact.lid.as_ref() == Some(id) || both.as_ref().is_some_and(is_either)
            }
            None => contact.id.as_str().contains(search),
        };
        let found = |search: &String| {
            contact.display_name().to_lowercase().contains(search) || has_address(search)
        };
        (!my_contacts || contact.in_address_book) && search.as_ref().is_none_or(found)
    };
    let limit = limit.unwrap_or(usize::MAX);
    let shown: Vec<&Contact> = contacts.iter().filter(wanted).skip(offset).take(limit).collect();
    let people = shown.iter().map(|contact| &contact.id);
    let known = call.directory.identities(&session, people).await?;
    Ok(shown.into_iter().map(|contact| ContactView::of(contact, &known)).collect())
}

async fn read(
    call: Call<Read, InSession>,
    Path(id): Path<ContactId>,
) -> Result<Data<ContactDetails>, ApiError> {
    let session = call.session()?;
    let contact = call.directory.contact(session.id(), &id).await?;
    let known = call.directory.identities(session.id(), [&contact.id]).await?;
    let picture = contact.picture.as_ref();
    Ok(Data::of(ContactDetails {
        is_blocked: contact.blocked,
        profile_pic_thumb_obj: PictureView {
            eurl: picture.and_then(|picture| picture.url.clone()),
            id: picture.and_then(|picture| picture.id.clone()),
            img: picture.and_then(|picture| picture.thumbnail.clone()),
        },
        contact: ContactView::of(&contact, &known),
    }))
}
