//! What each event of the open-wa wording holds in its `data`. Messages have a view of their own.
//!
//! Beside the fields that name people, `identity::beside` puts both ids of each.

use serde::Serialize;
use serde_json::Value;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        kit::required_choice,
        sessions::{
            identity::IdentityView,
            wire::{hold_reason_schema, status_schema},
        },
    },
    domain::{
        FailureCode, Jid, MessageId,
        event::{CancelReason, DisconnectReason, GroupChange, JoinAction, LeaveAction, Presence},
    },
};

/// There is a new code to scan. The code itself comes with the scope `admin` alone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QrData {
    /// A picture as a data URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "data:image/png;base64,iVBORw0KGgo=")]
    pub qr_code: Option<String>,
    /// The text of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "2@abc,def,ghi")]
    pub qr_text: Option<String>,
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// Number of the code, from 1.
    pub attempt: u32,
}

/// The code was scanned.
#[derive(Serialize, ToSchema)]
pub struct AuthenticatedData {
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// Commands are accepted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadyData<'a> {
    pub phone_number: &'a str,
    /// Id of the account.
    #[schema(value_type = String)]
    #[schema(example = "15551234567@c.us")]
    pub id: &'a Jid,
    pub pushname: Option<&'a str>,
    /// The phone's system, such as `android`; null where it is not known.
    #[schema(example = "android")]
    pub platform: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    pub lid: Option<&'a Jid>,
    pub identity: IdentityView,
}

/// The connection to WhatsApp or the engine is gone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisconnectedData {
    #[schema(schema_with = disconnect_reason)]
    pub reason: DisconnectReason,
    /// Whether the gateway connects again by itself.
    pub will_reconnect: bool,
}

/// The session was given up.
#[derive(Serialize, ToSchema)]
pub struct FailedData<'a> {
    /// Why it was given up, in a sentence.
    #[schema(example = "The QR code was not scanned in time")]
    pub reason: &'a str,
}

/// The connection to WhatsApp changed, or whether the session is degraded.
#[derive(Serialize, ToSchema)]
pub struct StateChangedData<'a> {
    /// The engine's own word for its connection to WhatsApp.
    #[schema(example = "CONNECTED")]
    pub state: Option<&'a str>,
    #[schema(schema_with = status_schema)]
    pub status: &'static str,
    pub degraded: bool,
}

/// How far a message has come: for all whom it went to, or for one member of a group. A message that was not
/// sent has -1, and then also says why.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AckData<'a> {
    /// Full id of the message.
    #[schema(value_type = String)]
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    pub id: &'a MessageId,
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    /// -1 failed, 1 sent, 2 delivered, 3 read, 4 played.
    pub ack: i8,
    #[schema(schema_with = ack_schema)]
    pub status: &'static str,
    /// Seconds since 1970.
    pub timestamp: i64,
    /// The member whose receipt it is; null for that of the whole message.
    #[schema(value_type = Option<String>)]
    #[schema(example = json!(null))]
    pub participant: Option<&'a Jid>,
    /// The same as `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    pub message_id: Option<&'a MessageId>,
    /// Of a message that was not sent: the entry of the outbox that ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid", nullable = false)]
    pub outbox_id: Option<Uuid>,
    /// The kind of the failure, such as RECIPIENT_NOT_ON_WHATSAPP.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    #[schema(example = "SEND_FAILED")]
    pub code: Option<FailureCode>,
    /// Why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "The number is not on WhatsApp")]
    pub reason: Option<&'a str>,
}

