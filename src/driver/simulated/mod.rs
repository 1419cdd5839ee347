//! In-process engine on the simulated network, for tests and for demonstrations without a browser.
//!
//! It costs a few kilobytes per session and starts at once. It knows the network's protocol alone.

mod translate;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{
    sync::{Mutex, mpsc, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use self::translate::{as_event, failure, received, reply_to, request_for};
use crate::{
    domain::{Command, Content, Error, ErrorCode, Outgoing, Proxy, Reply, Subject},
    driver::{
        Capabilities, Close, Driver, DriverEvent, EngineFactory, OpenRequest, OpenedEngine,
        RecoveryMethod,
    },
    egress::OwnPorts,
    simulator::{
        Device, Network, Pushes, identity_learned,
        protocol::{Answer, DeviceContent, PageFault, Push, RefusalKind, Request},
    },
};

const EVENTS: usize = 256;
/// The same deadline as that of a browser's proxy relay.
const PROXY_DEADLINE: Duration = Duration::from_secs(15);
/// The file in the profile folder with the login.
const CREDENTIAL: &str = "credential";

/// Opens sessions on one simulated network.
pub struct SimulatedEngine {
    network: Network,
    /// Ports that no session may use as its proxy.
    own_ports: OwnPorts,
}

impl SimulatedEngine {
    pub fn new(network: Network) -> Self {
        Self::beside(network, OwnPorts::default())
    }

    /// For a gateway that listens on these ports.
    pub fn beside(network: Network, own_ports: OwnPorts) -> Self {
        Self { network, own_ports }
    }

    /// This engine sends nothing through the proxy. An unreachable proxy fails as it does in a browser.
    async fn check(&self, proxy: &Proxy) -> Result<(), Error> {
        let Proxy { host, port, .. } = proxy;
        let connecting = timeout(PROXY_DEADLINE, self.own_ports.connect(host, *port)).await;
        let Err(error) = connecting.map_err(std::io::Error::from).flatten() else { return Ok(()) };
        let message = format!("the proxy {host}:{port} cannot be reached: {error}");
        Err(Error::new(ErrorCode::EngineFailed, message).about(Subject::Proxy))
    }
}

#[async_trait]
impl EngineFactory for SimulatedEngine {
    async fn open(&self, request: OpenRequest) -> Result<OpenedEngine, Error> {
        if let Some(proxy) = &request.config.proxy {
            self.check(proxy).await?;
        }
        let folder = request.profile;
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
        let (active_fault, fault) = watch::channel(None);
        let active_fault = Arc::new(active_fault);
        let pump = Pump {
            sender,
            credential_file: credential_file.clone(),
            closing: closing.clone(),
            active_fault: active_fault.clone(),
        };
        let pump = tokio::spawn(pump.run(pushes));
        let driver = SimulatedDriver {
            device: Mutex::new(Some(device)),
            credential_file,
            closing,
            active_fault,
            fault,
            _pump: AbortOnDropHandle::new(pump),
        };
        Ok(OpenedEngine { driver: Arc::new(driver), events })
    }
}

/// The planned fault that the engine acts out: the same as a page's, recovered in the same way.
type ActiveFault = Option<PageFault>;

struct SimulatedDriver {
    /// None once the session is closed.
    device: Mutex<Option<Arc<Device>>>,
    credential_file: PathBuf,
    closing: CancellationToken,
    active_fault: Arc<watch::Sender<ActiveFault>>,
    fault: watch::Receiver<ActiveFault>,
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
        self.check_faults().await?;
        if command == Command::Ping && *self.fault.borrow() == Some(PageFault::Deaf) {
            return Err(planned("events are no longer reported"));
        }
        carry_out(&device, command).await
    }

    async fn recover(&self, method: RecoveryMethod) -> Result<(), Error> {
        let device = self.device.lock().await.clone();
        let device =
            device.ok_or_else(|| Error::new(ErrorCode::NotReady, "the session is closed"))?;
        if method == RecoveryMethod::Soft {
            self.check_faults().await?;
        }
        self.wait_while_hung().await;
        self.active_fault.send_replace(None);
        // The network sends a snapshot after the greeting, which makes the engine ready.
        let credential = tokio::fs::read_to_string(&self.credential_file).await.ok();
        let hello = Request::Hello { credential };
        device.request(hello).await.map(drop).map_err(|refusal| failure(refusal, None))
    }

    async fn close(&self, how: Close) {
        let device = self.device.lock().await.take();
        if let (Close::LogOut, Some(device)) = (how, &device) {
            // A device without an account cannot log out.
            let _ = device.request(Request::LogOut).await;
            let _ = tokio::fs::remove_file(&self.credential_file).await;
        }
        self.closing.cancel();
    }
}

impl SimulatedDriver {
    /// Never returns while the engine hangs, and fails while it is emptied.
    async fn check_faults(&self) -> Result<(), Error> {
        self.wait_while_hung().await;
        match *self.fault.borrow() {
            Some(PageFault::Emptied) => Err(planned("the engine is empty")),
            _ => Ok(()),
        }
    }

