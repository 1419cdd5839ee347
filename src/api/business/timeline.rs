//! The timeline of a contact.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        business::contact_view::ContactId,
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Contacts, Data, Limit, Path, Query, check::bounds::one_of},
        texts::moment,
    },
    contacts::{Entry, EntryKind},
    domain::Error,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/whatsapp-api/contacts/{id}/timeline", read)
            .named("getBusinessContactTimeline")
            .about("Business contacts", "What happened with a contact, newest first")
            .details(
                "Messages, conversations, opt-ins and opt-outs, tags, and changes by callers (`audit`). For the \
                 next page, `before` is the `at` of the last entry. A page may have a few more entries than `limit`: those \
                 of one millisecond are never divided.",
            ),
    ]
}

#[derive(Deserialize, ToSchema)]
struct TimelineQuery {
    #[serde(default)]
    limit: Limit<50, 200>,
    /// Only what happened before this time.
    #[schema(format = "date-time", max_length = 40)]
    before: Option<String>,
    /// Only these types, with commas between them, such as `opt_in,opt_out`.
    #[serde(rename = "type")]
    #[schema(max_items = 20)]
    kinds: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessTimeline)]
struct TimelineView {
    /// What happened, newest first.
    events: Vec<EntryView>,
    has_more: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessTimelineEntry)]
struct EntryView {
    /// Id of the entry.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// message_received, message_sent, conversation_opened, conversation_resolved, conversation_assigned, opt_in,
    /// opt_out, tag_added, tag_removed, csat, ctwa, broadcast, payment, note_added, ticket_created, contact_created,
    /// contact_updated or audit.
    #[schema(example = "opt_in")]
    r#type: &'static str,
    /// When it happened, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00.000Z")]
    at: String,
    /// Who did it.
    actor: ActorView,
    /// What belongs to the type; null where there is nothing to say.
    #[schema(value_type = Option<Object>)]
    data: Value,
}

#[derive(Serialize, ToSchema)]
#[schema(as = BusinessActor)]
struct ActorView {
    /// contact, key, owner, user, bot, auto_tagging or gateway.
    #[schema(example = "contact")]
    r#type: &'static str,
    /// Id of who did it; null where there is none.
    #[schema(example = json!(null))]
    id: Option<String>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id.to_string(),
            r#type: entry.kind.as_str(),
            at: time(entry.at),
            actor: ActorView {
                r#type: entry.actor.kind.as_str(),
                id: entry.actor.id.map(|id| id.to_string()),
            },
            data: entry.data,
        }
    }
}

async fn read(
    call: Call<Contacts>,
    Path(id): Path<ContactId>,
    Query(query): Query<TimelineQuery>,
) -> Result<Data<TimelineView>, ApiError> {
    let before = query.before.as_deref().map(moment).transpose()?;
    let kinds = query.kinds.unwrap_or_default();
    let kinds = kinds.iter().map(|word| {
        EntryKind::of(word.trim())
            .ok_or_else(|| Error::invalid_field("type", one_of(EntryKind::WORDS)))
    });
    let kinds: Vec<EntryKind> = kinds.collect::<Result<_, Error>>()?;
    let page = call.contacts.timeline(id, before, &kinds, query.limit.get()).await?;
    let events = page.entries.into_iter().map(EntryView::from).collect();
    Ok(Data::of(TimelineView { events, has_more: page.has_more }))
}
