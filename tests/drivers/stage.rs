//! A simulated network, an engine on it, and sessions whose events can be waited for.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::{sync::mpsc, time::timeout};
use wagate::{
    api::Door,
    domain::{
        Clock, Command, Content, Error, EventBody, Jid, Me, Message, MessageId, Outgoing, Reply,
        SessionConfig, command::Sent,
    },
    driver::{
        Capabilities, Close, Driver, DriverEvent, EngineFactory, OpenRequest,
        browser::{BrowserEngine, BrowserSettings},
        simulated::SimulatedEngine,
    },
    simulator::{Network, NetworkSettings},
};

pub const ECHO: &str = "15550000001";
pub const ADA: &str = "15550000011";
pub const GRACE: &str = "15550000012";
pub const OWNER: &str = "15557654321";
/// Longer than anything here takes on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Stage {
    pub folder: TempDir,
    pub network: Network,
    pub settings: Option<BrowserSettings>,
    _door: Option<Door>,
}

impl Stage {
    pub fn in_process() -> Self {
        Self::new(false, |_| ())
    }

    /// The network's page is served, and sessions open in Chromium.
    pub fn chromium() -> Self {
        Self::new(true, |_| ())
    }

    /// The same on a network on which codes live so long and are so many.
    pub fn with_codes(self, life: Duration, codes: u32) -> Self {
        Self::new(self.settings.is_some(), |settings| {
            (settings.first_reference_life, settings.reference_life) = (life, life);
            settings.references = codes;
        })
    }

