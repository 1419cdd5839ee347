//! The control of the simulated network: the phones of its people. There only with the simulated
//! network; then nothing of it is secret, but callers still need what the API needs.

mod details_view;
mod document;
pub mod door;
mod lists;
mod mail;
mod paths;
mod providers;
mod phone;
mod shared;
mod society;
mod views;
mod web_client;
mod write;

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type, schema::SchemaType},
};

use self::paths::{Chat, Device, Phone};
use crate::{
    api::{
        dialects,
        endpoint::Endpoint,
        kit::{Body, Path, Query, Repeat, choice, required_choice},
        simulator::{
            lists::{Accounts, Chats, Devices, DevicesReached, Messages, Revision},
            shared::{
                Control, Done, MessageBody, Shows, TAG, data, done, message_id, network, phone_of,
                refused,
            },
            views::{PhoneChat, PhoneMessage},
        },
        texts::{jid, recipient},
    },
    domain::{Error, ErrorCode, JidKind, Timestamp},
    services::PageDoor,
    simulator::{Behaviour, ClockView, Faults, IdentityVisibility, protocol::PageFault},
};

/// Ten years: further than anything waits.
const LONGEST_ADVANCE: f64 = 315_360_000.0;
/// How long a caller may wait for a change on the phones.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

pub fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get("/_simulator/v1/page", page)
            .named("getSimulatedPage")
            .about(TAG, "Where a browser finds the simulated page")
            .details("A browser shows the page as the real one when it trusts the given key."),
        Endpoint::get("/_simulator/v1/accounts", accounts)
            .named("listSimulatedAccounts")
            .about(TAG, "List the accounts")
            .details("The people that the network comes with, and those that were added."),
        Endpoint::post("/_simulator/v1/accounts", open)
            .named("openSimulatedAccount")
            .about(TAG, "Open an account")
            .details("An account that exists already gets the given name."),
        Endpoint::put("/_simulator/v1/accounts/{phone}/behaviour", behaviour)
            .named("setSimulatedBehaviour")
            .about(TAG, "Choose what a person does with what they get")
            .details(
                "`echo` answers each text with the same text, `slow` does so after a while, \
                 `reads` only reads, `silent` gets and does not read, `manual` does nothing.",
            ),
        Endpoint::put("/_simulator/v1/accounts/{phone}/identity", show)
            .named("setSimulatedIdentity")
            .about(TAG, "Choose by which of their ids a person is shown, and their hidden one")
            .details(
                "With `lidAlone` other people see the hidden identity and no telephone \
                 number.",
            ),
        Endpoint::post("/_simulator/v1/accounts/{phone}/scan", scan)
            .named("scanQrCode")
            .about(TAG, "Scan a QR code with a phone")
            .details(
                "Links the session that shows the code. An account that does not exist yet is \
                 opened.",
            ),
        Endpoint::post("/_simulator/v1/accounts/{phone}/pairing-code", pairing_code)
            .named("enterPairingCode")
            .about(TAG, "Type a pairing code on a phone")
            .details(
                "Links the session whose pairing code it is. An account that does not exist \
                 yet is opened.",
            ),
        Endpoint::get("/_simulator/v1/accounts/{phone}/devices", devices)
            .named("listSimulatedDevices")
            .about(TAG, "List linked devices"),
        Endpoint::delete("/_simulator/v1/accounts/{phone}/devices/{device}", remove_device)
            .named("removeSimulatedDevice")
            .about(TAG, "Remove a linked device on the phone")
            .details("The session of the device ends as LOGGED_OUT."),
        Endpoint::get("/_simulator/v1/accounts/{phone}/chats", chats)
            .named("listSimulatedChats")
            .about(TAG, "List a phone's chats"),
        Endpoint::get("/_simulator/v1/accounts/{phone}/chats/{chat}/messages", messages)
            .named("listSimulatedMessages")
            .about(TAG, "The messages of a phone's chat"),
        Endpoint::post("/_simulator/v1/accounts/{phone}/reactions", react)
            .named("reactFromPhone")
            .about(TAG, "React from a phone"),
        Endpoint::post("/_simulator/v1/accounts/{phone}/edits", edit)
            .named("editFromPhone")
            .about(TAG, "Edit a message from a phone"),
        Endpoint::post("/_simulator/v1/accounts/{phone}/revocations", revoke)
            .named("deleteFromPhone")
            .about(TAG, "Delete a message for everyone from a phone"),
        Endpoint::post("/_simulator/v1/accounts/{phone}/read", read)
            .named("readOnPhone")
            .about(TAG, "Read a chat on a phone"),
        Endpoint::post("/_simulator/v1/accounts/{phone}/line", line)
            .named("setSimulatedConnection")
            .about(TAG, "Cut or restore the connection of an account's devices")
            .details(
                "While the connection is cut nothing goes out and nothing comes in; both \
                 follow once it is restored.",
            ),
        Endpoint::post("/_simulator/v1/accounts/{phone}/page-fault", page_fault)
            .named("causePageFault")
            .about(TAG, "Let an account's devices crash, hang or reload")
            .details(
                "Tests how the gateway recovers a session. `deaf` stops answers, `emptied` \
                 removes what the page loaded.",
            ),
        Endpoint::get("/_simulator/v1/changes", changes)
            .named("awaitSimulatedChanges")
            .about(TAG, "Wait until something changes on the phones")
            .details(
                "Answers as soon as the number is higher than `after`, after five seconds at \
                 the latest.",
            ),
        Endpoint::get("/_simulator/v1/faults", faults)
            .named("getPlannedFaults")
            .about(TAG, "The planned faults"),
        Endpoint::put("/_simulator/v1/faults", plan)
            .named("planFaults")
            .about(TAG, "Plan faults")
            .details("What is not named is 0. Counted faults end by themselves."),
        Endpoint::get("/_simulator/v1/clock", clock)
            .named("getSimulatedClock")
            .about(TAG, "The network's clock, and what waits for it"),
        Endpoint::put("/_simulator/v1/clock", set_clock)
            .named("setSimulatedClock")
            .about(TAG, "Stop the network's clock, move it, or let it go with the system's")
            .details(
                "A stopped clock runs what is due on the way. The gateway's own deadlines \
                 follow the system's clock.",
            ),
        Endpoint::post("/_simulator/v1/reset", reset)
            .named("resetSimulatedNetwork")
            .about(TAG, "Reset the network to its first state")
            .details(
                "Accounts, chats, files, faults and the clock are as at the first start. \
                 Linked sessions are logged out.",
            ),
    ];
    let more = [web_client::endpoints(), write::endpoints(), society::endpoints()];
    let outside = providers::endpoints().into_iter().chain(mail::endpoints());
    let control = all.into_iter().chain(more.into_iter().flatten()).chain(outside);
    let refusals = [
        ErrorCode::NotFound,
        ErrorCode::Refused,
        ErrorCode::Forbidden,
        ErrorCode::Conflict,
        ErrorCode::EngineFailed,
    ];
    let control = control.map(|endpoint| endpoint.may_fail(&refusals).repeats(Repeat::Unkeyed));
    let all = control.chain(phone::endpoints()).chain(document::endpoints());
    all.map(|endpoint| endpoint.speaks(&dialects::Control)).collect()
}

