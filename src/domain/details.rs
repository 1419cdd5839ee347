//! Details of a message beyond its text and file: a location, contact cards, a poll, and the context of the message.

use serde::{Deserialize, Serialize};

use crate::domain::{Jid, Timestamp, vcard};

/// All fields are optional: a plain text has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub location: Option<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<CardAsReported>>"))]
    pub contacts: Vec<Card>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub poll: Option<Poll>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub menu_reply: Option<MenuReply>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub ad: Option<AdContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub link_preview: Option<LinkPreview>,
    /// Seconds of a voice note, an audio file or a video.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub seconds: Option<u32>,
    /// A sticker that moves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub animated: bool,
    /// The message can be viewed once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub view_once: bool,
    /// The message disappears after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub ephemeral_seconds: Option<u32>,
}

/// The details of a plain text.
pub static NONE: Details = Details {
    location: None,
    contacts: Vec::new(),
    poll: None,
    menu_reply: None,
    ad: None,
    link_preview: None,
    seconds: None,
    animated: false,
    view_once: false,
    ephemeral_seconds: None,
};

impl Default for Details {
    fn default() -> Self {
        NONE.clone()
    }
}

/// A place on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Location {
    pub latitude: f64,
    pub longitude: f64,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub address: Option<String>,
    /// A live location; the coordinates are the first ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub live: bool,
}

/// A contact card. The store has its name and its vCard; the other fields are parsed from the vCard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", from = "CardAsReported")]
pub struct Card {
    pub name: String,
    /// The first is the one to use.
    pub phones: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub organization: Option<String>,
    /// The WhatsApp address that it names.
    pub id: Option<Jid>,
    pub vcard: String,
}

/// A contact card as an engine reports it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CardAsReported {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    vcard: String,
}

impl From<CardAsReported> for Card {
    fn from(CardAsReported { name, vcard }: CardAsReported) -> Self {
        Self::read(name.as_deref(), &vcard)
    }
}

impl Card {
    /// From a vCard, with the name that goes along with it.
    pub fn read(name: Option<&str>, vcard: &str) -> Self {
        let found = vcard::read(vcard);
        let given = name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        let name = given.or(found.name).or_else(|| found.phones.first().cloned());
        let name = name.unwrap_or_default();
        let bounded = vcard::bounded(vcard);
        let vcard = bounded.unwrap_or_else(|| {
            let digits = found.phones.first().map_or("", |phone| phone.trim_start_matches('+'));
            vcard::write(&name, found.organization.as_deref(), digits)
        });
        let (phones, organization, id) = (found.phones, found.organization, found.id);
        Self { name, phones, organization, id, vcard }
    }
}

/// A question with the answers to choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Poll {
    pub question: String,
    pub options: Vec<String>,
    /// How many one person may choose; 0 for any number.
    pub selectable: u32,
    /// The last choice of each person; none where the engine does not know the votes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub votes: Option<Vec<Vote>>,
}

/// The choice of one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Vote {
    pub sender: Jid,
    pub options: Vec<String>,
    pub timestamp: Timestamp,
}

impl Poll {
    /// Replaces a person's vote; a vote without options withdraws it.
    pub fn vote(&mut self, vote: Vote) {
        let votes = self.votes.get_or_insert_default();
        votes.retain(|before| before.sender != vote.sender);
        if !vote.options.is_empty() {
            votes.push(vote);
        }
    }

    pub fn all_votes(&self) -> &[Vote] {
        self.votes.as_deref().unwrap_or_default()
    }

    /// Those who chose an option.
    pub fn voters(&self, option: &str) -> impl Iterator<Item = &Vote> {
        self.all_votes().iter().filter(move |vote| vote.options.iter().any(|one| one == option))
    }
}

/// A choice from a list or from buttons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MenuReply {
    /// As the sender of the menu named it.
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub title: Option<String>,
    pub menu: Menu,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Menu {
    List,
    Buttons,
    Template,
    /// A form or a flow.
    Interactive,
}

