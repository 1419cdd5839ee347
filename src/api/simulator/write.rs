//! What people write on their phones: words, files, places, contact cards, polls, and votes in polls.

use serde::Deserialize;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        endpoint::Endpoint,
        kit::{
            Body, Path,
            body::{WITH_FILE, elsewhere, too_large},
            choice,
        },
        simulator::{
            lists::Written,
            paths::Phone,
            shared::{
                Control, Done, Shows, TAG, data, done, message_id, network, phone_of, refused,
            },
            views::PhoneMessage,
        },
        texts::recipient,
    },
    domain::{
        Content, Details, Error, MessageKind,
        command::{ContactCard, MediaKind},
        details::{AdContext, LinkPreview, Menu, MenuReply},
    },
    messaging::uploads::data_url::{self, Fault},
    services::Services,
    simulator::{Extra, Network, PhoneMedia, protocol::DeviceContent},
};

/// Bytes of what an engine shows of a kind that nobody knows.
const LARGEST_UNKNOWN: usize = 16 * 1024;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/_simulator/v1/accounts/{phone}/messages", write)
            .named("writeFromPhone")
            .about(TAG, "Write from a phone")
            .details(
                "The message arrives at every session of the receivers. Name what it carries \
                 by one of `text`, `mediaBase64`, `location`, `contacts`, `poll`, `menuReply` \
                 and `unknown`.",
            ),
        Endpoint::post("/_simulator/v1/accounts/{phone}/votes", vote)
            .named("voteFromPhone")
            .about(TAG, "Vote in a poll on a phone")
            .details("A vote takes the place of the person's former one; no option takes it back."),
    ]
}

/// One of a text, a file, a location, contacts, a poll, a reply to a menu and something unknown; and
/// what may go along with it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "chat": "15550000001@c.us", "text": "Hello" }))]
struct WriteBody {
    chat: String,
    /// Beside a file its caption.
    #[schema(max_length = 65_536)]
    text: Option<String>,
    /// Content of a file, in base64.
    #[schema(max_length = 25_165_824)]
    media_base64: Option<String>,
    /// Media type of the file; the usual one of its kind when it is not given.
    #[schema(max_length = 255)]
    mime: Option<String>,
    #[schema(max_length = 255)]
    filename: Option<String>,
    /// The audio is a voice note.
    voice: Option<bool>,
    /// The picture is a sticker.
    sticker: Option<bool>,
    /// The sticker moves.
    animated: Option<bool>,
    /// How long the voice note, the audio file or the video lasts.
    seconds: Option<u32>,
    location: Option<PlaceBody>,
    /// Contact cards.
    #[schema(max_items = 50)]
    contacts: Option<Vec<CardBody>>,
    poll: Option<PollBody>,
    /// A choice from a menu.
    menu_reply: Option<MenuReplyBody>,
    /// The advertisement through which the person came to write.
    ad: Option<AdBody>,
    link_preview: Option<LinkPreviewBody>,
    view_once: Option<bool>,
    /// The message disappears after so many seconds.
    ephemeral_seconds: Option<u32>,
    /// A message of a kind that the gateway does not know: any object.
    #[schema(value_type = Option<Object>)]
    unknown: Option<serde_json::Map<String, serde_json::Value>>,
}

#[derive(Deserialize, ToSchema)]
struct PlaceBody {
    latitude: f64,
    longitude: f64,
    /// Name of the place.
    name: Option<String>,
    address: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct CardBody {
    /// Name on the card; the number when it is not given.
    name: Option<String>,
    /// Telephone number on the card.
    phone: String,
    organization: Option<String>,
    #[schema(max_length = 65_536)]
    vcard: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedPollBody)]
struct PollBody {
    question: String,
    #[schema(max_items = 12)]
    options: Vec<String>,
    /// How many one person may choose; 0 for any number.
    selectable_count: Option<u32>,
}

fn menu_schema() -> Schema {
    let about = "From what kind of menu; `list` when it is not given.";
    choice(about, &["list", "buttons", "template", "interactive"])
}

#[derive(Deserialize, ToSchema)]
struct MenuReplyBody {
    /// Id of the choice, as the menu names it.
    id: Option<String>,
    /// Text of the choice.
    title: Option<String>,
    #[schema(schema_with = menu_schema)]
    menu: Option<Menu>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AdBody {
    /// Where it was shown, in WhatsApp's own word.
    source: Option<String>,
    /// WhatsApp's id of the advertisement.
    id: Option<String>,
    url: Option<String>,
    title: Option<String>,
    /// Text of the advertisement.
    body: Option<String>,
    media_url: Option<String>,
    click_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct LinkPreviewBody {
    /// The link.
    url: String,
    /// Title of the page.
    title: Option<String>,
    /// Description of the page.
    description: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "message": "false_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9", "options": ["Yes"] }))]
struct VoteBody {
    /// The id of the poll, as either side names it.
    message: String,
    /// What is chosen; nothing takes the vote back.
    #[schema(max_items = 12)]
    options: Vec<String>,
}

async fn write(
    call: Control,
    Path(phone): Path<Phone>,
    Body(mut body): Body<WriteBody>,
) -> Shows<Written<'static>> {
    let (network, chat) = (network(&call)?, recipient(&body.chat)?);
    let extra = body.extra()?;
    let content = match body.media_base64.take() {
        Some(encoded) => upload(&call, network, &body, encoded).await?,
        None => DeviceContent::Other(body.content()?),
    };
    let written = network.phone(&phone).write_content(&chat, content, extra).map_err(refused)?;
    data(&Written { message: PhoneMessage::of(&written) })
}

