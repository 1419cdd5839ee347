//! Material of a broadcast: its template, rendered once, and the file of its header, fetched once.

use uuid::Uuid;

use crate::{
    campaigns::broadcast::{Broadcast, TemplateUse},
    content::{Rendered, Templates, template_draft},
    domain::{
        Error,
        outbox::{Priority, SendOptions},
    },
    inbox::{Author, AuthorKind, Draft, Drafts, Terms},
    messaging::uploads::{Source, Upload},
};

/// What every recipient gets.
pub struct Material {
    pub broadcast: Uuid,
    name: String,
    template: TemplateUse,
    rendered: Rendered,
    drafts: Drafts,
    /// A file that lies elsewhere.
    file: Option<Upload>,
}

impl Material {
    /// An error means that the broadcast cannot be sent, unless the gateway itself is at fault.
    pub async fn gather(
        broadcast: &Broadcast,
        templates: &Templates,
        drafts: &Drafts,
    ) -> Result<Self, Error> {
        let template = broadcast.template.clone();
        let TemplateUse { name, language, components, .. } = &template;
        let rendered = templates.render(name, language, components).await?;
        let draft = template_draft(rendered.clone(), components, drafts, false)?;
        let file = drafts.file_of(draft).await?;
        let (name, drafts) = (broadcast.name.clone(), drafts.clone());
        Ok(Self { broadcast: broadcast.id, name, template, rendered, drafts, file })
    }

    /// The draft for one recipient.
    pub fn draft(&self) -> Result<Draft, Error> {
        let components = &self.template.components;
        let mut draft = template_draft(self.rendered.clone(), components, &self.drafts, false)?;
        if let (Some(file), Draft::Template { message, .. }) = (&self.file, &mut draft)
            && let Draft::File { source, .. } = message.as_mut()
        {
            let media = &file.media;
            let (path, mime) = (media.path.clone(), media.mime.clone());
            let name = media.filename.clone();
            *source = Source::Stored { field: "components", path, mime, name };
        }
        Ok(draft)
    }

    /// Direct messages overtake those of a broadcast.
    pub fn terms(&self, key: String) -> Terms {
        let (id, name) = (Some(self.broadcast), Some(self.name.clone()));
        Terms {
            author: Author { kind: AuthorKind::Broadcast, id, name },
            client_ref: None,
            key: Some(key),
            quoted: None,
            link_preview: false,
            options: SendOptions {
                queue_if_offline: true,
                send_at: None,
                priority: Priority::Bulk,
            },
        }
    }
}
