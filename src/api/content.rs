//! What a message holds beyond its text and its file, as both APIs show it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    Details, Jid,
    details::{AdContext, Card, LinkPreview, Location, Menu, MenuReply, Poll},
};

#[derive(Debug, Serialize, ToSchema)]
pub struct LocationView {
    latitude: f64,
    longitude: f64,
    name: Option<String>,
    address: Option<String>,
    /// It moves with the person who shares it.
    live: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CardView {
    name: String,
    /// The first of its numbers.
    phone: Option<String>,
    /// `+` and digits where a number is international.
    phones: Vec<String>,
    organization: Option<String>,
    /// The WhatsApp address that the card names.
    #[schema(value_type = Option<String>)]
    id: Option<Jid>,
    vcard: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PollView {
    question: String,
    options: Vec<String>,
    /// How many one person may choose; 0 for any number.
    selectable: u32,
    /// In the order of the options.
    results: Vec<PollResultView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PollResultView {
    option: String,
    /// How many chose it, as far as the session knows.
    votes: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MenuReplyView {
    /// The choice as the sender of the menu named it.
    id: Option<String>,
    title: Option<String>,
    /// list, buttons, template or interactive.
    menu: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LinkPreviewView {
    url: String,
    title: Option<String>,
    description: Option<String>,
}

impl LocationView {
    pub fn of(details: &Details) -> Option<Self> {
        let Location { latitude, longitude, name, address, live } = details.location.clone()?;
        Some(Self { latitude, longitude, name, address, live })
    }
}

impl CardView {
    pub fn all_of(details: &Details) -> Option<Vec<Self>> {
        let view = |card: Card| {
            let Card { name, phones, organization, id, vcard } = card;
            Self { name, phone: phones.first().cloned(), phones, organization, id, vcard }
        };
        let contacts = &details.contacts;
        (!contacts.is_empty()).then(|| contacts.iter().cloned().map(view).collect())
    }
}

impl PollView {
    pub fn of(details: &Details) -> Option<Self> {
        let poll = details.poll.as_ref()?;
        let result = |option: &String| PollResultView {
            option: option.clone(),
            votes: poll.voters(option).count(),
        };
        let results = poll.options.iter().map(result).collect();
        let Poll { question, options, selectable, .. } = poll.clone();
        Some(Self { question, options, selectable, results })
    }
}

impl MenuReplyView {
    pub fn of(details: &Details) -> Option<Self> {
        let MenuReply { id, title, menu } = details.menu_reply.clone()?;
        let menu = match menu {
            Menu::List => "list",
            Menu::Buttons => "buttons",
            Menu::Template => "template",
            Menu::Interactive => "interactive",
        };
        Some(Self { id, title, menu })
    }
}

impl LinkPreviewView {
    pub fn of(details: &Details) -> Option<Self> {
        let LinkPreview { url, title, description } = details.link_preview.clone()?;
        Some(Self { url, title, description })
    }
}

/// The advertisement that led somebody here, as the open-wa API words it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdView {
    /// Where it was shown, in WhatsApp's own word.
    source: Option<String>,
    id: Option<String>,
    url: Option<String>,
    title: Option<String>,
    body: Option<String>,
    media_url: Option<String>,
    click_id: Option<String>,
}

/// The same as the Chat API words it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatAdView {
    /// Where it was shown, in WhatsApp's own word.
    source: Option<String>,
    id: Option<String>,
    url: Option<String>,
    title: Option<String>,
    body: Option<String>,
    media_url: Option<String>,
    click_id: Option<String>,
}

impl AdView {
    pub fn of(details: &Details) -> Option<Self> {
        let AdContext { source, id, url, title, body, media_url, click_id } = details.ad.clone()?;
        Some(Self { source, id, url, title, body, media_url, click_id })
    }
}

impl ChatAdView {
    pub fn of(details: &Details) -> Option<Self> {
        let AdView { source, id, url, title, body, media_url, click_id } = AdView::of(details)?;
        Some(Self { source, id, url, title, body, media_url, click_id })
    }
}