async fn upload(
    services: &Services,
    network: &Network,
    body: &WriteBody,
    encoded: String,
) -> Result<DeviceContent, crate::api::error::ApiError> {
    let bytes = elsewhere(move || {
        let limit = u64::try_from(WITH_FILE).unwrap_or(u64::MAX);
        data_url::base64(&encoded, 0, limit).map_err(|fault| match fault {
            Fault::Malformed(reason) => Error::invalid_field("mediaBase64", reason),
            Fault::Empty => Error::invalid_field("mediaBase64", "is empty"),
            Fault::TooLarge => too_large(WITH_FILE),
        })
    });
    let bytes = bytes.await?;
    let (kind, usual) = body.media_kind();
    let mime = body.mime.clone().unwrap_or_else(|| usual.to_owned());
    let path = services.uploads.new_path().await?;
    let failed =
        |error: std::io::Error| Error::internal(format!("the file cannot be kept: {error}"));
    tokio::fs::write(&path, bytes).await.map_err(failed)?;
    let (filename, caption) = (body.filename.clone(), body.text.clone());
    let uploaded =
        network.media().upload(PhoneMedia { path: &path, kind, mime: &mime, filename, caption });
    tokio::fs::remove_file(&path).await.map_err(failed)?;
    uploaded.map_err(refused)
}

impl WriteBody {
    /// The kind of its file, and the type that such a file has where none is named.
    fn media_kind(&self) -> (MediaKind, &'static str) {
        if self.sticker == Some(true) {
            return (MediaKind::Sticker, "image/webp");
        }
        if self.voice == Some(true) {
            return (MediaKind::Voice, "audio/ogg; codecs=opus");
        }
        let kind = match self.mime.as_deref().and_then(|mime| mime.split('/').next()) {
            Some("image") => MediaKind::Image,
            Some("video") => MediaKind::Video,
            Some("audio") => MediaKind::Audio,
            _ => MediaKind::Document,
        };
        (kind, "application/octet-stream")
    }

    fn content(&mut self) -> Result<Content, Error> {
        if let Some(PlaceBody { latitude, longitude, name, address }) = self.location.take() {
            return Ok(Content::Location { latitude, longitude, name, address });
        }
        if let Some(contacts) = self.contacts.take() {
            let contacts: Result<Vec<ContactCard>, Error> =
                contacts.into_iter().map(CardBody::card).collect();
            let contacts = contacts?;
            if contacts.is_empty() {
                return Err(Error::invalid_field("contacts", "must not be empty"));
            }
            return Ok(Content::ContactCards { contacts });
        }
        if let Some(PollBody { question, options, selectable_count }) = self.poll.take() {
            let selectable = selectable_count.unwrap_or(1);
            return Ok(Content::Poll { question, options, selectable });
        }
        if let Some(body) = self.text.take() {
            return Ok(Content::Text { body });
        }
        let Some(reply) = &self.menu_reply else {
            return match self.unknown {
                Some(_) => Ok(Content::Text { body: String::new() }),
                None => Err(Error::invalid_field("text", "is required without other content")),
            };
        };
        let words = reply.title.clone().or_else(|| reply.id.clone());
        Ok(Content::Text { body: words.unwrap_or_default() })
    }

    fn extra(&self) -> Result<Extra, Error> {
        let menu_reply = self.menu_reply.as_ref().map(|reply| MenuReply {
            id: reply.id.clone(),
            title: reply.title.clone(),
            menu: reply.menu.unwrap_or(Menu::List),
        });
        let ad = self.ad.as_ref().map(|ad| AdContext {
            source: ad.source.clone(),
            id: ad.id.clone(),
            url: ad.url.clone(),
            title: ad.title.clone(),
            body: ad.body.clone(),
            media_url: ad.media_url.clone(),
            click_id: ad.click_id.clone(),
        });
        let link_preview = self.link_preview.as_ref().map(|preview| LinkPreview {
            url: preview.url.clone(),
            title: preview.title.clone(),
            description: preview.description.clone(),
        });
        let raw = self.unknown.clone().map(serde_json::Value::Object);
        if raw.as_ref().is_some_and(|raw| LARGEST_UNKNOWN < raw.to_string().len()) {
            return Err(Error::invalid_field("unknown", "must have at most 16 KiB"));
        }
        let kind = match (&raw, &menu_reply) {
            (Some(_), _) => Some(MessageKind::Unknown),
            (None, Some(_)) => Some(MessageKind::MenuReply),
            (None, None) => None,
        };
        let details = Details {
            menu_reply,
            ad,
            link_preview,
            seconds: self.seconds,
            animated: self.animated == Some(true),
            view_once: self.view_once == Some(true),
            ephemeral_seconds: self.ephemeral_seconds,
            ..Details::default()
        };
        Ok(Extra { details, kind, raw })
    }
}

impl CardBody {
    fn card(self) -> Result<ContactCard, Error> {
        let id = phone_of(&self.phone).map_err(|_| {
            Error::invalid_field("contacts", "each needs 'phone', a telephone number")
        })?;
        let Self { name, organization, vcard, .. } = self;
        Ok(ContactCard { id, name, organization, vcard })
    }
}

async fn vote(call: Control, Path(phone): Path<Phone>, Body(body): Body<VoteBody>) -> Done {
    let id = message_id(&body.message)?;
    network(&call)?.phone(&phone).vote(&id, body.options).map_err(refused)?;
    done("Vote set")
}
