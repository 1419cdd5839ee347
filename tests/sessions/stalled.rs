//! A session whose engine is open and shows nothing, and one that waits for a code that is typed.

use std::time::{Duration, Instant};

use wagate::{
    domain::{Command, Reply, SessionConfig, SessionState, event::DisconnectReason},
    driver::{DriverEvent, RecoveryMethod},
};

use crate::{
    engine::{Engine, Manner, PAIRING_CODE_LIFE},
    stage::{PATIENCE, Stage, until},
};

const DEADLINE: Duration = Duration::from_millis(300);

async fn silent(reload: Manner) -> Stage {
    let engine = Engine::new();
    engine.say_nothing();
    engine.ail(Manner::Well, Manner::Well, reload);
    Stage::start_on(engine, SessionConfig::default(), |settings| {
        (settings.start_deadline, settings.max_restarts) = (DEADLINE, 1);
        settings.probe_interval = PATIENCE;
    })
    .await
}

#[tokio::test]
async fn an_engine_that_shows_nothing_is_reloaded_restarted_and_then_given_up_with_its_standing() {
    let stage = silent(Manner::Silent).await;
    let status = stage.session.wait_until(PATIENCE, |status| status.last_error.is_some()).await;
    let error = status.last_error.expect("nothing is said of it");
    assert!(error.contains("mode SYNCING"), "{error}");
    assert_eq!(status.state, SessionState::Initializing);
    until("the end", || async {
        let status = stage.session.status();
        status.state == SessionState::Failed && stage.engine.count(|engine| &engine.closed) == 2
    })
    .await;
    assert_eq!(stage.engine.recoveries(), [RecoveryMethod::Reconnect]);
    assert_eq!(stage.engine.count(|engine| &engine.opened), 2);
    let reported = [DisconnectReason::Crashed, DisconnectReason::Crashed];
    assert_eq!(stage.reported().await, reported.map(|reason| format!("{reason:?}")));
    let error = stage.session.status().last_error.unwrap();
    assert!(error.contains("mode SYNCING"), "{error}");
    stage.end().await;
}

#[tokio::test]
async fn a_reload_that_helps_leaves_no_error_behind() {
    let stage = silent(Manner::Well).await;
    let status = stage.wait_for(SessionState::Ready).await;
    assert_eq!((status.last_error, status.restarts), (None, 0));
    assert_eq!(stage.engine.recoveries(), [RecoveryMethod::Reconnect]);
    stage.end().await;
}

#[tokio::test]
async fn codes_that_ran_out_and_do_not_come_again_are_followed_by_a_reload() {
    let engine = Engine::new();
    engine.forget_login();
    let config = SessionConfig { qr_timeout: 0, ..SessionConfig::default() };
    let stage =
        Stage::start_on(engine, config, |settings| settings.start_deadline = DEADLINE).await;
    stage.wait_for(SessionState::QrReady).await;
    stage.engine.say(DriverEvent::QrExhausted).await;
    until("the reload", || async { stage.engine.recoveries() == [RecoveryMethod::Reconnect] })
        .await;
    assert_eq!(stage.engine.refreshes(), 1);
    // The reload brought the account in this engine.
    stage.wait_for(SessionState::Ready).await;
    stage.end().await;
}

async fn pairing(qr_timeout: u32) -> Stage {
    let engine = Engine::new();
    engine.forget_login();
    let config = SessionConfig { qr_timeout, ..SessionConfig::default() };
    let stage = Stage::start_on(engine, config, |_| ()).await;
    stage.wait_for(SessionState::QrReady).await;
    let code = Command::PairingCode { phone: "15557654321".to_owned() };
    let reply = stage.session.execute(code).await;
    assert!(matches!(reply, Ok(Reply::PairingCode { .. })), "{reply:?}");
    stage
}

#[tokio::test]
async fn a_code_that_is_typed_has_its_own_time() {
    let began = Instant::now();
    let stage = pairing(1).await;
    // Those to scan run out meanwhile, and nothing is asked of the engine that would spoil the code.
    stage.engine.say(DriverEvent::QrExhausted).await;
    let status = stage.wait_for(SessionState::Failed).await;
    assert!(PAIRING_CODE_LIFE <= began.elapsed(), "after {:?}", began.elapsed());
    assert_eq!(status.last_error.as_deref(), Some("nobody typed the pairing code in time"));
    assert_eq!(stage.engine.refreshes(), 0);
    stage.end().await;
}

#[tokio::test]
async fn after_a_code_that_nobody_typed_there_are_codes_to_scan_again() {
    let stage = pairing(0).await;
    until("new codes", || async { stage.engine.refreshes() == 1 }).await;
    assert_eq!(stage.session.status().state, SessionState::QrReady);
    stage.end().await;
}
