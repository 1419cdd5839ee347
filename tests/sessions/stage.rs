//! A supervisor with one session on the test's engine, its events, and its outbox.

use std::{collections::HashMap, future::Future, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wagate::{
    domain::{
        Clock, Content, Error, EventBody, SessionConfig, SessionState, SessionStatus,
        clock::from_seconds,
        outbox::{OutboxState, SendOptions},
        session::EngineKind,
    },
    egress::{Guard, OwnPorts},
    events::EventLog,
    messaging::{
        Ingest, Messaging, MessagingParts, Outbox, OutboxParts, OutboxSettings, Pace, Reservations,
        SendOutcome, SendRequest, SendResults, UploadLimits,
    },
    session::{RecoveryDeadlines, SessionHandle, Supervisor, SupervisorParts, SupervisorSettings},
    store::Store,
};

use crate::engine::{Engine, Opener};

pub const PATIENCE: Duration = Duration::from_secs(20);
/// As short as the tests can be sure of on a slow machine.
const STAGE: Duration = Duration::from_millis(300);

pub struct Stage {
    pub engine: Arc<Engine>,
    pub supervisor: Supervisor,
    pub session: SessionHandle,
    pub clock: Clock,
    log: EventLog,
    messaging: Messaging,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Stage {
    pub async fn start(change: impl FnOnce(&mut SupervisorSettings)) -> Self {
        Self::start_on(Engine::new(), SessionConfig::default(), change).await
    }

    pub async fn start_on(
        engine: Arc<Engine>,
        config: SessionConfig,
        change: impl FnOnce(&mut SupervisorSettings),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(from_seconds(1_000_000));
        let store = Store::temporary().await.unwrap();
        let log = EventLog::open(store.clone(), clock.clone()).await.unwrap();
        let ingest = Ingest::new(store.clone(), log.clone(), clock.clone());
        let opener: Arc<dyn wagate::driver::EngineFactory> = Arc::new(Opener(engine.clone()));
        let mut settings = SupervisorSettings {
            probe_interval: Duration::from_millis(100),
            recovery: RecoveryDeadlines { reinject: STAGE, reload: STAGE },
            ..SupervisorSettings::default()
        };
        change(&mut settings);
        let supervisor = Supervisor::start(SupervisorParts {
            engines: HashMap::from([(EngineKind::Browser, opener)]),
            store: store.clone(),
            sink: ingest.clone(),
            clock: clock.clone(),
            sessions_dir: folder.path().to_owned(),
            settings,
        })
        .await
        .unwrap();
        let parts = OutboxParts {
            store: store.clone(),
            supervisor: supervisor.clone(),
            results: SendResults::of(&ingest),
            events: log.clone(),
            clock: clock.clone(),
            settings: OutboxSettings {
                holds: wagate::domain::failure::HoldTimes::default(),
                pace: Pace { pause: Duration::ZERO, at_once: 4 },
                most_waiting: 100,
                retention: Duration::from_secs(3_600),
            },
            run: uuid::Uuid::new_v4(),
            reservations: Reservations::default(),
        };
        let stop = CancellationToken::new();
        let outbox = Outbox::start(parts, &TaskTracker::new(), stop.clone()).await.unwrap();
        let messaging = Messaging::new(MessagingParts {
            store,
            supervisor: supervisor.clone(),
            ingest,
            outbox,
            clock: clock.clone(),
            media_dir: folder.path().join("media"),
            upload_limits: UploadLimits {
                size: 1024,
                fetch_deadline: PATIENCE,
                sources: Guard::for_media(OwnPorts::default(), false),
            },
        });
        let session = supervisor.create("s".parse().unwrap(), config).await.unwrap();
        Self { engine, supervisor, session, clock, log, messaging, stop, _folder: folder }
    }

    pub async fn wait_for(&self, state: SessionState) -> SessionStatus {
        let status = self.session.wait_until(PATIENCE, |status| status.state == state).await;
        assert_eq!(status.state, state, "{:#?}", self.session.log(50));
        status
    }

    /// Sends a message to a person; `patient` ones wait for the session.
    pub async fn send(&self, to: &str, patient: bool) -> Result<SendOutcome, Error> {
        let request = SendRequest {
            key: None,
            chat: to.parse().unwrap(),
            content: Content::Text { body: "hello".to_owned() },
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
        };
        let terms = SendOptions { queue_if_offline: patient, ..SendOptions::default() };
        self.messaging.sends.send(self.session.id(), request, terms).await
    }

    /// How far the sends have come, newest first.
    pub async fn outbox(&self) -> Vec<OutboxState> {
        let entries = self.messaging.outbox.page(self.session.id(), None, 100).await.unwrap();
        entries.into_iter().map(|entry| entry.state).collect()
    }

    /// The events of the session itself.
    pub async fn reported(&self) -> Vec<String> {
        let events = self.log.read(Some(self.session.status().uuid), 0, 1_000).await.unwrap();
        let words = events.iter().filter_map(|event| match event.body.whatsapp()? {
            EventBody::StateChanged { state, .. } => Some(state.as_str().to_owned()),
            EventBody::Disconnected { reason, .. } => Some(format!("{reason:?}")),
            EventBody::Qr { .. } => Some("code".to_owned()),
            EventBody::Ready { .. } => Some("is ready".to_owned()),
            _ => None,
        });
        words.collect()
    }

    pub async fn end(self) {
        self.stop.cancel();
        self.supervisor.stop().await;
    }
}

/// Asks again and again until it is so.
pub async fn until<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what}: did not happen"));
}