    fn new(in_chromium: bool, change: impl FnOnce(&mut NetworkSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = NetworkSettings::new(folder.path().join("network"), Clock::system());
        change(&mut settings);
        let network = Network::new(settings).unwrap();
        let door = in_chromium.then(|| Door::open(network.clone()).unwrap());
        let settings = door.as_ref().map(|door| BrowserSettings {
            url: "https://web.whatsapp.com/".to_owned(),
            resolve_to: Some(door.address.to_string()),
            trusted_key: Some(door.key.clone()),
            executable: None,
            extra_args: Vec::new(),
            allow_overrides: false,
            allowed_hosts: Vec::new(),
            clock: Clock::system(),
            own_ports: wagate::egress::OwnPorts::default(),
        });
        Self { folder, network, settings, _door: door }
    }

    pub fn engine(&self) -> Arc<dyn EngineFactory> {
        match &self.settings {
            Some(settings) => Arc::new(BrowserEngine::new(settings.clone())),
            None => Arc::new(SimulatedEngine::new(self.network.clone())),
        }
    }

    pub fn profile(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn open(&self, name: &str) -> Session {
        self.open_with(name, SessionConfig::default()).await.unwrap()
    }

    pub async fn open_with(&self, name: &str, config: SessionConfig) -> Result<Session, Error> {
        let order = OpenRequest {
            session: name.parse().unwrap(),
            config,
            profile: self.profile(name),
            deadline: Duration::from_secs(60),
        };
        let connection = self.engine().open(order).await?;
        Ok(Session { driver: connection.driver, events: connection.events, seen: Vec::new() })
    }

    /// A session that a phone has linked.
    pub async fn linked(&self, name: &str, phone: &str) -> Session {
        let mut session = self.open(name).await;
        self.scan(&mut session, phone).await;
        session.ready().await;
        session
    }

    /// Waits until a person's phone shows a message of the session's owner, in the state wished for.
    pub async fn on_phone(
        &self,
        phone: &Jid,
        key: &str,
        is_it: impl Fn(&Message) -> bool,
    ) -> Message {
        let look = || {
            let messages = self.network.phone(phone).messages(&person(OWNER));
            messages.into_iter().find(|message| &*message.id.key == key && is_it(message))
        };
        let looking = async {
            loop {
                match look() {
                    Some(found) => return found,
                    None => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        timeout(PATIENCE, looking).await.expect("it never showed on the phone")
    }

    pub async fn scan(&self, session: &mut Session, phone: &str) {
        let code = session.code().await;
        let owner = Some(format!("Owner of {phone}"));
        self.network.account(&person(phone)).scan(owner, &code).unwrap();
    }
}

pub struct Session {
    pub driver: Arc<dyn Driver>,
    events: mpsc::Receiver<Box<DriverEvent>>,
    /// Events that came while another was waited for.
    seen: Vec<DriverEvent>,
}

impl Session {
    /// Waits for the first event that `choose` likes, whether it has come already or not, and takes it.
    pub async fn await_event<T>(
        &mut self,
        what: &str,
        choose: impl Fn(&DriverEvent) -> Option<T>,
    ) -> T {
        for (place, event) in self.seen.iter().enumerate() {
            if let Some(found) = choose(event) {
                self.seen.remove(place);
                return found;
            }
        }
        let waiting = async {
            while let Some(event) = self.events.recv().await {
                match choose(&event) {
                    Some(found) => return Some(found),
                    None => self.seen.push(*event),
                }
            }
            None
        };
        match timeout(PATIENCE, waiting).await {
            Ok(Some(found)) => found,
            Ok(None) => panic!("{what}: the engine ended; received {:#?}", self.seen),
            Err(_) => panic!("{what}: no such event; instead {:#?}", self.seen),
        }
    }

    pub async fn code(&mut self) -> String {
        self.await_event("a code", |event| match event {
            DriverEvent::Qr { text, .. } => Some(text.clone()),
            _ => None,
        })
        .await
    }

    pub async fn ready(&mut self) -> Me {
        self.await_event("ready", |event| match event {
            DriverEvent::Ready { me } => Some(me.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for something that happened in the account.
    pub async fn happened<T>(&mut self, what: &str, choose: impl Fn(&EventBody) -> Option<T>) -> T {
        self.await_event(what, |event| match event {
            DriverEvent::Event(body) => choose(body),
            _ => None,
        })
        .await
    }

    /// Waits for a message that came in.
    pub async fn message(&mut self, what: &str, is_it: impl Fn(&Message) -> bool) -> Message {
        self.happened(what, |body| match body {
            EventBody::Message { message } if is_it(message) => Some((**message).clone()),
            _ => None,
        })
        .await
    }

    /// Whether such an event has come so far, waited for or not.
    pub fn has_seen(&self, is_it: impl Fn(&DriverEvent) -> bool) -> bool {
        self.seen.iter().any(is_it)
    }

    /// The first of the events that came so far, waited for or not, that is like this.
    pub fn first_seen(&self, is_it: impl Fn(&DriverEvent) -> bool) -> Option<&DriverEvent> {
        self.seen.iter().find(|event| is_it(event))
    }

    pub async fn ask(&self, command: Command) -> Result<Reply, Error> {
        let name = command.name();
        match timeout(PATIENCE, self.driver.execute(command)).await {
            Ok(reply) => reply,
            Err(_) => panic!("{name}: no answer"),
        }
    }

    pub async fn send(&self, to: &Jid, content: Content) -> Result<Sent, Error> {
        let outgoing = Outgoing {
            key: Outgoing::new_key(),
            chat: to.clone(),
            content,
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
        };
        self.send_out(outgoing).await
    }

    pub async fn send_out(&self, outgoing: Outgoing) -> Result<Sent, Error> {
        let key = outgoing.key.clone();
        let reply = self.ask(Command::Send(outgoing)).await?;
        let Reply::Sent(sent) = reply else { panic!("a send was answered with {reply:?}") };
        assert_eq!(*sent.id.key, *key, "the message has another key than the one that was chosen");
        Ok(sent)
    }

    pub async fn say(&self, to: &Jid, text: &str) -> MessageId {
        self.send(to, Content::Text { body: text.to_owned() }).await.unwrap().id
    }

    pub fn capabilities(&self) -> Capabilities {
        self.driver.capabilities()
    }

    pub async fn close(self, how: Close) {
        timeout(PATIENCE, self.driver.close(how)).await.expect("it does not close");
    }
}

pub fn person(phone: &str) -> Jid {
    Jid::of_phone(phone).unwrap()
}

pub fn text(body: &str) -> Content {
    Content::Text { body: body.to_owned() }
}
