//! The contract of every engine, one sentence for each test. Nothing here knows which engine it runs on.

use wagate::{
    domain::{
        Ack, Command, Content, Details, ErrorCode, EventBody, Jid, MessageId, MessageKind,
        Outgoing, Reply, Subject,
        command::{ContactCard, MediaKind, OutgoingMedia},
        event::{JoinAction, LeaveAction},
    },
    driver::{Close, DriverEvent},
    simulator::{Behaviour, PhoneMedia},
};

pub use crate::{
    login::*, people::*, phone_events::*, planned::*, refused::*, reinjection::*, rules::*,
};

use crate::stage::{ADA, ECHO, GRACE, OWNER, Session, Stage, person, text};

/// A picture of one pixel, and a file that is none.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\
\x00\x1f\x15\xc4\x89\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82";

pub async fn words_travel_both_ways_and_are_acknowledged(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let echo = person(ECHO);
    let words = "Grüße 👋🏽, \"quoted\" \\ and\na new line \u{202e}turned";
    let id = session.say(&echo, words).await;
    assert!(id.from_me && id.chat == echo);
    for level in [Ack::Delivered, Ack::Read] {
        acknowledged(&mut session, &id, level).await;
    }
    let answer = session.message("the echo", |message| message.chat() == &echo).await;
    assert_eq!((answer.body.as_str(), answer.kind), (words, MessageKind::Text));
    assert_eq!(answer.author, echo);
    assert!(!answer.from_me());
    stage.on_phone(&echo, &id.key, |message| message.body == words).await;

    let outgoing = Outgoing {
        key: Outgoing::new_key(),
        chat: echo.clone(),
        content: text("about that, @15550000011"),
        quoted: Some(answer.id.clone()),
        mentions: vec![person(ADA)],
        link_preview: false,
    };
    let key = outgoing.key.clone();
    session.send_out(outgoing).await.unwrap();
    let arrived = stage.on_phone(&echo, &key, |_| true).await;
    assert_eq!(arrived.quoted.as_ref().map(|quoted| &quoted.key), Some(&answer.id.key));
    assert_eq!(arrived.mentions, [person(ADA)]);
    session.close(Close::KeepLogin).await;
}

pub async fn a_message_can_be_changed_by_either_side(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let ada = person(ADA);
    let mine = session.say(&ada, "frist").await;
    let reply = session.ask(Command::Find { message: mine.clone() }).await;
    let Ok(Reply::Found(Some(found))) = reply else { panic!("{reply:?}") };
    assert_eq!((&found.id, found.body.as_str()), (&mine, "frist"));
    let unknown = MessageId { key: Outgoing::new_key().into(), ..mine.clone() };
    assert_eq!(session.ask(Command::Find { message: unknown }).await, Ok(Reply::Found(None)));
    let edit = Command::Edit { message: mine.clone(), text: "first".to_owned() };
    assert_eq!(session.ask(edit).await, Ok(Reply::Done));
    let react = Command::React { message: mine.clone(), emoji: "👍".to_owned() };
    assert_eq!(session.ask(react).await, Ok(Reply::Done));
    stage
        .on_phone(&ada, &mine.key, |message| {
            message.body == "first" && message.edited && message.reactions.len() == 1
        })
        .await;
    let revoke = Command::Revoke { message: mine.clone(), for_everyone: true };
    assert_eq!(session.ask(revoke).await, Ok(Reply::Done));
    stage.on_phone(&ada, &mine.key, |message| message.kind == MessageKind::Revoked).await;

    let theirs = stage.network.phone(&ada).write(&person(OWNER), "helo").unwrap();
    let received = session.message("a message", |message| message.body == "helo").await;
    assert_eq!(received.id.key, theirs.id.key);
    stage.network.phone(&ada).edit(&theirs.id, "hello".to_owned()).unwrap();
    session
        .happened("the edit", |body| match body {
            EventBody::MessageEdited { message, text } if *message == received.id => {
                (text == "hello").then_some(())
            }
            _ => None,
        })
        .await;
    stage.network.phone(&ada).react(&theirs.id, "❤️".to_owned()).unwrap();
    session
        .happened("the reaction", |body| match body {
            EventBody::Reaction { message, sender, emoji } if *message == received.id => {
                (*sender == ada && emoji == "❤️").then_some(())
            }
            _ => None,
        })
        .await;
    stage.network.phone(&ada).revoke(&theirs.id).unwrap();
    session
        .happened("the deletion", |body| match body {
            EventBody::MessageRevoked { message, by } if *message == received.id => {
                (*by == ada).then_some(())
            }
            _ => None,
        })
        .await;
    session.close(Close::KeepLogin).await;
}

