//! Ids of sessions, WhatsApp addresses (JIDs) and messages, validated on construction.
//!
//! A value of these types is well formed. Whether the named thing exists is not checked here.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};
use uuid::Uuid;

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("a session id is 1 to 64 letters, digits, hyphens or underscores")]
    Session,
    #[error(
        "not a WhatsApp address: expected digits@c.us, digits@g.us, digits@lid, digits@newsletter or status@broadcast"
    )]
    Jid,
    #[error("not a message id: expected <true|false>_<chat>_<id>[_<participant>]")]
    Message,
}

/// The caller's name for a session: `^[A-Za-z0-9_-]{1,64}$`. Safe as a folder name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Arc<str>);

/// What the name of an SMS number as a session begins with. No caller can name such a session.
const SMS: &str = "sms:";
const MOST_SMS_DIGITS: usize = 15;
/// The same for the web chat of a bot.
const WEB: &str = "web:";
/// Server of the addresses of visitors.
const WEB_SERVER: &str = "web";

impl SessionId {
    /// The session of an SMS number, given as digits.
    pub fn of_sms(digits: &str) -> Result<Self, IdError> {
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || !(1..=MOST_SMS_DIGITS).contains(&digits.len()) {
            return Err(IdError::Session);
        }
        Ok(Self(format!("{SMS}{digits}").into()))
    }

    /// The session of the web chat of a bot.
    pub fn of_web(bot: Uuid) -> Self {
        Self(format!("{WEB}{bot}").into())
    }

    /// A session's name as it is stored: those that no caller can name too.
    pub fn of_stored(text: &str) -> Result<Self, IdError> {
        if let Some(digits) = text.strip_prefix(SMS) {
            return Self::of_sms(digits);
        }
        match text.strip_prefix(WEB) {
            Some(bot) => bot.parse().map(Self::of_web).map_err(|_| IdError::Session),
            None => text.parse(),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is an SMS number, and no WhatsApp account.
    pub fn is_sms(&self) -> bool {
        self.0.starts_with(SMS)
    }

    /// The bot whose web chat it is; none for another session.
    pub fn web_bot(&self) -> Option<Uuid> {
        self.0.strip_prefix(WEB)?.parse().ok()
    }

    pub fn is_web(&self) -> bool {
        self.0.starts_with(WEB)
    }

    /// Whether it is a WhatsApp account, which callers can name.
    pub fn is_whatsapp(&self) -> bool {
        !self.is_sms() && !self.is_web()
    }
}

impl FromStr for SessionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() || 64 < text.len() || !text.bytes().all(allowed) {
            return Err(IdError::Session);
        }
        Ok(Self(text.into()))
    }
}

/// The kind of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JidKind {
    /// A person by telephone number: `digits@c.us`.
    Person,
    /// A person by hidden identity: `digits@lid`.
    Lid,
    Group,
    /// `status@broadcast` and broadcast lists.
    Broadcast,
    /// A channel.
    Newsletter,
    /// A visitor of a web chat: `uuid@web`. No input names one.
    Web,
}

/// A WhatsApp address in canonical form: `@s.whatsapp.net` becomes `@c.us`, a device part is cut.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(type = "string"))]
pub struct Jid(Arc<str>);

impl Jid {
    /// The address of a telephone number given as digits.
    pub fn of_phone(digits: &str) -> Result<Self, IdError> {
        format!("{digits}@c.us").parse()
    }

    /// The address of a visitor of a web chat.
    pub fn of_visitor(visitor: Uuid) -> Self {
        Self(format!("{visitor}@{WEB_SERVER}").into())
    }

    /// An address as it is stored.
    fn of_stored(text: &str) -> Result<Self, IdError> {
        text.parse()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn user(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }

    pub fn kind(&self) -> JidKind {
        match self.0.split('@').nth(1) {
            Some("g.us") => JidKind::Group,
            Some("lid") => JidKind::Lid,
            Some("broadcast") => JidKind::Broadcast,
            Some("newsletter") => JidKind::Newsletter,
            Some(WEB_SERVER) => JidKind::Web,
            _ => JidKind::Person,
        }
    }

    /// The address of status updates, which is no chat.
    pub fn is_status(&self) -> bool {
        self.kind() == JidKind::Broadcast && self.user() == "status"
    }

    /// A broadcast list, which cannot be written to.
    pub fn is_broadcast_list(&self) -> bool {
        self.kind() == JidKind::Broadcast && !self.is_status()
    }

    pub fn is_channel(&self) -> bool {
        self.kind() == JidKind::Newsletter
    }

    pub fn is_group(&self) -> bool {
        self.kind() == JidKind::Group
    }

    /// A person, under any kind of identity.
    pub fn is_person(&self) -> bool {
        matches!(self.kind(), JidKind::Person | JidKind::Lid | JidKind::Web)
    }
}

impl FromStr for Jid {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (user, server) = text.split_once('@').ok_or(IdError::Jid)?;
        let user_without_device = user.split_once(':').map_or(Ok(user), |(user, device)| {
            if is_digits(device, 1, 4) { Ok(user) } else { Err(IdError::Jid) }
        });
        let (user, server) = match server {
            "c.us" | "s.whatsapp.net" => (digits(user_without_device?, 5, 20)?, "c.us"),
            "lid" => (digits(user_without_device?, 5, 25)?, "lid"),
            "newsletter" => (digits(user, 5, 25)?, server),
            WEB_SERVER => {
                return user.parse().map(Self::of_visitor).map_err(|_| IdError::Jid);
            }
            "broadcast" if user == "status" => (user, server),
            "broadcast" => (digits(user, 5, 25)?, server),
            "g.us" => {
                let (first, second) = user.split_once('-').unwrap_or((user, "00000"));
                digits(first, 5, 25)?;
                digits(second, 5, 15)?;
                (user, server)
            }
            _ => return Err(IdError::Jid),
        };
        // Nearly all are stored or written in this form already, and a list reads thousands.
        let length = user.len() + 1 + server.len();
        if length == text.len() && text.ends_with(server) {
            return Ok(Self(text.into()));
        }
        Ok(Self([user, "@", server].concat().into()))
    }
}

