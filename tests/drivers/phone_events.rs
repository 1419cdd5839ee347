//! Events of the phone: what every engine reports of the account, and how often.

use wagate::{
    domain::{
        Ack, Command, Content, EventBody, Jid, Outgoing, ParticipantOutcome, Reply, event::Presence,
    },
    driver::{Close, DriverEvent},
    simulator::Behaviour,
};

use crate::{
    contract::history,
    stage::{ADA, ECHO, GRACE, OWNER, Session, Stage, person, text},
};

pub async fn actions_of_the_owner_on_the_phone_are_reported(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let (ada, me) = (person(ADA), person(OWNER));
    stage.network.account(&me).set_behaviour(Behaviour::Manual).unwrap();
    let written = stage.network.phone(&me).write(&ada, "from my own phone").unwrap();
    let received = session
        .happened("what the owner wrote", |body| match body {
            EventBody::MessageSent { message } => Some((**message).clone()),
            _ => None,
        })
        .await;
    assert_eq!((received.id, received.author), (written.id.clone(), me.clone()));
    stage.network.phone(&me).edit(&written.id, "better words".to_owned()).unwrap();
    session
        .happened("the edit", |body| match body {
            EventBody::MessageEdited { message, text } => {
                (*message == written.id && text == "better words").then_some(())
            }
            _ => None,
        })
        .await;

    stage.network.phone(&ada).write(&me, "read this").unwrap();
    session.message("a message", |message| message.body == "read this").await;
    stage.network.phone(&me).read(&ada).unwrap();
    session
        .happened("that the owner read it", |body| match body {
            EventBody::ChatUpdated { chat } if chat.id == ada => (chat.unread == 0).then_some(()),
            _ => None,
        })
        .await;
    session.close(Close::KeepLogin).await;
}

pub async fn typing_and_its_end_are_reported(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let (ada, me) = (person(ADA), person(OWNER));
    // The chat of somebody who never wrote is nowhere.
    stage.network.phone(&ada).write(&me, "hello").unwrap();
    session.message("a message", |message| message.body == "hello").await;
    for wanted in [Presence::Typing, Presence::Recording, Presence::Paused] {
        stage.network.phone(&ada).show_presence(&me, wanted).unwrap();
        session
            .happened("what somebody does", |body| match body {
                EventBody::Presence { chat, sender, presence } if *presence == wanted => {
                    (*chat == ada && *sender == ada).then_some(())
                }
                _ => None,
            })
            .await;
    }
    session.close(Close::KeepLogin).await;
}

pub async fn a_reaction_can_be_taken_back(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let (ada, me) = (person(ADA), person(OWNER));
    let theirs = stage.network.phone(&ada).write(&me, "hello").unwrap();
    let received = session.message("a message", |message| message.body == "hello").await;
    for wanted in ["👍", ""] {
        stage.network.phone(&ada).react(&theirs.id, wanted.to_owned()).unwrap();
        session
            .happened("the reaction", |body| match body {
                EventBody::Reaction { message, sender, emoji } => {
                    (*message == received.id && *sender == ada && emoji == wanted).then_some(())
                }
                _ => None,
            })
            .await;
    }
    let is_mine = |event: &DriverEvent| matches!(event, DriverEvent::Event(EventBody::Reaction { sender, .. }) if *sender == me);
    for wanted in ["❤️", ""] {
        let react = Command::React { message: received.id.clone(), emoji: wanted.to_owned() };
        assert_eq!(session.ask(react).await, Ok(Reply::Done));
        let count = usize::from(!wanted.is_empty());
        stage.on_phone(&ada, &theirs.id.key, |message| message.reactions.len() == count).await;
    }
    // A command is answered; it is no event as well.
    stage.network.phone(&ada).write(&me, "after that").unwrap();
    session.message("a message", |message| message.body == "after that").await;
    assert!(!session.has_seen(is_mine), "an event repeats a command");
    session.close(Close::KeepLogin).await;
}

pub async fn votes_are_reported_and_stay_with_their_poll(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let ada = person(ADA);
    let poll = Content::Poll {
        question: "Tea?".to_owned(),
        options: vec!["yes".to_owned(), "no".to_owned()],
        selectable: 1,
    };
    let sent = session.send(&ada, poll).await.unwrap();
    stage.on_phone(&ada, &sent.id.key, |_| true).await;
    for wanted in [vec!["yes".to_owned()], vec![], vec!["no".to_owned()]] {
        stage.network.phone(&ada).vote(&sent.id, wanted.clone()).unwrap();
        session
            .happened("the vote", |body| match body {
                EventBody::PollVote { message, sender, options } => {
                    (*message == sent.id && *sender == ada && *options == wanted).then_some(())
                }
                _ => None,
            })
            .await;
    }
    session.close(Close::KeepLogin).await;
    let mut again = stage.open("one").await;
    again.ready().await;
    let reply = again.ask(history(&ada, None, 5)).await;
    let Ok(Reply::Messages(found)) = reply else { panic!("{reply:?}") };
    let poll = found[0].details().poll.clone().expect("the poll has lost its options");
    assert_eq!((poll.voters("no").count(), poll.all_votes().len()), (1, 1), "{poll:?}");
    again.close(Close::KeepLogin).await;
}