/// The text of a message was changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageEditData<'a> {
    /// Full id of the message.
    #[schema(value_type = String)]
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    pub id: &'a MessageId,
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    /// The new text.
    #[schema(example = "Hello again")]
    pub body: &'a str,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// A message was deleted for everyone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageRevokedData<'a> {
    /// Full id of the message.
    #[schema(value_type = String)]
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    pub id: &'a MessageId,
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    /// Who deleted it.
    #[schema(value_type = String)]
    pub by: &'a Jid,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// A message of the outbox will not be sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageCancelledData<'a> {
    #[schema(value_type = String, format = "uuid")]
    pub outbox_id: Uuid,
    /// Full id that the message would have had.
    #[schema(value_type = String)]
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    pub id: &'a MessageId,
    /// The same as `id`.
    #[schema(value_type = String)]
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    pub message_id: &'a MessageId,
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    #[schema(schema_with = cancel_reason)]
    pub reason: CancelReason,
    #[schema(schema_with = outcome_schema)]
    pub outcome: &'static str,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// WhatsApp takes no messages of the account for now, or takes them again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendingData {
    #[schema(schema_with = hold_reason_schema)]
    pub reason: &'static str,
    /// WhatsApp's code.
    pub whatsapp_code: u32,
    /// Why, in a sentence.
    #[schema(example = "WhatsApp restricts the account")]
    pub message: String,
    /// When it began, RFC 3339.
    #[schema(format = DateTime)]
    pub since: String,
    /// When sending goes on at the latest, RFC 3339.
    #[schema(format = DateTime)]
    pub until: String,
    /// Seconds since 1970.
    pub timestamp: i64,
    /// Of `sending_resumed`: whether a caller ended the hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub by_hand: Option<bool>,
}

/// Somebody reacted to a message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactionData<'a> {
    #[schema(value_type = String)]
    pub message_id: &'a MessageId,
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    /// Empty when the reaction was removed.
    pub emoji: &'a str,
    #[schema(value_type = String)]
    pub sender: &'a Jid,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// Somebody voted in a poll, in place of what they chose before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PollVoteData<'a> {
    #[schema(value_type = String)]
    pub message_id: &'a MessageId,
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    #[schema(value_type = String)]
    pub sender: &'a Jid,
    /// Empty when the vote was withdrawn.
    pub options: &'a [String],
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// People came into a group.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupJoinData<'a> {
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    pub group_name: Option<&'a str>,
    #[schema(value_type = Vec<String>)]
    pub participants: &'a [Jid],
    #[schema(value_type = Option<String>)]
    pub by: Option<&'a Jid>,
    #[schema(schema_with = join_action)]
    pub action: JoinAction,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// People left a group, or were removed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupLeaveData<'a> {
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    #[schema(value_type = Vec<String>)]
    pub participants: &'a [Jid],
    #[schema(value_type = Option<String>)]
    pub by: Option<&'a Jid>,
    #[schema(schema_with = leave_action)]
    pub action: LeaveAction,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// A group's settings or admins changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupUpdateData<'a> {
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    #[schema(schema_with = group_change)]
    pub change: GroupChange,
    /// The new value; null where the change has none.
    #[schema(example = "Friends")]
    pub value: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    pub by: Option<&'a Jid>,
    /// Whose rights changed, when it is about admins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub participants: Vec<Jid>,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// A chat of the list changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatUpdatedData<'a> {
    /// Id of the chat.
    #[schema(value_type = String)]
    #[schema(example = "15550000001@c.us")]
    pub id: &'a Jid,
    /// Name of the chat.
    #[schema(example = "Ada")]
    pub name: &'a str,
    pub unread_count: u32,
    pub archived: bool,
}

/// A contact changed.
#[derive(Serialize, ToSchema)]
pub struct ContactUpdatedData<'a> {
    /// Id of the person.
    #[schema(value_type = String)]
    #[schema(example = "15550000001@c.us")]
    pub id: &'a Jid,
    /// Name of the contact.
    #[schema(example = "Ada")]
    pub name: &'a str,
    pub pushname: Option<&'a str>,
}

