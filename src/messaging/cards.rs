//! Contact cards on their way out: the people on them under the names that are known.

use crate::{
    domain::{
        Command, Contact, Content, Error, Jid, Reply, SessionId, SessionState, command::ContactCard,
    },
    messaging::Messaging,
};

impl Messaging {
    /// Gives each card the name of its person where the caller gave none.
    pub(in crate::messaging) async fn name_cards(
        &self,
        session: &SessionId,
        content: Content,
    ) -> Result<Content, Error> {
        let Content::ContactCards { mut contacts } = content else { return Ok(content) };
        for card in &mut contacts {
            self.name_card(session, card).await?;
        }
        Ok(Content::ContactCards { contacts })
    }

    async fn name_card(&self, session: &SessionId, card: &mut ContactCard) -> Result<(), Error> {
        if card.name.is_some() || card.vcard.is_some() {
            return Ok(());
        }
        let me = self.supervisor.get(session)?.status().me;
        let own = me.filter(|me| me.id == card.id).and_then(|me| me.push_name);
        let known = self.people(session, [card.id.clone()]).await?.remove(&card.id);
        let known = match known {
            Some(contact) => Some(contact),
            None => self.asked_for(session, &card.id).await,
        };
        let name = known.map(|contact| contact.display_name().to_owned());
        card.name = own.or_else(|| name.filter(|name| name != card.id.user()));
        Ok(())
    }

    /// Somebody whom the mirror does not know, as the engine does; a card needs no name to be sent.
    async fn asked_for(&self, session: &SessionId, id: &Jid) -> Option<Contact> {
        let handle = self.supervisor.get(session).ok()?;
        if handle.status().state != SessionState::Ready {
            return None;
        }
        match handle.execute(Command::Contact { id: id.clone() }).await {
            Ok(Reply::Contact(contact)) => Some(*contact),
            _ => None,
        }
    }
}
