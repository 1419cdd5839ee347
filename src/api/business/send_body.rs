//! Body of a send: the fields of all types, and which of them a type needs.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        Content, Error, address,
        command::{ContactCard, MediaKind},
        line,
    },
    inbox::Draft,
    services::Services,
};

const MOST_CARDS: usize = 10;
const LONGEST_NAME: usize = 256;

/// Type of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BusinessSendType)]
pub enum SendType {
    #[default]
    Text,
    Image,
    Document,
    Audio,
    Video,
    Template,
    Interactive,
    Location,
    Contact,
    Reaction,
}

impl SendType {
    fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Document => "document",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Template => "template",
            Self::Interactive => "interactive",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::Reaction => "reaction",
        }
    }
}

/// Language of a template: `en_US`, or an object with `code`.
#[derive(Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a language such as en_US, or an object with 'code'")]
#[schema(as = BusinessLanguage)]
pub enum Language {
    Code(LanguageCode),
    Name(LanguageName),
}

impl Language {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Code(LanguageCode { code }) => code,
            Self::Name(LanguageName(name)) => name,
        }
    }
}

/// Language as an object.
#[derive(Deserialize, ToSchema)]
#[schema(as = BusinessLanguageCode)]
pub struct LanguageCode {
    /// Such as `en_US`.
    #[schema(max_length = 20, example = "en_US")]
    code: String,
}

/// Language such as `en_US`.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = BusinessLanguageName, max_length = 20, example = "en_US")]
pub struct LanguageName(String);

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessSend, example = json!({
    "to": "+15550000001", "type": "text", "text": "Hello! How can I help you today?",
}))]
pub struct SendBody {
    /// A telephone number with its country code, or the id of a contact. Not needed with `conversationId`, nor for a
    /// reaction.
    #[schema(max_length = 100, example = "+15550000001")]
    pub to: Option<String>,
    /// The conversation to send into, in place of `to`.
    #[schema(max_length = 36, example = "550e8400-e29b-41d4-a716-446655440045")]
    pub conversation_id: Option<String>,
    /// The session to send with; else the conversation's, or the one that `GET /status` names.
    #[schema(max_length = 64, example = "shop")]
    pub session_id: Option<String>,
    /// `whatsapp` or `sms`.
    #[schema(max_length = 20, example = "whatsapp")]
    pub channel: Option<String>,
    /// What is sent; a text unless it is given.
    #[serde(rename = "type")]
    pub kind: Option<SendType>,
    /// Of a text: 1 to 4,096 characters.
    #[schema(max_length = 4_096, example = "Hello")]
    pub text: Option<String>,
    /// Of the same: the name that some clients give it.
    #[schema(max_length = 4_096, example = "Hello")]
    pub content: Option<String>,
    /// Whether a text shows a preview of the page that it links to.
    #[serde(default)]
    pub preview_url: bool,
    /// Whether the variables of a text are replaced by their values, as those of a quick reply.
    #[serde(default)]
    pub render_variables: bool,
    /// Of an image, a document, a sound or a video: http or https, at a public address.
    #[schema(max_length = 2_048, format = "http-url", example = "https://example.com/picture.jpg")]
    pub media_url: Option<String>,
    /// In place of it: the id of an uploaded file.
    #[schema(max_length = 36, example = "0194f3a0-0000-7000-8000-000000000001")]
    pub media_id: Option<String>,
    /// Needed for a document.
    #[schema(max_length = 255, format = "file-name")]
    pub filename: Option<String>,
    /// At most 1,024 characters; not for audio.
    #[schema(max_length = 1_024)]
    pub caption: Option<String>,
    /// Whether audio is a voice note, which is Ogg with Opus.
    #[serde(default)]
    pub voice: bool,
    /// Name of a template.
    #[schema(max_length = 512, example = "order_shipped")]
    pub template_name: Option<String>,
    /// Language of the template.
    pub language: Option<Language>,
    /// Of a template, in the form of Meta's Cloud API: the parameters of its header, its body and its buttons.
    #[schema(value_type = Option<Vec<Object>>, max_items = 12)]
    pub components: Option<Vec<Value>>,
    /// Up to three buttons, or a list of up to ten rows, in the form of Meta's Cloud API.
    #[schema(value_type = Option<Object>)]
    pub interactive: Option<Value>,
    /// Of a location, from -90 to 90.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// From -180 to 180.
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    /// Of a location.
    #[schema(max_length = 1_000, example = "Main office")]
    pub name: Option<String>,
    /// Postal address of a location.
    #[schema(max_length = 1_000)]
    pub address: Option<String>,
    /// Up to ten cards: `{"name": {"formatted_name": "Ada"}, "phones": [{"phone": "+15550000001"}]}`.
    #[schema(value_type = Option<Vec<Object>>, max_items = 10)]
    pub contacts: Option<Vec<Value>>,
    /// Of a reaction: the message's id of either kind, or its number.
    #[schema(max_length = 200, example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    pub message_id: Option<String>,
    /// One emoji; empty to take the reaction back.
    #[schema(min_length = 0, max_length = 64)]
    pub emoji: Option<String>,
    /// The message that it answers, of the same conversation.
    #[schema(max_length = 200, example = "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9")]
    pub reply_to: Option<String>,
    /// The caller's own name for the message, which lists show.
    #[schema(max_length = 128, example = "order-4711")]
    pub client_ref: Option<String>,
    /// Whether the message waits while its session is not ready.
    #[serde(default)]
    pub queue: bool,
}

