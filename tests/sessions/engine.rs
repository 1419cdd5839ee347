//! A scripted engine: healthy or failing, recoverable or not, and of a size that grows.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use wagate::{
    domain::{Ack, Command, Error, ErrorCode, Me, Reply, clock::from_seconds, command::Sent},
    driver::{
        Capabilities, Close, Driver, DriverEvent, EngineFactory, OpenRequest, OpenedEngine,
        RecoveryMethod,
    },
};

/// Of the codes to type; the clock of the tests stands.
pub const PAIRING_CODE_LIFE: Duration = Duration::from_secs(2);

/// How an engine answers to its probes, or to a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Well,
    Fails,
    Hangs,
    /// A recovery that reports success and changes nothing.
    Pretends,
    /// A recovery that helps without an event.
    Silent,
}

/// What all engines of a test have in common, steered by the test.
pub struct Engine {
    health: Mutex<Manner>,
    /// What recoveries do, and which were tried.
    reinject: Mutex<Manner>,
    reload: Mutex<Manner>,
    recoveries: Mutex<Vec<RecoveryMethod>>,
    /// What an engine says as soon as it is open.
    first_words: Mutex<Vec<DriverEvent>>,
    events: Mutex<Option<mpsc::Sender<Box<DriverEvent>>>>,
    sent: Mutex<Vec<String>>,
    /// What is held waits until it is let go.
    held_sends: watch::Sender<bool>,
    held_opening: watch::Sender<bool>,
    held_cures: watch::Sender<bool>,
    refreshes: AtomicU64,
    pub opened: AtomicU64,
    pub closed: AtomicU64,
    pub pings: AtomicU64,
    pub memory: AtomicU64,
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap()
}

impl Engine {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            health: Mutex::new(Manner::Well),
            reinject: Mutex::new(Manner::Well),
            reload: Mutex::new(Manner::Well),
            recoveries: Mutex::default(),
            first_words: Mutex::new(ready()),
            events: Mutex::default(),
            sent: Mutex::default(),
            held_sends: watch::Sender::new(false),
            held_opening: watch::Sender::new(false),
            held_cures: watch::Sender::new(false),
            refreshes: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            pings: AtomicU64::new(0),
            memory: AtomicU64::new(1),
        })
    }

    /// It fails its probes from now on, and recoveries do this.
    pub fn ail(&self, health: Manner, reinject: Manner, reload: Manner) {
        (*lock(&self.reinject), *lock(&self.reload)) = (reinject, reload);
        *lock(&self.health) = health;
    }

    pub fn recover(&self) {
        *lock(&self.health) = Manner::Well;
    }

    pub fn recoveries(&self) -> Vec<RecoveryMethod> {
        lock(&self.recoveries).clone()
    }

    /// The chats that were sent to, in order.
    pub fn sent(&self) -> Vec<String> {
        lock(&self.sent).clone()
    }

    /// Sends take until they are let go.
    pub fn hold_sends(&self, hold: bool) {
        self.held_sends.send_replace(hold);
    }

    /// Recoveries wait until they are released.
    pub fn hold_cures(&self, hold: bool) {
        self.held_cures.send_replace(hold);
    }

    /// No engine opens until it may.
    pub fn hold_opening(&self, hold: bool) {
        self.held_opening.send_replace(hold);
    }

    /// Engines that open from now on ask for a scan.
    pub fn forget_login(&self) {
        *lock(&self.first_words) = vec![code()];
    }

    /// Engines that open from now on show nothing.
    pub fn say_nothing(&self) {
        lock(&self.first_words).clear();
    }

    /// How often new codes were asked for.
    pub fn refreshes(&self) -> u64 {
        self.refreshes.load(Ordering::SeqCst)
    }

    pub async fn say(&self, event: DriverEvent) {
        let events = lock(&self.events).clone().expect("no engine is open");
        events.send(Box::new(event)).await.unwrap();
    }

    pub fn count(&self, which: impl Fn(&Self) -> &AtomicU64) -> u64 {
        which(self).load(Ordering::SeqCst)
    }
}

pub fn code() -> DriverEvent {
    let expires_at = from_seconds(2_000_000);
    DriverEvent::Qr { text: "code".to_owned(), attempt: 1, expires_at }
}

