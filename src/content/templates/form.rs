//! Reading of a template in Meta's form: a name, a language, a category and components. Pure.
//!
//! Fields that this gateway has no use for, such as `example`, are passed over.

use serde_json::Value;
use url::Url;

use crate::{
    content::{
        fields::Object,
        templates::{
            numbered,
            record::{Button, Category, Header, MediaFormat, Parts, Status},
        },
    },
    domain::{Error, address},
};

/// Characters of a name and of the texts of a template.
const LONGEST_NAME: usize = 512;
const LONGEST_HEADER: usize = 60;
const LONGEST_BODY: usize = 1_024;
const LONGEST_FOOTER: usize = 60;
const LONGEST_BUTTON: usize = 25;
const LONGEST_URL: usize = 2_000;
const LONGEST_PHONE: usize = 20;
const LONGEST_REASON: usize = 200;
const MOST_BUTTONS: usize = 10;

/// A template to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateDraft {
    pub name: String,
    pub language: String,
    pub category: Category,
    pub status: Status,
    pub parts: Parts,
    pub rejection_reason: Option<String>,
}

/// Reads a template as Meta's API shows it. What Meta has not approved is a draft.
pub fn draft(value: &Value) -> Result<TemplateDraft, Error> {
    let object = Object::read(String::new(), value)
        .map_err(|_| Error::invalid("a template must be an object"))?;
    let components = match object.value("components") {
        Some(Value::Array(list)) => components(list),
        _ => Err(object.fault("components", "must be a list")),
    };
    let named = Error::both(
        object.text("name", LONGEST_NAME).and_then(name),
        object.text("language", 16).and_then(language),
    );
    let rest = Error::both(object.word("category").and_then(|word| category(&word)), components);
    let ((name, language), (category, parts)) = Error::both(named, rest)?;
    let status = match object.optional_text("status", 64)? {
        Some(status) if !status.eq_ignore_ascii_case("approved") => Status::Draft,
        _ => Status::Approved,
    };
    let reason = object.optional_text("rejected_reason", LONGEST_REASON)?;
    let reason = reason.filter(|reason| !reason.is_empty() && !reason.eq_ignore_ascii_case("none"));
    let rejection_reason = reason.map(str::to_owned);
    Ok(TemplateDraft { name, language, category, status, parts, rejection_reason })
}

/// Small letters, digits and `_`.
pub fn name(text: &str) -> Result<String, Error> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if text.is_empty() || LONGEST_NAME < text.len() || !text.bytes().all(is_allowed) {
        let fault = "must be 1 to 512 small letters, digits or _, such as order_shipped";
        return Err(Error::invalid_field("name", fault));
    }
    Ok(text.to_owned())
}