#[derive(Deserialize, ToSchema)]
struct ChangesQuery {
    /// The number that was answered last.
    #[serde(default)]
    #[schema(minimum = 0, default = 0)]
    after: u32,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "phone": "15551230001", "name": "Ada" }))]
struct AccountBody {
    /// Telephone number with its country code.
    phone: String,
    /// Name of the person; the number when it is not given.
    #[schema(example = "Ada")]
    name: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "behaviour": "reads" }))]
struct BehaviourBody {
    #[schema(schema_with = behaviour_schema)]
    behaviour: Behaviour,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "shown": "lid" }))]
struct IdentityBody {
    #[schema(schema_with = shown_schema)]
    shown: Option<IdentityVisibility>,
    /// A new hidden identity.
    lid: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "code": "2@abc,def,ghi" }))]
struct CodeBody {
    /// The QR code as a text (`qrText`), or the pairing code.
    code: String,
    /// The name of the phone's owner, when the account is new.
    name: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "message": "false_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9", "emoji": "👍" }))]
struct ReactBody {
    /// Full id of the message.
    message: String,
    /// One emoji; empty takes the reaction back.
    emoji: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedEditBody)]
#[schema(example = json!({ "message": "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9", "text": "Hello again" }))]
struct EditBody {
    /// Full id of the message.
    message: String,
    /// The new text.
    #[schema(max_length = 65_536)]
    text: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "chat": "15550000001@c.us" }))]
