//! The contract of every engine for logins: how a phone links an engine, and how that ends.

use std::time::Duration;

use wagate::{
    domain::{Command, Reply},
    driver::{Close, DriverEvent},
};

use crate::stage::{OWNER, Stage, person};

pub async fn a_phone_links_it_and_the_login_outlives_the_engine(stage: Stage) {
    let mut session = stage.open("one").await;
    stage.scan(&mut session, OWNER).await;
    session
        .await_event("authenticated", |event| (*event == DriverEvent::Authenticated).then_some(()))
        .await;
    let me = session.ready().await;
    assert_eq!(me.id, person(OWNER));
    assert_eq!(me.push_name.as_deref(), Some("Owner of 15557654321"));
    assert_eq!(session.capabilities().missing, Vec::<String>::new());
    assert_eq!(session.ask(Command::Ping).await, Ok(Reply::Done));
    session.close(Close::KeepLogin).await;

    let mut again = stage.open("one").await;
    assert_eq!(again.ready().await.id, person(OWNER));
    assert!(
        !again.has_seen(|event| matches!(event, DriverEvent::Qr { .. })),
        "it asked for a scan"
    );
    again.driver.close(Close::KeepLogin).await;
    again.close(Close::KeepLogin).await;
}

pub async fn a_pairing_code_links_it(stage: Stage) {
    let mut session = stage.open("one").await;
    session.code().await;
    let reply = session.ask(Command::PairingCode { phone: OWNER.to_owned() }).await.unwrap();
    let Reply::PairingCode { code, .. } = reply else { panic!("{reply:?}") };
    stage.network.account(&person(OWNER)).open(None).unwrap();
    assert!(stage.network.account(&person(OWNER)).enter_pairing_code("AAAA-AAAA").is_err());
    stage.network.account(&person(OWNER)).enter_pairing_code(&code).unwrap();
    assert_eq!(session.ready().await.id, person(OWNER));
    session.close(Close::KeepLogin).await;
}

pub async fn logging_out_and_being_unlinked_end_the_login(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    assert_eq!(stage.network.account(&person(OWNER)).devices().len(), 1);
    session.close(Close::LogOut).await;
    assert_eq!(stage.network.account(&person(OWNER)).devices().len(), 0);

    let mut session = stage.open("one").await;
    stage.scan(&mut session, OWNER).await;
    session.ready().await;
    let device = stage.network.account(&person(OWNER)).devices().remove(0);
    stage.network.account(&person(OWNER)).remove_device(&device.id).unwrap();
    session
        .await_event("that it was unlinked", |event| {
            (*event == DriverEvent::LoggedOut).then_some(())
        })
        .await;
    session.close(Close::KeepLogin).await;
}

pub async fn codes_run_out_and_new_ones_can_be_had(stage: Stage) {
    let stage = stage.with_codes(Duration::from_secs(4), 2);
    let mut session = stage.open("one").await;
    let first = session.code().await;
    let second = session.code().await;
    assert_ne!(first, second);
    session
        .await_event("that they ran out", |event| {
            (*event == DriverEvent::QrExhausted).then_some(())
        })
        .await;
    assert_eq!(session.ask(Command::RefreshQr).await, Ok(Reply::Done));
    let third = session.code().await;
    assert!(third != first && third != second);
    assert!(
        stage.network.account(&person(OWNER)).scan(None, &first).is_err(),
        "an old code was taken"
    );
    stage.network.account(&person(OWNER)).scan(None, &third).unwrap();
    session.ready().await;
    session.close(Close::KeepLogin).await;
}
