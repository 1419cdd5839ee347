//! Line of a channel whose chats lie in the gateway's store alone: SMS and web chats. Such an engine is ready as soon as
//! it is open, and has nothing to list.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::{
    domain::{Command, Error, ErrorCode, Me, Reply},
    driver::{Driver, DriverEvent, OpenedEngine},
};

const EVENTS: usize = 16;

/// Reports of the engine to its session.
pub struct Line {
    me: Me,
    events: mpsc::Sender<Box<DriverEvent>>,
}

impl Line {
    /// Opens an engine, which reports that it is ready.
    pub fn open<D: Driver>(me: Me, driver: impl FnOnce(Self) -> D) -> OpenedEngine {
        let (sender, events) = mpsc::channel(EVENTS);
        // The channel has room for it.
        let _ = sender.try_send(Box::new(DriverEvent::Ready { me: me.clone() }));
        OpenedEngine { driver: Arc::new(driver(Self { me, events: sender })), events }
    }

    pub fn me(&self) -> &Me {
        &self.me
    }

    /// Reports once more that the engine is ready.
    pub async fn ready(&self) -> Result<(), Error> {
        let ready = DriverEvent::Ready { me: self.me.clone() };
        let sent = self.events.send(Box::new(ready)).await;
        sent.map_err(|_| Error::new(ErrorCode::NotReady, "the session is closed"))
    }
}

/// Answers a command that is neither a send nor a look-up. `channel` is how the channel is named in a refusal: `by SMS`.
pub fn execute(command: &Command, channel: &str) -> Result<Reply, Error> {
    match command {
        Command::Chats { .. } => Ok(Reply::Chats(Vec::new())),
        Command::Messages { .. } => Ok(Reply::Messages(Vec::new())),
        Command::Contacts { .. } => Ok(Reply::Contacts(Vec::new())),
        Command::Receipts { .. } => Ok(Reply::Receipts(Vec::new())),
        // The other side has no notion of these.
        Command::MarkRead { .. }
        | Command::Archive { .. }
        | Command::Typing { .. }
        | Command::Ping => Ok(Reply::Done),
        Command::Send(_)
        | Command::Find { .. }
        | Command::Edit { .. }
        | Command::Revoke { .. }
        | Command::React { .. }
        | Command::Contact { .. }
        | Command::Group { .. }
        | Command::CreateGroup { .. }
        | Command::AddParticipants { .. }
        | Command::RemoveParticipants { .. }
        | Command::DownloadMedia { .. }
        | Command::PairingCode { .. }
        | Command::Screenshot
        | Command::RefreshQr => {
            Err(Error::new(ErrorCode::Unsupported, format!("there is no such thing {channel}")))
        }
    }
}