struct ChatBody {
    chat: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "connected": true }))]
struct LineBody {
    connected: bool,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "fault": "reload" }))]
struct PageFaultBody {
    #[schema(schema_with = page_fault_schema)]
    fault: PageFault,
}

fn behaviour_schema() -> Schema {
    let about = "What the person does by themselves.";
    required_choice(about, &["echo", "slow", "reads", "silent", "manual"])
}

fn shown_schema() -> Schema {
    let about = "By which id others see the person: `number`, `lid` with the number beside it, or `lidAlone`.";
    choice(about, &["number", "lid", "lidAlone"])
}

fn page_fault_schema() -> Schema {
    required_choice("What happens to the page.", &["hang", "crash", "reload", "deaf", "emptied"])
}

/// Each fault is a number: how many times it still strikes, or how many milliseconds it takes.
#[derive(Deserialize)]
#[serde(transparent)]
struct FaultsBody {
    faults: Faults,
}

impl ToSchema for FaultsBody {}

impl PartialSchema for FaultsBody {
    #[expect(deprecated, reason = "bodies of other endpoints have their example in the same place")]
    fn schema() -> RefOr<Schema> {
        let known = serde_json::to_value(Faults::default()).unwrap_or_default();
        let kind = |value: &Value| match value {
            Value::Bool(_) => SchemaType::new(Type::Boolean),
            // A code is null where there is none.
            Value::Null => SchemaType::from_iter([Type::Integer, Type::Null]),
            _ => SchemaType::new(Type::Integer),
        };
        let described = serde_json::to_value(Faults::schema()).unwrap_or_default();
        let mut schema =
            ObjectBuilder::new().example(Some(serde_json::json!({ "refuseSends": 1 })));
        for (name, value) in known.as_object().into_iter().flatten() {
            let about = described["properties"][name]["description"].as_str();
            let mut field = ObjectBuilder::new().schema_type(kind(value)).description(about);
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
#[schema(example = json!({ "advanceBy": 60 }))]
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

async fn page(call: Control) -> Shows<PageDoor> {
    let page = call.page.as_ref();
    data(page.ok_or_else(|| Error::internal("there is no simulated page"))?)
}

async fn accounts(call: Control) -> Shows<Accounts> {
    data(&Accounts { accounts: network(&call)?.accounts() })
}

async fn open(call: Control, Body(body): Body<AccountBody>) -> Done {
    network(&call)?.account(&phone_of(&body.phone)?).open(body.name).map_err(refused)?;
    done("Account opened")
}

async fn behaviour(
    call: Control,
    Path(phone): Path<Phone>,
    Body(body): Body<BehaviourBody>,
) -> Done {
    network(&call)?.account(&phone).set_behaviour(body.behaviour).map_err(refused)?;
    done("Behaviour set")
}

async fn show(call: Control, Path(phone): Path<Phone>, Body(body): Body<IdentityBody>) -> Done {
    let lid = match &body.lid {
        Some(text) => Some(jid(text)?),
        None => None,
    };
    if lid.as_ref().is_some_and(|lid| lid.kind() != JidKind::Lid) {
        return Err(Error::invalid_field("lid", "must be digits@lid").into());
    }
    network(&call)?.account(&phone).set_visibility(body.shown, lid).map_err(refused)?;
    done("Identity set")
}

async fn scan(call: Control, Path(phone): Path<Phone>, Body(body): Body<CodeBody>) -> Done {
    network(&call)?.account(&phone).scan(body.name, &body.code).map_err(refused)?;
    done("QR code scanned")
}

async fn pairing_code(call: Control, Path(phone): Path<Phone>, Body(body): Body<CodeBody>) -> Done {
    network(&call)?.account(&phone).enter_pairing_code(&body.code).map_err(refused)?;
    done("Device linked")
}

async fn devices(call: Control, Path(phone): Path<Phone>) -> Shows<Devices> {
    data(&Devices { devices: network(&call)?.account(&phone).devices() })
}

async fn remove_device(
    call: Control,
    Path(phone): Path<Phone>,
    Path(device): Path<Device>,
) -> Done {
    network(&call)?.account(&phone).remove_device(&device).map_err(refused)?;
    done("Device removed")
}

async fn chats(call: Control, Path(phone): Path<Phone>) -> Shows<Chats<'static>> {
    let chats = network(&call)?.phone(&phone).chats();
    data(&Chats { chats: chats.iter().map(PhoneChat::of).collect() })
}

async fn messages(
    call: Control,
    Path(phone): Path<Phone>,
    Path(chat): Path<Chat>,
) -> Shows<Messages<'static>> {
    let messages = network(&call)?.phone(&phone).messages(&chat);
    data(&Messages { messages: messages.iter().map(PhoneMessage::of).collect() })
}

async fn react(call: Control, Path(phone): Path<Phone>, Body(body): Body<ReactBody>) -> Done {
    let id = message_id(&body.message)?;
    network(&call)?.phone(&phone).react(&id, body.emoji).map_err(refused)?;
    done("Reaction set")
}

async fn edit(call: Control, Path(phone): Path<Phone>, Body(body): Body<EditBody>) -> Done {
    let id = message_id(&body.message)?;
    network(&call)?.phone(&phone).edit(&id, body.text).map_err(refused)?;
    done("Message edited")
}

async fn revoke(call: Control, Path(phone): Path<Phone>, Body(body): Body<MessageBody>) -> Done {
    let id = message_id(&body.message)?;
    network(&call)?.phone(&phone).revoke(&id).map_err(refused)?;
    done("Message deleted")
}

async fn read(call: Control, Path(phone): Path<Phone>, Body(body): Body<ChatBody>) -> Done {
    let chat = recipient(&body.chat)?;
    network(&call)?.phone(&phone).read(&chat).map_err(refused)?;
    done("Chat read")
}

async fn line(
    call: Control,
    Path(phone): Path<Phone>,
    Body(body): Body<LineBody>,
) -> Shows<DevicesReached> {
    let devices = network(&call)?.account(&phone).set_online(body.connected);
    data(&DevicesReached { devices })
}

async fn page_fault(
    call: Control,
    Path(phone): Path<Phone>,
    Body(body): Body<PageFaultBody>,
) -> Shows<DevicesReached> {
    let devices = network(&call)?.account(&phone).inject_page_fault(body.fault);
    data(&DevicesReached { devices })
}

async fn faults(call: Control) -> Shows<Faults> {
    data(&network(&call)?.faults())
}

async fn plan(call: Control, Body(body): Body<FaultsBody>) -> Done {
    network(&call)?.plan_faults(body.faults);
    done("Faults planned")
}

/// The number of the newest change. Where nothing changes, the answer comes a moment later all the same.
async fn changes(call: Control, Query(query): Query<ChangesQuery>) -> Shows<Revision> {
    let after = query.after;
    let changed = network(&call)?.changed_since(after);
    let revision = tokio::time::timeout(LONGEST_WAIT, changed).await.unwrap_or(after);
    data(&Revision { revision })
}

async fn clock(call: Control) -> Shows<ClockView> {
    data(&network(&call)?.clock().view())
}

fn advance_of(seconds: f64) -> Result<Duration, Error> {
    if (0.0..=LONGEST_ADVANCE).contains(&seconds) {
        return Ok(Duration::from_secs_f64(seconds));
    }
    let reason = format!("must be 0 to {LONGEST_ADVANCE} seconds");
    Err(Error::invalid_field("advanceBy", reason))
}

async fn set_clock(call: Control, Body(body): Body<ClockBody>) -> Shows<ClockView> {
    let network = network(&call)?;
    let advance = body.advance_by.map(advance_of).transpose()?;
    match (body.now, advance) {
        (None, None) => return Err(Error::invalid("name 'now' or 'advanceBy'").into()),
        (Some(None), Some(_)) => {
            let reason = "only a clock that stands can be moved: 'now' must not be null";
            return Err(Error::invalid_field("advanceBy", reason).into());
        }
        (Some(None), None) => network.clock().release(),
        (Some(Some(moment)), None) => network.clock().stop_at(moment).await,
        (None, Some(by)) => network.clock().advance(by).await,
        (Some(Some(moment)), Some(by)) => {
            network.clock().stop_at(moment).await;
            network.clock().advance(by).await;
        }
    }
    data(&network.clock().view())
}

async fn reset(call: Control) -> Done {
    let failed =
        |error: std::io::Error| Error::internal(format!("the disk cannot be written: {error}"));
    network(&call)?.reset().map_err(failed)?;
    done("The network is in its first state")
}