impl SendBody {
    pub fn kind(&self) -> SendType {
        self.kind.unwrap_or_default()
    }

    /// Names every field that the type needs and that is missing, and every field that the type does not have.
    pub fn check_type(&self) -> Result<(), Error> {
        let kind = self.kind();
        let missing = self.missing().into_iter().map(|field| (field, "is required".to_owned()));
        let foreign = self.foreign().into_iter();
        let foreign =
            foreign.map(|field| (field, format!("is not a field of type {}", kind.word())));
        let is_twice = self.text.is_some() && self.content.is_some() && self.text != self.content;
        let twice =
            is_twice.then(|| ("content", "differs from text, which means the same".to_owned()));
        let faults: Vec<_> = missing
            .chain(foreign)
            .chain(twice.filter(|_| kind == SendType::Text))
            .map(|(field, fault)| (field.to_owned(), fault))
            .collect();
        if !faults.is_empty() {
            return Err(Error::invalid_fields(faults));
        }
        Ok(())
    }

    fn missing(&self) -> Vec<&'static str> {
        let has_file = self.media_url.is_some() || self.media_id.is_some();
        let file = ("mediaUrl", has_file);
        let needed: &[(&'static str, bool)] = match self.kind() {
            SendType::Text => &[("text", self.words().is_some())],
            SendType::Image | SendType::Audio | SendType::Video => &[file],
            SendType::Document => &[file, ("filename", self.filename.is_some())],
            SendType::Template => &[
                ("templateName", self.template_name.is_some()),
                ("language", self.language.is_some()),
            ],
            SendType::Interactive => &[("interactive", self.interactive.is_some())],
            SendType::Location => &[
                ("latitude", self.latitude.is_some()),
                ("longitude", self.longitude.is_some()),
                ("name", self.name.is_some()),
            ],
            SendType::Contact => &[("contacts", has_entries(self.contacts.as_deref()))],
            SendType::Reaction => {
                &[("messageId", self.message_id.is_some()), ("emoji", self.emoji.is_some())]
            }
        };
        needed.iter().filter(|(_, is_there)| !is_there).map(|(field, _)| *field).collect()
    }

    /// The fields that are given and belong to other types alone.
    fn foreign(&self) -> Vec<&'static str> {
        use SendType::{
            Audio, Contact, Document, Image, Interactive, Location, Reaction, Template, Text, Video,
        };
        let kind = self.kind();
        let given: [(&'static str, bool, &[SendType]); 20] = [
            ("text", self.text.is_some(), &[Text]),
            ("content", self.content.is_some(), &[Text]),
            ("previewUrl", self.preview_url, &[Text]),
            ("renderVariables", self.render_variables, &[Text]),
            ("mediaUrl", self.media_url.is_some(), &[Image, Document, Audio, Video]),
            ("mediaId", self.media_id.is_some(), &[Image, Document, Audio, Video]),
            ("filename", self.filename.is_some(), &[Image, Document, Audio, Video]),
            ("caption", self.caption.is_some(), &[Image, Document, Video]),
            ("voice", self.voice, &[Audio]),
            ("templateName", self.template_name.is_some(), &[Template]),
            ("language", self.language.is_some(), &[Template]),
            ("components", has_entries(self.components.as_deref()), &[Template]),
            ("interactive", self.interactive.is_some(), &[Interactive]),
            ("latitude", self.latitude.is_some(), &[Location]),
            ("longitude", self.longitude.is_some(), &[Location]),
            ("name", self.name.is_some(), &[Location]),
            ("address", self.address.is_some(), &[Location]),
            ("contacts", has_entries(self.contacts.as_deref()), &[Contact]),
            ("messageId", self.message_id.is_some(), &[Reaction]),
            // An empty one takes a reaction back, and says nothing elsewhere.
            ("emoji", self.emoji.as_ref().is_some_and(|emoji| !emoji.is_empty()), &[Reaction]),
        ];
        let of_messages = [("replyTo", self.reply_to.is_some()), ("queue", self.queue)];
        let of_messages =
            of_messages.into_iter().filter(|(_, is_there)| *is_there && kind == Reaction);
        let foreign =
            given.into_iter().filter(|(_, is_there, of)| *is_there && !of.contains(&kind));
        foreign.map(|(field, ..)| field).chain(of_messages.map(|(field, _)| field)).collect()
    }

