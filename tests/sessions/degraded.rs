//! Recovery of a session whose engine runs and fails its probes: the stages, their order, and the events.

use std::time::Duration;

use wagate::{
    domain::{
        Command, ErrorCode, SessionConfig, SessionState, SessionStatus,
        event::DisconnectReason,
        outbox::OutboxState,
        session::{RecoveryOutcome, RecoveryStage},
    },
    driver::{DriverEvent, RecoveryMethod},
};

use crate::{
    engine::{Engine, Manner, code},
    stage::{PATIENCE, Stage, until},
};

const ADA: &str = "15550000011@c.us";

/// The stage that the newest recovery came to, and how it ended.
fn newest(status: &SessionStatus) -> (RecoveryStage, RecoveryOutcome) {
    let recovery = status.recovery.as_ref().expect("there was no recovery");
    (recovery.stage, recovery.outcome)
}

#[tokio::test]
async fn a_reinjection_restores_an_engine_without_events() {
    let stage = Stage::start(|settings| settings.recovery.reinject = PATIENCE).await;
    stage.wait_for(SessionState::Ready).await;
    stage.engine.hold_cures(true);
    stage.engine.ail(Manner::Fails, Manner::Well, Manner::Well);
    let degraded = stage.wait_for(SessionState::Degraded).await;
    assert!(!degraded.connected);
    assert_eq!(degraded.last_error.as_deref(), Some("the probe failed"));
    let recovery = stage.session.wait_until(PATIENCE, |status| status.recovery.is_some()).await;
    assert_eq!(newest(&recovery), (RecoveryStage::Reinject, RecoveryOutcome::UnderWay));
    stage.engine.hold_cures(false);
    let status = stage.wait_for(SessionState::Ready).await;
    assert_eq!(newest(&status), (RecoveryStage::Reinject, RecoveryOutcome::Recovered));
    assert!(status.connected && status.last_error.is_none());
    assert!(status.recovery.unwrap().ended_at.is_some());
    assert_eq!((stage.engine.recoveries(), status.restarts), (vec![RecoveryMethod::Soft], 0));
    assert_eq!((stage.engine.count(|e| &e.opened), stage.engine.count(|e| &e.closed)), (1, 0));
    let reported = stage.reported().await;
    // With a change of the connection in each state.
    assert_eq!(reported, ["is ready", "ready", "degraded", "degraded", "is ready"]);
    stage.end().await;
}

#[tokio::test]
async fn what_does_not_help_in_time_is_followed_by_more_up_to_a_new_engine() {
    let stage = Stage::start(|_| ()).await;
    stage.wait_for(SessionState::Ready).await;
    stage.engine.ail(Manner::Hangs, Manner::Fails, Manner::Hangs);
    stage.wait_for(SessionState::Degraded).await;
    let failed = stage.wait_for(SessionState::Failed).await;
    assert_eq!(newest(&failed), (RecoveryStage::Restart, RecoveryOutcome::UnderWay));
    let status = stage.wait_for(SessionState::Ready).await;
    assert_eq!(newest(&status), (RecoveryStage::Restart, RecoveryOutcome::Recovered));
    assert_eq!(stage.engine.recoveries(), [RecoveryMethod::Soft, RecoveryMethod::Reconnect]);
    assert_eq!((stage.engine.count(|e| &e.opened), stage.engine.count(|e| &e.closed)), (2, 1));
    assert_eq!(status.restarts, 1);
    assert!(stage.reported().await.contains(&format!("{:?}", DisconnectReason::Crashed)));
    stage.end().await;
}

#[tokio::test]
async fn a_reload_helps_where_there_was_nothing_to_put_an_agent_into() {
    let stage = Stage::start(|_| ()).await;
    stage.wait_for(SessionState::Ready).await;
    stage.engine.ail(Manner::Fails, Manner::Hangs, Manner::Well);
    stage.wait_for(SessionState::Degraded).await;
    let status = stage.wait_for(SessionState::Ready).await;
    assert_eq!(newest(&status), (RecoveryStage::Reload, RecoveryOutcome::Recovered));
    assert_eq!(stage.engine.count(|engine| &engine.closed), 0);
    stage.end().await;
}

#[tokio::test]
async fn a_cure_that_says_it_helped_is_not_believed_until_the_engine_answers() {
    let stage = Stage::start(|_| ()).await;
    stage.wait_for(SessionState::Ready).await;
    stage.engine.ail(Manner::Fails, Manner::Pretends, Manner::Well);
    // Too quick to be seen on the way.
    until("the reload", || async {
        stage.engine.recoveries().contains(&RecoveryMethod::Reconnect)
    })
    .await;
    let status = stage.wait_for(SessionState::Ready).await;
    assert_eq!(newest(&status), (RecoveryStage::Reload, RecoveryOutcome::Recovered));
    assert_eq!(stage.engine.recoveries(), [RecoveryMethod::Soft, RecoveryMethod::Reconnect]);
    let ready = stage.reported().await.into_iter().filter(|word| word == "is ready").count();
    assert_eq!(ready, 2, "the first and the last, and none of what was pretended");
    stage.end().await;
}

