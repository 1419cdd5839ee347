//! The audit log, for owners of the gateway: who changed what, and when.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    accounts::Role,
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Admin, Call, Paged, Paging, Plural, Query, required_choice},
        sessions::wire::seconds,
        texts::{in_field, moment},
    },
    audit::{AuditActor, AuditEntry, AuditFilter},
    domain::{Error, ErrorCode},
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/audit", list)
            .named("listAuditEntries")
            .about("Server", "The audit log: who changed what in the gateway, newest first")
            .details(
                "For owners. Each write that needs the scope `admin`, and what people change of their sign-in, is an entry \
                 before it is done; the newest 10,000 are kept. What was written is in none.",
            ),
    ]
}

#[derive(Deserialize, ToSchema)]
struct AuditQuery {
    #[serde(flatten)]
    paging: Paging,
    /// Only what this person did, by a key of theirs too; or this key.
    #[schema(format = "uuid", max_length = 40)]
    actor: Option<String>,
    /// Only this operation, by its name.
    #[schema(example = "createApiKey", max_length = 100)]
    action: Option<String>,
    /// Only from this time on.
    #[schema(format = "date-time", max_length = 40)]
    from: Option<String>,
    /// Only before this time.
    #[schema(format = "date-time", max_length = 40)]
    to: Option<String>,
}

/// One change.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditEntry)]
struct EntryView {
    /// Number of the entry, from 1.
    number: u64,
    /// When it began, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00.000Z")]
    at: String,
    actor: ActorView,
    /// The operation, by its name in the API document.
    #[schema(example = "revokeApiKey")]
    action: String,
    /// What it was done to: the path of the request.
    #[schema(example = "/api/v1/api-keys/0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    path: String,
    /// The address that the request came from; null where it is not known.
    #[schema(example = "203.0.113.7")]
    address: Option<String>,
    #[schema(schema_with = outcome_schema)]
    outcome: &'static str,
    /// The status of the answer; null until there is one.
    #[schema(example = 200)]
    status: Option<u16>,
}

/// Who made a change.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditActor)]
struct ActorView {
    #[schema(schema_with = actor_schema)]
    r#type: &'static str,
    /// UUID of the person or of the key; null for the gateway's own owner, who calls from its machine.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: Option<String>,
    /// Name of the person or of the key; null for one that is gone, and for the gateway's own owner.
    #[schema(example = "Ada Lovelace")]
    name: Option<String>,
}

impl Plural for EntryView {
    const PLURAL: &'static str = "entries";
}

fn outcome_schema() -> Schema {
    let about = "Whether it was done, was refused as it was asked for, failed, or is unknown: it is under way, or the gateway \
                 ended meanwhile.";
    required_choice(about, &["done", "refused", "failed", "unknown"])
}

fn actor_schema() -> Schema {
    required_choice("What made the change.", &["gateway", "person", "key"])
}

fn outcome(status: Option<u16>) -> &'static str {
    match status {
        None => "unknown",
        Some(0..400) => "done",
        Some(400..500) => "refused",
        Some(_) => "failed",
    }
}

impl EntryView {
    fn of(entry: AuditEntry, names: &HashMap<Uuid, String>) -> Self {
        let (r#type, id) = match entry.by {
            AuditActor::Gateway => ("gateway", None),
            AuditActor::Person(id) => ("person", Some(id)),
            AuditActor::Key { id, .. } => ("key", Some(id)),
        };
        let name = id.and_then(|id| names.get(&id).cloned());
        Self {
            number: entry.number,
            at: seconds(entry.at),
            actor: ActorView { r#type, id: id.map(|id| id.to_string()), name },
            action: entry.action,
            path: entry.path,
            address: entry.address.map(|address| address.to_string()),
            outcome: outcome(entry.status),
            status: entry.status,
        }
    }
}

impl AuditQuery {
    fn filter(self) -> Result<(AuditFilter, Paging), Error> {
        let time = |field: &'static str, text: Option<String>| {
            text.map(|text| moment(&text).map_err(|error| in_field(field, error))).transpose()
        };
        let actor = self.actor.map(|text| {
            Uuid::parse_str(&text).map_err(|_| Error::invalid_field("actor", "must be a UUID"))
        });
        let times = Error::both(time("from", self.from), time("to", self.to));
        let (actor, (from, to)) = Error::both(actor.transpose(), times)?;
        Ok((AuditFilter { actor, action: self.action, from, to }, self.paging))
    }
}

async fn list(
    call: Call<Admin>,
    Query(query): Query<AuditQuery>,
) -> Result<Paged<EntryView>, ApiError> {
    if call.principal().rank() != Some(Role::Owner) {
        let message = "The audit log is for owners";
        return Err(Error::new(ErrorCode::Forbidden, message).into());
    }
    let (filter, paging) = query.filter()?;
    let (entries, total) = call.audit.list(&filter, (paging.skipped(), paging.limit())).await?;
    let keys = call.api_keys.list().await?.into_iter().map(|key| (key.id, key.name));
    let people = call.accounts.users().await?.into_iter().map(|user| (user.id, user.name));
    let names: HashMap<Uuid, String> = keys.chain(people).collect();
    let views: Vec<EntryView> =
        entries.into_iter().map(|entry| EntryView::of(entry, &names)).collect();
    Ok(Paged::of(&views, paging, total))
}