/// A hidden identity (LID) and a telephone number were learned to be one person's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityLearnedData<'a> {
    /// Id by hidden identity (`@lid`).
    #[schema(value_type = String)]
    #[schema(example = "100000000000001@lid")]
    pub lid: &'a Jid,
    /// Id by telephone number (`@c.us`).
    #[schema(value_type = String)]
    #[schema(example = "15550000001@c.us")]
    pub phone: &'a Jid,
    /// The number that this person had before.
    #[schema(value_type = Option<String>)]
    #[schema(example = json!(null))]
    pub former_phone: Option<&'a Jid>,
    /// Who had the number before.
    #[schema(value_type = Option<String>)]
    #[schema(example = json!(null))]
    pub former_lid: Option<&'a Jid>,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// Somebody types, records or comes online.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceData<'a> {
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    #[schema(value_type = String)]
    pub sender: &'a Jid,
    #[schema(schema_with = presence_schema)]
    pub presence: Presence,
}

/// Somebody calls.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallData<'a> {
    /// WhatsApp's id of the call.
    #[schema(example = "3EB0A1B2C3D4E5F6")]
    pub id: &'a str,
    /// Id of the person who calls.
    #[schema(value_type = String)]
    #[schema(example = "15550000001@c.us")]
    pub from: &'a Jid,
    /// Whether it is a video call.
    pub is_video: bool,
    /// Whether it is a call of a group.
    pub is_group: bool,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// Messages of a chat were missed, too many to fetch.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryGapData<'a> {
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    /// The newest message before the gap, RFC 3339.
    #[schema(format = DateTime)]
    pub after: String,
    /// The oldest message after the gap, RFC 3339.
    #[schema(format = DateTime)]
    pub before: String,
}

/// The engine reports something that the gateway has no event for.
#[derive(Serialize, ToSchema)]
pub struct UnknownData<'a> {
    /// The engine's own name for it.
    #[schema(example = "CIPHERTEXT")]
    pub name: &'a str,
    /// The engine's own object, of at most 16 KiB.
    #[schema(value_type = Value)]
    pub raw: &'a Value,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// A webhook was switched off, since nothing could be delivered to it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDisabledData {
    /// UUID of the webhook.
    #[schema(value_type = String, format = "uuid")]
    pub webhook_id: Uuid,
    /// Scheme, host and port of its address.
    #[schema(example = "https://example.com")]
    pub origin: Option<String>,
    /// Whether it was to get the events of all sessions.
    pub all_sessions: bool,
    /// Why it was switched off, in a sentence.
    #[schema(example = "Nothing could be delivered for three days")]
    pub reason: String,
    /// Seconds since 1970.
    pub failing_since: Option<i64>,
    /// Seconds since 1970.
    pub timestamp: i64,
}

fn disconnect_reason() -> Schema {
    required_choice(
        "Why the connection ended",
        &[
            "LOGGED_OUT",
            "CONNECTION_LOST",
            "QR_TIMEOUT",
            "AUTH_TIMEOUT",
            "CRASHED",
            "SESSION_REMOVED",
            "RESTART",
            "SHUTDOWN",
        ],
    )
}

fn ack_schema() -> Schema {
    let words = ["failed", "pending", "sent", "delivered", "read", "played"];
    required_choice("The same as `ack`, in a word", &words)
}

fn cancel_reason() -> Schema {
    let reasons = ["SESSION_REMOVED", "ACCOUNT_CHANGED", "TAKEN_BACK", "EXPIRED"];
    required_choice("Why it will not be sent", &reasons)
}

fn outcome_schema() -> Schema {
    let about = "`unknown` when an engine had it already, so that it may have been sent";
    required_choice(about, &["not_sent", "unknown"])
}

fn join_action() -> Schema {
    required_choice("How they came in", &["create", "add", "invite"])
}

fn leave_action() -> Schema {
    required_choice("How they left", &["remove", "leave"])
}

fn group_change() -> Schema {
    let changes =
        ["subject", "description", "picture", "announce", "restrict", "promote", "demote"];
    required_choice("What changed", &changes)
}

fn presence_schema() -> Schema {
    let presences = ["typing", "recording", "paused", "available", "unavailable"];
    required_choice("What the person does", &presences)
}