/// A language, with or without a country.
pub fn language(text: &str) -> Result<String, Error> {
    let (language, country) = match text.split_once('_') {
        Some((language, country)) => (language, Some(country)),
        None => (text, None),
    };
    let is_language =
        (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_country = country.is_none_or(|country| {
        country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
    });
    if !is_language || !is_country {
        return Err(Error::invalid_field("language", "must be a language such as en or en_US"));
    }
    Ok(text.to_owned())
}

fn category(word: &str) -> Result<Category, Error> {
    match word {
        "marketing" => Ok(Category::Marketing),
        "utility" => Ok(Category::Utility),
        "authentication" => Ok(Category::Authentication),
        _ => {
            let fault = "must be MARKETING, UTILITY or AUTHENTICATION";
            Err(Error::invalid_field("category", fault))
        }
    }
}

/// A component, before it is known whether each is there once.
enum Component {
    Header(Header),
    Body(String),
    Footer(String),
    Buttons(Vec<Button>),
}

/// Reads the components of a template.
pub fn components(list: &[Value]) -> Result<Parts, Error> {
    let objects = Object::list("components", list)?;
    let (mut header, mut body, mut footer, mut buttons) = (None, None, None, None);
    for (one, object) in Error::all(objects.iter().map(component))?.into_iter().zip(&objects) {
        let was_there = match one {
            Component::Header(read) => header.replace(read).is_some(),
            Component::Body(read) => body.replace(read).is_some(),
            Component::Footer(read) => footer.replace(read).is_some(),
            Component::Buttons(read) => buttons.replace(read).is_some(),
        };
        if was_there {
            return Err(object.fault("type", "is there twice"));
        }
    }
    let body = body.ok_or_else(|| Error::invalid_field("components", "must have a BODY"))?;
    Ok(Parts { header, body, footer, buttons: buttons.unwrap_or_default() })
}

fn component(object: &Object<'_>) -> Result<Component, Error> {
    match object.word("type")?.as_str() {
        "header" => header(object).map(Component::Header),
        "body" => with_variables(object, LONGEST_BODY, usize::MAX).map(Component::Body),
        "footer" => with_variables(object, LONGEST_FOOTER, 0).map(Component::Footer),
        "buttons" => buttons(object).map(Component::Buttons),
        _ => Err(object.fault("type", "must be HEADER, BODY, FOOTER or BUTTONS")),
    }
}

/// The text of a component with so many variables at most.
fn with_variables(object: &Object<'_>, longest: usize, most: usize) -> Result<String, Error> {
    let text = object.text("text", longest)?;
    let count = numbered::checked_count(text).map_err(|fault| object.fault("text", fault))?;
    match (count <= most, most) {
        (true, _) => Ok(text.to_owned()),
        (false, 0) => Err(object.fault("text", "must not have a variable")),
        (false, _) => Err(object.fault("text", "may have the variable {{1}} alone")),
    }
}

fn header(object: &Object<'_>) -> Result<Header, Error> {
    let format = if object.has("format") { object.word("format")? } else { "text".to_owned() };
    match format.as_str() {
        "text" => with_variables(object, LONGEST_HEADER, 1).map(Header::Text),
        "image" => Ok(Header::Media(MediaFormat::Image)),
        "video" => Ok(Header::Media(MediaFormat::Video)),
        "document" => Ok(Header::Media(MediaFormat::Document)),
        _ => Err(object.fault("format", "must be TEXT, IMAGE, VIDEO or DOCUMENT")),
    }
}

fn buttons(object: &Object<'_>) -> Result<Vec<Button>, Error> {
    let list = object.objects("buttons")?;
    if list.is_empty() || MOST_BUTTONS < list.len() {
        return Err(object.fault("buttons", "must have 1 to 10 entries"));
    }
    let buttons = Error::all(list.iter().map(button))?;
    for (at, (one, place)) in buttons.iter().zip(&list).enumerate() {
        // A reply by its words must say which is meant.
        if buttons.iter().take(at).any(|other| other.text() == one.text()) {
            return Err(place.fault("text", "must differ from those of the other buttons"));
        }
    }
    Ok(buttons)
}

fn button(object: &Object<'_>) -> Result<Button, Error> {
    let kind = object.word("type")?;
    let text = with_variables(object, LONGEST_BUTTON, 0);
    match kind.as_str() {
        "quick_reply" => Ok(Button::QuickReply { text: text? }),
        "url" => {
            let (text, url) = Error::both(text, url(object))?;
            Ok(Button::Url { text, url })
        }
        "phone_number" => {
            let (text, number) = Error::both(text, phone(object))?;
            Ok(Button::Phone { text, number })
        }
        _ => Err(object.fault("type", "must be QUICK_REPLY, URL or PHONE_NUMBER")),
    }
}

/// An address with one variable at most, which stands at its end.
fn url(object: &Object<'_>) -> Result<String, Error> {
    let url = object.text("url", LONGEST_URL)?;
    let count = numbered::checked_count(url).map_err(|fault| object.fault("url", fault))?;
    let is_last = count == 0 || url.ends_with("}}") && url.matches("{{").count() == 1;
    if 1 < count || !is_last {
        return Err(object.fault("url", "may have the variable {{1}} alone, at its end"));
    }
    let read = Url::parse(&numbered::fill(url, &["1".to_owned()]));
    match read {
        Ok(read) if matches!(read.scheme(), "http" | "https") => Ok(url.to_owned()),
        _ => Err(object.fault("url", "must be an address with http or https")),
    }
}

fn phone(object: &Object<'_>) -> Result<String, Error> {
    let text = object.text("phone_number", LONGEST_PHONE)?;
    let read = address::phone(text);
    let read = read.map_err(|error| object.fault("phone_number", error.about(text)))?;
    Ok(format!("+{}", read.user()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As Meta's API shows one.
    fn order_shipped() -> Value {
        json!({
            "name": "order_shipped", "language": "en_US", "status": "APPROVED", "category": "UTILITY",
            "id": "594425479261596", "parameter_format": "POSITIONAL",
            "components": [
                { "type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": { "header_text": ["7"] } },
                { "type": "BODY", "text": "Hi {{1}}, {{2}} is on its way.", "example": { "body_text": [["Ada", "it"]] } },
                { "type": "FOOTER", "text": "Reply STOP to opt out" },
                { "type": "BUTTONS", "buttons": [
                    { "type": "URL", "text": "Track", "url": "https://example.com/t/{{1}}", "example": ["x"] },
                    { "type": "PHONE_NUMBER", "text": "Call", "phone_number": "+1 555 000 0001" },
                    { "type": "QUICK_REPLY", "text": "Thanks" },
                ] },
            ],
        })
    }

    fn with(path: &str, value: Value) -> Value {
        let mut template = order_shipped();
        *template.pointer_mut(path).unwrap() = value;
        template
    }

    #[test]
    fn a_template_of_meta_is_read_with_what_it_is_made_of() {
        let draft = draft(&order_shipped()).unwrap();
        assert_eq!((draft.name.as_str(), draft.language.as_str()), ("order_shipped", "en_US"));
        assert_eq!((draft.category, draft.status), (Category::Utility, Status::Approved));
        assert_eq!(draft.parts.header, Some(Header::Text("Order {{1}}".to_owned())));
        assert_eq!(draft.parts.footer.as_deref(), Some("Reply STOP to opt out"));
        let call = Button::Phone { text: "Call".to_owned(), number: "+15550000001".to_owned() };
        assert_eq!(draft.parts.buttons[1], call);
        assert_eq!(draft.rejection_reason, None);
    }

    #[test]
    fn what_meta_has_not_approved_is_a_draft() {
        let mut refused = with("/status", json!("REJECTED"));
        refused["rejected_reason"] = json!("TAG_CONTENT_MISMATCH");
        let draft = draft(&refused).unwrap();
        assert_eq!(draft.status, Status::Draft);
        assert_eq!(draft.rejection_reason.as_deref(), Some("TAG_CONTENT_MISMATCH"));
    }

    #[test]
    fn each_fault_names_its_field() {
        let long = |length: usize| json!("x".repeat(length));
        for (path, value, field) in [
            ("/name", json!("Order"), "name"),
            ("/name", long(513), "name"),
            ("/language", json!("english"), "language"),
            ("/language", json!("en-US"), "language"),
            ("/category", json!("OTHER"), "category"),
            ("/components", json!([]), "components"),
            ("/components", json!("x"), "components"),
            ("/components/0", json!(1), "components[0]"),
            ("/components/0/type", json!("CAROUSEL"), "components[0].type"),
            ("/components/0/type", json!("BODY"), "components[1].type"),
            ("/components/0/format", json!("LOCATION"), "components[0].format"),
            ("/components/0/text", long(61), "components[0].text"),
            ("/components/0/text", json!("{{1}} {{2}}"), "components[0].text"),
            ("/components/1/text", long(1_025), "components[1].text"),
            ("/components/1/text", json!(" "), "components[1].text"),
            ("/components/1/text", json!("{{2}}"), "components[1].text"),
            ("/components/1/text", json!("{{name}}"), "components[1].text"),
            ("/components/2/text", long(61), "components[2].text"),
            ("/components/2/text", json!("{{1}}"), "components[2].text"),
            ("/components/3/buttons", json!([]), "components[3].buttons"),
            ("/components/3/buttons/0/text", long(26), "components[3].buttons[0].text"),
            ("/components/3/buttons/1/text", json!("Track"), "components[3].buttons[1].text"),
            ("/components/3/buttons/0/url", json!("ftp://x.y"), "components[3].buttons[0].url"),
            (
                "/components/3/buttons/0/url",
                json!("https://{{1}}/x"),
                "components[3].buttons[0].url",
            ),
            (
                "/components/3/buttons/1/phone_number",
                json!("x"),
                "components[3].buttons[1].phone_number",
            ),
            ("/components/3/buttons/2/type", json!("OTP"), "components[3].buttons[2].type"),
        ] {
            let error = draft(&with(path, value)).unwrap_err();
            assert!(error.details["fields"].get(field).is_some(), "{path} {field}: {error:?}");
        }
        let error = draft(&json!({})).unwrap_err();
        for field in ["name", "language", "category", "components"] {
            assert!(error.details["fields"].get(field).is_some(), "{field}: {error:?}");
        }
    }

    #[test]
    fn the_longest_of_each_is_allowed() {
        let long = |length: usize| json!("x".repeat(length));
        for (path, value) in [
            ("/name", long(512)),
            ("/components/0/text", long(60)),
            ("/components/1/text", long(1_024)),
            ("/components/2/text", long(60)),
            ("/components/3/buttons/2/text", long(25)),
        ] {
            assert!(draft(&with(path, value)).is_ok(), "{path}");
        }
        let buttons: Vec<Value> =
            (0..11).map(|n| json!({ "type": "QUICK_REPLY", "text": n.to_string() })).collect();
        assert!(draft(&with("/components/3/buttons", json!(buttons[..10]))).is_ok());
        assert!(draft(&with("/components/3/buttons", json!(buttons))).is_err());
    }
}
