//! How the open-wa API words events, and the forms of time and type that it uses.

use std::collections::HashSet;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub use crate::api::dialects::open_wa::status_word;
use crate::{
    api::sessions::{identity::beside, message_view::MessageEventView},
    domain::{
        Ack, Body, Event, EventBody, Identities, Jid, SendHold, SessionId, SessionState,
        SessionStatus, Timestamp, address,
        event::{GroupChange, JoinAction, LeaveAction},
        event_people::affected_by,
        shown::shown,
    },
    events::{Codes, GatewayEvent, Wording},
};

/// Every event that this surface tells.
pub const EVENT_NAMES: [&str; 27] = [
    "qr",
    "authenticated",
    "ready",
    "message",
    "ack",
    "disconnected",
    "failed",
    "state_changed",
    "message_sent",
    "message_edit",
    "message_revoked",
    "message_cancelled",
    "sending_held",
    "sending_resumed",
    "reaction",
    "poll_vote",
    "group_join",
    "group_leave",
    "group_update",
    "chat_updated",
    "contact_updated",
    "presence",
    "call",
    "history_gap",
    "webhook.disabled",
    "identity_learned",
    "unknown",
];

/// An event of the log as every listener gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Worded<'a> {
    event: &'static str,
    /// Null for an event of the gateway as a whole.
    session_id: Option<&'a SessionId>,
    /// Which session of that name; a name may be given again when a session was removed.
    #[serde(skip_serializing_if = "Uuid::is_nil")]
    session_uuid: Uuid,
    data: Data<'a>,
    /// Seconds since 1970.
    timestamp: i64,
    id: Uuid,
    seq: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    /// By far the most frequent, so what it is made of is borrowed.
    Message(Box<MessageEventView<'a>>),
    Other(Value),
}

/// The wording of the open-wa API.
pub struct OpenWa;

impl Wording for OpenWa {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match &event.body {
            Body::WhatsApp(event) => Some(name(event)),
            Body::Module(event) => match event.read()? {
                GatewayEvent::WebhookDisabled { .. } => Some("webhook.disabled"),
            },
        }
    }

    fn write(&self, event: &Event, codes: Codes, bytes: &mut Vec<u8>) -> Option<()> {
        let known: Identities = event.identities.iter().collect();
        let data = match &event.body {
            Body::WhatsApp(EventBody::Message { message } | EventBody::MessageSent { message }) => {
                Data::Message(Box::new(MessageEventView::of(message, &known)))
            }
            Body::WhatsApp(other) => {
                let mut data = payload(other, event.at, codes);
                // The engine's own object has fields of its own.
                if !matches!(other, EventBody::EngineUnknown { .. }) {
                    beside(&mut data, &known);
                }
                Data::Other(data)
            }
            Body::Module(module) => Data::Other(gateway_data(&module.read()?, event.at)),
        };
        let worded = Worded {
            event: self.name(event)?,
            // Null for a channel that is no session: this API has none.
            session_id: event.session(),
            session_uuid: event.channel_uuid(),
            data,
            timestamp: event.at.as_second(),
            id: event.id,
            seq: event.seq,
        };
        serde_json::to_writer(bytes, &worded).ok()
    }

    fn names(&self) -> &'static [&'static str] {
        &EVENT_NAMES
    }
}

/// A frame that is not an event of the log.
pub fn status_frame(name: &str, session: &SessionId, data: Value, now: Timestamp) -> String {
    json!({ "event": name, "sessionId": session, "data": data, "timestamp": now.as_second() })
        .to_string()
}

/// What a new listener is told of the present: the name of an event and its frame.
pub fn present(
    status: &SessionStatus,
    codes: Codes,
    now: Timestamp,
) -> Option<(&'static str, String)> {
    match (status.state, &status.qr, &status.me) {
        (SessionState::QrReady, Some(qr), _) => {
            let data = qr_data(&qr.text, qr.attempt, qr.expires_at, codes);
            Some(("qr", status_frame("qr", &status.id, data, now)))
        }
        (SessionState::Ready, _, Some(me)) => {
            Some(("ready", status_frame("ready", &status.id, ready_data(me), now)))
        }
        _ => None,
    }
}

