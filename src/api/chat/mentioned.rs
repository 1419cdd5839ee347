//! Mentions of a message: people whom its request names, and people in its text.

use crate::{
    domain::{Error, Jid, SessionId, address},
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
    named: Vec<Jid>,
    text: &str,
) -> Result<Vec<Jid>, Error> {
    let people = services.directory.mentions(session, chat, named, text).await?;
    people.ok_or_else(|| no_people(""))
}
