//! The contract of every engine for a message that WhatsApp refuses: it was never sent.

use wagate::{
    domain::{Ack, Command, ErrorCode, EventBody, Jid, MessageId, Outgoing, Reply},
    driver::{Close, DriverEvent},
    simulator::Faults,
};

use crate::stage::{ADA, OWNER, Stage, person, text};

pub async fn a_refused_send_is_a_failure_and_nothing_of_it_is_listed(stage: Stage) {
    let mut session = stage.linked("one", OWNER).await;
    let ada = person(ADA);
    let before = session.say(&ada, "before").await;
    stage.network.plan_faults(Faults { refuse_sends: 2, ..Faults::default() });
    let (never, outgoing) = (outgoing(&ada), outgoing(&ada));
    session.send_out(never.clone()).await.unwrap_err();
    let refused = session.send_out(outgoing.clone()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::EngineFailed, "{refused}");
    let id = id_of(&outgoing);
    // An engine may store it, but not as a sent one.
    let found = session.ask(Command::Find { message: id.clone() }).await;
    let Ok(Reply::Found(found)) = found else { panic!("{found:?}") };
    assert!(found.is_none_or(|found| found.ack == Ack::Failed));

    let list = Command::Messages { chat: ada.clone(), before: None, limit: 10 };
    let reply = session.ask(list).await;
    let Ok(Reply::Messages(messages)) = reply else { panic!("{reply:?}") };
    let bodies: Vec<&str> = messages.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(bodies, ["before"]);
    let reply = session.ask(Command::Chats { offset: 0, limit: 50 }).await;
    let Ok(Reply::Chats(chats)) = reply else { panic!("{reply:?}") };
    let chat = chats.into_iter().find(|chat| chat.id == ada).expect("the chat is gone");
    assert_eq!(chat.last_message.map(|last| last.preview).as_deref(), Some("before"));

    // The same key once more is a new attempt, and one message.
    assert_eq!(session.send_out(outgoing).await.unwrap().id, id);
    let after = session.say(&ada, "after").await;
    stage.on_phone(&ada, &after.key, |_| true).await;
    let on_phone = stage.network.phone(&ada).messages(&person(OWNER));
    let keys: Vec<_> = on_phone.iter().map(|message| message.id.key.clone()).collect();
    assert_eq!(keys, [before.key, id.key, after.key.clone()]);
    // No event says of a refused message that it was sent, or what became of it: the answer does.
    session
        .happened("the receipt of the last one", |body| match body {
            EventBody::Ack { message, ack: Ack::Delivered, .. } if message.key == after.key => {
                Some(())
            }
            _ => None,
        })
        .await;
    let is_wrong = |event: &DriverEvent| match event {
        DriverEvent::Event(EventBody::Ack { ack, .. }) => *ack == Ack::Failed,
        DriverEvent::Event(EventBody::MessageSent { message }) => *message.id.key == *never.key,
        _ => false,
    };
    assert_eq!(session.first_seen(is_wrong), None);
    session.close(Close::KeepLogin).await;
}

pub async fn a_refused_message_can_be_deleted_where_the_engine_keeps_it(stage: Stage) {
    let session = stage.linked("one", OWNER).await;
    let ada = person(ADA);
    for for_everyone in [true, false] {
        stage.network.plan_faults(Faults { refuse_sends: 1, ..Faults::default() });
        let key = Outgoing::new_key();
        let outgoing = Outgoing {
            key: key.clone(),
            chat: ada.clone(),
            content: text("refused"),
            quoted: None,
            mentions: Vec::new(),
            link_preview: false,
        };
        session.send_out(outgoing).await.unwrap_err();
        let message = MessageId {
            from_me: true,
            chat: ada.clone(),
            key: key.as_str().into(),
            participant: None,
        };
        let reply = session.ask(Command::Revoke { message: message.clone(), for_everyone }).await;
        let is_gone = reply.as_ref().is_err_and(|error| error.code == ErrorCode::NotFound);
        assert!(reply == Ok(Reply::Done) || is_gone, "{reply:?}");
        assert_eq!(session.ask(Command::Find { message }).await, Ok(Reply::Found(None)));
    }
    session.close(Close::KeepLogin).await;
}

fn outgoing(chat: &Jid) -> Outgoing {
    Outgoing {
        key: Outgoing::new_key(),
        chat: chat.clone(),
        content: text("refused"),
        quoted: None,
        mentions: Vec::new(),
        link_preview: false,
    }
}

fn id_of(outgoing: &Outgoing) -> MessageId {
    let (chat, key) = (outgoing.chat.clone(), outgoing.key.as_str().into());
    MessageId { from_me: true, chat, key, participant: None }
}
