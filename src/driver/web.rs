//! Engine of the web chat of a bot: what is sent is there for the visitor once it is stored, so that nothing is handed to
//! anybody. What comes in is taken in by the API.

use async_trait::async_trait;

use crate::{
    domain::{
        Ack, Clock, Command, Content, Error, ErrorCode, Jid, Me, MessageId, Reply, command::Sent,
    },
    driver::{
        Capabilities, Close, Driver, EngineFactory, OpenRequest, OpenedEngine, RecoveryMethod,
        stored_channel::{self, Line},
    },
};

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
        let clock = self.clock.clone();
        Ok(Line::open(me, |line| WebDriver { clock, line }))
    }
}

struct WebDriver {
    clock: Clock,
    line: Line,
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
            other => stored_channel::execute(&other, "in a web chat"),
        }
    }

    async fn recover(&self, _: RecoveryMethod) -> Result<(), Error> {
        self.line.ready().await
    }

    async fn close(&self, _: Close) {}
}