/// What this surface calls an event of WhatsApp's.
fn name(body: &EventBody) -> &'static str {
    match body {
        EventBody::EngineUnknown { .. } => "unknown",
        EventBody::MessageEdited { .. } => "message_edit",
        // How far a message came: nowhere.
        EventBody::MessageFailed { .. } => "ack",
        EventBody::GroupJoined { .. } => "group_join",
        EventBody::GroupLeft { .. } => "group_leave",
        EventBody::GroupUpdated { .. } => "group_update",
        other => other.name(),
    }
}

/// What an event holds that is not a message.
fn payload(body: &EventBody, at: Timestamp, codes: Codes) -> Value {
    let timestamp = at.as_second();
    match body {
        EventBody::Qr { text, attempt, expires_at } => qr_data(text, *attempt, *expires_at, codes),
        EventBody::Authenticated => json!({ "timestamp": timestamp }),
        EventBody::Ready { me } => ready_data(me),
        EventBody::Disconnected { reason, will_reconnect } => {
            json!({ "reason": reason, "willReconnect": will_reconnect })
        }
        EventBody::Failed { reason } => json!({ "reason": reason }),
        EventBody::StateChanged { state, line } => {
            let degraded = *state == SessionState::Degraded;
            json!({ "state": line, "status": status_word(*state), "degraded": degraded })
        }
        EventBody::Ack { message, ack, participant } => json!({
            "id": message,
            "chatId": message.chat,
            "ack": ack.level(),
            "status": ack_word(*ack),
            "timestamp": timestamp,
            "participant": participant,
        }),
        EventBody::MessageEdited { message, text } => {
            json!({ "id": message, "chatId": message.chat, "body": text, "timestamp": timestamp })
        }
        EventBody::MessageRevoked { message, by } => {
            json!({ "id": message, "chatId": message.chat, "by": by, "timestamp": timestamp })
        }
        EventBody::Reaction { message, sender, emoji } => json!({
            "messageId": message, "chatId": message.chat, "emoji": emoji, "sender": sender,
            "timestamp": timestamp,
        }),
        EventBody::PollVote { message, sender, options } => json!({
            "messageId": message, "chatId": message.chat, "sender": sender, "options": options,
            "timestamp": timestamp,
        }),
        EventBody::EngineUnknown { name, raw } => {
            json!({ "name": name, "raw": raw, "timestamp": timestamp })
        }
        EventBody::GroupJoined { group, group_name, participants, by, action } => {
            let action = match action {
                JoinAction::Create => "create",
                JoinAction::Add => "add",
                JoinAction::Invite => "invite",
            };
            json!({
                "chatId": group, "groupName": group_name, "participants": participants, "by": by,
                "action": action, "timestamp": timestamp,
            })
        }
        EventBody::GroupLeft { group, participants, by, action } => {
            let action = match action {
                LeaveAction::Remove => "remove",
                LeaveAction::Leave => "leave",
            };
            json!({
                "chatId": group, "participants": participants, "by": by, "action": action,
                "timestamp": timestamp,
            })
        }
        EventBody::GroupUpdated { group, change, value, by } => {
            let mut data = json!({
                "chatId": group, "change": change_word(*change), "value": value, "by": by,
                "timestamp": timestamp,
            });
            let affected = affected_by(*change, value.as_deref());
            if !affected.is_empty() {
                data["participants"] = json!(affected);
            }
            data
        }
        EventBody::ChatUpdated { chat } => json!({
            "id": chat.id, "name": chat.name, "unreadCount": chat.unread, "archived": chat.archived,
        }),
        EventBody::ContactUpdated { contact } => json!({
            "id": contact.id, "name": contact.display_name(), "pushname": contact.push_name,
        }),
        EventBody::IdentityLearned { lid, phone, former_phone, former_lid, .. } => json!({
            "lid": lid, "phone": phone, "formerPhone": former_phone, "formerLid": former_lid,
            "timestamp": timestamp,
        }),
        EventBody::Presence { chat, sender, presence } => {
            json!({ "chatId": chat, "sender": sender, "presence": presence })
        }
        EventBody::Call { id, from, video, group } => json!({
            "id": id, "from": from, "isVideo": video, "isGroup": group, "timestamp": timestamp,
        }),
        EventBody::HistoryGap { chat, after, before } => {
            json!({ "chatId": chat, "after": seconds(*after), "before": seconds(*before) })
        }
        EventBody::MessageFailed { outbox, message, code, reason } => json!({
            "id": message, "messageId": message, "chatId": message.chat, "outboxId": outbox,
            "ack": Ack::Failed.level(), "status": ack_word(Ack::Failed), "code": code,
            "reason": reason, "timestamp": timestamp, "participant": null,
        }),
        EventBody::SendingHeld { hold } => hold_data(hold, timestamp),
        EventBody::SendingResumed { hold, by_hand } => {
            let mut data = hold_data(hold, timestamp);
            data["byHand"] = json!(by_hand);
            data
        }
        EventBody::MessageCancelled { outbox, message, reason, may_be_sent } => json!({
            "outboxId": outbox, "id": message, "messageId": message, "chatId": message.chat, "reason": reason,
            "outcome": if *may_be_sent { "unknown" } else { "not_sent" }, "timestamp": timestamp,
        }),
        EventBody::Message { .. } | EventBody::MessageSent { .. } => Value::Null,
    }
}

