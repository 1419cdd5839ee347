//! Reading of the parameters of a send: the components that Meta's API takes. Pure.

use std::collections::BTreeMap;

use crate::{
    content::{fields::Object, templates::record::MediaFormat},
    domain::Error,
};
use serde_json::Value;

/// Characters of a parameter.
const LONGEST: usize = 1_024;
const LONGEST_URL: usize = 2_048;
const LONGEST_FILENAME: usize = 255;
const LONGEST_ID: usize = 64;
/// Characters of what a reply to a button is known by.
const LONGEST_PAYLOAD: usize = 256;

/// The parameters of a send, by the part of the template that they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    pub header: Vec<HeaderParameter>,
    pub body: Vec<String>,
    /// By the place of the button, from 0.
    pub buttons: BTreeMap<usize, Vec<ButtonParameter>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderParameter {
    Text(String),
    Media(HeaderMedia),
}

/// The file of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderMedia {
    pub format: MediaFormat,
    pub source: MediaSource,
    /// Of a document.
    pub filename: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaSource {
    Link(String),
    /// Of an uploaded file.
    Id(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ButtonParameter {
    /// The end of an address.
    Text(String),
    /// What a reply is known by.
    Payload(String),
}

/// Reads the components of a send.
pub fn read(components: &[Value]) -> Result<Parameters, Error> {
    let (mut all, mut seen) = (Parameters::default(), Vec::new());
    for object in Object::list("components", components)? {
        let kind = object.word("type")?;
        let parameters = object.objects("parameters")?;
        let place = match kind.as_str() {
            "header" => {
                all.header = Error::all(parameters.iter().map(header))?;
                Place::Header
            }
            "body" => {
                all.body = Error::all(parameters.iter().map(text))?;
                Place::Body
            }
            "button" => {
                let at = index(&object)?;
                let read = Error::all(parameters.iter().map(button))?;
                all.buttons.insert(at, read);
                Place::Button(at)
            }
            _ => return Err(object.fault("type", "must be header, body or button")),
        };
        if seen.contains(&place) {
            return Err(object.own_fault("is there twice"));
        }
        seen.push(place);
    }
    Ok(all)
}

#[derive(PartialEq, Eq)]
enum Place {
    Header,
    Body,
    Button(usize),
}

/// The place of a button, which many clients write as a text.
fn index(object: &Object<'_>) -> Result<usize, Error> {
    let written = match object.value("index") {
        Some(Value::String(text)) => text.parse::<u64>().ok(),
        Some(value) => value.as_u64(),
        None => None,
    };
    let at = written.and_then(|at| usize::try_from(at).ok());
    at.ok_or_else(|| object.fault("index", "must be the place of a button, from 0"))
}

fn text(object: &Object<'_>) -> Result<String, Error> {
    match object.word("type")?.as_str() {
        "text" => object.text("text", LONGEST).map(str::to_owned),
        // Both are written as the caller says: nothing is known of the reader's country.
        kind @ ("currency" | "date_time") => {
            object.object(kind)?.text("fallback_value", LONGEST).map(str::to_owned)
        }
        _ => Err(object.fault("type", "must be text, currency or date_time")),
    }
}

fn header(object: &Object<'_>) -> Result<HeaderParameter, Error> {
    let kind = object.word("type")?;
    let format = match kind.as_str() {
        "image" => MediaFormat::Image,
        "video" => MediaFormat::Video,
        "document" => MediaFormat::Document,
        "text" | "currency" | "date_time" => return text(object).map(HeaderParameter::Text),
        _ => {
            let fault = "must be text, currency, date_time, image, video or document";
            return Err(object.fault("type", fault));
        }
    };
    let file = object.object(format.as_str())?;
    let source = match (file.has("link"), file.has("id")) {
        (true, false) => MediaSource::Link(file.text("link", LONGEST_URL)?.to_owned()),
        (false, true) => MediaSource::Id(file.text("id", LONGEST_ID)?.to_owned()),
        _ => return Err(file.own_fault("must have either link or id")),
    };
    let filename = file.optional_text("filename", LONGEST_FILENAME)?.map(str::to_owned);
    Ok(HeaderParameter::Media(HeaderMedia { format, source, filename }))
}

fn button(object: &Object<'_>) -> Result<ButtonParameter, Error> {
    match object.word("type")?.as_str() {
        "text" => object.text("text", LONGEST).map(|text| ButtonParameter::Text(text.to_owned())),
        "payload" => {
            let payload = object.text("payload", LONGEST_PAYLOAD)?;
            Ok(ButtonParameter::Payload(payload.to_owned()))
        }
        _ => Err(object.fault("type", "must be text or payload")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(components: &Value) -> Result<Parameters, Error> {
        read(components.as_array().unwrap())
    }

    #[test]
    fn parameters_are_read_in_the_form_of_meta() {
        let read = all(&json!([
            { "type": "header", "parameters": [
                { "type": "document", "document": { "link": "https://example.com/a.pdf", "filename": "a.pdf" } },
            ] },
            { "type": "BODY", "parameters": [
                { "type": "text", "text": "Ada" },
                { "type": "currency", "currency": { "fallback_value": "$10", "code": "USD", "amount_1000": 10000 } },
                { "type": "date_time", "date_time": { "fallback_value": "1 May" } },
            ] },
            { "type": "button", "sub_type": "url", "index": "0", "parameters": [{ "type": "text", "text": "a1" }] },
            { "type": "button", "sub_type": "quick_reply", "index": 1,
              "parameters": [{ "type": "payload", "payload": "yes" }] },
        ]));
        let read = read.unwrap();
        let source = MediaSource::Link("https://example.com/a.pdf".to_owned());
        let filename = Some("a.pdf".to_owned());
        let media = HeaderMedia { format: MediaFormat::Document, source, filename };
        assert_eq!(read.header, [HeaderParameter::Media(media)]);
        assert_eq!(read.body, ["Ada", "$10", "1 May"]);
        assert_eq!(read.buttons[&0], [ButtonParameter::Text("a1".to_owned())]);
        assert_eq!(read.buttons[&1], [ButtonParameter::Payload("yes".to_owned())]);
        assert_eq!(all(&json!([])).unwrap(), Parameters::default());
    }

    #[test]
    fn each_fault_names_its_field() {
        for (components, field) in [
            (json!(["x"]), "components[0]"),
            (json!([{ "type": "footer" }]), "components[0].type"),
            (json!([{ "type": "body", "parameters": "x" }]), "components[0].parameters"),
            (json!([{ "type": "body", "parameters": ["x"] }]), "components[0].parameters[0]"),
            (
                json!([{ "type": "body", "parameters": [{ "type": "text", "text": "" }] }]),
                "components[0].parameters[0].text",
            ),
            (
                json!([{ "type": "body", "parameters": [{ "type": "image" }] }]),
                "components[0].parameters[0].type",
            ),
            (
                json!([{ "type": "header", "parameters": [{ "type": "image" }] }]),
                "components[0].parameters[0].image",
            ),
            (
                json!([{ "type": "header", "parameters": [{ "type": "image", "image": {} }] }]),
                "components[0].parameters[0].image",
            ),
            (json!([{ "type": "button", "parameters": [] }]), "components[0].index"),
            (json!([{ "type": "body" }, { "type": "body" }]), "components[1]"),
        ] {
            let error = all(&components).unwrap_err();
            assert!(error.details["fields"].get(field).is_some(), "{field}: {error:?}");
        }
    }
}
