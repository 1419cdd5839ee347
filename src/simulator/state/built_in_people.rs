//! Built-in people: contacts of every account of the network.

use crate::{
    domain::{Contact, Jid},
    simulator::state::{
        Record, State,
        account::{Behaviour, Person},
        lid::default_lid,
    },
};

/// Telephone number, name, behaviour.
const PEOPLE: [(&str, &str, Behaviour); 6] = [
    ("15550000001", "Echo", Behaviour::Echo),
    ("15550000002", "Slow", Behaviour::Slow),
    ("15550000003", "Silent", Behaviour::Silent),
    ("15550000011", "Ada Lovelace", Behaviour::Reads),
    ("15550000012", "Grace Hopper", Behaviour::Reads),
    ("15550000013", "Alan Turing", Behaviour::Reads),
];

/// Adds the people that are missing: all of them to a new state, new ones after an update.
pub fn add_built_in_people(state: &mut State) {
    for (phone, name, behaviour) in PEOPLE {
        if let Ok(id) = Jid::of_phone(phone)
            && state.people().get(&id).is_none()
        {
            let person = Person::new(id.clone(), default_lid(&id), name.to_owned(), behaviour);
            state.put(Record::Person(Box::new(person)));
        }
    }
}

pub fn built_in_contacts() -> impl Iterator<Item = Contact> {
    PEOPLE.iter().filter_map(|(phone, name, _)| contact(phone, name))
}

fn contact(phone: &str, name: &str) -> Option<Contact> {
    let id = Jid::of_phone(phone).ok()?;
    Some(Contact {
        lid: default_lid(&id),
        id,
        name: Some(name.to_owned()),
        short_name: name.split(' ').next().map(str::to_owned),
        push_name: Some(name.to_owned()),
        in_address_book: true,
        on_whatsapp: true,
        business: false,
        blocked: false,
        picture: None,
    })
}
