//! Actions of devices and people on the network. Each action owns nothing: it borrows the parts that it changes.

pub mod groups;
pub mod linking;
pub mod message_changes;
pub mod messages;
pub mod queries;
pub mod receipts;
mod snapshot;

use crate::{
    domain::{Jid, Message, MessageKind},
    simulator::{
        protocol::{Refusal, RefusalKind},
        state::{
            State,
            directory::{Directory, ensure_account},
        },
    },
};

/// The receivers of what an account sends to a chat. A person without an account gets one.
pub fn receivers(state: &mut State, me: &Jid, chat: &Jid) -> Result<Vec<Jid>, Refusal> {
    if state.groups().contains_key(chat) {
        let members = Directory::of(state).members(chat);
        if !members.contains(me) {
            return Err(Refusal::new(RefusalKind::NotMember, "you are not in this group"));
        }
        if chat.is_channel() {
            Directory::of(state).group_of_admin(me, chat)?;
        }
        return Ok(members.into_iter().filter(|member| member != me).collect());
    }
    if chat.is_status() {
        return Ok(Directory::of(state).story_viewers(me));
    }
    if !chat.is_person() {
        return Err(Refusal::new(RefusalKind::UnknownChat, "there is no such chat"));
    }
    match ensure_account(state, chat) {
        // A note to oneself goes nowhere else.
        Some(person) if person.me.id == *me => Ok(Vec::new()),
        Some(person) => Ok(vec![person.me.id.clone()]),
        None => Err(Refusal::new(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp")),
    }
}

fn not_deleted(message: &Message) -> Result<(), Refusal> {
    match message.kind {
        MessageKind::Revoked => Err(Refusal::new(RefusalKind::Deleted, "that message was deleted")),
        _ => Ok(()),
    }
}
