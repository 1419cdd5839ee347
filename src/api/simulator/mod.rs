//! The control of the simulated network: the phones of its people. There only with the simulated
//! network; then nothing of it is secret, but callers still need what the API needs.

pub mod door;
mod phone;
mod society;
mod web_client;
mod write;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type, schema::SchemaType},
};

use crate::{
    api::{
        body::{Body, Query, decoded, jid, recipient, segment},
        endpoint::{Bucket, Endpoint, ParameterKind::Number, Repeat, Scope},
        error::ApiError,
        formats::{choice, required_choice},
    },
    domain::{Error, ErrorCode, Jid, JidKind, MessageId, Subject, Timestamp, address},
    services::Services,
    simulator::{
        Behaviour, Faults, IdentityVisibility, Network,
        protocol::{PageFault, Refusal, RefusalKind},
    },
};

const TAG: &str = "Simulated network";
/// Ten years: further than anything waits.
const LONGEST_ADVANCE: f64 = 315_360_000.0;
/// How long a caller may wait for a change on the phones.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

pub fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get("/_simulator/v1/page", page)
            .about(TAG, "Where a browser finds the simulated page"),
        Endpoint::get("/_simulator/v1/accounts", accounts).about(TAG, "List the accounts"),
        Endpoint::post("/_simulator/v1/accounts", open)
            .about(TAG, "Open an account")
            .takes::<AccountBody>(),
        Endpoint::put("/_simulator/v1/accounts/{phone}/behaviour", behaviour)
            .about(TAG, "Choose what a person does with what they get")
            .takes::<BehaviourBody>(),
        Endpoint::put("/_simulator/v1/accounts/{phone}/identity", show)
            .about(TAG, "Choose by which of their ids a person is shown, and their hidden one")
            .takes::<IdentityBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/scan", scan)
            .about(TAG, "Scan a QR code with a phone")
            .takes::<CodeBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/pairing-code", pairing_code)
            .about(TAG, "Type a pairing code on a phone")
            .takes::<CodeBody>(),
        Endpoint::get("/_simulator/v1/accounts/{phone}/devices", devices)
            .about(TAG, "List linked devices"),
        Endpoint::delete("/_simulator/v1/accounts/{phone}/devices/{device}", remove_device)
            .about(TAG, "Remove a linked device on the phone"),
        Endpoint::get("/_simulator/v1/accounts/{phone}/chats", chats)
            .about(TAG, "List a phone's chats"),
        Endpoint::get("/_simulator/v1/accounts/{phone}/chats/{chat}/messages", messages)
            .about(TAG, "The messages of a phone's chat"),
        Endpoint::post("/_simulator/v1/accounts/{phone}/reactions", react)
            .about(TAG, "React from a phone")
            .takes::<ReactBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/edits", edit)
            .about(TAG, "Edit a message from a phone")
            .takes_long_text()
            .takes::<EditBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/revocations", revoke)
            .about(TAG, "Delete a message for everyone from a phone")
            .takes::<MessageBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/read", read)
            .about(TAG, "Read a chat on a phone")
            .takes::<ChatBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/line", line)
            .about(TAG, "Cut or restore the line of an account's devices")
            .takes::<LineBody>(),
        Endpoint::post("/_simulator/v1/accounts/{phone}/page-fault", page_fault)
            .about(TAG, "Let an account's devices crash, hang or reload")
            .takes::<PageFaultBody>(),
        Endpoint::get("/_simulator/v1/changes", changes)
            .about(TAG, "Wait until something changes on the phones")
            .query(Number, "after", "The number that was answered last (default 0)"),
        Endpoint::get("/_simulator/v1/faults", faults).about(TAG, "The planned faults"),
        Endpoint::put("/_simulator/v1/faults", plan)
            .about(TAG, "Plan faults")
            .takes::<FaultsBody>(),
        Endpoint::get("/_simulator/v1/clock", clock)
            .about(TAG, "The network's clock, and what waits for it"),
        Endpoint::put("/_simulator/v1/clock", set_clock)
            .about(TAG, "Stop the network's clock, move it, or let it go with the system's")
            .takes::<ClockBody>(),
        Endpoint::post("/_simulator/v1/reset", reset)
            .about(TAG, "Forget everything and begin anew"),
    ];
    let more = [web_client::endpoints(), write::endpoints(), society::endpoints()];
    let control = all.into_iter().chain(more.into_iter().flatten());
    let control = control.map(|endpoint| {
        endpoint.needs(Scope::Admin).limited(Bucket::None).repeats(Repeat::Unkeyed)
    });
    control.chain(phone::endpoints()).collect()
}

