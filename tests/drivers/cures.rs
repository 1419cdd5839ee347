//! What ails an engine that still runs, and what cures it.

use std::time::Duration;

use tokio::time::timeout;
use wagate::{
    domain::{Command, ErrorCode, EventBody, Message, Reply},
    driver::{Close, DriverEvent, RecoveryMethod},
    simulator::protocol::PageFault,
};

use crate::stage::{ADA, OWNER, PATIENCE, Session, Stage, person};

/// Longer than any engine that is well takes for an answer.
const NO_ANSWER: Duration = Duration::from_secs(3);

pub async fn who_hears_nothing_says_so_and_hears_again_when_reinjected(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let (ada, me) = (person(ADA), person(OWNER));
    stage.network.inject_page_fault(&me, PageFault::Deaf);
    ails(&session).await;
    stage.network.write(&ada, &me, "in vain").unwrap();
    // Its hands work: what was missed can be read.
    let reading = async {
        let history = Command::Messages { chat: ada.clone(), before: None, limit: 10 };
        let is_it = |messages: &[Message]| messages.iter().any(|message| message.body == "in vain");
        // The chat is there a moment later.
        while !matches!(session.driver.execute(history.clone()).await, Ok(Reply::Messages(messages)) if is_it(&messages))
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, reading).await.expect("it is not there");
    cured(&mut session, RecoveryMethod::Soft).await;
    assert!(
        !session.has_seen(|event| matches!(event, DriverEvent::Event(EventBody::Message { .. }))),
        "it was not deaf"
    );
    assert_eq!(session.ask(Command::Ping).await, Ok(Reply::Done));
    stage.network.write(&ada, &me, "do you hear?").unwrap();
    session.message("what is said now", |message| message.body == "do you hear?").await;
    session.close(Close::KeepLogin).await;
}

pub async fn one_that_is_well_can_be_reinjected_and_tells_nothing_twice(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    for _ in 0..3 {
        cured(&mut session, RecoveryMethod::Soft).await;
    }
    let (ada, me) = (person(ADA), person(OWNER));
    for text in ["first", "second"] {
        stage.network.write(&ada, &me, text).unwrap();
    }
    session.message("the second message", |message| message.body == "second").await;
    session.message("the first message", |message| message.body == "first").await;
    let again = |event: &DriverEvent| matches!(event, DriverEvent::Event(EventBody::Message { message }) if message.body == "first");
    assert!(!session.has_seen(again), "two agents are at work");
    session.close(Close::KeepLogin).await;
}

pub async fn who_lost_everything_is_cured_by_a_reload_alone(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    stage.network.inject_page_fault(&person(OWNER), PageFault::Emptied);
    ails(&session).await;
    let reinjected = timeout(PATIENCE, session.driver.recover(RecoveryMethod::Soft)).await;
    let error = reinjected.expect("it tries for ever").expect_err("there is nothing to hold on to");
    assert_eq!(error.code, ErrorCode::EngineFailed);
    cured(&mut session, RecoveryMethod::Reconnect).await;
    assert_eq!(session.ask(Command::Ping).await, Ok(Reply::Done));
    session.say(&person(ADA), "here I am").await;
    session.close(Close::KeepLogin).await;
}

pub async fn who_hangs_is_cured_by_nothing_and_can_be_closed(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    stage.network.inject_page_fault(&person(OWNER), PageFault::Hang);
    let asking = async { while session.driver.execute(Command::Ping).await.is_ok() {} };
    assert!(timeout(NO_ANSWER, asking).await.is_err(), "it answered");
    for cure in [RecoveryMethod::Soft, RecoveryMethod::Reconnect] {
        let tried = timeout(NO_ANSWER, session.driver.recover(cure)).await;
        assert!(!matches!(tried, Ok(Ok(()))), "{cure:?} helped");
    }
    session.close(Close::KeepLogin).await;
}

/// Waits until a probe fails.
async fn ails(session: &Session) {
    let asking = async {
        while session.driver.execute(Command::Ping).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, asking).await.expect("it says that it is well");
}

async fn cured(session: &mut Session, method: RecoveryMethod) {
    let trying = timeout(PATIENCE, session.driver.recover(method)).await;
    trying.expect("it takes for ever").expect("it did not help");
    // One ready of the linking, and one for each cure.
    session.ready().await;
}