/// The advertisement that led a person to write.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase", default)]
pub struct AdContext {
    /// Where the ad was shown, in WhatsApp's words: `ad`, `FB_Ads`.
    pub source: Option<String>,
    pub id: Option<String>,
    pub url: Option<String>,
    pub title: Option<String>,
    pub body: Option<String>,
    pub media_url: Option<String>,
    pub click_id: Option<String>,
}

impl AdContext {
    /// Whether WhatsApp says that it was an advertisement, and no other link to a chat.
    pub fn is_ad(&self) -> bool {
        let source = self.source.as_deref().unwrap_or_default().to_lowercase();
        source == "ad"
            || self.click_id.is_some()
            || ["ctwa", "fb_ads"].iter().any(|word| source.contains(word))
    }
}

/// The preview of a page that a text links to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LinkPreview {
    pub url: String,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
}

impl Details {
    /// As text, for callers that handle text only.
    pub fn words(&self) -> Option<String> {
        if let Some(Location { name, address, .. }) = &self.location {
            // WhatsApp shows a place without a name as a map and no words: coordinates are no text.
            let named = [name, address].into_iter().flatten().find(|words| !words.is_empty());
            return named.cloned();
        }
        if !self.contacts.is_empty() {
            let names: Vec<&str> = self.contacts.iter().map(|card| card.name.as_str()).collect();
            return Some(names.join(", "));
        }
        if let Some(poll) = &self.poll {
            return Some(poll.question.clone());
        }
        let reply = self.menu_reply.as_ref()?;
        reply.title.clone().or_else(|| reply.id.clone())
    }

    /// None for the details of a plain text.
    pub fn some(self) -> Option<Box<Self>> {
        (self != NONE).then(|| Box::new(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Content, clock::from_seconds, command::ContactCard};

    fn person(number: u8) -> Jid {
        format!("1555000000{number}@c.us").parse().unwrap()
    }

    #[test]
    fn a_later_vote_replaces_the_earlier_one_and_an_empty_one_takes_it_back() {
        let mut poll = Poll {
            question: "Tea?".to_owned(),
            options: vec!["yes".to_owned(), "no".to_owned()],
            selectable: 0,
            votes: None,
        };
        let vote = |number, options: &[&str]| Vote {
            sender: person(number),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            timestamp: from_seconds(1),
        };
        let count = |poll: &Poll, option| poll.voters(option).count();
        poll.vote(vote(1, &["yes", "no"]));
        poll.vote(vote(2, &["yes"]));
        assert_eq!((count(&poll, "yes"), count(&poll, "no")), (2, 1));
        poll.vote(vote(1, &["no"]));
        poll.vote(vote(2, &[]));
        assert_eq!((count(&poll, "yes"), count(&poll, "no")), (0, 1));
        assert_eq!(poll.all_votes().len(), 1);
    }

    #[test]
    fn a_card_is_completed_from_its_vcard_wherever_it_comes_from() {
        let sent = ContactCard::new(person(1), Some("Ada, Countess".to_owned())).card();
        assert_eq!(
            (sent.name.as_str(), &sent.phones[..]),
            ("Ada, Countess", &["+15550000001".to_owned()][..])
        );
        let reported = serde_json::json!({ "name": null, "vcard": sent.vcard });
        assert_eq!(serde_json::from_value::<Card>(reported).unwrap(), sent);
        let stored = serde_json::to_value(&sent).unwrap();
        assert_eq!(serde_json::from_value::<Card>(stored).unwrap(), sent);
        let unnamed = ContactCard::new(person(1), None).card();
        assert_eq!(unnamed.name, "+15550000001");
    }

    #[test]
    fn what_is_no_text_has_words_all_the_same() {
        let place = |name: &str, address: &str| {
            let some = |words: &str| Some(words.to_owned()).filter(|words| !words.is_empty());
            let (name, address) = (some(name), some(address));
            let content = Content::Location { latitude: 1.5, longitude: -2.0, name, address };
            Details::of(&content).words()
        };
        assert_eq!(place("London", "1 Street").as_deref(), Some("London"));
        assert_eq!(place("", "1 Street").as_deref(), Some("1 Street"));
        assert_eq!(place("", ""), None);
        assert_eq!(Details::default().words(), None);
        assert_eq!(Details::default().some(), None);
    }
}
