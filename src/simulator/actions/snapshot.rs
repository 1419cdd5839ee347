//! Snapshot of an account: what a device gets when it connects.

use std::collections::HashMap;

use crate::{
    domain::{Chat, Group, Jid, identity::Pair},
    simulator::{
        identity_masking::Masking,
        protocol::Push,
        state::{IdentityVisibility, Person, State, directory::Directory},
    },
};

/// Messages per chat.
const SNAPSHOT_MESSAGES: usize = 50;

pub fn snapshot(state: &State, account: &Jid) -> Option<Push> {
    let person = state.people().get(account)?;
    let (me, threads) = (&person.me, state.chats().of(account)?);
    let mut chats: Vec<Chat> = threads.values().map(|thread| thread.chat.clone()).collect();
    chats.sort_by_key(|chat| std::cmp::Reverse(chat.last_activity));
    let is_member = |group: &&Group| group.participants.iter().any(|p| p.id == me.id);
    let messages =
        threads.keys().flat_map(|chat| state.chats().newest(account, chat, SNAPSHOT_MESSAGES));
    let mut snapshot = Push::Snapshot {
        me: me.clone(),
        identities: public_pairs(state, person),
        contacts: person.contacts.values().cloned().collect(),
        chats,
        groups: state
            .groups()
            .values()
            .filter(|group| group.id.is_group())
            .filter(is_member)
            .cloned()
            .collect(),
        messages: messages.collect(),
    };
    Masking::new(state, &me.id).push(&mut snapshot);
    Some(snapshot)
}

/// Both identities of the people in an account's chats and groups who are shown by the hidden one and whose
/// number is not secret.
fn public_pairs(state: &State, person: &Person) -> Vec<Pair> {
    let chats = state.chats().of(&person.me.id).into_iter().flat_map(HashMap::keys);
    let mut people: Vec<Jid> = chats
        .filter(|chat| !chat.is_channel())
        .flat_map(|chat| Directory::of(state).members(chat).into_iter().chain([chat.clone()]))
        .collect();
    people.sort();
    people.dedup();
    let people = people.iter().filter_map(|id| state.people().get(id));
    let public = people.filter(|person| person.visibility == IdentityVisibility::Lid);
    public.filter_map(|person| Pair::of(person.me.lid.as_ref()?, &person.me.id)).collect()
}
