//! Sends of templates: a template is rendered here, and goes out as text, file and numbered menu.

use serde_json::json;
use uuid::Uuid;

use crate::{
    api::{
        business::send_body::SendBody,
        kit::{self, OwnSessions},
    },
    content::{HeaderMedia, MediaFormat, MediaSource, MenuOption, Rendered},
    domain::{Content, Error, command::MediaKind},
    inbox::{self, Draft},
};

/// What the answer warns of: WhatsApp shows no template.
pub const WARNING: &str = "template_rendered_locally";

/// What a body of the type `template` sends.
pub async fn draft(
    call: &kit::Call<kit::Send, OwnSessions>,
    body: &SendBody,
) -> Result<Draft, Error> {
    let name = body.template_name.as_deref().unwrap_or_default();
    let language = body.language.as_ref().map(|language| language.as_str()).unwrap_or_default();
    let components = body.components.as_deref().unwrap_or_default();
    let Rendered { text, media, menu, .. } =
        call.templates.render(name, language, components).await?;
    let message = match media {
        Some(media) => file(call, media, text)?,
        None => Draft::Content(Content::Text { body: text }),
    };
    let option = |MenuOption { id, title }| inbox::MenuOption { id, title };
    let written =
        json!({ "name": name, "language": { "code": language }, "components": components });
    let options = menu.into_iter().map(option).collect();
    Ok(Draft::Template { message: Box::new(message), options, written })
}

/// The file of the header, with the text as its caption.
fn file(
    call: &kit::Call<kit::Send, OwnSessions>,
    media: HeaderMedia,
    text: String,
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
    let source = call.uploads.url("components", url, call.own_session().is_some());
    call.uploads.check(&source, kind, filename.as_deref(), caption.as_deref())?;
    Ok(Draft::File { source, kind, filename, caption })
}
