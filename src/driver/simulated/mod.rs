//! The engine that lives in the gateway's own process and talks straight to the simulated network.
//!
//! It costs a few kilobytes a session and starts at once: for tests, for demonstrations without a
//! browser, and for bot authors' own test runs. It knows the network's protocol and nothing of how
//! the network works.

mod translate;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{
    sync::{Mutex, mpsc, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use self::translate::{failure, heard, received, reply_to, request_for};
use crate::{
    domain::{Command, Content, Error, ErrorCode, Outgoing, Proxy, Reply, Subject},
    driver::{Capabilities, Close, Connection, Cure, Driver, DriverEvent, Engine, OpenOrder},
    egress::OwnPorts,
    simulator::{
        Device, Network, Pushes,
        protocol::{Answer, DeviceContent, PageFault, Push, RefusalKind, Request},
        told,
    },
};

const EVENTS: usize = 256;
/// As long as a browser's relay waits for the proxy.
const PROXY_DEADLINE: Duration = Duration::from_secs(15);
/// The file in the profile folder that keeps the login.
const CREDENTIAL: &str = "credential";

/// Opens sessions on one simulated network.
pub struct SimulatedEngine {
    network: Network,
    /// No session's proxy is one of these.
    own_ports: OwnPorts,
}

impl SimulatedEngine {
    pub fn new(network: Network) -> Self {
        Self::beside(network, OwnPorts::default())
    }

    /// In a gateway that listens on these ports.
    pub fn beside(network: Network, own_ports: OwnPorts) -> Self {
        Self { network, own_ports }
    }

    /// Nothing goes through a session's proxy here; one that cannot be reached fails as it does in a browser.
    async fn check(&self, proxy: &Proxy) -> Result<(), Error> {
        let Proxy { host, port, .. } = proxy;
        let connecting = timeout(PROXY_DEADLINE, self.own_ports.connect(host, *port)).await;
        let Err(error) = connecting.map_err(std::io::Error::from).flatten() else { return Ok(()) };
        let message = format!("the proxy {host}:{port} cannot be reached: {error}");
        Err(Error::new(ErrorCode::EngineFailed, message).about(Subject::Proxy))
    }
}

#[async_trait]
impl Engine for SimulatedEngine {
    async fn open(&self, order: OpenOrder) -> Result<Connection, Error> {
        if let Some(proxy) = &order.config.proxy {
            self.check(proxy).await?;
        }
        let folder = order.profile;
        tokio::fs::create_dir_all(&folder).await.map_err(|error| {
            Error::new(
                ErrorCode::EngineFailed,
                format!("the profile folder cannot be made: {error}"),
            )
        })?;
        let credential_file = folder.join(CREDENTIAL);
        let credential = tokio::fs::read_to_string(&credential_file).await.ok();
        let (device, pushes) = self.network.connect();
        let device = Arc::new(device);
        let hello = Request::Hello { credential };
        device.request(hello).await.map_err(|refusal| failure(refusal, None))?;
        let (sender, events) = mpsc::channel(EVENTS);
        let closing = CancellationToken::new();
        let (ailment, ailing) = watch::channel(None);
        let ailment = Arc::new(ailment);
        let pump = Pump {
            sender,
            credential_file: credential_file.clone(),
            closing: closing.clone(),
            ailment: ailment.clone(),
        };
        let pump = tokio::spawn(pump.run(pushes));
        let driver = SimulatedDriver {
            device: Mutex::new(Some(device)),
            credential_file,
            closing,
            ailment,
            ailing,
            _pump: AbortOnDropHandle::new(pump),
        };
        Ok(Connection { driver: Arc::new(driver), events })
    }
}

/// The fault that the engine suffers from; the same ones as a page's, with the same cures.
type Ailment = Option<PageFault>;

struct SimulatedDriver {
    /// None once the session is closed.
    device: Mutex<Option<Arc<Device>>>,
    credential_file: PathBuf,
    closing: CancellationToken,
    ailment: Arc<watch::Sender<Ailment>>,
    ailing: watch::Receiver<Ailment>,
    _pump: AbortOnDropHandle<()>,
}

#[async_trait]
impl Driver for SimulatedDriver {
    fn capabilities(&self) -> Capabilities {
        Capabilities { missing: Vec::new(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) }
    }

    async fn execute(&self, command: Command) -> Result<Reply, Error> {
        let device = self.device.lock().await.clone();
        let device =
            device.ok_or_else(|| Error::new(ErrorCode::NotReady, "the session is closed"))?;
        self.answers().await?;
        if command == Command::Ping && *self.ailing.borrow() == Some(PageFault::Deaf) {
            return Err(ill("what happens is no longer heard"));
        }
        carry_out(&device, command).await
    }

    async fn recover(&self, cure: Cure) -> Result<(), Error> {
        let device = self.device.lock().await.clone();
        let device =
            device.ok_or_else(|| Error::new(ErrorCode::NotReady, "the session is closed"))?;
        if cure == Cure::Reinject {
            self.answers().await?;
        }
        self.is_not_hung().await;
        self.ailment.send_replace(None);
        // The network tells who comes anew all that it holds, and that it is ready.
        let credential = tokio::fs::read_to_string(&self.credential_file).await.ok();
        let hello = Request::Hello { credential };
        device.request(hello).await.map(drop).map_err(|refusal| failure(refusal, None))
    }

    async fn close(&self, how: Close) {
        let device = self.device.lock().await.take();
        if let (Close::LogOut, Some(device)) = (how, &device) {
            // Without an account there is nothing to leave.
            let _ = device.request(Request::LogOut).await;
            let _ = tokio::fs::remove_file(&self.credential_file).await;
        }
        self.closing.cancel();
    }
}

impl SimulatedDriver {
    /// Never comes back while the engine hangs, and fails while there is nobody to answer.
    async fn answers(&self) -> Result<(), Error> {
        self.is_not_hung().await;
        match *self.ailing.borrow() {
            Some(PageFault::Emptied) => Err(ill("there is nobody in the engine to answer")),
            _ => Ok(()),
        }
    }

    async fn is_not_hung(&self) {
        if *self.ailing.borrow() == Some(PageFault::Hang) {
            std::future::pending::<()>().await;
        }
    }
}

fn ill(how: &str) -> Error {
    Error::new(ErrorCode::EngineFailed, format!("a planned fault: {how}"))
}

async fn carry_out(device: &Device, command: Command) -> Result<Reply, Error> {
    match command {
        Command::Send(outgoing) => send(device, outgoing).await,
        Command::Chats { offset, limit } => {
            let chats = own_chats(device)?;
            Ok(Reply::Chats(chats.into_iter().skip(offset).take(limit).collect()))
        }
        Command::Contacts { offset, limit } => {
            let contacts = device.contacts();
            Ok(Reply::Contacts(contacts.into_iter().skip(offset).take(limit).collect()))
        }
        Command::DownloadMedia { message, into } => {
            let request = Request::Media { message };
            let answer =
                device.request(request).await.map_err(|r| failure(r, Some(Subject::Media)))?;
            let Answer::Media { media, .. } = answer else { return Err(odd_answer()) };
            let file = device.network().media(&media);
            let file = file.ok_or_else(|| Error::not_found(Subject::Media, "the file is gone"))?;
            tokio::fs::copy(&file.path, &into).await.map_err(|error| {
                Error::new(ErrorCode::EngineFailed, format!("the file cannot be written: {error}"))
            })?;
            Ok(Reply::Done)
        }
        Command::CreateGroup { name, description, participants } => {
            let request = Request::CreateGroup { name, description, participants };
            let answer =
                device.request(request).await.map_err(|r| failure(r, Some(Subject::Group)))?;
            let Answer::GroupCreated { group, participants } = answer else {
                return Err(odd_answer());
            };
            Ok(Reply::GroupCreated { id: group.id, participants })
        }
        Command::Contact { id } => {
            let answer = device.request(Request::Exists { id }).await;
            match answer.map_err(|r| failure(r, Some(Subject::Contact)))? {
                Answer::Exists { contact: Some(contact) } => Ok(Reply::Contact(contact)),
                _ => Err(Error::not_found(Subject::Contact, "this number is not on WhatsApp")),
            }
        }
        Command::Find { message } => match device.request(Request::Message { message }).await {
            Ok(Answer::Messages { messages }) => {
                let mut found = messages.into_iter().next().map(Box::new);
                found.iter_mut().for_each(|message| received(message));
                Ok(Reply::Found(found))
            }
            Err(refusal) if refusal.kind == RefusalKind::UnknownMessage => Ok(Reply::Found(None)),
            Err(refusal) => Err(failure(refusal, None)),
            Ok(_) => Err(odd_answer()),
        },
        Command::Ping => Ok(Reply::Done),
        other => {
            let (request, subject) = request_for(other).ok_or_else(odd_answer)?;
            let answer = device.request(request).await.map_err(|r| failure(r, subject))?;
            reply_to(answer).ok_or_else(odd_answer)
        }
    }
}

fn own_chats(device: &Device) -> Result<Vec<crate::domain::Chat>, Error> {
    device.chats().ok_or_else(|| Error::new(ErrorCode::NotReady, "this device is not linked"))
}

async fn send(device: &Device, outgoing: Outgoing) -> Result<Reply, Error> {
    let content = match outgoing.content {
        Content::Media(media) => {
            let (id, place) = device.network().media_place();
            let unreadable = |error: std::io::Error| {
                Error::new(ErrorCode::EngineFailed, format!("the file cannot be read: {error}"))
            };
            tokio::fs::copy(&media.path, &place).await.map_err(unreadable)?;
            device.network().keep_media(&id, &media.mime).map_err(unreadable)?;
            DeviceContent::Media {
                media: id,
                kind: media.kind,
                mime: media.mime,
                filename: Some(media.filename),
                caption: media.caption,
            }
        }
        content => DeviceContent::Other(content),
    };
    let request = Request::Send {
        key: outgoing.key,
        chat: outgoing.chat,
        content,
        quoted: outgoing.quoted,
        mentions: outgoing.mentions,
    };
    match device.request(request).await.map_err(|r| failure(r, Some(Subject::Chat)))? {
        Answer::Sent { sent, .. } => Ok(Reply::Sent(sent)),
        _ => Err(odd_answer()),
    }
}

fn odd_answer() -> Error {
    Error::new(ErrorCode::EngineFailed, "the simulated network gave an answer to another question")
}

/// Turns what the network pushes into what a session is told.
struct Pump {
    sender: mpsc::Sender<Box<DriverEvent>>,
    credential_file: PathBuf,
    closing: CancellationToken,
    ailment: Arc<watch::Sender<Ailment>>,
}

impl Pump {
    async fn run(self, mut pushes: Pushes) {
        let closing = self.closing.clone();
        loop {
            let Some(Some(push)) = closing.run_until_cancelled(pushes.recv()).await else {
                if !closing.is_cancelled() {
                    let reason = "the network cut the device off".to_owned();
                    let _ = self.sender.send(Box::new(DriverEvent::Crashed { reason })).await;
                }
                return;
            };
            if let Push::Fault {
                fault: fault @ (PageFault::Hang | PageFault::Deaf | PageFault::Emptied),
            } = push
            {
                self.ailment.send_replace(Some(fault));
                continue;
            }
            if self.ailment.borrow().is_some() && !matches!(push, Push::Fault { .. }) {
                continue;
            }
            let (events, ends) = self.events_of(push).await;
            for event in events {
                // The session is gone: nobody is left to tell.
                if self.sender.send(Box::new(event)).await.is_err() {
                    return;
                }
            }
            if ends {
                return;
            }
        }
    }

    /// The events of one push, and whether they are the last.
    async fn events_of(&self, push: Push) -> (Vec<DriverEvent>, bool) {
        match push {
            Push::Reference { reference, attempt, expires_at } => {
                let text = format!("{reference},c2ltdWxhdGVk,ZGV2aWNl,c2VjcmV0");
                (vec![DriverEvent::Qr { text, attempt, expires_at }], false)
            }
            Push::ReferencesExhausted => (vec![DriverEvent::QrExhausted], false),
            Push::Linked { credential, .. } => {
                match tokio::fs::write(&self.credential_file, credential).await {
                    Ok(()) => (vec![DriverEvent::Authenticated], false),
                    Err(error) => {
                        let reason = format!("the login cannot be kept: {error}");
                        (vec![DriverEvent::Crashed { reason }], true)
                    }
                }
            }
            Push::Snapshot { me, identities, .. } => {
                let line = DriverEvent::Line { state: "CONNECTED".to_owned(), connected: true };
                let mut events = vec![DriverEvent::Authenticated, line, DriverEvent::Ready { me }];
                events.extend(identities.into_iter().map(|pair| DriverEvent::Happened(told(pair))));
                (events, false)
            }
            Push::Happened { event } => (vec![DriverEvent::Happened(heard(event))], false),
            Push::Line { connected } => {
                let state = if connected { "CONNECTED" } else { "TIMEOUT" }.to_owned();
                (vec![DriverEvent::Line { state, connected }], false)
            }
            // The rules of the time are the network's own here.
            Push::Clock { .. } => (Vec::new(), false),
            Push::Unlinked => {
                let _ = tokio::fs::remove_file(&self.credential_file).await;
                (vec![DriverEvent::LoggedOut], true)
            }
            Push::Fault { .. } => {
                let reason = "a planned fault: the engine ends".to_owned();
                (vec![DriverEvent::Crashed { reason }], true)
            }
        }
    }
}