/// What an event of the gateway's own holds.
fn gateway_data(event: &GatewayEvent, at: Timestamp) -> Value {
    match event {
        GatewayEvent::WebhookDisabled { webhook, origin, all_sessions, reason, failing_since } => {
            json!({
                "webhookId": webhook, "origin": origin, "allSessions": all_sessions, "reason": reason,
                "failingSince": failing_since.map(Timestamp::as_second), "timestamp": at.as_second(),
            })
        }
    }
}

fn hold_data(hold: &SendHold, timestamp: i64) -> Value {
    json!({
        "reason": hold.reason, "whatsappCode": hold.code, "message": hold.message(),
        "since": seconds(hold.since), "until": seconds(hold.until), "timestamp": timestamp,
    })
}

fn qr_data(text: &str, attempt: u32, expires_at: Timestamp, codes: Codes) -> Value {
    let mut data = json!({ "expiresAt": seconds(expires_at), "attempt": attempt });
    if codes == Codes::Shown {
        data["qrCode"] = crate::api::sessions::qr::data_url(text).ok().into();
        data["qrText"] = text.into();
    }
    data
}

fn ready_data(me: &crate::domain::Me) -> Value {
    json!({
        "phoneNumber": me.id.user(), "id": me.id, "pushname": me.push_name, "platform": me.platform,
        "lid": me.lid, "identity": { "phone": me.id, "lid": me.lid },
    })
}

/// The word for how far a message has come.
pub fn ack_word(ack: Ack) -> &'static str {
    match ack {
        Ack::Failed => "failed",
        Ack::Pending => "pending",
        Ack::Sent => "sent",
        Ack::Delivered => "delivered",
        Ack::Read => "read",
        Ack::Played => "played",
    }
}

fn change_word(change: GroupChange) -> &'static str {
    match change {
        GroupChange::Subject => "subject",
        GroupChange::Description => "description",
        GroupChange::Picture => "picture",
        GroupChange::Announce => "announce",
        GroupChange::Restrict => "restrict",
        GroupChange::Promote => "promote",
        GroupChange::Demote => "demote",
    }
}

/// A moment as RFC 3339 in UTC, to the second.
pub fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Bytes as a data URL.
pub fn data_url(mime: &str, bytes: &[u8]) -> String {
    format!("data:{mime};base64,{}", BASE64.encode(bytes))
}

/// Addresses that an error says something of.
const MOST_REASONS: usize = 5;

