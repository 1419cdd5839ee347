//! Sessions with a supervisor on real engines that ail: what brings them back, and that nothing which
//! happened meanwhile is missing from the log.

use std::{collections::HashMap, time::Duration};

use tokio::time::timeout;
use wagate::{
    domain::{
        Body, Clock, Command, Content, EventBody, Outgoing, Reply, SessionConfig, SessionState,
        SessionStatus,
        session::{EngineKind, RecoveryOutcome, RecoveryStage},
    },
    events::EventLog,
    messaging::Ingest,
    session::{RecoveryDeadlines, SessionHandle, Supervisor, SupervisorParts, SupervisorSettings},
    simulator::protocol::PageFault,
    store::Store,
};

use crate::{
    processes::main_process,
    stage::{ADA, OWNER, PATIENCE, Stage, person},
};

struct Supervised {
    stage: Stage,
    supervisor: Supervisor,
    session: SessionHandle,
    log: EventLog,
}

impl Supervised {
    /// A session that a phone has linked, and in which somebody has written before.
    async fn start(stage: Stage) -> Self {
        let store = Store::temporary().await.unwrap();
        let log = EventLog::open(store.clone(), Clock::system()).await.unwrap();
        let settings = SupervisorSettings {
            probe_interval: Duration::from_secs(1),
            recovery: RecoveryDeadlines {
                reinject: Duration::from_secs(5),
                reload: Duration::from_secs(15),
            },
            ..SupervisorSettings::default()
        };
        let supervisor = Supervisor::start(SupervisorParts {
            engines: HashMap::from([(EngineKind::Browser, stage.engine())]),
            sink: Ingest::new(store.clone(), log.clone(), Clock::system()),
            store,
            clock: Clock::system(),
            sessions_dir: stage.folder.path().to_owned(),
            settings,
        })
        .await
        .unwrap();
        let config = SessionConfig { qr_timeout: 0, ..SessionConfig::default() };
        let session = supervisor.create("one".parse().unwrap(), config).await.unwrap();
        let status = session.wait_until(PATIENCE, |status| status.qr.is_some()).await;
        let code = status.qr.expect("there is no code").text;
        stage.network.account(&person(OWNER)).scan(None, &code).unwrap();
        let supervised = Self { stage, supervisor, session, log };
        supervised.wait_for("ready", |status| status.state == SessionState::Ready).await;
        supervised.receives("before").await;
        supervised
    }

    async fn wait_for(
        &self,
        what: &str,
        is_so: impl Fn(&SessionStatus) -> bool + Send + Sync,
    ) -> SessionStatus {
        let status = self.session.wait_until(PATIENCE * 2, &is_so).await;
        assert!(is_so(&status), "{what}: did not happen\n{:#?}", self.session.log(50));
        status
    }

    fn write(&self, text: &str) {
        self.stage.network.phone(&person(ADA)).write(&person(OWNER), text).unwrap();
    }

    /// Waits until a message is in the log, which it is once.
    async fn has_logged(&self, text: &str) {
        let looking = async {
            loop {
                let events = self.log.read(None, 0, 10_000).await.unwrap();
                let is_it = |body: &Body| matches!(body.whatsapp(), Some(EventBody::Message { message }) if message.body == text);
                match events.iter().filter(|event| is_it(&event.body)).count() {
                    0 => tokio::time::sleep(Duration::from_millis(10)).await,
                    times => return assert_eq!(times, 1),
                }
            }
        };
        let received = timeout(PATIENCE, looking).await;
        received.unwrap_or_else(|_| panic!("{text}: lost\n{:#?}", self.session.log(50)));
    }

    async fn receives(&self, text: &str) {
        self.write(text);
        self.has_logged(text).await;
    }

    fn browser(&self) -> Option<u32> {
        main_process(&self.stage.profile("one").join("profile"))
    }

    async fn break_page(&self, fault: PageFault) {
        assert_eq!(self.stage.network.account(&person(OWNER)).inject_page_fault(fault), 1);
        self.write("meanwhile");
    }

    /// Waits until a recovery has ended well, and checks that the session is of use.
    async fn comes_back_by(&self, stage: RecoveryStage) {
        let is_back = |status: &SessionStatus| {
            let recovery = status.recovery.as_ref();
            recovery.is_some_and(|recovery| recovery.outcome == RecoveryOutcome::Recovered)
                && status.state == SessionState::Ready
        };
        let status = self.wait_for("recovered", is_back).await;
        assert_eq!(status.recovery.map(|recovery| recovery.stage), Some(stage));
        self.has_logged("meanwhile").await;
        self.receives("afterwards").await;
        let outgoing = Outgoing {
            key: Outgoing::new_key(),
            chat: person(ADA),
            content: Content::Text { body: "back".to_owned() },
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
        };
        let sent = self.session.execute(Command::Send(outgoing)).await;
        assert!(matches!(sent, Ok(Reply::Sent(_))), "{sent:?}");
    }

    async fn end(self) {
        self.supervisor.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_nobody_listens_to_is_recovered_in_the_same_browser_and_nothing_is_lost() {
    let supervised = Supervised::start(Stage::chromium()).await;
    let browser = supervised.browser();
    assert!(browser.is_some());
    supervised.break_page(PageFault::Deaf).await;
    supervised.comes_back_by(RecoveryStage::Reinject).await;
    assert_eq!(supervised.browser(), browser);
    supervised.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_lost_all_that_was_brought_into_it_is_loaded_again_in_the_same_browser() {
    let supervised = Supervised::start(Stage::chromium()).await;
    let browser = supervised.browser();
    supervised.break_page(PageFault::Emptied).await;
    supervised.comes_back_by(RecoveryStage::Reload).await;
    assert_eq!(supervised.browser(), browser);
    supervised.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_hangs_gets_a_new_browser_and_nothing_is_lost() {
    let supervised = Supervised::start(Stage::chromium()).await;
    let browser = supervised.browser();
    supervised.break_page(PageFault::Hang).await;
    supervised.comes_back_by(RecoveryStage::Restart).await;
    assert_ne!(supervised.browser(), browser);
    supervised.end().await;
}

#[tokio::test]
async fn an_engine_without_a_page_is_brought_back_by_the_same_stages() {
    for (fault, stage) in [
        (PageFault::Deaf, RecoveryStage::Reinject),
        (PageFault::Emptied, RecoveryStage::Reload),
        (PageFault::Hang, RecoveryStage::Restart),
    ] {
        let supervised = Supervised::start(Stage::in_process()).await;
        supervised.break_page(fault).await;
        supervised.comes_back_by(stage).await;
        supervised.end().await;
    }
}
