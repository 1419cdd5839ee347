//! Sends of templates: a template is rendered here, and goes out as text, file and numbered menu.

use crate::{
    api::{
        business::send_body::SendBody,
        kit::{self, OwnSessions},
    },
    content::template_draft,
    domain::Error,
    inbox::Draft,
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
    let rendered = call.templates.render(name, language, components).await?;
    template_draft(rendered, components, &call.drafts, call.own_session().is_some())
}
