//! A template as the business API shows it: in Meta's form.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::chat::time,
    api::kit::{Plural, path::uuid, path_value},
    content::{Button, Category, Header, MediaFormat, Parts, Status, Template},
    domain::Subject,
};

path_value! {
    /// A template, by its id.
    pub enum TemplateId = "id" as Uuid;
    about: "The id of the template", example: "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12",
    read: |text| uuid(text, Subject::Template)
}

/// What a template is for.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = TemplateCategory)]
pub enum CategoryView {
    Marketing,
    Utility,
    Authentication,
}

impl From<Category> for CategoryView {
    fn from(category: Category) -> Self {
        match category {
            Category::Marketing => Self::Marketing,
            Category::Utility => Self::Utility,
            Category::Authentication => Self::Authentication,
        }
    }
}

impl From<CategoryView> for Category {
    fn from(category: CategoryView) -> Self {
        match category {
            CategoryView::Marketing => Self::Marketing,
            CategoryView::Utility => Self::Utility,
            CategoryView::Authentication => Self::Authentication,
        }
    }
}

/// Whether a template may be sent.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = TemplateStatus)]
pub enum StatusView {
    Draft,
    Approved,
}

impl From<Status> for StatusView {
    fn from(status: Status) -> Self {
        match status {
            Status::Draft => Self::Draft,
            Status::Approved => Self::Approved,
        }
    }
}

impl From<StatusView> for Status {
    fn from(status: StatusView) -> Self {
        match status {
            StatusView::Draft => Self::Draft,
            StatusView::Approved => Self::Approved,
        }
    }
}

/// A message with numbered variables, under a name in a language.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Template)]
pub struct TemplateView {
    /// Id of the template.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Small letters, digits and `_`.
    #[schema(example = "order_shipped")]
    name: String,
    /// A language, with or without a country.
    #[schema(example = "en_US")]
    language: String,
    /// What the template is for.
    category: CategoryView,
    /// Only an approved template is sent.
    status: StatusView,
    /// What the template is made of.
    components: Vec<ComponentView>,
    /// How many parameters the body needs.
    variables: usize,
    /// Why Meta had refused it, where it was imported; null otherwise.
    #[schema(example = json!(null))]
    rejection_reason: Option<String>,
    /// When it was created, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
    /// When it was changed last, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    updated_at: String,
}

/// A part of a template.
#[derive(Serialize, ToSchema)]
#[schema(as = TemplateComponent)]
struct ComponentView {
    /// HEADER, BODY, FOOTER or BUTTONS.
    #[schema(example = "BODY")]
    r#type: &'static str,
    /// Of a header: TEXT, IMAGE, VIDEO or DOCUMENT.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "TEXT")]
    format: Option<&'static str>,
    /// Its text, with numbered variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "Hi {{1}}, your order comes {{2}}.")]
    text: Option<String>,
    /// Its buttons.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    buttons: Option<Vec<ButtonView>>,
}

/// A button of a template.
#[derive(Serialize, ToSchema)]
#[schema(as = TemplateButton)]
struct ButtonView {
    /// `QUICK_REPLY`, `URL` or `PHONE_NUMBER`.
    #[schema(example = "URL")]
    r#type: &'static str,
    /// What stands on it.
    #[schema(example = "Track")]
    text: String,
    /// Of a URL: the address, which may end with a variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.com/track/{{1}}")]
    url: Option<String>,
    /// Of a phone number: the number with its country code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "+15550000001")]
    phone_number: Option<String>,
}

impl Plural for TemplateView {
    const PLURAL: &'static str = "templates";
}

impl From<Template> for TemplateView {
    fn from(template: Template) -> Self {
        Self {
            variables: template.variables(),
            id: template.id.to_string(),
            name: template.name,
            language: template.language,
            category: template.category.into(),
            status: template.status.into(),
            components: components(template.parts),
            rejection_reason: template.rejection_reason,
            created_at: time(template.created_at),
            updated_at: time(template.updated_at),
        }
    }
}

fn components(parts: Parts) -> Vec<ComponentView> {
    let Parts { header, body, footer, buttons } = parts;
    let text =
        |kind, text| ComponentView { r#type: kind, format: None, text: Some(text), buttons: None };
    let header = header.map(|header| {
        let (format, text) = match header {
            Header::Text(text) => ("TEXT", Some(text)),
            Header::Media(MediaFormat::Image) => ("IMAGE", None),
            Header::Media(MediaFormat::Video) => ("VIDEO", None),
            Header::Media(MediaFormat::Document) => ("DOCUMENT", None),
        };
        ComponentView { r#type: "HEADER", format: Some(format), text, buttons: None }
    });
    let buttons = (!buttons.is_empty()).then(|| ComponentView {
        r#type: "BUTTONS",
        format: None,
        text: None,
        buttons: Some(buttons.into_iter().map(ButtonView::from).collect()),
    });
    let footer = footer.map(|footer| text("FOOTER", footer));
    header.into_iter().chain([text("BODY", body)]).chain(footer).chain(buttons).collect()
}

impl From<Button> for ButtonView {
    fn from(button: Button) -> Self {
        let (kind, text, url, phone_number) = match button {
            Button::QuickReply { text } => ("QUICK_REPLY", text, None, None),
            Button::Url { text, url } => ("URL", text, Some(url), None),
            Button::Phone { text, number } => ("PHONE_NUMBER", text, None, Some(number)),
        };
        Self { r#type: kind, text, url, phone_number }
    }
}
