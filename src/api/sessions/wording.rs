//! The wording of the open-wa API: how its listeners and webhooks get the events of the log.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    api::sessions::{
        event_data::{QrData, ReadyData},
        event_names::EVENT_NAMES,
        event_words::{gateway_data, name, payload},
        identity::beside,
        message_view::MessageEventView,
    },
    domain::{
        Body, ChannelKind, Event, EventBody, Identities, SessionId, SessionState, SessionStatus,
        Timestamp,
    },
    events::{Codes, GatewayEvent, Wording},
};

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
        // This API knows WhatsApp alone.
        if event.channel.as_ref().is_some_and(|channel| channel.kind() != ChannelKind::WhatsApp) {
            return None;
        }
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

/// The current state for a new listener: the name of an event and its frame.
pub fn present(
    status: &SessionStatus,
    codes: Codes,
    now: Timestamp,
) -> Option<(&'static str, String)> {
    match (status.state, &status.qr, &status.me) {
        (SessionState::QrReady, Some(qr), _) => {
            let data = json!(QrData::of(&qr.text, qr.attempt, qr.expires_at, codes));
            Some(("qr", status_frame("qr", &status.id, data, now)))
        }
        (SessionState::Ready, _, Some(me)) => {
            Some(("ready", status_frame("ready", &status.id, json!(ReadyData::of(me)), now)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ack, Channel, Jid, clock::from_seconds, event::GroupChange};

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
