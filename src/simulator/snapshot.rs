//! All that a device is given when it connects.

use std::collections::HashMap;

use crate::{
    domain::{Chat, Group, Jid, identity::Pair},
    simulator::{account::Person, protocol::Push, veil::Shown, world::World},
};

/// Messages of each chat that a device is given.
const SNAPSHOT_MESSAGES: usize = 50;

impl World {
    /// All that a device of this account needs to show.
    pub fn snapshot(&self, account: &Jid) -> Option<Push> {
        let person = self.ledger.person(account)?;
        let (me, threads) = (&person.me, self.ledger.chats(account)?);
        let mut chats: Vec<Chat> = threads.values().map(|thread| thread.chat.clone()).collect();
        chats.sort_by_key(|chat| std::cmp::Reverse(chat.last_activity));
        let is_member = |group: &&Group| group.participants.iter().any(|p| p.id == me.id);
        let messages =
            threads.keys().flat_map(|chat| self.ledger.newest(account, chat, SNAPSHOT_MESSAGES));
        let mut snapshot = Push::Snapshot {
            me: me.clone(),
            identities: self.told_to(person),
            contacts: person.contacts.values().cloned().collect(),
            chats,
            groups: self
                .ledger
                .groups()
                .values()
                .filter(|group| group.id.is_group())
                .filter(is_member)
                .cloned()
                .collect(),
            messages: messages.collect(),
        };
        self.veil(&me.id).push(&mut snapshot);
        Some(snapshot)
    }

    /// Who is who among those in an account's chats and groups who go by their hidden identity and
    /// tell their number.
    fn told_to(&self, person: &Person) -> Vec<Pair> {
        let chats = self.ledger.chats(&person.me.id).into_iter().flat_map(HashMap::keys);
        let mut people: Vec<Jid> = chats
            .filter(|chat| !chat.is_channel())
            .flat_map(|chat| self.members(chat).into_iter().chain([chat.clone()]))
            .collect();
        people.sort();
        people.dedup();
        let people = people.iter().filter_map(|id| self.ledger.person(id));
        let tell = people.filter(|person| person.shown == Shown::Lid);
        tell.filter_map(|person| Pair::of(person.me.lid.as_ref()?, &person.me.id)).collect()
    }
}
