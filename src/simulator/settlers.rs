//! People whom everybody on the network knows.

use crate::{
    domain::{Contact, Jid},
    simulator::{
        account::{Behaviour, Person},
        ledger::{Ledger, Record},
        world::lid_of,
    },
};

/// Telephone number, name, behaviour.
const SETTLERS: [(&str, &str, Behaviour); 6] = [
    ("15550000001", "Echo", Behaviour::Echo),
    ("15550000002", "Slow", Behaviour::Slow),
    ("15550000003", "Silent", Behaviour::Silent),
    ("15550000011", "Ada Lovelace", Behaviour::Reads),
    ("15550000012", "Grace Hopper", Behaviour::Reads),
    ("15550000013", "Alan Turing", Behaviour::Reads),
];

/// Everybody knows these people, from the beginning or from the version on that brought them.
pub fn settle(ledger: &mut Ledger) {
    for (phone, name, behaviour) in SETTLERS {
        if let Ok(id) = Jid::of_phone(phone)
            && ledger.person(&id).is_none()
        {
            let person = Person::new(id.clone(), lid_of(&id), name.to_owned(), behaviour);
            ledger.put(Record::Person(Box::new(person)));
        }
    }
}

/// Them as contacts.
pub fn settlers() -> impl Iterator<Item = Contact> {
    SETTLERS.iter().filter_map(|(phone, name, _)| settler(phone, name))
}

fn settler(phone: &str, name: &str) -> Option<Contact> {
    let id = Jid::of_phone(phone).ok()?;
    Some(Contact {
        lid: lid_of(&id),
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
