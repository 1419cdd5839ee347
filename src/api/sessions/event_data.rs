//! What each event of the open-wa wording holds in its `data`. Messages have a view of their own.
//!
//! Beside the fields that name people, `identity::beside` puts both ids of each.

use serde::Serialize;
use serde_json::Value;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{kit::required_choice, sessions::identity::IdentityView},
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
    pub qr_code: Option<String>,
    /// The text of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub qr_text: Option<String>,
    #[schema(format = DateTime)]
    pub expires_at: String,
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
    #[schema(value_type = String)]
    pub id: &'a Jid,
    pub pushname: Option<&'a str>,
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
    pub reason: &'a str,
}

/// The connection to WhatsApp changed, or whether the session is degraded.
#[derive(Serialize, ToSchema)]
pub struct StateChangedData<'a> {
    /// The engine's own word for its connection to WhatsApp.
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
    #[schema(value_type = String)]
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
    pub participant: Option<&'a Jid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub message_id: Option<&'a MessageId>,
    /// Of a message that was not sent: the entry of the outbox that ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid", nullable = false)]
    pub outbox_id: Option<Uuid>,
    /// The kind of the failure, such as RECIPIENT_NOT_ON_WHATSAPP.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub code: Option<FailureCode>,
    /// Why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<&'a str>,
}

/// The text of a message was changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageEditData<'a> {
    #[schema(value_type = String)]
    pub id: &'a MessageId,
    #[schema(value_type = String)]
    pub chat_id: &'a Jid,
    /// The new text.
    pub body: &'a str,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// A message was deleted for everyone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageRevokedData<'a> {
    #[schema(value_type = String)]
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
    #[schema(value_type = String)]
    pub id: &'a MessageId,
    #[schema(value_type = String)]
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
    /// ACCOUNT_RESTRICTED or RATE_LIMITED.
    pub reason: &'static str,
    /// WhatsApp's code.
    pub whatsapp_code: u32,
    pub message: String,
    #[schema(format = DateTime)]
    pub since: String,
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
    #[schema(value_type = String)]
    pub id: &'a Jid,
    pub name: &'a str,
    pub unread_count: u32,
    pub archived: bool,
}

/// A contact changed.
#[derive(Serialize, ToSchema)]
pub struct ContactUpdatedData<'a> {
    #[schema(value_type = String)]
    pub id: &'a Jid,
    pub name: &'a str,
    pub pushname: Option<&'a str>,
}

/// A hidden identity (LID) and a telephone number were learned to be one person's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityLearnedData<'a> {
    #[schema(value_type = String)]
    pub lid: &'a Jid,
    #[schema(value_type = String)]
    pub phone: &'a Jid,
    /// The number that this person had before.
    #[schema(value_type = Option<String>)]
    pub former_phone: Option<&'a Jid>,
    /// Who had the number before.
    #[schema(value_type = Option<String>)]
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
    pub id: &'a str,
    #[schema(value_type = String)]
    pub from: &'a Jid,
    pub is_video: bool,
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
    #[schema(format = DateTime)]
    pub after: String,
    #[schema(format = DateTime)]
    pub before: String,
}

/// The engine reports something that the gateway has no event for.
#[derive(Serialize, ToSchema)]
pub struct UnknownData<'a> {
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
    #[schema(value_type = String, format = "uuid")]
    pub webhook_id: Uuid,
    /// Scheme, host and port of its address.
    pub origin: Option<String>,
    /// Whether it was to get the events of all sessions.
    pub all_sessions: bool,
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

fn status_schema() -> Schema {
    let states = ["initializing", "qr_ready", "authenticated", "ready", "failed", "terminated"];
    required_choice("The status of the session", &states)
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
