//! People of the network with their accounts, by address and by the credentials of their devices.

use std::collections::HashMap;

use crate::{
    domain::Jid,
    simulator::state::account::{Account, Person},
};

#[derive(Default)]
pub struct People {
    /// By the address of their person.
    accounts: HashMap<Jid, Account>,
    /// The account of each credential.
    credentials: HashMap<String, Jid>,
}

impl People {
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.accounts.values().map(|account| &account.person)
    }

    pub fn get(&self, id: &Jid) -> Option<&Person> {
        self.accounts.get(id).map(|account| &account.person)
    }

    /// The person to whom the device with a credential is linked.
    pub fn of_credential(&self, credential: &str) -> Option<&Jid> {
        self.credentials.get(credential)
    }

    /// The number of credentials.
    #[cfg(test)]
    pub fn credentials(&self) -> usize {
        self.credentials.len()
    }

    pub fn account(&self, id: &Jid) -> Option<&Account> {
        self.accounts.get(id)
    }

    pub fn account_mut(&mut self, id: &Jid) -> Option<&mut Account> {
        self.accounts.get_mut(id)
    }

    /// Adds a person, or replaces the one with this address. The chats stay.
    pub fn set(&mut self, person: Person) {
        let id = person.me.id.clone();
        let known = self.accounts.remove(&id);
        for device in known.iter().flat_map(|account| &account.person.devices) {
            self.credentials.remove(device);
        }
        for device in &person.devices {
            self.credentials.insert(device.clone(), id.clone());
        }
        let chats = known.map(|account| account.chats).unwrap_or_default();
        self.accounts.insert(id, Account { person, chats });
    }

    pub fn clear(&mut self) {
        self.accounts.clear();
        self.credentials.clear();
    }
}
