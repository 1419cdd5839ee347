//! Draft of a template: the message that a rendered template is, for callers and broadcasts alike.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    content::templates::{
        Category, HeaderMedia, MediaFormat, MediaSource, MenuOption, Rendered, Template,
    },
    domain::{Content, Error, command::MediaKind},
    inbox::{self, Draft, Drafts},
};

/// The draft of a template with its parameters. A file of it is checked as far as that costs nothing; `is_narrow` says
/// that a caller who names its address may reach only what a key for one session may.
pub fn template_draft(
    rendered: Rendered,
    components: &[Value],
    drafts: &Drafts,
    is_narrow: bool,
) -> Result<Draft, Error> {
    let Rendered { template: Template { name, language, category, .. }, text, media, menu } =
        rendered;
    let message = match media {
        Some(media) => file(media, text, drafts, is_narrow)?,
        None => Draft::Content(Content::Text { body: text }),
    };
    let option = |MenuOption { id, title }| inbox::MenuOption { id, title };
    Ok(Draft::Template {
        message: Box::new(message),
        options: menu.into_iter().map(option).collect(),
        written: json!({ "name": name, "language": { "code": language }, "components": components }),
        is_marketing: category == Category::Marketing,
    })
}

/// The file of the header, with the text as its caption.
fn file(
    media: HeaderMedia,
    text: String,
    drafts: &Drafts,
    is_narrow: bool,
) -> Result<Draft, Error> {
    let HeaderMedia { format, source, filename } = media;
    let kind = match format {
        MediaFormat::Image => MediaKind::Image,
        MediaFormat::Video => MediaKind::Video,
        MediaFormat::Document => MediaKind::Document,
    };
    let caption = Some(text);
    let url = match source {
        MediaSource::Link(url) => url,
        MediaSource::Id(id) => {
            let id: Result<Uuid, _> = id.trim().parse();
            let id = id.map_err(|_| {
                Error::invalid_field("components", "must name an uploaded file by its UUID")
            })?;
            return Ok(Draft::Stored { id, kind, filename, caption });
        }
    };
    drafts.linked_file(("components", url), kind, (filename, caption), is_narrow)
}
