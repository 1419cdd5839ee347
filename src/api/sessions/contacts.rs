//! People in WhatsApp's address book.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        body::{Query, decoded, person, segment, session_id},
        endpoint::{
            Endpoint,
            ParameterKind::{Flag, Number, Text},
        },
        error::ApiError,
        sessions::{data, identity::IdentityView},
    },
    domain::{Contact, Error, Identities, JidKind, Subject, address::digits_of},
    services::Services,
};

const TAG: &str = "Contacts";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/sessions/{sessionId}/contacts", list)
            .about(TAG, "List the contacts")
            .query(Text, "search", "Only contacts whose name or number holds this")
            .query(Flag, "myContacts", "Only those in the address book")
            .query(Number, "limit", "How many (default all)")
            .query(Number, "offset", "How many to leave out first")
            .answers_list::<ContactView>(),
        Endpoint::get("/api/v1/sessions/{sessionId}/contacts/{contactId}", read)
            .about(TAG, "Look at a contact")
            .answers::<ContactDetails>(200),
    ]
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContactView {
    id: String,
    name: String,
    pushname: Option<String>,
    is_my_contact: bool,
    #[serde(rename = "isWAContact")]
    is_wa_contact: bool,
    short_name: Option<String>,
    is_business: bool,
    is_group: bool,
    lid: Option<String>,
    identity: Option<IdentityView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContactDetails {
    #[serde(flatten)]
    contact: ContactView,
    is_blocked: bool,
    profile_pic_thumb_obj: PictureView,
}

#[derive(Serialize, ToSchema)]
struct PictureView {
    eurl: Option<String>,
    id: Option<String>,
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
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (session, query) = (session_id(&request)?, Query::of(&request));
    let limit = query.number("limit", usize::MAX, 1, usize::MAX)?;
    let offset = query.number("offset", 0, 0, usize::MAX)?;
    let mine = query.flag("myContacts", false)?;
    let search = query.text("search").map(str::to_lowercase);
    let digits = search.as_deref().and_then(digits_of);
    let contacts = services.directory.contacts(&session).await?;
    let wanted = |contact: &&Contact| {
        let found = |search: &String| {
            contact.display_name().to_lowercase().contains(search)
                || contact.id.as_str().contains(digits.as_ref().unwrap_or(search))
        };
        (!mine || contact.in_address_book) && search.as_ref().is_none_or(found)
    };
    let shown: Vec<&Contact> = contacts.iter().filter(wanted).skip(offset).take(limit).collect();
    let people = shown.iter().map(|contact| &contact.id);
    let known = services.directory.identities(&session, people).await?;
    let views: Vec<ContactView> =
        shown.into_iter().map(|contact| ContactView::of(contact, &known)).collect();
    Ok(HttpResponse::Ok().json(data(views)))
}

async fn read(
    services: web::Data<Services>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let session = session_id(&request)?;
    services.supervisor.get(&session)?;
    let id = person(&decoded(segment(&request, "contactId")))?;
    if !id.is_person() {
        let error = Error::invalid(format!("'{id}' is not a person")).about(Subject::ChatId);
        return Err(error.detail("chatId", id.as_str()).into());
    }
    let contact = services.directory.contact(&session, &id).await?;
    let known = services.directory.identities(&session, [&contact.id]).await?;
    let picture = contact.picture.as_ref();
    let details = ContactDetails {
        is_blocked: contact.blocked,
        profile_pic_thumb_obj: PictureView {
            eurl: picture.and_then(|picture| picture.url.clone()),
            id: picture.and_then(|picture| picture.id.clone()),
            img: picture.and_then(|picture| picture.thumbnail.clone()),
        },
        contact: ContactView::of(&contact, &known),
    };
    Ok(HttpResponse::Ok().json(data(details)))
}