fn ready() -> Vec<DriverEvent> {
    let id = "15557654321@c.us".parse().unwrap();
    let me = Me { id, lid: None, push_name: None, platform: None };
    let connected = DriverEvent::Connection { state: "CONNECTED".to_owned(), connected: true };
    vec![DriverEvent::Ready { me }, connected]
}

/// Opens sessions on a shared engine.
pub struct Opener(pub Arc<Engine>);

#[async_trait]
impl EngineFactory for Opener {
    async fn open(&self, _order: OpenRequest) -> Result<OpenedEngine, Error> {
        released(&self.0.held_opening).await;
        let (sender, events) = mpsc::channel(64);
        let first_words = lock(&self.0.first_words).clone();
        for event in first_words {
            sender.send(Box::new(event)).await.unwrap();
        }
        *lock(&self.0.events) = Some(sender);
        // A new engine is healthy and small, whatever was wrong with the former one.
        self.0.recover();
        self.0.memory.store(1, Ordering::SeqCst);
        self.0.opened.fetch_add(1, Ordering::SeqCst);
        Ok(OpenedEngine { driver: Arc::new(Opened(self.0.clone())), events })
    }
}

async fn released(held: &watch::Sender<bool>) {
    held.subscribe().wait_for(|held| !held).await.unwrap();
}

struct Opened(Arc<Engine>);

async fn behave(manner: Manner, what: &str) -> Result<(), Error> {
    match manner {
        Manner::Well | Manner::Pretends | Manner::Silent => Ok(()),
        Manner::Fails => Err(Error::new(ErrorCode::EngineFailed, format!("{what} failed"))),
        Manner::Hangs => std::future::pending().await,
    }
}

#[async_trait]
impl Driver for Opened {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn execute(&self, command: Command) -> Result<Reply, Error> {
        let health = *lock(&self.0.health);
        match command {
            Command::Ping => {
                self.0.pings.fetch_add(1, Ordering::SeqCst);
                behave(health, "the probe").await?;
                Ok(Reply::Done)
            }
            Command::Send(outgoing) => {
                released(&self.0.held_sends).await;
                lock(&self.0.sent).push(outgoing.chat.to_string());
                let id = format!("true_{}_{}", outgoing.chat, outgoing.key).parse().unwrap();
                let timestamp = from_seconds(1_000_000);
                Ok(Reply::Sent(Sent { id, timestamp, ack: Ack::Sent, recipients: None }))
            }
            Command::PairingCode { .. } => {
                let life = i64::try_from(PAIRING_CODE_LIFE.as_secs()).unwrap();
                let expires_at = from_seconds(1_000_000 + life);
                Ok(Reply::PairingCode { code: "ABCD1234".to_owned(), expires_at })
            }
            Command::RefreshQr => {
                self.0.refreshes.fetch_add(1, Ordering::SeqCst);
                Ok(Reply::Done)
            }
            Command::Chats { .. } => Ok(Reply::Chats(Vec::new())),
            Command::Contacts { .. } => Ok(Reply::Contacts(Vec::new())),
            Command::Find { .. } => Ok(Reply::Found(None)),
            _ => Ok(Reply::Done),
        }
    }

    async fn recover(&self, method: RecoveryMethod) -> Result<(), Error> {
        lock(&self.0.recoveries).push(method);
        let manner = match method {
            RecoveryMethod::Soft => *lock(&self.0.reinject),
            RecoveryMethod::Reconnect => *lock(&self.0.reload),
        };
        released(&self.0.held_cures).await;
        behave(manner, "the recovery").await?;
        if manner != Manner::Pretends {
            self.0.recover();
        }
        let words = if manner == Manner::Silent { Vec::new() } else { ready() };
        for event in words {
            self.0.say(event).await;
        }
        Ok(())
    }

    async fn describe_state(&self) -> Option<String> {
        Some("mode SYNCING".to_owned())
    }

    async fn close(&self, _how: Close) {
        self.0.closed.fetch_add(1, Ordering::SeqCst);
    }

    fn memory(&self) -> Option<u64> {
        Some(self.0.memory.load(Ordering::SeqCst))
    }
}
