//! A message as the open-wa API shows it, with who its people are.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        content::{AdView, CardView, LinkPreviewView, LocationView, MenuReplyView, PollView},
        sessions::identity::IdentityView,
    },
    domain::{Details, Identities, Jid, Message, MessageId, MessageKind, details::Menu},
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageView<'a> {
    /// Full id of the message.
    #[schema(value_type = String)]
    #[schema(example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    id: &'a MessageId,
    /// The text; for a file its caption.
    #[schema(example = "Hello")]
    body: &'a str,
    from_me: bool,
    /// Seconds since 1970.
    timestamp: i64,
    #[schema(value_type = String)]
    author: &'a Jid,
    author_identity: Option<IdentityView>,
    /// WhatsApp Web's own word for its kind, such as `chat`, `image` or `ptt`.
    #[serde(rename = "type")]
    #[schema(example = "chat")]
    kind: &'static str,
    /// -1 failed, 0 pending, 1 sent, 2 delivered, 3 read, 4 played.
    ack: i8,
    /// Id of the sender; of the group for a message that came in there.
    #[schema(value_type = String)]
    #[schema(example = "15550000001@c.us")]
    from: &'a Jid,
    from_identity: Option<IdentityView>,
    /// Id of the receiver: the account, the other person or the group.
    #[schema(value_type = String)]
    #[schema(example = "15551234567@c.us")]
    to: &'a Jid,
    /// Number and LID of the receiver; null for groups and channels.
    to_identity: Option<IdentityView>,
    #[schema(value_type = String)]
    chat_id: &'a Jid,
    /// None for a group.
    chat_identity: Option<IdentityView>,
    /// The text with a file.
    #[schema(example = json!(null))]
    caption: Option<&'a str>,
    /// Media type of the file; null without one.
    #[schema(example = json!(null))]
    mimetype: Option<&'a str>,
    /// Name of the file; null without one.
    #[schema(example = json!(null))]
    filename: Option<&'a str>,
    /// Whether it has a file.
    has_media: bool,
    /// Where its file is, below the session.
    #[schema(example = json!(null))]
    media_path: Option<String>,
    /// Full id of the message that it answers; null when it answers none.
    #[schema(value_type = Option<String>)]
    #[schema(example = json!(null))]
    quoted_msg_id: Option<&'a MessageId>,
    /// Id of the author of that message; null when it answers none.
    #[schema(value_type = Option<String>)]
    #[schema(example = json!(null))]
    quoted_participant: Option<&'a Jid>,
    /// Number and LID of that author.
    #[schema(example = json!(null))]
    quoted_participant_identity: Option<IdentityView>,
    /// Ids of the people mentioned.
    #[schema(value_type = Vec<String>)]
    #[schema(example = json!(["15550000001@c.us"]))]
    mentioned_jid_list: &'a [Jid],
    /// In the order of those.
    mentioned_identities: Vec<Option<IdentityView>>,
    /// A story: posted to `status@broadcast`, which is no chat to answer to.
    is_status: bool,
    /// A post of a channel (`…@newsletter`).
    is_channel: bool,
    /// Whether it was forwarded.
    is_forwarded: bool,
    /// Whether its text was changed after it was sent.
    is_edited: bool,
    /// Reactions, one entry for each person.
    reactions: Vec<MessageReactionView<'a>>,
    #[serde(flatten)]
    content: ContentView<'a>,
}

/// What only some messages have.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContentView<'a> {
    /// Of a message in a group or a channel: what that was called then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    group_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    location: Option<LocationView>,
    /// The contact cards of a `vcard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    contacts: Option<Vec<CardView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    poll: Option<PollView>,
    /// What was chosen from a list or from buttons.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    menu_reply: Option<MenuReplyView>,
    /// The advertisement through which somebody came to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ad: Option<AdView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link_preview: Option<LinkPreviewView>,
    /// Seconds of a voice note, an audio file or a video.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    duration: Option<u32>,
    /// A sticker that moves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_animated: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_view_once: bool,
    /// It disappears after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ephemeral_duration: Option<u32>,
    /// Of a message of the type `unknown`: what the engine shows of it, of at most 16 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    raw: Option<&'a Value>,
}

