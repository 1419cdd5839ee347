//! Engine of the web chat of a bot: what is sent is there for the visitor once it is stored, so that nothing is handed to
//! anybody. What comes in is taken in by the API.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::{
    domain::{
        Ack, Clock, Command, Content, Error, ErrorCode, Jid, Me, MessageId, Reply, command::Sent,
    },
    driver::{
        Capabilities, Close, Driver, DriverEvent, EngineFactory, OpenRequest, OpenedEngine,
        RecoveryMethod,
    },
};

const EVENTS: usize = 16;

pub struct WebEngine {
    clock: Clock,
}

impl WebEngine {
    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

#[async_trait]
impl EngineFactory for WebEngine {
    async fn open(&self, request: OpenRequest) -> Result<OpenedEngine, Error> {
        let bot = request.session.web_bot().ok_or_else(|| {
            Error::new(ErrorCode::EngineFailed, "the session is no web chat of a bot")
        })?;
        let me = Me { id: Jid::of_visitor(bot), lid: None, push_name: None, platform: None };
        let (sender, events) = mpsc::channel(EVENTS);
        let clock = self.clock.clone();
        let driver = WebDriver { clock, me: me.clone(), events: sender.clone() };
        // The channel has room for it.
        let _ = sender.try_send(Box::new(DriverEvent::Ready { me }));
        Ok(OpenedEngine { driver: Arc::new(driver), events })
    }
}

struct WebDriver {
    clock: Clock,
    me: Me,
    events: mpsc::Sender<Box<DriverEvent>>,
}

#[async_trait]
impl Driver for WebDriver {
    fn capabilities(&self) -> Capabilities {
        Capabilities { missing: Vec::new(), version: None }
    }

    async fn execute(&self, command: Command) -> Result<Reply, Error> {
        match command {
            Command::Send(outgoing) => {
                if !matches!(outgoing.content, Content::Text { .. } | Content::Media(_)) {
                    let message = "a web chat carries text and files";
                    return Err(Error::new(ErrorCode::Unsupported, message));
                }
                let key = outgoing.key.as_str().into();
                let id = MessageId { from_me: true, chat: outgoing.chat, key, participant: None };
                let timestamp = self.clock.now();
                Ok(Reply::Sent(Sent { id, timestamp, ack: Ack::Sent, recipients: None }))
            }
            // A send whose outcome nobody noted has reached nobody: it is done again under its key.
            Command::Find { .. } => Ok(Reply::Found(None)),
            Command::Chats { .. } => Ok(Reply::Chats(Vec::new())),
            Command::Messages { .. } => Ok(Reply::Messages(Vec::new())),
            Command::Contacts { .. } => Ok(Reply::Contacts(Vec::new())),
            Command::Receipts { .. } => Ok(Reply::Receipts(Vec::new())),
            Command::MarkRead { .. }
            | Command::Archive { .. }
            | Command::Typing { .. }
            | Command::Ping => Ok(Reply::Done),
            Command::Edit { .. }
            | Command::Revoke { .. }
            | Command::React { .. }
            | Command::Contact { .. }
            | Command::Group { .. }
            | Command::CreateGroup { .. }
            | Command::AddParticipants { .. }
            | Command::RemoveParticipants { .. }
            | Command::DownloadMedia { .. }
            | Command::PairingCode { .. }
            | Command::RefreshQr => {
                Err(Error::new(ErrorCode::Unsupported, "there is no such thing in a web chat"))
            }
        }
    }

    async fn recover(&self, _: RecoveryMethod) -> Result<(), Error> {
        let ready = DriverEvent::Ready { me: self.me.clone() };
        let sent = self.events.send(Box::new(ready)).await;
        sent.map_err(|_| Error::new(ErrorCode::NotReady, "the session is closed"))
    }

    async fn close(&self, _: Close) {}
}
