//! Recovery of an engine that runs and does not work: which recovery method helps against which fault.

use std::time::Duration;

use tokio::time::timeout;
use wagate::{
    domain::{Command, ErrorCode, EventBody, Message, Reply},
    driver::{Close, DriverEvent, RecoveryMethod},
    simulator::protocol::PageFault,
};

use crate::stage::{ADA, OWNER, PATIENCE, Session, Stage, person};

/// Longer than any healthy engine takes for an answer.
const NO_ANSWER: Duration = Duration::from_secs(3);

pub async fn an_agent_without_events_fails_its_probe_and_is_restored_by_a_reinjection(
    stage: Stage,
) {
    let mut session = stage.linked("one", OWNER).await;
    let (ada, me) = (person(ADA), person(OWNER));
    stage.network.account(&me).inject_page_fault(PageFault::Deaf);
    fails_its_probe(&session).await;
    stage.network.phone(&ada).write(&me, "missed").unwrap();
    // Its hands work: what was missed can be read.
    let reading = async {
        let history = Command::Messages { chat: ada.clone(), before: None, limit: 10 };
        let is_it = |messages: &[Message]| messages.iter().any(|message| message.body == "missed");
        // The chat is there a moment later.
        while !matches!(session.driver.execute(history.clone()).await, Ok(Reply::Messages(messages)) if is_it(&messages))
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, reading).await.expect("it is not there");
    recovers(&mut session, RecoveryMethod::Soft).await;
    assert!(
        !session.has_seen(|event| matches!(event, DriverEvent::Event(EventBody::Message { .. }))),
        "it was not deaf"
    );
    assert_eq!(session.ask(Command::Ping).await, Ok(Reply::Done));
    stage.network.phone(&ada).write(&me, "after the recovery").unwrap();
    session
        .message("a message after the recovery", |message| message.body == "after the recovery")
        .await;
    session.close(Close::KeepLogin).await;
}

pub async fn a_reinjection_of_a_healthy_agent_repeats_no_event(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    for _ in 0..3 {
        recovers(&mut session, RecoveryMethod::Soft).await;
    }
    let (ada, me) = (person(ADA), person(OWNER));
    for text in ["first", "second"] {
        stage.network.phone(&ada).write(&me, text).unwrap();
    }
    session.message("the second message", |message| message.body == "second").await;
    session.message("the first message", |message| message.body == "first").await;
    let again = |event: &DriverEvent| matches!(event, DriverEvent::Event(EventBody::Message { message }) if message.body == "first");
    assert!(!session.has_seen(again), "two agents are at work");
    session.close(Close::KeepLogin).await;
}

pub async fn an_emptied_page_recovers_by_a_reload_alone(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    stage.network.account(&person(OWNER)).inject_page_fault(PageFault::Emptied);
    fails_its_probe(&session).await;
    let reinjected = timeout(PATIENCE, session.driver.recover(RecoveryMethod::Soft)).await;
    let error = reinjected.expect("it tries for ever").expect_err("there is nothing to hold on to");
    assert_eq!(error.code, ErrorCode::EngineFailed);
    recovers(&mut session, RecoveryMethod::Reconnect).await;
    assert_eq!(session.ask(Command::Ping).await, Ok(Reply::Done));
    session.say(&person(ADA), "here I am").await;
    session.close(Close::KeepLogin).await;
}

pub async fn a_hung_page_does_not_recover_and_can_be_closed(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    stage.network.account(&person(OWNER)).inject_page_fault(PageFault::Hang);
    let asking = async { while session.driver.execute(Command::Ping).await.is_ok() {} };
    assert!(timeout(NO_ANSWER, asking).await.is_err(), "it answered");
    for method in [RecoveryMethod::Soft, RecoveryMethod::Reconnect] {
        let tried = timeout(NO_ANSWER, session.driver.recover(method)).await;
        assert!(!matches!(tried, Ok(Ok(()))), "{method:?} helped");
    }
    session.close(Close::KeepLogin).await;
}

/// Waits until a probe fails.
async fn fails_its_probe(session: &Session) {
    let asking = async {
        while session.driver.execute(Command::Ping).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, asking).await.expect("its probe succeeds");
}

async fn recovers(session: &mut Session, method: RecoveryMethod) {
    let trying = timeout(PATIENCE, session.driver.recover(method)).await;
    trying.expect("it takes for ever").expect("it did not help");
    // One `ready` from the linking, and one for each recovery.
    session.ready().await;
}