    fn words(&self) -> Option<&str> {
        let words = self.text.as_deref().or(self.content.as_deref());
        words.filter(|words| !words.trim().is_empty())
    }

    /// The message and the emoji of a reaction.
    pub fn reaction(&self) -> Result<(String, String), Error> {
        let (message, emoji) = (self.message_id.clone(), self.emoji.clone());
        message.zip(emoji).ok_or_else(|| Error::invalid_field("messageId", "is required"))
    }
}

fn has_entries(list: Option<&[Value]>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

/// The content of a message without a file.
pub fn content(body: &SendBody) -> Result<Content, Error> {
    match body.kind() {
        SendType::Location => Ok(Content::Location {
            latitude: body.latitude.unwrap_or_default(),
            longitude: body.longitude.unwrap_or_default(),
            name: body.name.clone(),
            address: body.address.clone(),
        }),
        SendType::Contact => {
            let cards = body.contacts.iter().flatten().enumerate();
            let cards = Error::all(cards.map(|(place, value)| card(place, value)))?;
            if MOST_CARDS < cards.len() {
                return Err(Error::invalid_field("contacts", "must be 1 to 10"));
            }
            Ok(Content::ContactCards { contacts: cards })
        }
        _ => Ok(Content::Text { body: body.words().unwrap_or_default().to_owned() }),
    }
}

/// A card in the form of Meta's Cloud API, or with a plain name and a phone.
fn card(place: usize, value: &Value) -> Result<ContactCard, Error> {
    let fault =
        |field: &str, why: &str| Error::invalid_field(&format!("contacts[{place}].{field}"), why);
    let name = value["name"].as_str().or_else(|| value["name"]["formatted_name"].as_str());
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let phone = value["phone"].as_str().or_else(|| value["phones"][0]["phone"].as_str());
    let phone = phone.or_else(|| value["phones"][0]["wa_id"].as_str());
    let id = match phone {
        Some(text) => address::phone(text).map_err(|error| fault("phones", &error.about(text))),
        None => Err(fault("phones", "is required")),
    };
    let name = match name {
        Some(name) if !line::is_line(name) => Err(fault("name", line::FAULT)),
        Some(name) if name.chars().count() <= LONGEST_NAME => Ok(name.to_owned()),
        Some(_) => Err(fault("name", "must have at most 256 characters")),
        None => Err(fault("name", "is required")),
    };
    let (id, name) = Error::both(id, name)?;
    let organization = value["org"]["company"].as_str().or_else(|| value["org"].as_str());
    let organization = organization.map(str::to_owned);
    Ok(ContactCard { organization, ..ContactCard::new(id, Some(name)) })
}

/// A message with a file, which is read once the message may be sent.
pub fn file(services: &Services, body: &SendBody, is_narrow: bool) -> Result<Draft, Error> {
    let kind = match body.kind() {
        SendType::Image => MediaKind::Image,
        SendType::Video => MediaKind::Video,
        SendType::Audio if body.voice => MediaKind::Voice,
        SendType::Audio => MediaKind::Audio,
        _ => MediaKind::Document,
    };
    let caption = body.caption.clone();
    let filename = body.filename.clone();
    let url = match (&body.media_url, &body.media_id) {
        (Some(_), Some(_)) => {
            let fault = "cannot be given together with mediaUrl";
            return Err(Error::invalid_field("mediaId", fault));
        }
        (Some(url), None) => url.clone(),
        (None, id) => {
            let id = id.as_deref().unwrap_or_default().trim().parse::<Uuid>();
            let id = id.map_err(|_| Error::invalid_field("mediaId", "must be a UUID"))?;
            return Ok(Draft::Stored { id, kind, filename, caption });
        }
    };
    let source = services.uploads.url("mediaUrl", url, is_narrow);
    services.uploads.check(&source, kind, filename.as_deref(), caption.as_deref())?;
    Ok(Draft::File { source, kind, filename, caption })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(value: Value) -> SendBody {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn each_type_names_what_it_lacks() {
        for (kind, missing) in [
            ("text", vec!["text"]),
            ("image", vec!["mediaUrl"]),
            ("document", vec!["mediaUrl", "filename"]),
            ("audio", vec!["mediaUrl"]),
            ("video", vec!["mediaUrl"]),
            ("template", vec!["templateName", "language"]),
            ("interactive", vec!["interactive"]),
            ("location", vec!["latitude", "longitude", "name"]),
            ("contact", vec!["contacts"]),
            ("reaction", vec!["messageId", "emoji"]),
        ] {
            let error = body(json!({ "to": "+15550000001", "type": kind })).check_type();
            let fields = error.unwrap_err().details["fields"].clone();
            let named: Vec<&String> = fields.as_object().unwrap().keys().collect();
            assert_eq!(named.len(), missing.len(), "{kind}: {fields}");
            assert!(missing.iter().all(|field| fields.get(field).is_some()), "{kind}: {fields}");
        }
        assert!(body(json!({ "text": " " })).check_type().is_err());
        assert!(body(json!({ "content": "words" })).check_type().is_ok());
    }

    #[test]
    fn a_field_of_another_type_is_refused_by_its_name() {
        let fields = json!({
            "text": "Hi", "content": "Hi", "previewUrl": true, "mediaUrl": "https://example.com/a",
            "filename": "a.pdf", "caption": "A", "voice": true, "templateName": "a", "language": "en",
            "components": [{}], "interactive": {}, "latitude": 1, "longitude": 1, "name": "A",
            "address": "A", "contacts": [{}], "messageId": "1", "emoji": "\u{1f44d}",
            "replyTo": "1", "queue": true,
        });
        let own: [(&str, &[&str]); 10] = [
            ("text", &["text", "content", "previewUrl", "replyTo", "queue"]),
            ("image", &["mediaUrl", "filename", "caption", "replyTo", "queue"]),
            ("document", &["mediaUrl", "filename", "caption", "replyTo", "queue"]),
            ("audio", &["mediaUrl", "filename", "voice", "replyTo", "queue"]),
            ("video", &["mediaUrl", "filename", "caption", "replyTo", "queue"]),
            ("template", &["templateName", "language", "components", "replyTo", "queue"]),
            ("interactive", &["interactive", "replyTo", "queue"]),
            ("location", &["latitude", "longitude", "name", "address", "replyTo", "queue"]),
            ("contact", &["contacts", "replyTo", "queue"]),
            ("reaction", &["messageId", "emoji"]),
        ];
        for (kind, own) in own {
            let mut all = fields.clone();
            all["type"] = kind.into();
            let refused = body(all).check_type().unwrap_err().details["fields"].clone();
            for field in fields.as_object().unwrap().keys() {
                let is_own = own.contains(&field.as_str());
                assert_eq!(refused.get(field).is_none(), is_own, "{field} of {kind}: {refused}");
            }
            let mut alone: serde_json::Map<_, _> = fields.as_object().unwrap().clone();
            alone.retain(|field, _| own.contains(&field.as_str()));
            alone.insert("type".to_owned(), kind.into());
            assert!(body(alone.into()).check_type().is_ok(), "{kind}");
        }
        let nothing =
            json!({ "text": "Hi", "emoji": "", "voice": false, "queue": false, "components": [] });
        assert!(body(nothing).check_type().is_ok());
        let differ = body(json!({ "text": "Hi", "content": "Ho" })).check_type().unwrap_err();
        assert!(differ.details["fields"].get("content").is_some());
    }

    #[test]
    fn a_card_is_read_in_either_form_and_names_what_is_wrong() {
        let long =
            json!({ "name": { "formatted_name": "Ada" }, "phones": [{ "phone": "+15550000001" }] });
        let short = json!({ "name": "Ada", "phone": "15550000001" });
        assert_eq!(card(0, &long).unwrap(), card(0, &short).unwrap());
        let fields = card(1, &json!({})).unwrap_err().details["fields"].clone();
        assert!(
            fields.get("contacts[1].name").is_some() && fields.get("contacts[1].phones").is_some()
        );
    }
}