pub async fn a_message_deleted_for_oneself_stays_with_the_other(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let ada = person(ADA);
    let mine = session.say(&ada, "mine").await;
    let theirs = stage.network.phone(&ada).write(&person(OWNER), "theirs").unwrap();
    let received = session.message("a message", |message| message.body == "theirs").await;
    for message in [mine.clone(), received.id] {
        let delete = Command::Revoke { message: message.clone(), for_everyone: false };
        assert_eq!(session.ask(delete).await, Ok(Reply::Done), "{message}");
        assert_eq!(session.ask(Command::Find { message }).await, Ok(Reply::Found(None)));
    }
    for key in [&mine.key, &theirs.id.key] {
        stage.on_phone(&ada, key, |message| message.kind == MessageKind::Text).await;
    }
    session.close(Close::KeepLogin).await;
}

pub async fn every_kind_of_content_arrives(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    let ada = person(ADA);
    let place = Content::Location {
        latitude: 51.5074,
        longitude: -0.1278,
        name: Some("London".to_owned()),
        address: None,
    };
    let card = ContactCard::new(person(GRACE), Some("Grace Hopper".to_owned()));
    let poll = Content::Poll {
        question: "Tea?".to_owned(),
        options: vec!["yes".to_owned(), "no".to_owned()],
        selectable: 1,
    };
    for (content, kind) in [
        (text("words"), MessageKind::Text),
        (place, MessageKind::Location),
        (Content::ContactCards { contacts: vec![card] }, MessageKind::ContactCard),
        (poll, MessageKind::Poll),
    ] {
        let details = Details::of(&content);
        let sent = session.send(&ada, content).await.unwrap();
        let arrived = stage.on_phone(&ada, &sent.id.key, |_| true).await;
        assert_eq!((arrived.kind, arrived.details()), (kind, &details));
        let reply = session.ask(history(&ada, None, 1)).await;
        let Ok(Reply::Messages(found)) = reply else { panic!("{reply:?}") };
        assert_eq!((found[0].id.key.clone(), found[0].kind), (sent.id.key, kind));
        assert_eq!(found[0].details(), &details);
    }
    session.close(Close::KeepLogin).await;
}