pub async fn the_same_key_twice_is_one_message(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    let echo = person(ECHO);
    let outgoing = Outgoing {
        key: Outgoing::new_key(),
        chat: echo.clone(),
        content: text("once"),
        quoted: None,
        mentions: Vec::new(),
        link_preview: false,
    };
    let first = session.send_out(outgoing.clone()).await.unwrap();
    let again = session.send_out(outgoing).await.unwrap();
    assert_eq!((again.id, again.timestamp), (first.id.clone(), first.timestamp));
    assert!(again.ack >= Ack::Sent);
    let messages = stage.network.phone(&echo).messages(&person(OWNER));
    let same = messages.iter().filter(|message| message.id.key == first.id.key).count();
    assert!(same <= 1, "it came {same} times");
    session.close(Close::KeepLogin).await;
}

pub async fn each_person_of_a_group_has_an_outcome(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    let (ada, grace, nobody) = (person(ADA), person(GRACE), person("99900000000"));
    let create = Command::CreateGroup {
        name: "Some".to_owned(),
        description: None,
        participants: vec![ada.clone(), nobody.clone()],
    };
    let reply = session.ask(create).await;
    let Ok(Reply::GroupCreated { id, participants }) = reply else { panic!("{reply:?}") };
    assert_eq!(statuses(participants), [(ada.clone(), 200), (nobody.clone(), 404)]);
    let add = Command::AddParticipants {
        group: id.clone(),
        participants: vec![ada.clone(), grace.clone()],
    };
    let reply = session.ask(add).await;
    let Ok(Reply::Participants(added)) = reply else { panic!("{reply:?}") };
    assert_eq!(statuses(added), [(ada, 409), (grace.clone(), 200)]);
    let remove = Command::RemoveParticipants {
        group: id,
        participants: vec![nobody.clone(), grace.clone()],
    };
    let reply = session.ask(remove).await;
    let Ok(Reply::Participants(removed)) = reply else { panic!("{reply:?}") };
    assert_eq!(statuses(removed), [(nobody, 404), (grace, 200)]);
    session.close(Close::KeepLogin).await;
}

pub fn statuses(outcomes: Vec<ParticipantOutcome>) -> Vec<(Jid, u16)> {
    outcomes.into_iter().map(|outcome| (outcome.id, outcome.status)).collect()
}

pub async fn the_history_has_reactions_with_their_senders(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let (ada, me) = (person(ADA), person(OWNER));
    let mine = session.say(&ada, "well?").await;
    let theirs = stage.on_phone(&ada, &mine.key, |_| true).await.id;
    let react = Command::React { message: mine.clone(), emoji: "👍".to_owned() };
    assert_eq!(session.ask(react).await, Ok(Reply::Done));
    stage.network.phone(&ada).react(&theirs, "❤️".to_owned()).unwrap();
    session
        .happened("the reaction", |body| {
            matches!(body, EventBody::Reaction { sender, .. } if *sender == ada).then_some(())
        })
        .await;
    let both = [(ada.clone(), "❤️".to_owned()), (me, "👍".to_owned())];
    assert_eq!(reactions(&session, &ada).await, both);
    session.close(Close::KeepLogin).await;

    // One that is taken back meanwhile is gone from it.
    stage.network.phone(&ada).react(&theirs, String::new()).unwrap();
    let mut again = stage.open("one").await;
    again.ready().await;
    assert_eq!(reactions(&again, &ada).await, both[1..]);
    again.close(Close::KeepLogin).await;
}

/// Who reacted to the newest message of a chat, and how.
async fn reactions(session: &Session, chat: &Jid) -> Vec<(Jid, String)> {
    let reply = session.ask(history(chat, None, 1)).await;
    let Ok(Reply::Messages(found)) = reply else { panic!("{reply:?}") };
    let message = found.into_iter().next_back().expect("there is no message");
    assert!(!message.reactions_unknown);
    let mut reported: Vec<_> =
        message.reactions.into_iter().map(|one| (one.sender, one.emoji)).collect();
    reported.sort();
    reported
}
