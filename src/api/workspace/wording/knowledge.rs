//! Words of what a bot knows: `kb_updated`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        event_data::written,
        kit::{Shape, required_choice, shape},
        workspace::{
            knowledge_view::{kind_choice, kind_name},
            wording::family::Family,
        },
    },
    domain::{Error, Event},
    knowledge::{Change, KnowledgeEvent},
    services::Services,
};

const NAME: &str = "kb_updated";

pub struct KnowledgeWords;

/// What became of a document.
#[derive(Serialize, ToSchema)]
#[schema(as = BotKnowledgeData)]
struct Payload {
    /// UUID of the document.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    document_id: String,
    /// Its title.
    #[schema(example = "Returns")]
    title: String,
    #[schema(schema_with = action_schema)]
    action: &'static str,
    /// The document, in short.
    document: DocumentTold,
}

/// A document of a bot, in short.
#[derive(Serialize, ToSchema)]
#[schema(as = BotKnowledgeDocument)]
struct DocumentTold {
    /// UUID of the document.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Its title.
    #[schema(example = "Returns")]
    title: String,
    #[schema(schema_with = kind_choice)]
    r#type: &'static str,
}

fn action_schema() -> Schema {
    required_choice("What was done.", &["added", "updated", "deleted"])
}

#[async_trait]
impl Family for KnowledgeWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        event.body.read::<KnowledgeEvent>().map(|_| NAME)
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![(NAME, "A document was added, changed or deleted", shape::<Payload>())]
    }

    async fn bots(&self, _: &Services, event: &Event) -> Result<Vec<Uuid>, Error> {
        let updated = event.body.read();
        Ok(updated.map(|KnowledgeEvent::Updated { bot, .. }| bot).into_iter().collect())
    }

    async fn data(&self, _: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(KnowledgeEvent::Updated { document, title, kind, change, .. }) = event.body.read()
        else {
            return Ok(None);
        };
        let action = match change {
            Change::Added => "added",
            Change::Changed => "updated",
            Change::Deleted => "deleted",
        };
        let id = document.to_string();
        let r#type = kind_name(kind);
        let document = DocumentTold { id: id.clone(), title: title.clone(), r#type };
        written(&Payload { document_id: id, title, action, document })
    }
}
