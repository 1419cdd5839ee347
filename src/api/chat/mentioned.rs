//! Mentions of a message: people whom its request names, and people in its text.

use std::collections::HashSet;

use crate::{
    domain::{Error, Jid, SessionId, address},
    messaging::MOST_MENTIONS,
    services::Services,
};

fn no_people(why: &str) -> Error {
    let message = format!("must be addresses of people, 100 at most{why}");
    Error::invalid_field("mentioned_jids", message)
}

/// The people whom a request names.
pub fn named(given: &[String]) -> Result<Vec<Jid>, Error> {
    Error::all(given.iter().map(|text| {
        let person = address::person(text);
        person.map_err(|error| no_people(&format!(": {}", error.about(text))))
    }))
}

/// The people named, and those whom the text mentions.
pub async fn mentions(
    services: &Services,
    session: &SessionId,
    chat: &Jid,
    mut people: Vec<Jid>,
    text: &str,
) -> Result<Vec<Jid>, Error> {
    people.extend(services.directory.mentioned_in(session, chat, text).await?);
    let mut seen = HashSet::new();
    people.retain(|id| seen.insert(id.clone()));
    if MOST_MENTIONS < people.len() { Err(no_people("")) } else { Ok(people) }
}
