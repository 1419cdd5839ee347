//! What a message on a phone of the simulated network holds beyond its text and its file.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::kit::required_choice,
    domain::{
        Details, Jid, Timestamp,
        details::{AdContext, Card, LinkPreview, Location, Menu, MenuReply, Poll, Vote},
    },
};

/// Each part is there only where the message has it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhoneDetails<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    location: Option<PhoneLocation<'a>>,
    /// Contact cards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<PhoneCard<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    poll: Option<PhonePoll<'a>>,
    /// What was chosen from a list or from buttons.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    menu_reply: Option<PhoneMenuReply<'a>>,
    /// The advertisement through which the person came to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ad: Option<PhoneAd<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    link_preview: Option<PhoneLinkPreview<'a>>,
    /// Seconds of a voice note, an audio file or a video.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seconds: Option<u32>,
    /// A sticker that moves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    animated: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    view_once: bool,
    /// The message disappears after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ephemeral_seconds: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct PhoneLocation<'a> {
    latitude: f64,
    longitude: f64,
    /// Name of the place; null without one.
    #[schema(example = "Vienna")]
    name: Option<&'a str>,
    address: Option<&'a str>,
    /// It moves with the person who shares it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    live: bool,
}

/// A contact card.
#[derive(Serialize, ToSchema)]
struct PhoneCard<'a> {
    /// Name on the card.
    #[schema(example = "Ada")]
    name: &'a str,
    /// Telephone numbers on the card.
    #[schema(example = json!(["+15550000001"]))]
    phones: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    organization: Option<&'a str>,
    /// The WhatsApp address that the card names.
    #[schema(value_type = Option<String>)]
    #[schema(example = "15550000001@c.us")]
    id: Option<&'a Jid>,
    vcard: &'a str,
}

#[derive(Serialize, ToSchema)]
struct PhonePoll<'a> {
    question: &'a str,
    options: &'a [String],
    /// How many one person may choose; 0 for any number.
    selectable: u32,
    /// What each person chose last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    votes: Option<Vec<PhoneVote<'a>>>,
}

#[derive(Serialize, ToSchema)]
struct PhoneVote<'a> {
    #[schema(value_type = String)]
    sender: &'a Jid,
    options: &'a [String],
    /// When the person voted.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
}

/// What was chosen from a menu.
#[derive(Serialize, ToSchema)]
struct PhoneMenuReply<'a> {
    /// Id of the choice, as the menu names it; null without one.
    #[schema(example = "yes")]
    id: Option<&'a str>,
    title: Option<&'a str>,
    #[schema(schema_with = menu_schema)]
    menu: Menu,
}

/// The advertisement through which somebody came to write.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PhoneAd<'a> {
    /// Where it was shown, in WhatsApp's own word; null without one.
    #[schema(example = "FB_Ads")]
    source: Option<&'a str>,
    /// WhatsApp's id of the advertisement; null without one.
    #[schema(example = "120210000000000000")]
    id: Option<&'a str>,
    url: Option<&'a str>,
    title: Option<&'a str>,
    /// Text of the advertisement; null without one.
    #[schema(example = "Write to us")]
    body: Option<&'a str>,
    media_url: Option<&'a str>,
    click_id: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
struct PhoneLinkPreview<'a> {
    url: &'a str,
    title: Option<&'a str>,
    /// Description of the page; null without one.
    #[schema(example = "What we sell")]
    description: Option<&'a str>,
}

fn menu_schema() -> Schema {
    required_choice("The kind of menu", &["list", "buttons", "template", "interactive"])
}

impl<'a> PhoneDetails<'a> {
    pub fn of(details: &'a Details) -> Self {
        Self {
            location: details.location.as_ref().map(PhoneLocation::of),
            contacts: details.contacts.iter().map(PhoneCard::of).collect(),
            poll: details.poll.as_ref().map(PhonePoll::of),
            menu_reply: details.menu_reply.as_ref().map(PhoneMenuReply::of),
            ad: details.ad.as_ref().map(PhoneAd::of),
            link_preview: details.link_preview.as_ref().map(PhoneLinkPreview::of),
            seconds: details.seconds,
            animated: details.animated,
            view_once: details.view_once,
            ephemeral_seconds: details.ephemeral_seconds,
        }
    }
}

impl<'a> PhoneLocation<'a> {
    fn of(location: &'a Location) -> Self {
        let Location { latitude, longitude, name, address, live } = location;
        let (name, address) = (name.as_deref(), address.as_deref());
        Self { latitude: *latitude, longitude: *longitude, name, address, live: *live }
    }
}

impl<'a> PhoneCard<'a> {
    fn of(card: &'a Card) -> Self {
        let Card { name, phones, organization, id, vcard } = card;
        Self { name, phones, organization: organization.as_deref(), id: id.as_ref(), vcard }
    }
}

impl<'a> PhonePoll<'a> {
    fn of(poll: &'a Poll) -> Self {
        let Poll { question, options, selectable, votes } = poll;
        let votes = votes.as_ref().map(|votes| votes.iter().map(PhoneVote::of).collect());
        Self { question, options, selectable: *selectable, votes }
    }
}

impl<'a> PhoneVote<'a> {
    fn of(vote: &'a Vote) -> Self {
        let Vote { sender, options, timestamp } = vote;
        Self { sender, options, timestamp: *timestamp }
    }
}

impl<'a> PhoneMenuReply<'a> {
    fn of(reply: &'a MenuReply) -> Self {
        let MenuReply { id, title, menu } = reply;
        Self { id: id.as_deref(), title: title.as_deref(), menu: *menu }
    }
}

impl<'a> PhoneAd<'a> {
    fn of(ad: &'a AdContext) -> Self {
        let AdContext { source, id, url, title, body, media_url, click_id } = ad;
        Self {
            source: source.as_deref(),
            id: id.as_deref(),
            url: url.as_deref(),
            title: title.as_deref(),
            body: body.as_deref(),
            media_url: media_url.as_deref(),
            click_id: click_id.as_deref(),
        }
    }
}

impl<'a> PhoneLinkPreview<'a> {
    fn of(preview: &'a LinkPreview) -> Self {
        let LinkPreview { url, title, description } = preview;
        Self { url, title: title.as_deref(), description: description.as_deref() }
    }
}
