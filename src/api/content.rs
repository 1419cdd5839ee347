//! What a message holds beyond its text and its file, as both APIs show it.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::kit::required_choice,
    domain::{
        Details, Jid,
        details::{AdContext, Card, LinkPreview, Location, Menu, MenuReply, Poll},
    },
};

#[derive(Debug, Serialize, ToSchema)]
pub struct LocationView {
    latitude: f64,
    longitude: f64,
    /// Name of the place; null without one.
    #[schema(example = "Vienna")]
    name: Option<String>,
    address: Option<String>,
    /// It moves with the person who shares it.
    live: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CardView {
    /// Name on the card.
    #[schema(example = "Ada")]
    name: String,
    /// The first of its numbers.
    #[schema(example = "+15550000001")]
    phone: Option<String>,
    /// `+` and digits where a number is international.
    #[schema(example = json!(["+15550000001"]))]
    phones: Vec<String>,
    organization: Option<String>,
    /// The WhatsApp address that the card names.
    #[schema(value_type = Option<String>)]
    #[schema(example = "15550000001@c.us")]
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
    #[schema(example = "yes")]
    id: Option<String>,
    /// Text of the choice; null without one.
    #[schema(example = "Yes")]
    title: Option<String>,
    #[schema(schema_with = menu_schema)]
    menu: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LinkPreviewView {
    url: String,
    title: Option<String>,
    /// Description of the page; null without one.
    #[schema(example = "What we sell")]
    description: Option<String>,
}

pub fn menu_schema() -> Schema {
    required_choice("The kind of the menu.", &["list", "buttons", "template", "interactive"])
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
    #[schema(example = "FB_Ads")]
    source: Option<String>,
    /// WhatsApp's id of the advertisement.
    #[schema(example = "120210000000000000")]
    id: Option<String>,
    url: Option<String>,
    title: Option<String>,
    /// Text of the advertisement.
    #[schema(example = "Write to us")]
    body: Option<String>,
    media_url: Option<String>,
    click_id: Option<String>,
}

/// The same as the Chat API words it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatAdView {
    /// Where it was shown, in WhatsApp's own word.
    #[schema(example = "FB_Ads")]
    source: Option<String>,
    /// WhatsApp's id of the advertisement.
    #[schema(example = "120210000000000000")]
    id: Option<String>,
    url: Option<String>,
    title: Option<String>,
    /// Text of the advertisement.
    #[schema(example = "Write to us")]
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