pub async fn files_travel_both_ways(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let ada = person(ADA);
    let file = stage.folder.path().join("file");
    let noise: Vec<u8> =
        (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (kind, mime, bytes, arrives_as) in [
        (MediaKind::Image, "image/png", PIXEL, MessageKind::Image),
        (MediaKind::Document, "application/octet-stream", &noise[..], MessageKind::Document),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let media = OutgoingMedia {
            path: file.clone(),
            kind,
            mime: mime.to_owned(),
            filename: "näme.bin".to_owned(),
            size: bytes.len() as u64,
            caption: (kind == MediaKind::Document).then(|| "a caption".to_owned()),
            seconds: None,
            url: None,
        };
        let caption = media.caption.clone().unwrap_or_default();
        let sent = session.send(&ada, Content::Media(media)).await.unwrap();
        let arrived = stage.on_phone(&ada, &sent.id.key, |_| true).await;
        assert_eq!((arrived.kind, arrived.body), (arrives_as, caption));
        assert_eq!(download(&session, &stage, &sent.id).await, bytes);
    }
    std::fs::write(&file, PIXEL).unwrap();
    let media = PhoneMedia {
        path: &file,
        kind: MediaKind::Image,
        mime: "image/png",
        filename: None,
        caption: Some("from the phone".to_owned()),
    };
    stage.network.phone(&ada).write_media(&person(OWNER), media).unwrap();
    let received = session.message("a picture", |message| message.kind == MessageKind::Image).await;
    assert_eq!(received.body, "from the phone");
    assert_eq!(received.media.as_ref().map(|media| media.mime.as_str()), Some("image/png"));
    assert_eq!(download(&session, &stage, &received.id).await, PIXEL);
    session.close(Close::KeepLogin).await;
}

pub async fn chats_and_their_history_can_be_read(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let (ada, grace) = (person(ADA), person(GRACE));
    stage.network.account(&person(OWNER)).set_behaviour(Behaviour::Manual).unwrap();
    for number in 1..=5 {
        stage.network.phone(&ada).write(&person(OWNER), &format!("word {number}")).unwrap();
    }
    session.message("the last", |message| message.body == "word 5").await;
    session.say(&grace, "newest").await;

    let reply = session.ask(Command::Chats { offset: 0, limit: 10 }).await;
    let Ok(Reply::Chats(chats)) = reply else { panic!("{reply:?}") };
    let of_ada = chats.iter().find(|chat| chat.id == ada).unwrap();
    assert_eq!((of_ada.unread, of_ada.archived), (5, false));
    assert_eq!(of_ada.last_message.as_ref().unwrap().preview, "word 5");
    let reply = session.ask(Command::Chats { offset: 1, limit: 1 }).await;
    let Ok(Reply::Chats(page)) = reply else { panic!("{reply:?}") };
    assert_eq!(page, chats[1..2]);

    let reply = session.ask(history(&ada, None, 2)).await;
    let Ok(Reply::Messages(newest)) = reply else { panic!("{reply:?}") };
    assert_eq!(bodies(&newest), ["word 4", "word 5"]);
    let reply = session.ask(history(&ada, Some(newest[0].id.clone()), 2)).await;
    let Ok(Reply::Messages(older)) = reply else { panic!("{reply:?}") };
    assert_eq!(bodies(&older), ["word 2", "word 3"]);

    assert_eq!(session.ask(Command::MarkRead { chat: ada.clone() }).await, Ok(Reply::Done));
    assert_eq!(chat(&session, &ada).await.unread, 0);
    for archived in [true, false] {
        let archive = Command::Archive { chat: ada.clone(), archived };
        assert_eq!(session.ask(archive).await, Ok(Reply::Done));
        assert_eq!(chat(&session, &ada).await.archived, archived);
    }
    for typing in [true, false] {
        let typing = Command::Typing { chat: ada.clone(), typing };
        assert_eq!(session.ask(typing).await, Ok(Reply::Done));
    }
    let reply = session.ask(Command::Contacts { offset: 0, limit: 100 }).await;
    let Ok(Reply::Contacts(contacts)) = reply else { panic!("{reply:?}") };
    let known = contacts.iter().find(|contact| contact.id == ada).unwrap();
    assert_eq!(known.display_name(), "Ada Lovelace");
    let reply = session.ask(Command::Contact { id: ada.clone() }).await;
    let Ok(Reply::Contact(contact)) = reply else { panic!("{reply:?}") };
    assert!(contact.on_whatsapp && contact.display_name() == "Ada Lovelace");
    session.close(Close::KeepLogin).await;
}

pub async fn groups_are_made_and_changed(stage: Stage) {
    let mut session = stage.open("one").await;
    stage.scan(&mut session, OWNER).await;
    let lid = session.ready().await.lid;
    let (ada, grace, me) = (person(ADA), person(GRACE), person(OWNER));
    let create = Command::CreateGroup {
        name: "Engines".to_owned(),
        description: Some("of difference".to_owned()),
        participants: vec![ada.clone()],
    };
    let reply = session.ask(create).await;
    let Ok(Reply::GroupCreated { id, participants }) = reply else { panic!("{reply:?}") };
    assert!(id.is_group());
    assert_eq!(participants.iter().map(|each| &each.id).collect::<Vec<_>>(), [&ada]);
    session
        .happened("that the group is there", |body| match body {
            EventBody::GroupJoined { group, action: JoinAction::Create, .. } if *group == id => {
                Some(())
            }
            _ => None,
        })
        .await;
    let sent = session.say(&id, "to all").await;
    // WhatsApp names the writer in a group by either identity.
    let writer = sent.participant.as_ref().unwrap();
    assert!(*writer == me || Some(writer) == lid.as_ref(), "{writer}");
    // Receipts come from others, and yet name the message by its own id.
    acknowledged(&mut session, &sent, Ack::Delivered).await;
    stage.network.phone(&ada).write(&id, "from one").unwrap();
    let received = session.message("a word in the group", |message| message.chat() == &id).await;
    assert_eq!((received.author.clone(), received.body.as_str()), (ada.clone(), "from one"));

    let add = Command::AddParticipants { group: id.clone(), participants: vec![grace.clone()] };
    let reply = session.ask(add).await;
    let Ok(Reply::Participants(outcomes)) = reply else { panic!("{reply:?}") };
    assert_eq!((outcomes[0].id.clone(), outcomes[0].status), (grace.clone(), 200));
    session
        .happened("that somebody was added", |body| match body {
            EventBody::GroupJoined { group, participants, action: JoinAction::Add, by, .. } => {
                let added = std::slice::from_ref(&grace);
                (*group == id && participants == added && by.as_ref() == Some(&me)).then_some(())
            }
            _ => None,
        })
        .await;
    assert_eq!(members(&session, &id).await, [ada.clone(), grace.clone(), me.clone()]);
    let remove = Command::RemoveParticipants { group: id.clone(), participants: vec![ada.clone()] };
    let reply = session.ask(remove).await;
    let Ok(Reply::Participants(outcomes)) = reply else { panic!("{reply:?}") };
    assert_eq!((outcomes[0].id.clone(), outcomes[0].status), (ada.clone(), 200));
    session
        .happened("that somebody was removed", |body| match body {
            EventBody::GroupLeft { group, participants, action: LeaveAction::Remove, by } => {
                let left = std::slice::from_ref(&ada);
                (*group == id && participants == left && by.as_ref() == Some(&me)).then_some(())
            }
            _ => None,
        })
        .await;
    assert_eq!(members(&session, &id).await, [grace, me.clone()]);
    let reply = session.ask(Command::Group { id: id.clone() }).await;
    let Ok(Reply::Group(group)) = reply else { panic!("{reply:?}") };
    assert_eq!(
        (group.name.as_str(), group.description.as_deref()),
        ("Engines", Some("of difference"))
    );
    assert_eq!(group.owner, Some(me));
    session.close(Close::KeepLogin).await;
}

pub async fn what_cannot_be_done_is_refused_by_name(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let (ada, nobody) = (person(ADA), person("99900000000"));
    let no_group: Jid = "120363999999999999@g.us".parse().unwrap();
    let mine = session.say(&ada, "mine").await;
    let theirs = stage.network.phone(&ada).write(&person(OWNER), "theirs").unwrap();
    let theirs = session.message("theirs", |message| message.id.key == theirs.id.key).await.id;
    let gone = MessageId { key: Outgoing::new_key().into(), ..mine.clone() };
    let into = stage.folder.path().join("nothing");
    let add = |group: &Jid| Command::AddParticipants {
        group: group.clone(),
        participants: vec![person(GRACE)],
    };
    let refused = [
        (
            Command::Edit { message: gone.clone(), text: "x".to_owned() },
            ErrorCode::NotFound,
            Subject::Message,
        ),
        (
            Command::React { message: gone.clone(), emoji: "x".to_owned() },
            ErrorCode::NotFound,
            Subject::Message,
        ),
        (
            Command::Edit { message: theirs.clone(), text: "x".to_owned() },
            ErrorCode::Forbidden,
            Subject::Message,
        ),
        (
            Command::Revoke { message: theirs, for_everyone: true },
            ErrorCode::Forbidden,
            Subject::Message,
        ),
        (
            Command::DownloadMedia { message: mine, into: into.clone() },
            ErrorCode::NotFound,
            Subject::Media,
        ),
        (Command::DownloadMedia { message: gone, into }, ErrorCode::NotFound, Subject::Message),
        (history(&person(GRACE), None, 5), ErrorCode::NotFound, Subject::Chat),
        (Command::MarkRead { chat: no_group.clone() }, ErrorCode::NotFound, Subject::Chat),
        (Command::Group { id: no_group.clone() }, ErrorCode::NotFound, Subject::Group),
        (add(&no_group), ErrorCode::NotFound, Subject::Group),
        (Command::Contact { id: nobody.clone() }, ErrorCode::NotFound, Subject::Contact),
    ];
    for (command, code, subject) in refused {
        let asked = format!("{command:?}");
        let error = session.ask(command).await.expect_err(&asked);
        assert_eq!((error.code, error.subject), (code, Some(subject)), "{asked}: {error}");
    }
    let error = session.send(&nobody, text("hello?")).await.unwrap_err();
    assert_eq!(
        (error.code, error.subject),
        (ErrorCode::Refused, Some(Subject::Recipient)),
        "{error}"
    );
    session.close(Close::KeepLogin).await;
}

pub async fn a_lost_connection_is_reported_and_restored(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    for expected in [false, true] {
        stage.network.account(&person(OWNER)).set_online(expected);
        session
            .await_event("the connection", |event| match event {
                DriverEvent::Connection { connected, .. } => (*connected == expected).then_some(()),
                _ => None,
            })
            .await;
    }
    session.say(&person(ADA), "still here").await;
    session.close(Close::KeepLogin).await;
}

async fn acknowledged(session: &mut Session, id: &MessageId, level: Ack) {
    session
        .happened("a receipt", |body| match body {
            EventBody::Ack { message, ack, .. } => (message == id && *ack == level).then_some(()),
            _ => None,
        })
        .await;
}

async fn download(session: &Session, stage: &Stage, message: &MessageId) -> Vec<u8> {
    let into = stage.folder.path().join("downloaded");
    let command = Command::DownloadMedia { message: message.clone(), into: into.clone() };
    assert_eq!(session.ask(command).await, Ok(Reply::Done));
    let bytes = std::fs::read(&into).unwrap();
    std::fs::remove_file(into).unwrap();
    bytes
}

async fn chat(session: &Session, id: &Jid) -> wagate::domain::Chat {
    let reply = session.ask(Command::Chats { offset: 0, limit: 100 }).await;
    let Ok(Reply::Chats(chats)) = reply else { panic!("{reply:?}") };
    chats.into_iter().find(|chat| chat.id == *id).expect("no such chat")
}

async fn members(session: &Session, id: &Jid) -> Vec<Jid> {
    let reply = session.ask(Command::Group { id: id.clone() }).await;
    let Ok(Reply::Group(group)) = reply else { panic!("{reply:?}") };
    let mut members: Vec<Jid> = group.participants.into_iter().map(|each| each.id).collect();
    members.sort();
    members
}

pub fn history(chat: &Jid, before: Option<MessageId>, limit: usize) -> Command {
    Command::Messages { chat: chat.clone(), before, limit }
}

pub fn bodies(messages: &[wagate::domain::Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}
