//! The contract of every engine for WhatsApp's rules: what is refused is refused as what it is, never as a
//! failure.

use wagate::{
    domain::{
        Command, Content, Error, ErrorCode, EventBody, MessageId, Outgoing, Reply, Subject,
        command::{MediaKind, OutgoingMedia},
    },
    driver::Close,
};

use crate::stage::{ADA, GRACE, OWNER, Session, Stage, person, text};

/// The reason of a rule that was broken.
fn rule(error: &Error) -> (ErrorCode, Option<Subject>, &str) {
    let reason = error.details.get("reason").and_then(|reason| reason.as_str());
    (error.code, error.subject, reason.unwrap_or_default())
}

pub async fn nothing_is_done_to_a_deleted_message(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let ada = person(ADA);
    let mine = session.say(&ada, "mine").await;
    let theirs = stage.network.phone(&ada).write(&person(OWNER), "theirs").unwrap();
    let theirs = session.message("theirs", |message| message.id.key == theirs.id.key).await.id;
    let revoke = Command::Revoke { message: mine.clone(), for_everyone: true };
    assert_eq!(session.ask(revoke).await, Ok(Reply::Done));
    let on_phone = MessageId { from_me: true, chat: person(OWNER), ..theirs.clone() };
    stage.network.phone(&ada).revoke(&on_phone).unwrap();
    session
        .happened("that it was deleted", |body| match body {
            EventBody::MessageRevoked { message, .. } if *message == theirs => Some(()),
            _ => None,
        })
        .await;
    for message in [mine.clone(), theirs] {
        let quoting = Outgoing {
            key: Outgoing::new_key(),
            chat: ada.clone(),
            content: text("an answer"),
            quoted: Some(message.clone()),
            mentions: Vec::new(),
            link_preview: false,
        };
        let error = session.send_out(quoting).await.unwrap_err();
        assert_eq!(rule(&error), (ErrorCode::Conflict, Some(Subject::Message), "deleted"));
        let react = Command::React { message, emoji: "👍".to_owned() };
        let error = session.ask(react).await.unwrap_err();
        assert_eq!(rule(&error), (ErrorCode::Conflict, Some(Subject::Message), "deleted"));
    }
    let edit = Command::Edit { message: mine, text: "x".to_owned() };
    let error = session.ask(edit).await.unwrap_err();
    assert_eq!(rule(&error), (ErrorCode::Conflict, Some(Subject::Message), "deleted"));
    assert_eq!(stage.network.phone(&ada).messages(&person(OWNER)).len(), 2);
    session.close(Close::KeepLogin).await;
}

pub async fn captions_are_edited_and_admins_delete_what_others_wrote(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let ada = person(ADA);
    let captioned = picture(&session, &stage, Some("a dto")).await;
    let bare = picture(&session, &stage, None).await;
    let edit =
        |message: &MessageId| Command::Edit { message: message.clone(), text: "a dot".to_owned() };
    assert_eq!(session.ask(edit(&captioned)).await, Ok(Reply::Done));
    let is_changed = |message: &wagate::domain::Message| message.body == "a dot" && message.edited;
    stage.on_phone(&ada, &captioned.key, is_changed).await;
    let error = session.ask(edit(&bare)).await.unwrap_err();
    assert_eq!(rule(&error), (ErrorCode::Conflict, Some(Subject::Message), "not_text"));

    let create = Command::CreateGroup {
        name: "Kitchen".to_owned(),
        description: None,
        participants: vec![ada.clone(), person(GRACE)],
    };
    let reply = session.ask(create).await;
    let Ok(Reply::GroupCreated { id: group, .. }) = reply else { panic!("{reply:?}") };
    let rude = stage.network.phone(&ada).write(&group, "rude").unwrap();
    let rude = session.message("it", |message| message.id.key == rude.id.key).await.id;
    let revoke = Command::Revoke { message: rude.clone(), for_everyone: true };
    assert_eq!(session.ask(revoke).await, Ok(Reply::Done));
    for phone in [ADA, GRACE] {
        let kinds = stage.network.phone(&person(phone)).messages(&group);
        let bodies: Vec<&str> = kinds.iter().map(|message| message.body.as_str()).collect();
        assert_eq!(bodies, [""], "{phone}");
    }
    session.close(Close::KeepLogin).await;
}

async fn picture(session: &Session, stage: &Stage, caption: Option<&str>) -> MessageId {
    let path = stage.folder.path().join("picture.png");
    image::RgbImage::new(2, 2).save(&path).unwrap();
    let content = Content::Media(OutgoingMedia {
        size: std::fs::metadata(&path).unwrap().len(),
        path,
        kind: MediaKind::Image,
        mime: "image/png".to_owned(),
        filename: "picture.png".to_owned(),
        caption: caption.map(str::to_owned),
        seconds: None,
        url: None,
    });
    session.send(&person(ADA), content).await.unwrap().id
}
