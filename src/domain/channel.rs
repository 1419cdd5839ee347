//! Channels: everything that can send and receive. A WhatsApp session, a web widget, an SMS number and a Slack
//! workspace are channels.
//!
//! A channel's id as text is part of keys and ids. The id of a WhatsApp session is the session's own id, so records
//! from before channels stay valid. All other ids have a colon, which no session id has.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use crate::domain::{SessionId, SessionRef};

const LONGEST_SLACK: usize = 32;

/// Why a text is no channel's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a channel: expected a session id, web:<uuid>, sms:<digits> or slack:<workspace>")]
pub struct NoChannel;

/// What kind of engine serves a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelKind {
    WhatsApp,
    Web,
    Sms,
    Slack,
}

/// The name of a channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum ChannelId {
    WhatsApp(SessionId),
    /// The web chat of a bot, by the session that serves it.
    Web(SessionId),
    /// A telephone number, by the session that serves it.
    Sms(SessionId),
    /// A workspace.
    Slack(Arc<str>),
}

/// A channel: its id, and the UUID that tells it from former channels of that id. Ids are reused, UUIDs are not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    pub id: ChannelId,
    /// Nil for a channel that no longer exists.
    pub uuid: Uuid,
}

impl ChannelId {
    pub fn kind(&self) -> ChannelKind {
        match self {
            Self::WhatsApp(_) => ChannelKind::WhatsApp,
            Self::Web(_) => ChannelKind::Web,
            Self::Sms(_) => ChannelKind::Sms,
            Self::Slack(_) => ChannelKind::Slack,
        }
    }

    /// The session that serves the channel, if one does: under its name lie chats and messages.
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::WhatsApp(session) | Self::Sms(session) | Self::Web(session) => Some(session),
            Self::Slack(_) => None,
        }
    }
}

impl Channel {
    pub fn kind(&self) -> ChannelKind {
        self.id.kind()
    }
}

impl From<SessionId> for ChannelId {
    fn from(session: SessionId) -> Self {
        if session.is_sms() {
            Self::Sms(session)
        } else if session.is_web() {
            Self::Web(session)
        } else {
            Self::WhatsApp(session)
        }
    }
}

impl From<&SessionId> for ChannelId {
    fn from(session: &SessionId) -> Self {
        session.clone().into()
    }
}

impl From<&SessionRef> for Channel {
    fn from(session: &SessionRef) -> Self {
        Self { id: (&session.id).into(), uuid: session.uuid }
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WhatsApp(session) | Self::Sms(session) | Self::Web(session) => {
                f.write_str(session.as_str())
            }
            Self::Slack(workspace) => write!(f, "slack:{workspace}"),
        }
    }
}

impl FromStr for ChannelId {
    type Err = NoChannel;

    fn from_str(text: &str) -> Result<Self, NoChannel> {
        let Some((kind, name)) = text.split_once(':') else {
            return text.parse().map(Self::WhatsApp).map_err(|_| NoChannel);
        };
        let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        match kind {
            "web" => {
                let bot = name.parse::<Uuid>().map_err(|_| NoChannel)?;
                Ok(Self::Web(SessionId::of_web(bot)))
            }
            "sms" => SessionId::of_sms(name).map(Self::Sms).map_err(|_| NoChannel),
            "slack" if is_word && (1..=LONGEST_SLACK).contains(&name.len()) => {
                Ok(Self::Slack(name.into()))
            }
            _ => Err(NoChannel),
        }
    }
}

impl TryFrom<String> for ChannelId {
    type Error = NoChannel;

    fn try_from(text: String) -> Result<Self, NoChannel> {
        text.parse()
    }
}

impl Serialize for ChannelId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::WhatsApp(session) | Self::Sms(session) | Self::Web(session) => {
                session.serialize(serializer)
            }
            other => serializer.collect_str(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_session_keeps_its_id_as_a_channel_and_no_other_channel_can_bear_it() {
        let session: SessionId = "shop_1-a".parse().unwrap();
        let channel = ChannelId::from(&session);
        assert_eq!(channel.to_string(), session.as_str());
        assert_eq!(serde_json::to_string(&channel).unwrap(), "\"shop_1-a\"");
        assert_eq!((channel.session(), channel.kind()), (Some(&session), ChannelKind::WhatsApp));
        let others = ["web:01a1fd24-9c03-7d11-a0a2-1f6f8f5d2c77", "sms:15550000001", "slack:T1A2"];
        for text in others {
            let channel: ChannelId = text.parse().unwrap();
            assert_eq!(channel.to_string(), text);
            assert_ne!(channel.kind(), ChannelKind::WhatsApp);
            assert_eq!(serde_json::from_str::<ChannelId>(&format!("{text:?}")).unwrap(), channel);
            assert!(text.parse::<SessionId>().is_err());
        }
    }

    #[test]
    fn what_names_no_channel_is_refused() {
        let long = format!("sms:{}", "1".repeat(16));
        for text in
            ["", ":", "web:", "web:x", "sms:", "sms:+1", "sms:1 2", "slack:", "fax:1", &long]
        {
            assert_eq!(text.parse::<ChannelId>(), Err(NoChannel), "{text:?}");
        }
    }

    #[test]
    fn an_sms_number_is_served_by_a_session_that_no_caller_can_name() {
        let channel: ChannelId = "sms:15550000001".parse().unwrap();
        let session = channel.session().unwrap();
        assert!(session.is_sms() && ChannelId::from(session) == channel);
        let stored = serde_json::to_string(session).unwrap();
        assert_eq!(serde_json::from_str::<SessionId>(&stored).unwrap(), *session);
        assert!(session.as_str().parse::<SessionId>().is_err());
    }

    proptest! {
        #[test]
        fn a_text_is_the_id_of_one_channel_at_most(text in "(web|sms|slack|fax)?:?[a-z0-9_-]{0,40}") {
            if let Ok(channel) = text.parse::<ChannelId>() {
                prop_assert_eq!(channel.to_string(), text.clone());
                let is_whatsapp = channel.kind() == ChannelKind::WhatsApp;
                prop_assert_eq!(is_whatsapp, text.parse::<SessionId>().is_ok());
            }
        }
    }
}
