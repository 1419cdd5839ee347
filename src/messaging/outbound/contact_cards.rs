//! Names on outgoing contact cards.

use crate::{
    domain::{Command, Contact, Content, Error, Jid, Reply, SessionId, command::ContactCard},
    messaging::{directory::Directory, engines::Engines},
};

/// Gives each card the name of its person where the caller gave none.
pub async fn name_cards(
    directory: &Directory,
    engines: &Engines,
    session: &SessionId,
    content: Content,
) -> Result<Content, Error> {
    let Content::ContactCards { mut contacts } = content else { return Ok(content) };
    for card in &mut contacts {
        name_card(directory, engines, session, card).await?;
    }
    Ok(Content::ContactCards { contacts })
}

async fn name_card(
    directory: &Directory,
    engines: &Engines,
    session: &SessionId,
    card: &mut ContactCard,
) -> Result<(), Error> {
    if card.name.is_some() || card.vcard.is_some() {
        return Ok(());
    }
    let me = engines.session(session)?.status().me;
    let own = me.filter(|me| me.id == card.id).and_then(|me| me.push_name);
    let known = directory.people(session, [card.id.clone()]).await?.remove(&card.id);
    let known = match known {
        Some(contact) => Some(contact),
        None => from_engine(engines, session, &card.id).await,
    };
    let name = known.map(|contact| contact.display_name().to_owned());
    card.name = own.or_else(|| name.filter(|name| name != card.id.user()));
    Ok(())
}

/// The engine's contact of a person whom the mirror does not know. A card can be sent without a name.
async fn from_engine(engines: &Engines, session: &SessionId, id: &Jid) -> Option<Contact> {
    if !engines.is_ready(session).ok()? {
        return None;
    }
    match engines.execute(session, Command::Contact { id: id.clone() }).await {
        Ok(Reply::Contact(contact)) => Some(*contact),
        _ => None,
    }
}
