//! Recycling: an engine that grew too large restarts while nobody uses the session, and nothing is lost.

use std::{sync::atomic::Ordering, time::Duration};

use wagate::domain::{SessionState, outbox::OutboxState};

use crate::stage::{Stage, until};

const LIMIT: u64 = 1_000;
const ADA: &str = "15550000011@c.us";
const GRACE: &str = "15550000012@c.us";
/// Longer than a session must have been left alone.
const LEFT_ALONE: Duration = Duration::from_secs(31);

async fn ready() -> Stage {
    let stage = Stage::start(|settings| settings.memory_limit = Some(LIMIT)).await;
    stage.wait_for(SessionState::Ready).await;
    stage
}

fn grow(stage: &Stage) {
    stage.engine.memory.store(LIMIT + 1, Ordering::SeqCst);
}

/// Waits until the engine was weighed a few times more.
async fn weighed(stage: &Stage) {
    let asked = stage.engine.count(|engine| &engine.pings);
    until("more probes", || async { asked + 3 < stage.engine.count(|engine| &engine.pings) }).await;
}

/// Lets time pass until the engine is closed. What reads the account of a session that has become ready
/// uses it, too.
async fn closed(stage: &Stage) {
    until("the engine to close", || async {
        stage.clock.advance(LEFT_ALONE);
        stage.engine.count(|engine| &engine.closed) == 1
    })
    .await;
}

/// Waits until a new engine has taken the place of the first.
async fn recycled(stage: &Stage) {
    until("a new engine", || async { stage.engine.count(|engine| &engine.opened) == 2 }).await;
    stage.wait_for(SessionState::Ready).await;
    assert_eq!(stage.engine.count(|engine| &engine.closed), 1);
}

#[tokio::test]
async fn an_engine_within_its_limit_is_left_alone_and_its_size_is_shown() {
    let stage = ready().await;
    stage.engine.memory.store(LIMIT, Ordering::SeqCst);
    stage.clock.advance(LEFT_ALONE);
    weighed(&stage).await;
    assert_eq!(stage.engine.count(|engine| &engine.closed), 0);
    assert_eq!(stage.session.status().memory, Some(LIMIT));
    stage.end().await;
}

#[tokio::test]
async fn a_session_in_use_keeps_its_engine_until_it_was_left_alone_for_a_while() {
    let stage = ready().await;
    stage.clock.advance(LEFT_ALONE);
    stage.send(ADA, false).await.unwrap();
    grow(&stage);
    weighed(&stage).await;
    assert_eq!(stage.engine.count(|engine| &engine.closed), 0);
    closed(&stage).await;
    recycled(&stage).await;
    assert!(stage.reported().await.contains(&"Restart".to_owned()));
    // The new one is small again.
    weighed(&stage).await;
    assert_eq!(stage.engine.count(|engine| &engine.closed), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_send_under_way_is_not_cut_off_however_long_ago_it_began() {
    let stage = ready().await;
    stage.engine.hold_sends(true);
    stage.send(ADA, true).await.unwrap();
    until("the send to begin", || async { stage.outbox().await == [OutboxState::Sending] }).await;
    grow(&stage);
    stage.clock.advance(LEFT_ALONE);
    weighed(&stage).await;
    assert_eq!(stage.engine.count(|engine| &engine.closed), 0);
    stage.engine.hold_sends(false);
    closed(&stage).await;
    recycled(&stage).await;
    assert_eq!(stage.outbox().await, [OutboxState::Sent]);
    assert_eq!(stage.engine.sent(), [ADA]);
    stage.end().await;
}

#[tokio::test]
async fn what_waits_while_the_engine_is_changed_is_sent_by_the_new_one_once() {
    let stage = ready().await;
    grow(&stage);
    stage.engine.hold_opening(true);
    closed(&stage).await;
    for to in [ADA, GRACE] {
        stage.send(to, true).await.unwrap();
    }
    assert_eq!(stage.outbox().await, [OutboxState::Queued; 2]);
    stage.engine.hold_opening(false);
    recycled(&stage).await;
    until("both sends", || async { stage.outbox().await == [OutboxState::Sent; 2] }).await;
    let mut sent = stage.engine.sent();
    sent.sort();
    assert_eq!(sent, [ADA, GRACE]);
    stage.end().await;
}