#[tokio::test]
async fn a_connection_that_was_lost_without_an_event_is_shown_as_lost() {
    let stage = Stage::start(|settings| settings.recovery.reinject = PATIENCE).await;
    stage.wait_for(SessionState::Ready).await;
    stage.engine.hold_cures(true);
    stage.engine.ail(Manner::Fails, Manner::Silent, Manner::Well);
    stage.wait_for(SessionState::Degraded).await;
    let lost = DriverEvent::Connection { state: "TIMEOUT".to_owned(), connected: false };
    stage.engine.say(lost).await;
    stage.engine.hold_cures(false);
    let status = stage.wait_for(SessionState::Ready).await;
    assert!(!status.connected);
    assert_eq!(status.line.as_deref(), Some("TIMEOUT"));
    stage.end().await;
}

#[tokio::test]
async fn one_failed_probe_is_no_reason_for_anything() {
    let stage = Stage::start(|settings| settings.probe_interval = Duration::from_millis(300)).await;
    stage.wait_for(SessionState::Ready).await;
    let asked = stage.engine.count(|engine| &engine.pings);
    stage.engine.ail(Manner::Fails, Manner::Well, Manner::Well);
    until("a probe", || async { asked < stage.engine.count(|engine| &engine.pings) }).await;
    stage.engine.recover();
    let asked = stage.engine.count(|engine| &engine.pings);
    until("more probes", || async { asked + 2 < stage.engine.count(|engine| &engine.pings) }).await;
    assert_eq!(stage.session.status().state, SessionState::Ready);
    assert_eq!(stage.engine.recoveries(), []);
    stage.end().await;
}

#[tokio::test]
async fn a_degraded_session_takes_what_may_wait_and_refuses_the_rest() {
    let stage = Stage::start(|settings| settings.recovery.reinject = PATIENCE).await;
    stage.wait_for(SessionState::Ready).await;
    stage.engine.hold_cures(true);
    stage.engine.ail(Manner::Fails, Manner::Well, Manner::Well);
    stage.wait_for(SessionState::Degraded).await;
    let refused = stage.send(ADA, false).await.unwrap_err();
    assert_eq!(
        (refused.code, &refused.details["status"]),
        (ErrorCode::NotReady, &"degraded".into())
    );
    let typing = Command::Typing { chat: ADA.parse().unwrap(), typing: true };
    assert_eq!(stage.session.execute(typing).await.unwrap_err().code, ErrorCode::NotReady);
    stage.send(ADA, true).await.unwrap();
    assert_eq!(stage.outbox().await, [OutboxState::Queued]);
    assert_eq!(stage.session.status().state, SessionState::Degraded);
    assert_eq!(stage.engine.sent(), Vec::<String>::new());
    stage.engine.hold_cures(false);
    stage.wait_for(SessionState::Ready).await;
    until("the send", || async { stage.outbox().await == [OutboxState::Sent] }).await;
    assert_eq!(stage.engine.sent(), [ADA]);
    stage.end().await;
}

#[tokio::test]
async fn a_session_that_asks_for_a_scan_meanwhile_is_not_being_recovered_any_more() {
    let stage = Stage::start(|_| ()).await;
    stage.wait_for(SessionState::Ready).await;
    stage.engine.ail(Manner::Fails, Manner::Hangs, Manner::Hangs);
    stage.wait_for(SessionState::Degraded).await;
    stage.engine.recover();
    stage.engine.say(code()).await;
    let status = stage.wait_for(SessionState::QrReady).await;
    assert_eq!(newest(&status).1, RecoveryOutcome::Abandoned);
    // The attempt under way ends and changes nothing.
    let asked = stage.engine.count(|engine| &engine.pings);
    until("more probes", || async { asked + 4 < stage.engine.count(|engine| &engine.pings) }).await;
    assert_eq!(stage.session.status().state, SessionState::QrReady);
    stage.end().await;
}

#[tokio::test]
async fn a_session_that_was_never_ready_has_nothing_to_lose_by_a_new_engine() {
    let engine = Engine::new();
    engine.forget_login();
    let stage = Stage::start_on(engine, SessionConfig::default(), |_| ()).await;
    stage.wait_for(SessionState::QrReady).await;
    stage.engine.ail(Manner::Fails, Manner::Well, Manner::Well);
    stage.wait_for(SessionState::Failed).await;
    assert_eq!(stage.engine.recoveries(), []);
    stage.wait_for(SessionState::QrReady).await;
    stage.end().await;
}

#[tokio::test]
async fn an_engine_that_may_not_be_started_again_is_given_up_after_the_lesser_cures() {
    let config = SessionConfig { restart_on_crash: false, ..SessionConfig::default() };
    let stage = Stage::start_on(Engine::new(), config, |_| ()).await;
    stage.wait_for(SessionState::Ready).await;
    stage.engine.ail(Manner::Fails, Manner::Fails, Manner::Fails);
    stage.wait_for(SessionState::Failed).await;
    assert_eq!(stage.engine.recoveries(), [RecoveryMethod::Soft, RecoveryMethod::Reconnect]);
    let status = stage
        .session
        .wait_until(PATIENCE, |status| newest(status).1 == RecoveryOutcome::Failed)
        .await;
    assert_eq!(newest(&status), (RecoveryStage::Restart, RecoveryOutcome::Failed));
    assert_eq!(stage.engine.count(|engine| &engine.opened), 1);
    stage.end().await;
}
