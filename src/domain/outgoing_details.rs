//! Details of an outgoing message, from its content.

use crate::domain::{
    Content, Details,
    command::ContactCard,
    details::{Card, Location, Poll},
    vcard,
};

impl Details {
    /// The details of an outgoing message.
    pub fn of(content: &Content) -> Self {
        match content {
            Content::Text { .. } => Self::default(),
            Content::Media(media) => Self { seconds: media.seconds, ..Self::default() },
            Content::Location { latitude, longitude, name, address } => {
                let (name, address) = (name.clone(), address.clone());
                let (latitude, longitude) = (*latitude, *longitude);
                let place = Location { latitude, longitude, name, address, live: false };
                Self { location: Some(place), ..Self::default() }
            }
            Content::ContactCards { contacts } => {
                let contacts = contacts.iter().map(ContactCard::card).collect();
                Self { contacts, ..Self::default() }
            }
            Content::Poll { question, options, selectable } => {
                let (question, options) = (question.clone(), options.clone());
                let votes = Some(Vec::new());
                let poll = Poll { question, options, selectable: *selectable, votes };
                Self { poll: Some(poll), ..Self::default() }
            }
        }
    }
}

impl ContactCard {
    /// As it is sent.
    pub fn card(&self) -> Card {
        let number = self.id.user();
        match &self.vcard {
            Some(vcard) => Card::read(self.name.as_deref(), vcard),
            None => {
                let name = self.name.clone().unwrap_or_else(|| format!("+{number}"));
                let vcard = vcard::write(&name, self.organization.as_deref(), number);
                Card::read(Some(&name), &vcard)
            }
        }
    }
}
