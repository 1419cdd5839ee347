//! Identities of people, by telephone number and by hidden identity, as every engine reports them.

use wagate::{
    domain::{Command, EventBody, Jid, MessageId, Reply},
    driver::{Close, DriverEvent},
    simulator::IdentityVisibility,
};

use crate::{
    contract::{bodies, history},
    phone_events::statuses,
    stage::{ADA, OWNER, Stage, person},
};

/// Ada's hidden identity on the simulated network.
const ADA_LID: &str = "100015550000011@lid";

pub async fn both_ids_of_a_person_are_reported_once_they_are_known(stage: Stage) {
    let (ada, lid) = (person(ADA), ADA_LID.parse::<Jid>().unwrap());
    stage.network.account(&ada).set_visibility(Some(IdentityVisibility::LidAlone), None).unwrap();
    let mut session = stage.linked("one", OWNER).await;
    let create = Command::CreateGroup {
        name: "Masks".to_owned(),
        description: None,
        participants: vec![lid.clone()],
    };
    let reply = session.ask(create).await;
    let Ok(Reply::GroupCreated { id, participants }) = reply else { panic!("{reply:?}") };
    assert_eq!(statuses(participants), [(lid.clone(), 200)]);
    stage.network.phone(&ada).write(&id, "who am I?").unwrap();
    let masked = session.message("a masked word", |message| message.chat() == &id).await;
    assert_eq!((&masked.author, masked.id.participant.as_ref()), (&lid, Some(&lid)));
    let reply = session.ask(Command::Group { id: id.clone() }).await;
    let Ok(Reply::Group(group)) = reply else { panic!("{reply:?}") };
    assert!(group.participants.iter().any(|member| member.id == lid), "{group:?}");
    let of_ada = |event: &DriverEvent| matches!(event, DriverEvent::Event(EventBody::IdentityLearned { lid: reported, .. }) if *reported == lid);
    assert!(!session.has_seen(of_ada), "an identity was reported before it was known");

    stage.network.account(&ada).set_visibility(Some(IdentityVisibility::Lid), None).unwrap();
    stage.network.phone(&ada).write(&id, "it is me").unwrap();
    session
        .happened("who it is", |body| match body {
            EventBody::IdentityLearned { lid: reported, phone, .. } if *reported == lid => {
                (*phone == ada).then_some(())
            }
            _ => None,
        })
        .await;
    let unmasked = session.message("a word", |message| message.body == "it is me").await;
    assert_eq!((&unmasked.author, unmasked.id.participant.as_ref()), (&ada, Some(&lid)));
    session.close(Close::KeepLogin).await;
}

pub async fn a_person_is_reached_by_either_id_in_one_chat(stage: Stage) {
    let (ada, me, lid) = (person(ADA), person(OWNER), ADA_LID.parse::<Jid>().unwrap());
    stage.network.account(&ada).set_visibility(Some(IdentityVisibility::Lid), None).unwrap();
    let mut session = stage.linked("one", OWNER).await;
    stage.network.phone(&ada).write(&me, "hello").unwrap();
    let received = session.message("a message", |message| message.body == "hello").await;
    assert_eq!((received.chat(), &received.author), (&lid, &ada));
    for (to, words) in [(&ada, "by number"), (&lid, "by the other")] {
        let sent = session.say(to, words).await;
        assert_eq!(sent.chat, lid);
        // A message goes by the key: its chat may be named by either id.
        let by_number = MessageId { chat: ada.clone(), ..sent.clone() };
        let edit = Command::Edit { message: by_number.clone(), text: format!("{words}!") };
        assert_eq!(session.ask(edit).await, Ok(Reply::Done));
        stage.on_phone(&ada, &sent.key, |message| message.body == format!("{words}!")).await;
        let reply = session.ask(Command::Find { message: by_number }).await;
        let Ok(Reply::Found(Some(found))) = reply else { panic!("{reply:?}") };
        assert_eq!(found.id, sent);
    }
    for id in [&ada, &lid] {
        let reply = session.ask(history(id, None, 10)).await;
        let Ok(Reply::Messages(found)) = reply else { panic!("{reply:?}") };
        assert_eq!(bodies(&found), ["hello", "by number!", "by the other!"], "{id}");
        let last = MessageId { chat: id.clone(), ..found[2].id.clone() };
        let reply = session.ask(history(id, Some(last), 10)).await;
        let Ok(Reply::Messages(found)) = reply else { panic!("{reply:?}") };
        assert_eq!(bodies(&found), ["hello", "by number!"], "{id}");
        assert_eq!(session.ask(Command::MarkRead { chat: id.clone() }).await, Ok(Reply::Done));
    }
    let reply = session.ask(Command::Chats { offset: 0, limit: 10 }).await;
    let Ok(Reply::Chats(chats)) = reply else { panic!("{reply:?}") };
    assert_eq!(chats.iter().map(|chat| &chat.id).collect::<Vec<_>>(), [&lid]);
    session.close(Close::KeepLogin).await;
}