impl<'a> ContentView<'a> {
    fn of(message: &'a Message) -> Self {
        let details: &Details = message.details();
        Self {
            group_name: message.group_name.as_deref(),
            location: LocationView::of(details),
            contacts: CardView::all_of(details),
            poll: PollView::of(details),
            menu_reply: MenuReplyView::of(details),
            ad: AdView::of(details),
            link_preview: LinkPreviewView::of(details),
            duration: details.seconds,
            is_animated: details.animated,
            is_view_once: details.view_once,
            ephemeral_duration: details.ephemeral_seconds,
            raw: message.raw.as_ref(),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MessageReactionView<'a> {
    emoji: &'a str,
    #[schema(value_type = String)]
    sender: &'a Jid,
    sender_identity: Option<IdentityView>,
    /// Seconds since 1970.
    timestamp: i64,
}

/// The same as an event tells it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MessageData)]
pub struct MessageEventView<'a> {
    #[serde(flatten)]
    message: MessageView<'a>,
    /// Whether it stands in a group.
    is_group_msg: bool,
    /// The name that the sender chose; null where it is not known.
    #[schema(example = "Ada")]
    notify_name: Option<&'a str>,
}

impl<'a> MessageView<'a> {
    /// `me` is the session's own address, for what was received before it was noted with a message.
    pub fn of(message: &'a Message, known: &Identities, me: Option<&'a Jid>) -> Self {
        let identity = |id| IdentityView::of(id, known);
        let (chat, media) = (message.chat(), message.media.as_ref());
        let (from, to) = match message.from_me() {
            true => (&message.author, chat),
            false => (chat, message.to.as_ref().or(me).unwrap_or(chat)),
        };
        let quoted_participant = message.quoted.as_ref().and_then(writer);
        let reactions = message.reactions.iter().map(|reaction| MessageReactionView {
            emoji: &reaction.emoji,
            sender: &reaction.sender,
            sender_identity: identity(&reaction.sender),
            timestamp: reaction.timestamp.as_second(),
        });
        Self {
            id: &message.id,
            body: &message.body,
            from_me: message.from_me(),
            timestamp: message.timestamp.as_second(),
            author: &message.author,
            author_identity: identity(&message.author),
            kind: type_word(message),
            ack: message.ack.level(),
            from,
            from_identity: identity(from),
            to,
            to_identity: identity(to),
            chat_id: chat,
            chat_identity: identity(chat),
            caption: media.map(|_| message.body.as_str()).filter(|text| !text.is_empty()),
            mimetype: media.map(|media| media.mime.as_str()),
            filename: media.and_then(|media| media.filename.as_deref()),
            has_media: media.is_some(),
            media_path: media.map(|_| media_path(&message.id)),
            quoted_msg_id: message.quoted.as_ref(),
            quoted_participant,
            quoted_participant_identity: quoted_participant.and_then(identity),
            mentioned_jid_list: &message.mentions,
            mentioned_identities: message.mentions.iter().map(identity).collect(),
            is_status: chat.is_status(),
            is_channel: chat.is_channel(),
            is_forwarded: message.forwarded,
            is_edited: message.edited,
            reactions: reactions.collect(),
            content: ContentView::of(message),
        }
    }
}

impl<'a> MessageEventView<'a> {
    pub fn of(message: &'a Message, known: &Identities) -> Self {
        Self {
            message: MessageView::of(message, known, None),
            is_group_msg: message.chat().is_group(),
            notify_name: message.push_name.as_deref(),
        }
    }
}

fn media_path(id: &MessageId) -> String {
    let id = id.to_string();
    let encoded = percent_encoding::utf8_percent_encode(&id, percent_encoding::NON_ALPHANUMERIC);
    format!("messages/{encoded}/media")
}

/// Who wrote a message, as far as its id tells.
fn writer(id: &MessageId) -> Option<&Jid> {
    let other = (!id.from_me && id.chat.is_person()).then_some(&id.chat);
    id.participant.as_ref().or(other)
}

/// WhatsApp Web's own words for kinds of messages.
fn type_word(message: &Message) -> &'static str {
    match message.kind {
        MessageKind::Text => "chat",
        MessageKind::Image => "image",
        MessageKind::Video => "video",
        MessageKind::Audio => "audio",
        MessageKind::Voice => "ptt",
        MessageKind::Document => "document",
        MessageKind::Sticker => "sticker",
        MessageKind::Location => "location",
        MessageKind::ContactCard if 1 < message.details().contacts.len() => "multi_vcard",
        MessageKind::ContactCard => "vcard",
        MessageKind::Poll => "poll_creation",
        MessageKind::MenuReply => match message.details().menu_reply.as_ref().map(|one| one.menu) {
            Some(Menu::Buttons) => "buttons_response",
            Some(Menu::Template) => "template_button_reply",
            Some(Menu::Interactive) => "interactive_response",
            Some(Menu::List) | None => "list_response",
        },
        MessageKind::Revoked => "revoked",
        MessageKind::GroupNotice => "gp2",
        MessageKind::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        api::sessions::identity::beside,
        domain::{clock::from_seconds, identity::Pair, message::Reaction},
    };

    #[test]
    fn both_ids_stand_beside_each_person_as_they_do_everywhere() {
        let (lid, phone): (Jid, Jid) =
            ("1000000001@lid".parse().unwrap(), "15550001@c.us".parse().unwrap());
        let pair = Pair::of(&lid, &phone).unwrap();
        let known: Identities = [&pair].into_iter().collect();
        let id: MessageId = "false_120363000000000000@g.us_3EB0A1_1000000001@lid".parse().unwrap();
        let message = Message {
            push_name: Some("Ann".to_owned()),
            quoted: Some(id.clone()),
            mentions: vec![phone, "15550002@c.us".parse().unwrap()],
            reactions: vec![Reaction {
                sender: lid.clone(),
                emoji: "\u{1f44d}".to_owned(),
                timestamp: from_seconds(2),
            }],
            ..Message::text(id, lid, "words", from_seconds(1))
        };
        let worded = json!(MessageEventView::of(&message, &known));
        let both = json!({ "phone": "15550001@c.us", "lid": "1000000001@lid" });
        assert_eq!((&worded["authorIdentity"], &worded["chatIdentity"]), (&both, &json!(null)));
        assert_eq!(worded["reactions"][0]["senderIdentity"], both);
        assert_eq!((&worded["isGroupMsg"], &worded["notifyName"]), (&json!(true), &json!("Ann")));
        // The rule that goes by the names of fields has nothing to add, and would say the same.
        let mut added = worded.clone();
        beside(&mut added, &known);
        assert_eq!(added, worded);
        let mut bare = worded.clone();
        let fields = bare.as_object_mut().unwrap();
        fields.retain(|name, _| !name.ends_with("Identity") && !name.ends_with("Identities"));
        beside(&mut bare, &known);
        assert_eq!(bare, worded);
    }
}
