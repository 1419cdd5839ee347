//! The contract of every engine under planned faults: a message goes out once, or it is said that it did
//! not, and its key never makes two of it.

use std::time::Duration;

use tokio::time::timeout;
use wagate::{
    domain::{Command, ErrorCode, EventBody, MessageId, Outgoing, Reply},
    driver::{Close, DriverEvent},
    simulator::{Faults, protocol::PageFault},
};

use crate::stage::{ADA, OWNER, PATIENCE, Session, Stage, person, text};

fn outgoing(words: &str) -> Outgoing {
    Outgoing {
        key: Outgoing::new_key(),
        chat: person(ADA),
        content: text(words),
        quoted: None,
        mentions: Vec::new(),
        link_preview: false,
    }
}

fn id_of(outgoing: &Outgoing) -> MessageId {
    let (chat, key) = (outgoing.chat.clone(), outgoing.key.as_str().into());
    MessageId { from_me: true, chat, key, participant: None }
}

fn on_adas_phone(stage: &Stage) -> Vec<String> {
    let messages = stage.network.phone(&person(ADA)).messages(&person(OWNER));
    messages.into_iter().map(|message| message.body).collect()
}

/// Begins a send that the network does not answer in time, and leaves it.
async fn abandon(stage: &Stage, session: &Session, outgoing: &Outgoing, faults: Faults) {
    stage.network.plan_faults(faults);
    let send = session.driver.execute(Command::Send(outgoing.clone()));
    let answer = timeout(Duration::from_millis(700), send).await;
    assert!(answer.is_err(), "it was answered: {answer:?}");
    stage.network.plan_faults(Faults::default());
}

/// The same message once more, under its key.
async fn again(stage: &Stage, session: &Session, outgoing: Outgoing) {
    let id = id_of(&outgoing);
    let words = "mid-send";
    assert_eq!(session.send_out(outgoing).await.unwrap().id, id);
    stage.on_phone(&person(ADA), &id.key, |message| message.body == words).await;
    let found = session.ask(Command::Find { message: id }).await;
    assert!(matches!(found, Ok(Reply::Found(Some(_)))), "{found:?}");
    let after = session.say(&person(ADA), "after").await;
    stage.on_phone(&person(ADA), &after.key, |_| true).await;
    assert_eq!(on_adas_phone(stage), [words, "after"]);
}

pub async fn a_cut_connection_delays_everything_and_delivers_it_once(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let connection = |connected: bool| {
        move |event: &DriverEvent| {
            let is_it = matches!(event, DriverEvent::Connection { connected: now, .. } if *now == connected);
            is_it.then_some(())
        }
    };
    stage.network.account(&person(OWNER)).set_online(false);
    session.await_event("the end of the connection", connection(false)).await;
    let waiting = outgoing("waits");
    let (driver, command) = (session.driver.clone(), Command::Send(waiting.clone()));
    let send = tokio::spawn(async move { driver.execute(command).await });
    stage.network.phone(&person(ADA)).write(&person(OWNER), "in").unwrap();
    let on_own_phone = async {
        while stage.network.phone(&person(OWNER)).messages(&person(ADA)).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, on_own_phone).await.expect("the phone did not get it");
    // A round trip in the engine: events that were due before would have come.
    session.ask(Command::Ping).await.unwrap();
    assert!(
        !session.has_seen(|event| matches!(event, DriverEvent::Event(EventBody::Message { .. })))
    );
    assert!(!send.is_finished(), "it was sent without a connection");
    assert_eq!(on_adas_phone(&stage), ["in"]);

    stage.network.account(&person(OWNER)).set_online(true);
    session.message("what came meanwhile", |message| message.body == "in").await;
    let reply = timeout(PATIENCE, send).await.expect("it is not sent").unwrap();
    let Ok(Reply::Sent(sent)) = reply else { panic!("{reply:?}") };
    assert_eq!(sent.id, id_of(&waiting));
    stage.on_phone(&person(ADA), &waiting.key, |_| true).await;
    // The receipts, too.
    session
        .happened("its receipt", |body| match body {
            EventBody::Ack { message, .. } if *message.key == *waiting.key => Some(()),
            _ => None,
        })
        .await;
    assert_eq!(on_adas_phone(&stage), ["in", "waits"]);
    session.close(Close::KeepLogin).await;
}

pub async fn a_slow_answer_is_one_message(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    let slow = outgoing("mid-send");
    abandon(&stage, &session, &slow, Faults { delay_requests: 2_000, ..Faults::default() }).await;
    again(&stage, &session, slow).await;
    session.close(Close::KeepLogin).await;
}

pub async fn a_send_that_is_never_answered_can_be_sent_again_by_a_new_engine(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    let lost = outgoing("mid-send");
    abandon(&stage, &session, &lost, Faults { ignore_requests: 1, ..Faults::default() }).await;
    session.close(Close::KeepLogin).await;
    let mut session = stage.open("one").await;
    session.ready().await;
    let found = session.ask(Command::Find { message: id_of(&lost) }).await;
    assert_eq!(found, Ok(Reply::Found(None)));
    again(&stage, &session, lost).await;
    session.close(Close::KeepLogin).await;
}

pub async fn an_engine_that_ends_in_the_middle_of_a_send_has_sent_it_once_or_not_at_all(
    stage: Stage,
) {
    let mut session = stage.linked("one", OWNER).await;
    let cut_off = outgoing("mid-send");
    let faults = Faults { delay_requests: 60_000, ..Faults::default() };
    abandon(&stage, &session, &cut_off, faults).await;
    assert_eq!(stage.network.account(&person(OWNER)).inject_page_fault(PageFault::Crash), 1);
    let ended = |event: &DriverEvent| matches!(event, DriverEvent::Crashed { .. }).then_some(());
    session.await_event("the end", ended).await;
    session.close(Close::KeepLogin).await;
    let mut session = stage.open("one").await;
    session.ready().await;
    again(&stage, &session, cut_off).await;
    session.close(Close::KeepLogin).await;
}

pub async fn a_temporary_refusal_is_reported_with_its_code(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    let refused = outgoing("mid-send");
    for (code, expected) in [
        (Some(463), ErrorCode::NotNow),
        (Some(429), ErrorCode::NotNow),
        (Some(400), ErrorCode::EngineFailed),
        (None, ErrorCode::EngineFailed),
    ] {
        let faults = Faults { refuse_sends: 1, refusal_code: code, ..Faults::default() };
        stage.network.plan_faults(faults);
        let error = session.send_out(refused.clone()).await.unwrap_err();
        let reported = error.details.get("whatsappCode").and_then(serde_json::Value::as_u64);
        assert_eq!((error.code, reported), (expected, code.map(u64::from)), "{error}");
    }
    again(&stage, &session, refused).await;
    session.close(Close::KeepLogin).await;
}