/// People by id or telephone number, each once and in the given order.
pub fn jids(texts: &[String]) -> Result<Vec<Jid>, crate::domain::Error> {
    let (mut people, mut seen) = (Vec::with_capacity(texts.len()), HashSet::new());
    let mut invalid = Vec::new();
    for text in texts {
        match address::person(text) {
            Ok(jid) => {
                if seen.insert(jid.clone()) {
                    people.push(jid);
                }
            }
            Err(error) => invalid.push((shown(text), error.about(text))),
        }
    }
    if invalid.is_empty() {
        return Ok(people);
    }
    let (invalid, reasons): (Vec<String>, Vec<String>) = invalid.into_iter().unzip();
    let reasons = reasons.iter().take(MOST_REASONS).cloned().collect::<Vec<_>>().join("; ");
    Err(crate::domain::Error::invalid(format!("some are not valid ids of people: {reasons}"))
        .about(crate::domain::Subject::ChatId)
        .detail("invalid", invalid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Channel, clock::from_seconds};

    #[test]
    fn times_have_no_fraction() {
        assert_eq!(
            seconds(crate::domain::clock::from_millis(1_753_027_398_123)),
            "2025-07-20T16:03:18Z"
        );
    }

    #[test]
    fn who_rises_in_a_group_is_shown_under_both_ids() {
        let lid: Jid = "1000000001@lid".parse().unwrap();
        let phone = "15550001@c.us".parse().unwrap();
        let body = EventBody::GroupUpdated {
            group: "120363000000000000@g.us".parse().unwrap(),
            change: GroupChange::Promote,
            value: Some(format!("{lid},15550002@c.us")),
            by: None,
        };
        let identities = crate::domain::identity::Pair::of(&lid, &phone).into_iter().collect();
        let event = Event {
            seq: 1,
            id: uuid::Uuid::nil(),
            channel: Some(Channel { id: "s".parse().unwrap(), uuid: uuid::Uuid::nil() }),
            channel_seq: 1,
            at: from_seconds(1),
            body: body.into(),
            identities,
        };
        let mut bytes = Vec::new();
        OpenWa.write(&event, Codes::Shown, &mut bytes).unwrap();
        let frame: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(frame["data"]["participants"], json!(["1000000001@lid", "15550002@c.us"]));
        assert_eq!(
            frame["data"]["participantIdentities"],
            json!([
                { "phone": "15550001@c.us", "lid": "1000000001@lid" },
                { "phone": "15550002@c.us", "lid": null },
            ])
        );
    }

    #[test]
    fn what_nobody_knows_is_told_as_it_is() {
        let raw = json!({ "author": "1000000001@lid", "deep": [{ "id": "15550001@c.us" }] });
        let event = Event {
            seq: 1,
            id: uuid::Uuid::nil(),
            channel: Some(Channel { id: "s".parse().unwrap(), uuid: uuid::Uuid::nil() }),
            channel_seq: 1,
            at: from_seconds(1),
            body: EventBody::EngineUnknown { name: "call_log".to_owned(), raw: raw.clone() }.into(),
            identities: Vec::new(),
        };
        let mut bytes = Vec::new();
        OpenWa.write(&event, Codes::Shown, &mut bytes).unwrap();
        let frame: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(frame["event"], "unknown");
        assert_eq!(frame["data"], json!({ "name": "call_log", "raw": raw, "timestamp": 1 }));
    }

    #[test]
    fn an_ack_is_worded_as_its_listeners_know_it() {
        let message = "true_1234567890@c.us_ABC123".parse().unwrap();
        let body = EventBody::Ack { message, ack: Ack::Delivered, participant: None };
        let data = payload(&body, from_seconds(1_642_694_600), Codes::Shown);
        assert_eq!(name(&body), "ack");
        assert_eq!(data["id"], "true_1234567890@c.us_ABC123");
        assert_eq!((&data["ack"], &data["status"]), (&json!(2), &json!("delivered")));
    }
}