#[derive(Deserialize, ToSchema)]
struct AccountBody {
    phone: String,
    name: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct BehaviourBody {
    #[schema(schema_with = behaviour_schema)]
    behaviour: Behaviour,
}

#[derive(Deserialize, ToSchema)]
struct IdentityBody {
    #[schema(schema_with = shown_schema)]
    shown: Option<IdentityVisibility>,
    /// A new hidden identity.
    lid: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct CodeBody {
    code: String,
    /// The name of the phone's owner, when the account is new.
    name: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct ReactBody {
    message: String,
    emoji: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedEditBody)]
struct EditBody {
    message: String,
    #[schema(max_length = 65_536)]
    text: String,
}

#[derive(Deserialize, ToSchema)]
struct MessageBody {
    message: String,
}

#[derive(Deserialize, ToSchema)]
struct ChatBody {
    chat: String,
}

#[derive(Deserialize, ToSchema)]
struct LineBody {
    connected: bool,
}

#[derive(Deserialize, ToSchema)]
struct PageFaultBody {
    #[schema(schema_with = page_fault_schema)]
    fault: PageFault,
}

fn behaviour_schema() -> Schema {
    let about = "What the person does by themselves.";
    required_choice(about, &["echo", "slow", "reads", "silent", "manual"])
}

fn shown_schema() -> Schema {
    let about = "`lid`: the number is told as well; `lidAlone`: it is not.";
    choice(about, &["number", "lid", "lidAlone"])
}

fn page_fault_schema() -> Schema {
    required_choice("What befalls the page.", &["hang", "crash", "reload", "deaf", "emptied"])
}

/// Each fault is a number: how many times it still strikes, or how many milliseconds it takes.
#[derive(Deserialize)]
#[serde(transparent)]
struct FaultsBody {
    faults: Faults,
}

impl ToSchema for FaultsBody {}

impl PartialSchema for FaultsBody {
    fn schema() -> RefOr<Schema> {
        let known = serde_json::to_value(Faults::default()).unwrap_or_default();
        let kind = |value: &Value| match value {
            Value::Bool(_) => SchemaType::new(Type::Boolean),
            // A code is null where there is none.
            Value::Null => SchemaType::from_iter([Type::Integer, Type::Null]),
            _ => SchemaType::new(Type::Integer),
        };
        let mut schema = ObjectBuilder::new();
        for (name, value) in known.as_object().into_iter().flatten() {
            let mut field = ObjectBuilder::new().schema_type(kind(value));
            if !value.is_boolean() {
                let format = SchemaFormat::KnownFormat(KnownFormat::Int32);
                field = field.format(Some(format)).minimum(Some(0));
            }
            schema = schema.property(name, field);
        }
        schema.build().into()
    }
}

/// The network's time alone: the gateway's own deadlines and the numbers of events do not notice.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClockBody {
    /// A moment (RFC 3339) at which the clock then stands; null lets it go with the system's.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<String>, format = "date-time")]
    now: Option<Option<Timestamp>>,
    /// Seconds to move it on by; it stands afterwards.
    advance_by: Option<f64>,
}

/// What is named, be it as null; what is not named is the default.
fn named<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<Timestamp>>, D::Error> {
    Option::deserialize(value).map(Some)
}

type Answer = Result<HttpResponse, ApiError>;

fn data(data: impl serde::Serialize) -> Answer {
    Ok(HttpResponse::Ok().json(json!({ "success": true, "data": data })))
}

fn done(message: &str) -> Answer {
    Ok(HttpResponse::Ok().json(json!({ "success": true, "message": message })))
}

fn network(services: &Services) -> Result<&Network, ApiError> {
    services.network.as_ref().ok_or_else(|| Error::internal("there is no simulated network").into())
}

fn phone_of(text: &str) -> Result<Jid, ApiError> {
    address::phone(text).map_err(|error| {
        let message = format!("must be a telephone number: {}", error.about(text));
        Error::invalid_field("phone", message).into()
    })
}

fn phone(request: &HttpRequest) -> Result<Jid, ApiError> {
    phone_of(&decoded(segment(request, "phone")))
}

fn message_id(text: &str) -> Result<MessageId, ApiError> {
    text.parse().map_err(|_| Error::invalid_field("message", "must be the id of a message").into())
}

fn refused(refusal: Refusal) -> ApiError {
    let error = match refusal.kind {
        RefusalKind::UnknownChat => Error::not_found(Subject::Chat, refusal.reason),
        RefusalKind::UnknownMessage => Error::not_found(Subject::Message, refusal.reason),
        RefusalKind::UnknownMedia => Error::not_found(Subject::Media, refusal.reason),
        RefusalKind::NotOnWhatsapp => {
            Error::new(ErrorCode::Refused, refusal.reason).about(Subject::Recipient)
        }
        RefusalKind::NotAdmin | RefusalKind::NotMember | RefusalKind::NotAllowed => {
            Error::new(ErrorCode::Forbidden, refusal.reason)
        }
        RefusalKind::Deleted | RefusalKind::TooLate | RefusalKind::NoText => {
            Error::new(ErrorCode::Conflict, refusal.reason)
        }
        RefusalKind::NotLinked | RefusalKind::Invalid => Error::invalid(refusal.reason),
        RefusalKind::Fault => Error::new(ErrorCode::EngineFailed, refusal.reason),
    };
    error.into()
}

async fn page(services: web::Data<Services>) -> Answer {
    let page = services.page.as_ref();
    data(page.ok_or_else(|| Error::internal("there is no simulated page"))?)
}

async fn accounts(services: web::Data<Services>) -> Answer {
    data(json!({ "accounts": network(&services)?.accounts() }))
}

async fn open(services: web::Data<Services>, Body(body): Body<AccountBody>) -> Answer {
    network(&services)?.open_account(&phone_of(&body.phone)?, body.name).map_err(refused)?;
    done("Account opened")
}

async fn behaviour(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<BehaviourBody>,
) -> Answer {
    network(&services)?.set_behaviour(&phone(&request)?, body.behaviour).map_err(refused)?;
    done("Behaviour set")
}

async fn show(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<IdentityBody>,
) -> Answer {
    let lid = match &body.lid {
        Some(text) => Some(jid(text)?),
        None => None,
    };
    if lid.as_ref().is_some_and(|lid| lid.kind() != JidKind::Lid) {
        return Err(Error::invalid_field("lid", "must be digits@lid").into());
    }
    network(&services)?.set_visibility(&phone(&request)?, body.shown, lid).map_err(refused)?;
    done("Shown so from now on")
}

async fn scan(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<CodeBody>,
) -> Answer {
    network(&services)?.scan(&phone(&request)?, body.name, &body.code).map_err(refused)?;
    done("Scanned")
}

async fn pairing_code(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<CodeBody>,
) -> Answer {
    network(&services)?.enter_pairing_code(&phone(&request)?, &body.code).map_err(refused)?;
    done("Linked")
}

async fn devices(services: web::Data<Services>, request: HttpRequest) -> Answer {
    data(json!({ "devices": network(&services)?.devices(&phone(&request)?) }))
}

async fn remove_device(services: web::Data<Services>, request: HttpRequest) -> Answer {
    network(&services)?
        .remove_device(&phone(&request)?, segment(&request, "device"))
        .map_err(refused)?;
    done("Device removed")
}

async fn chats(services: web::Data<Services>, request: HttpRequest) -> Answer {
    data(json!({ "chats": network(&services)?.chats(&phone(&request)?) }))
}

async fn messages(services: web::Data<Services>, request: HttpRequest) -> Answer {
    let chat = recipient(&decoded(segment(&request, "chat")))?;
    data(json!({ "messages": network(&services)?.messages(&phone(&request)?, &chat) }))
}

async fn react(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ReactBody>,
) -> Answer {
    let id = message_id(&body.message)?;
    network(&services)?.react_from_phone(&phone(&request)?, &id, body.emoji).map_err(refused)?;
    done("Reacted")
}

async fn edit(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<EditBody>,
) -> Answer {
    let id = message_id(&body.message)?;
    network(&services)?.edit_from_phone(&phone(&request)?, &id, body.text).map_err(refused)?;
    done("Edited")
}

async fn revoke(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<MessageBody>,
) -> Answer {
    let id = message_id(&body.message)?;
    network(&services)?.revoke_from_phone(&phone(&request)?, &id).map_err(refused)?;
    done("Deleted")
}

async fn read(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<ChatBody>,
) -> Answer {
    let chat = recipient(&body.chat)?;
    network(&services)?.read_from_phone(&phone(&request)?, &chat).map_err(refused)?;
    done("Read")
}

async fn line(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<LineBody>,
) -> Answer {
    let devices = network(&services)?.set_online(&phone(&request)?, body.connected);
    data(json!({ "devices": devices }))
}

async fn page_fault(
    services: web::Data<Services>,
    request: HttpRequest,
    Body(body): Body<PageFaultBody>,
) -> Answer {
    let devices = network(&services)?.inject_page_fault(&phone(&request)?, body.fault);
    data(json!({ "devices": devices }))
}

async fn faults(services: web::Data<Services>) -> Answer {
    data(network(&services)?.faults())
}

async fn plan(services: web::Data<Services>, Body(body): Body<FaultsBody>) -> Answer {
    network(&services)?.plan_faults(body.faults);
    done("Planned")
}

/// The number of the newest change. Where nothing changes, the answer comes a moment later all the same.
async fn changes(services: web::Data<Services>, request: HttpRequest) -> Answer {
    let after = Query::of(&request).number("after", 0, 0, u32::MAX)?;
    let changed = network(&services)?.changed_since(after);
    let revision = tokio::time::timeout(LONGEST_WAIT, changed).await.unwrap_or(after);
    data(json!({ "revision": revision }))
}

async fn clock(services: web::Data<Services>) -> Answer {
    data(network(&services)?.clock())
}

async fn set_clock(services: web::Data<Services>, Body(body): Body<ClockBody>) -> Answer {
    let network = network(&services)?;
    let advance = match body.advance_by {
        None => None,
        Some(seconds) if (0.0..=LONGEST_ADVANCE).contains(&seconds) => {
            Some(Duration::from_secs_f64(seconds))
        }
        Some(_) => {
            let reason = format!("must be 0 to {LONGEST_ADVANCE} seconds");
            return Err(Error::invalid_field("advanceBy", reason).into());
        }
    };
    match (body.now, advance) {
        (None, None) => return Err(Error::invalid("name 'now' or 'advanceBy'").into()),
        (Some(None), Some(_)) => {
            let reason = "only a clock that stands can be moved: 'now' must not be null";
            return Err(Error::invalid_field("advanceBy", reason).into());
        }
        (Some(None), None) => network.release_clock(),
        (Some(Some(moment)), None) => network.stop_clock_at(moment).await,
        (None, Some(by)) => network.advance_clock(by).await,
        (Some(Some(moment)), Some(by)) => {
            network.stop_clock_at(moment).await;
            network.advance_clock(by).await;
        }
    }
    data(network.clock())
}

async fn reset(services: web::Data<Services>) -> Answer {
    let failed =
        |error: std::io::Error| Error::internal(format!("the disk cannot be written: {error}"));
    network(&services)?.reset().map_err(failed)?;
    done("Begun anew")
}