    async fn wait_while_hung(&self) {
        if *self.fault.borrow() == Some(PageFault::Hang) {
            std::future::pending::<()>().await;
        }
    }
}

fn planned(how: &str) -> Error {
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
            let file = device.network().media().get(&media);
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
        Command::Screenshot => {
            let message = "The simulated engine has no browser, so there is nothing to see";
            Err(Error::new(ErrorCode::Unsupported, message))
        }
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
            let (id, place) = device.network().media().place();
            let unreadable = |error: std::io::Error| {
                Error::new(ErrorCode::EngineFailed, format!("the file cannot be read: {error}"))
            };
            tokio::fs::copy(&media.path, &place).await.map_err(unreadable)?;
            device.network().media().keep(&id, &media.mime).map_err(unreadable)?;
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
    Error::new(ErrorCode::EngineFailed, "unexpected answer of the simulated network")
}

/// Translates the network's pushes into driver events.
struct Pump {
    sender: mpsc::Sender<Box<DriverEvent>>,
    credential_file: PathBuf,
    closing: CancellationToken,
    active_fault: Arc<watch::Sender<ActiveFault>>,
}

impl Pump {
    async fn run(self, mut pushes: Pushes) {
        let closing = self.closing.clone();
        loop {
            let Some(Some(push)) = closing.run_until_cancelled(pushes.recv()).await else {
                if !closing.is_cancelled() {
                    let reason = "the network disconnected the device".to_owned();
                    let _ = self.sender.send(Box::new(DriverEvent::Crashed { reason })).await;
                }
                return;
            };
            if let Push::Fault {
                fault: fault @ (PageFault::Hang | PageFault::Deaf | PageFault::Emptied),
            } = push
            {
                self.active_fault.send_replace(Some(fault));
                continue;
            }
            if self.active_fault.borrow().is_some() && !matches!(push, Push::Fault { .. }) {
                continue;
            }
            let (events, ends) = self.events_of(push).await;
            for event in events {
                // A closed session receives no events.
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
                        let reason = format!("the login cannot be written: {error}");
                        (vec![DriverEvent::Crashed { reason }], true)
                    }
                }
            }
            Push::Snapshot { me, identities, .. } => {
                let line =
                    DriverEvent::Connection { state: "CONNECTED".to_owned(), connected: true };
                let mut events = vec![DriverEvent::Authenticated, line, DriverEvent::Ready { me }];
                let learned = identities.into_iter().map(identity_learned);
                events.extend(learned.map(DriverEvent::Event));
                (events, false)
            }
            Push::Happened { event } => (vec![DriverEvent::Event(as_event(event))], false),
            Push::Line { connected } => {
                let state = if connected { "CONNECTED" } else { "TIMEOUT" }.to_owned();
                (vec![DriverEvent::Connection { state, connected }], false)
            }
            // The network itself applies the rules of time.
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
