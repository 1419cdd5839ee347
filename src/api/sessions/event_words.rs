//! Events in the words of the open-wa API: their names, and their data beyond messages.

use serde_json::{Value, json};

use crate::{
    api::sessions::{
        event_data::{
            AckData, AuthenticatedData, CallData, ChatUpdatedData, ContactUpdatedData,
            DisconnectedData, FailedData, GroupJoinData, GroupLeaveData, GroupUpdateData,
            HistoryGapData, IdentityLearnedData, MessageCancelledData, MessageEditData,
            MessageRevokedData, PollVoteData, PresenceData, QrData, ReactionData, ReadyData,
            SendingData, StateChangedData, UnknownData, WebhookDisabledData,
        },
        identity::IdentityView,
        linking_code,
        wire::{ack_word, seconds, status_word},
    },
    domain::{
        Ack, EventBody, Me, MessageId, SendHold, SessionState, Timestamp, event_people::affected_by,
    },
    events::{Codes, GatewayEvent},
};

/// What this surface calls an event of WhatsApp's.
pub fn name(body: &EventBody) -> &'static str {
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
pub fn payload(body: &EventBody, at: Timestamp, codes: Codes) -> Value {
    let timestamp = at.as_second();
    match body {
        EventBody::Qr { text, attempt, expires_at } => {
            json!(QrData::of(text, *attempt, *expires_at, codes))
        }
        EventBody::Authenticated => json!(AuthenticatedData { timestamp }),
        EventBody::Ready { me } => json!(ReadyData::of(me)),
        EventBody::Disconnected { reason, will_reconnect } => {
            json!(DisconnectedData { reason: *reason, will_reconnect: *will_reconnect })
        }
        EventBody::Failed { reason } => json!(FailedData { reason }),
        EventBody::StateChanged { state, line } => json!(StateChangedData {
            state: line.as_deref(),
            status: status_word(*state),
            degraded: *state == SessionState::Degraded,
        }),
        EventBody::Ack { message, ack, participant } => json!(AckData {
            participant: participant.as_ref(),
            ..AckData::of(message, *ack, timestamp)
        }),
        EventBody::MessageFailed { outbox, message, code, reason } => json!(AckData {
            message_id: Some(message),
            outbox_id: Some(*outbox),
            code: Some(*code),
            reason: Some(reason),
            ..AckData::of(message, Ack::Failed, timestamp)
        }),
        EventBody::MessageEdited { message, text } => {
            json!(MessageEditData { id: message, chat_id: &message.chat, body: text, timestamp })
        }
        EventBody::MessageRevoked { message, by } => {
            json!(MessageRevokedData { id: message, chat_id: &message.chat, by, timestamp })
        }
        EventBody::Reaction { message, sender, emoji } => json!(ReactionData {
            message_id: message,
            chat_id: &message.chat,
            emoji,
            sender,
            timestamp,
        }),
        EventBody::PollVote { message, sender, options } => json!(PollVoteData {
            message_id: message,
            chat_id: &message.chat,
            sender,
            options,
            timestamp,
        }),
        EventBody::EngineUnknown { name, raw } => json!(UnknownData { name, raw, timestamp }),
        EventBody::GroupJoined { group, group_name, participants, by, action } => {
            json!(GroupJoinData {
                chat_id: group,
                group_name: group_name.as_deref(),
                participants,
                by: by.as_ref(),
                action: *action,
                timestamp,
            })
        }
        EventBody::GroupLeft { group, participants, by, action } => json!(GroupLeaveData {
            chat_id: group,
            participants,
            by: by.as_ref(),
            action: *action,
            timestamp,
        }),
        EventBody::GroupUpdated { group, change, value, by } => json!(GroupUpdateData {
            chat_id: group,
            change: *change,
            value: value.as_deref(),
            by: by.as_ref(),
            participants: affected_by(*change, value.as_deref()),
            timestamp,
        }),
        EventBody::ChatUpdated { chat } => json!(ChatUpdatedData {
            id: &chat.id,
            name: &chat.name,
            unread_count: chat.unread,
            archived: chat.archived,
        }),
        EventBody::ContactUpdated { contact } => json!(ContactUpdatedData {
            id: &contact.id,
            name: contact.display_name(),
            pushname: contact.push_name.as_deref(),
        }),
        EventBody::IdentityLearned { lid, phone, former_phone, former_lid, .. } => {
            json!(IdentityLearnedData {
                lid,
                phone,
                former_phone: former_phone.as_ref(),
                former_lid: former_lid.as_ref(),
                timestamp,
            })
        }
        EventBody::Presence { chat, sender, presence } => {
            json!(PresenceData { chat_id: chat, sender, presence: *presence })
        }
        EventBody::Call { id, from, video, group } => {
            json!(CallData { id, from, is_video: *video, is_group: *group, timestamp })
        }
        EventBody::HistoryGap { chat, after, before } => json!(HistoryGapData {
            chat_id: chat,
            after: seconds(*after),
            before: seconds(*before),
        }),
        EventBody::SendingHeld { hold } => json!(SendingData::of(hold, None, timestamp)),
        EventBody::SendingResumed { hold, by_hand } => {
            json!(SendingData::of(hold, Some(*by_hand), timestamp))
        }
        EventBody::MessageCancelled { outbox, message, reason, may_be_sent } => {
            json!(MessageCancelledData {
                outbox_id: *outbox,
                id: message,
                message_id: message,
                chat_id: &message.chat,
                reason: *reason,
                outcome: if *may_be_sent { "unknown" } else { "not_sent" },
                timestamp,
            })
        }
        EventBody::Message { .. } | EventBody::MessageSent { .. } => Value::Null,
    }
}

/// What an event of the gateway's own holds.
pub fn gateway_data(event: &GatewayEvent, at: Timestamp) -> Value {
    match event.clone() {
        GatewayEvent::WebhookDisabled { webhook, origin, all_sessions, reason, failing_since } => {
            json!(WebhookDisabledData {
                webhook_id: webhook,
                origin,
                all_sessions,
                reason,
                failing_since: failing_since.map(Timestamp::as_second),
                timestamp: at.as_second(),
            })
        }
    }
}

impl QrData {
    pub fn of(text: &str, attempt: u32, expires_at: Timestamp, codes: Codes) -> Self {
        let is_shown = codes == Codes::Shown;
        Self {
            qr_code: is_shown.then(|| linking_code::data_url(text).ok()).flatten(),
            qr_text: is_shown.then(|| text.to_owned()),
            expires_at: seconds(expires_at),
            attempt,
        }
    }
}

impl<'a> ReadyData<'a> {
    pub fn of(me: &'a Me) -> Self {
        Self {
            phone_number: me.id.user(),
            id: &me.id,
            pushname: me.push_name.as_deref(),
            platform: me.platform.as_deref(),
            lid: me.lid.as_ref(),
            identity: IdentityView::own(me),
        }
    }
}

impl<'a> AckData<'a> {
    fn of(message: &'a MessageId, ack: Ack, timestamp: i64) -> Self {
        Self {
            id: message,
            chat_id: &message.chat,
            ack: ack.level(),
            status: ack_word(ack),
            timestamp,
            participant: None,
            message_id: None,
            outbox_id: None,
            code: None,
            reason: None,
        }
    }
}

impl SendingData {
    fn of(hold: &SendHold, by_hand: Option<bool>, timestamp: i64) -> Self {
        Self {
            reason: hold.reason.as_str(),
            whatsapp_code: hold.code,
            message: hold.message(),
            since: seconds(hold.since),
            until: seconds(hold.until),
            timestamp,
            by_hand,
        }
    }
}
