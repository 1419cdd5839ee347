//! All that a device is given when it connects.

use crate::{
    domain::{Chat, Group, Jid, identity::Pair},
    simulator::{account::Account, protocol::Push, veil::Shown, world::World},
};

/// Messages of each chat that a device is given.
const SNAPSHOT_MESSAGES: usize = 50;

impl World {
    /// All that a device of this account needs to show.
    pub fn snapshot(&self, account: &Jid) -> Option<Push> {
        let account = self.ledger.account(account)?;
        let me = &account.person.me;
        let mut chats: Vec<Chat> =
            account.chats.values().map(|thread| thread.chat.clone()).collect();
        chats.sort_by_key(|chat| std::cmp::Reverse(chat.last_activity));
        let is_member = |group: &&Group| group.participants.iter().any(|p| p.id == me.id);
        let messages = account.chats.values().flat_map(|chat| chat.newest(SNAPSHOT_MESSAGES));
        let mut snapshot = Push::Snapshot {
            me: me.clone(),
            identities: self.told_to(account),
            contacts: account.person.contacts.values().cloned().collect(),
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
    fn told_to(&self, account: &Account) -> Vec<Pair> {
        let chats = account.chats.keys();
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