/// A message's id: the direction, the chat, the key within the chat, and in a group the author.
///
/// Written as WhatsApp Web writes it: `true_1234567890@c.us_ABC123`, with the sender's address at
/// the end when the chat is a group. Of messages to oneself, WhatsApp Web's `_out` and `_in` at the end
/// are left out: both name the same message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(type = "string"))]
pub struct MessageId {
    pub from_me: bool,
    pub chat: Jid,
    pub key: Arc<str>,
    pub participant: Option<Jid>,
}

impl FromStr for MessageId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut parts = text.splitn(4, '_');
        let mut next = || parts.next().ok_or(IdError::Message);
        let from_me = match next()? {
            "true" => true,
            "false" => false,
            _ => return Err(IdError::Message),
        };
        let chat: Jid = next()?.parse().map_err(|_| IdError::Message)?;
        let key = next()?;
        let key_is_plain =
            key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        if key.is_empty() || 128 < key.len() || !key_is_plain {
            return Err(IdError::Message);
        }
        let (from_me, participant) = match parts.next() {
            // Notes to oneself: the one message as the device that sent it and as the others have it.
            Some("out" | "in") if chat.is_person() => (true, None),
            Some(jid) => (from_me, Some(jid.parse().map_err(|_| IdError::Message)?)),
            None => (from_me, None),
        };
        Ok(Self { from_me, chat, key: key.into(), participant })
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}_{}_{}", self.from_me, self.chat, self.key)?;
        match &self.participant {
            Some(participant) => write!(out, "_{participant}"),
            None => Ok(()),
        }
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for MessageId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

/// Reads an id from the text where it stands: a list has thousands, of which none becomes a `String` first.
macro_rules! read_as_text {
    ($name:ident: $read:expr) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                        out.write_str("a string")
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        $read(text).map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }
    };
}
read_as_text!(SessionId: SessionId::of_stored);
read_as_text!(Jid: Jid::of_stored);
read_as_text!(MessageId: str::parse::<MessageId>);

macro_rules! text_id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::of_stored(&text)
            }
        }
    };
}

text_id!(SessionId);
text_id!(Jid);

fn digits(text: &str, least: usize, most: usize) -> Result<&str, IdError> {
    if is_digits(text, least, most) { Ok(text) } else { Err(IdError::Jid) }
}

fn is_digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_take_one_canonical_form() {
        for (given, canonical) in [
            ("1234567890@s.whatsapp.net", "1234567890@c.us"),
            ("1234567890:12@s.whatsapp.net", "1234567890@c.us"),
            ("0987654321@c.us", "0987654321@c.us"),
            ("1234567890-1642694598@g.us", "1234567890-1642694598@g.us"),
            ("100000000000001:3@lid", "100000000000001@lid"),
            ("status@broadcast", "status@broadcast"),
        ] {
            assert_eq!(given.parse::<Jid>().map(String::from), Ok(canonical.to_owned()), "{given}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in [
            "",
            "1234567890",
            "@c.us",
            "12@c.us",
            "a@c.us",
            "1234567890@",
            "../etc@g.us",
            "1234567890@c.us_x",
        ] {
            assert_eq!(text.parse::<Jid>(), Err(IdError::Jid), "{text}");
        }
    }

    #[test]
    fn a_message_id_of_a_group_names_its_sender() {
        let text = "false_120363000000000000@g.us_3EB0A1_447700900000@c.us";
        let id: MessageId = text.parse().unwrap();
        assert!(!id.from_me && id.chat.is_group());
        assert_eq!(id.participant.as_ref().map(Jid::user), Some("447700900000"));
        assert_eq!(id.to_string(), text);
    }

    #[test]
    fn a_message_to_oneself_has_one_name() {
        for text in ["true_15551234567@c.us_K_out", "false_15551234567@c.us_K_in"] {
            let id: MessageId = text.parse().unwrap();
            assert_eq!(id.to_string(), "true_15551234567@c.us_K", "{text}");
        }
        for text in ["true_15551234567@c.us_K_up", "true_120363000000000000@g.us_K_out"] {
            assert_eq!(text.parse::<MessageId>(), Err(IdError::Message), "{text}");
        }
    }

    #[test]
    fn a_session_id_cannot_leave_its_folder() {
        for text in ["", "..", "a/b", "a.b", "a b", "ä", &"x".repeat(65)] {
            assert_eq!(text.parse::<SessionId>(), Err(IdError::Session), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_parses_prints_back(text in "\\PC{0,40}") {
            if let Ok(jid) = text.parse::<Jid>() {
                prop_assert_eq!(jid.to_string().parse::<Jid>(), Ok(jid));
            }
            if let Ok(id) = text.parse::<MessageId>() {
                prop_assert_eq!(id.to_string().parse::<MessageId>(), Ok(id));
            }
        }
    }
}
