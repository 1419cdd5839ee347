//! Payment links: made, sent to a contact, listed, cancelled, and marked as paid.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::{
            agents,
            contacts::by,
            payment_view::{AmountText, LinkView, PaymentLinkId, StatusView, amount_schema},
            sessions,
        },
        chat::count_send,
        endpoint::Endpoint,
        error::ApiError,
        gate::idempotency::note_session,
        kit::{
            Admin, AllSessions, Body, Call, Created, Data, ENGINE, Paged, Paging, Path, Query,
            Read, Repeat, Send,
        },
        texts::{in_field, moment},
    },
    contacts::{Address, Contact},
    domain::{
        Amount, Content, Currency, Error, ErrorCode, Jid, SessionId, Subject, Timestamp, address,
        conversation::conversation_uuid, outbox::SendOptions,
    },
    inbox::{self, Prepared, Recipient, SentToContact, Terms},
    messaging::SendOutcome,
    payments::{LinkDraft, LinkFilter, LinkStatus, PaymentLink},
    policy::Kind,
    services::Services,
};

const TAG: &str = "Business payments";
const ALL: &str = "/api/whatsapp-api/payment-links";
const ONE: &str = "/api/whatsapp-api/payment-links/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(ALL, create)
            .named("createBusinessPaymentLink")
            .about(TAG, "Make a payment link, and send it to a contact")
            .details(
                "With `send`, the contact gets the description, the amount and the link as a message; it must have \
                 opted in and its window must be open, else nothing is made. Amounts are decimal numbers in major \
                 units. 400 `Payment links are not configured` until `payments.provider` is set.",
            )
            .may_fail(&ENGINE),
        Endpoint::get(ALL, list)
            .named("listBusinessPaymentLinks")
            .about(TAG, "Payment links in pages, newest first"),
        Endpoint::get(ONE, read)
            .named("getBusinessPaymentLink")
            .about(TAG, "One payment link"),
        Endpoint::post("/api/whatsapp-api/payment-links/{id}/cancel", cancel)
            .named("cancelBusinessPaymentLink")
            .about(TAG, "Cancel a payment link that is still to be paid")
            .details("It ends at its provider too. A payment that was under way is noted all the same.")
            .repeats(Repeat::Repeatable),
        Endpoint::post("/api/whatsapp-api/payment-links/{id}/mark-paid", mark_paid)
            .named("markBusinessPaymentLinkPaid")
            .about(TAG, "Note that a payment link was paid")
            .details(
                "For the providers `url` and `page`, which report no payments. Any other link gets 409, and so does \
                 one that is paid already.",
            ),
    ]
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessPaymentLinkDraft, example = json!({
    "amount": "12.50", "currency": "EUR", "description": "Invoice 4711",
    "contactId": "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12",
}))]
pub struct Draft {
    #[schema(schema_with = amount_schema)]
    amount: AmountText,
    /// Code of ISO 4217; `payments.currency` when it is not given.
    #[schema(min_length = 1, max_length = 3)]
    currency: Option<String>,
    /// What is paid for.
    #[schema(min_length = 1, max_length = 500)]
    description: String,
    /// The contact that pays.
    #[schema(min_length = 1, max_length = 36)]
    contact_id: Option<String>,
    /// The telephone number of a contact, in place of `contactId`.
    #[schema(min_length = 1, max_length = 40, format = "phone")]
    to: Option<String>,
    /// The conversation that it is for.
    #[schema(min_length = 1, max_length = 36)]
    conversation_id: Option<String>,
    /// When the link ends by itself.
    #[schema(min_length = 1, format = "time-to-come")]
    expires_at: Option<String>,
    /// Whether the link goes to the contact as a message.
    #[serde(default)]
    send: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LinksQuery {
    /// Only links of this status.
    status: Option<StatusView>,
    /// Only links of this contact.
    #[schema(max_length = 36, example = "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12")]
    contact_id: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

/// A link that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessPaymentLinkMade)]
pub struct MadeView {
    #[serde(flatten)]
    link: LinkView,
    /// The message that took the link to the contact; null unless `send` was given.
    message: Option<SentLink>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessSentPaymentLink)]
struct SentLink {
    /// WhatsApp's id of the message; null where it could not be sent.
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    message_id: Option<String>,
    /// Id of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: String,
    /// Why it could not be sent, though the link was made; null where it was sent.
    #[schema(example = json!(null))]
    error: Option<String>,
    /// Such as `outside_24h_window`.
    #[schema(example = json!([]))]
    warnings: Vec<&'static str>,
}

pub async fn create(
    call: Call<Send>,
    Body(body): Body<Draft>,
) -> Result<Created<MadeView>, ApiError> {
    call.payments.check_configured()?;
    let price = price(&call, &body);
    let expires_at = expiry(&call, body.expires_at.as_deref());
    let description = description(&body);
    let party = party(&call, &body).await;
    let (terms, party) =
        Error::both(Error::both(Error::both(price, expires_at), description), party)?;
    let ((price, expires_at), description) = terms;
    let (amount, currency) = price;
    call.payments.check(&amount, currency)?;
    let prepared = match body.send {
        true => Some(prepare(&call, &party).await?),
        false => None,
    };
    let of_prepared = prepared.as_ref().and_then(|prepared| prepared.contact.as_ref());
    let contact = party.contact.as_ref().or(of_prepared).map(|contact| contact.id);
    let conversation = party.conversation.or_else(|| {
        prepared.as_ref().map(|prepared| conversation_uuid(&prepared.session, &prepared.chat))
    });
    let draft = LinkDraft { amount, currency, description, contact, conversation, expires_at };
    let link = call.payments.create(draft, by(&call)).await?;
    let message = match prepared {
        Some(prepared) => Some(send(&call, prepared, &link).await?),
        None => None,
    };
    Ok(Created::of(MadeView { link: link.into(), message }))
}

fn price(services: &Services, body: &Draft) -> Result<(Amount, Currency), Error> {
    let settings = services.settings.now();
    let code = body.currency.as_deref().unwrap_or(&settings.payments.currency);
    let currency =
        Currency::of(code).map_err(|error| Error::invalid_field("currency", error.to_string()))?;
    let amount = Amount::read(&body.amount.text(), currency)
        .map_err(|error| Error::invalid_field("amount", error.to_string()))?;
    Ok((amount, currency))
}

fn description(body: &Draft) -> Result<String, Error> {
    match body.description.trim() {
        "" => Err(Error::invalid_field("description", "must not be empty")),
        text => Ok(text.to_owned()),
    }
}

fn expiry(services: &Services, text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else { return Ok(None) };
    let at = moment(text).map_err(|error| in_field("expiresAt", error))?;
    if at <= services.clock.now() {
        return Err(Error::invalid_field("expiresAt", "must be a time to come"));
    }
    Ok(Some(at))
}

/// Whom a link is for.
#[derive(Default)]
struct Party {
    contact: Option<Contact>,
    conversation: Option<Uuid>,
    /// The chat of the conversation.
    chat: Option<(SessionId, Jid)>,
    /// The person, where no conversation is named.
    person: Option<Jid>,
}

async fn party(services: &Services, body: &Draft) -> Result<Party, Error> {
    let mut party = Party::default();
    let fault = |field: &str, why: &str| Error::invalid_field(field, why);
    if let Some(id) = &body.contact_id {
        if body.to.is_some() {
            return Err(fault("to", "cannot be given together with contactId"));
        }
        let none = || fault("contactId", "must be the id of a contact");
        let contact = services.contacts.get(id.trim().parse().map_err(|_| none())?).await;
        party.contact = Some(contact.map_err(|error| match error.code {
            ErrorCode::NotFound => none(),
            _ => error,
        })?);
    }
    if let Some(text) = &body.to {
        let id = address::phone(text).map_err(|error| fault("to", &error.about(text)))?;
        party.contact = services.contacts.with_address(&Address::phone(id.user())).await?;
        party.person = Some(id);
    }
    if let Some(id) = &body.conversation_id {
        let found = services.conversations.get(id.trim()).await;
        let found = found.map_err(|error| match error.code {
            ErrorCode::NotFound => fault("conversationId", "must be the id of a conversation"),
            _ => error,
        })?;
        let (session, chat) = (found.record.session, found.record.chat);
        party.conversation = Some(conversation_uuid(&session, &chat));
        if party.contact.is_none() {
            let state = services.inbox.get(&session, &chat).await?;
            let contact = state.and_then(|state| state.contact);
            party.contact = match contact {
                Some(id) => services.contacts.get(id).await.ok(),
                None => None,
            };
        }
        party.chat = Some((session, chat));
    }
    if party.person.is_none() && party.chat.is_none() {
        party.person = match &party.contact {
            Some(contact) if body.send => Some(contact.chat()?),
            _ => None,
        };
    }
    if body.send && party.person.is_none() && party.chat.is_none() {
        return Err(fault("contactId", "is required with send, or to, or conversationId"));
    }
    Ok(party)
}

/// Checks whether the message may be sent, before anything is made.
async fn prepare(call: &Call<Send>, party: &Party) -> Result<Prepared, ApiError> {
    let recipient = match (&party.chat, &party.person) {
        (Some((session, chat)), _) => {
            Recipient::Chat { session: session.clone(), chat: chat.clone() }
        }
        (None, Some(id)) => {
            let sessions = sessions::ordered(call, None).into_iter().map(|status| status.id);
            Recipient::Person { id: id.clone(), sessions: sessions.collect() }
        }
        (None, None) => {
            return Err(Error::not_found(Subject::Recipient, "nobody to send to").into());
        }
    };
    let prepared = call.sending.prepare(&recipient, Kind::Free, SendOptions::default()).await?;
    note_session(call.request(), &prepared.session);
    count_send(call.request(), &prepared.session)?;
    Ok(prepared)
}

/// Sends a link. It is there by now, so that a failure is part of the answer.
async fn send(
    call: &Call<Send>,
    prepared: Prepared,
    link: &PaymentLink,
) -> Result<SentLink, ApiError> {
    let conversation_id = conversation_uuid(&prepared.session, &prepared.chat).to_string();
    let warnings = prepared.warning.iter().map(|warning| warning.as_str()).collect();
    let terms = Terms {
        author: agents::author(call).await?,
        client_ref: None,
        key: None,
        quoted: None,
        link_preview: false,
        options: SendOptions::default(),
    };
    let draft = inbox::Draft::Content(Content::Text { body: link.text() });
    let (message_id, error) = match call.sending.send(prepared, draft, terms).await {
        Ok(SentToContact { outcome: SendOutcome::Sent(sent), .. }) => (Some(sent.id), None),
        Ok(SentToContact { outcome: SendOutcome::Queued(entry), .. }) => {
            (Some(entry.message_id(entry.account.as_ref())), None)
        }
        Err(error) => (None, Some(error.message)),
    };
    let message_id = message_id.map(|id| id.to_string());
    Ok(SentLink { message_id, conversation_id, error, warnings })
}

async fn list(
    call: Call<Read>,
    Query(query): Query<LinksQuery>,
) -> Result<Paged<LinkView>, ApiError> {
    let contact = query.contact_id.as_deref().map(|text| {
        let fault = || Error::invalid_field("contactId", "must be the id of a contact");
        text.trim().parse().map_err(|_| fault())
    });
    let filter =
        LinkFilter { status: query.status.map(LinkStatus::from), contact: contact.transpose()? };
    let page = call.payments.list(filter, query.paging.skipped(), query.paging.limit()).await?;
    let links: Vec<LinkView> = page.links.into_iter().map(LinkView::from).collect();
    Ok(Paged::of(&links, query.paging, page.total))
}

async fn read(
    call: Call<Read, AllSessions>,
    Path(id): Path<PaymentLinkId>,
) -> Result<Data<LinkView>, ApiError> {
    Ok(Data::of(call.payments.get(id).await?.into()))
}

async fn cancel(
    call: Call<Send>,
    Path(id): Path<PaymentLinkId>,
) -> Result<Data<LinkView>, ApiError> {
    Ok(Data::of(call.payments.cancel(id).await?.into()))
}

async fn mark_paid(
    call: Call<Admin>,
    Path(id): Path<PaymentLinkId>,
) -> Result<Data<LinkView>, ApiError> {
    Ok(Data::of(call.payments.mark_paid(id, by(&call)).await?.into()))
}
