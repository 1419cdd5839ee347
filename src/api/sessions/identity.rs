//! People under both ids. Beside every field that names a person stands another that holds both of
//! their ids, as far as they are known; here is which, and where to look a person up.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Data, InSession, Query, Read},
        sessions::wire::seconds,
    },
    domain::{Error, Identities, Jid, JidKind, Me, address, identity::Both},
};

/// Fields that name people, and what stands beside each: an object, or for a list a list of them in
/// the same order.
pub const BESIDE: [(&str, &str); 12] = [
    ("author", "authorIdentity"),
    ("by", "byIdentity"),
    ("chatId", "chatIdentity"),
    ("from", "fromIdentity"),
    ("id", "identity"),
    ("mentionedJidList", "mentionedIdentities"),
    ("owner", "ownerIdentity"),
    ("participant", "participantIdentity"),
    ("participants", "participantIdentities"),
    ("quotedParticipant", "quotedParticipantIdentity"),
    ("sender", "senderIdentity"),
    ("to", "toIdentity"),
];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/sessions/{sessionId}/identities", look_up)
            .named("lookUpIdentity")
            .about("Contacts", "Look up a person's telephone number or hidden identity (LID)")
            .details("Name either `lid` or `phone`. 404 where the other id is not known yet."),
    ]
}

#[derive(Deserialize, ToSchema)]
struct IdentityQuery {
    /// A hidden identity, such as 100000000000001@lid.
    lid: Option<String>,
    /// Or a telephone number, with or without @c.us.
    #[schema(example = "15550000003")]
    phone: Option<String>,
}

/// Both ids of a person, each null while it is not known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IdentityView {
    /// Id by telephone number (`@c.us`); null where it is not known.
    #[schema(value_type = Option<String>)]
    #[schema(example = "15550000001@c.us")]
    phone: Option<Jid>,
    /// Id by hidden identity (`@lid`); null where it is not known.
    #[schema(value_type = Option<String>)]
    #[schema(example = "100000000000001@lid")]
    lid: Option<Jid>,
}

impl IdentityView {
    /// None for what is no person.
    pub fn of(id: &Jid, known: &Identities) -> Option<Self> {
        let Both { phone, lid } = known.both(id)?;
        Some(Self { phone, lid })
    }

    /// That of the session's own account.
    pub fn own(me: &Me) -> Self {
        Self { phone: Some(me.id.clone()), lid: me.lid.clone() }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LearnedView {
    /// Id by telephone number (`@c.us`).
    #[schema(example = "15550000001@c.us")]
    phone: String,
    /// Id by hidden identity (`@lid`).
    #[schema(example = "100000000000001@lid")]
    lid: String,
    /// RFC 3339.
    learned_at: String,
}

/// Puts both ids beside every field that names people, in an object and those within it.
pub fn beside(data: &mut Value, known: &Identities) {
    match data {
        Value::Object(fields) => {
            for value in fields.values_mut() {
                beside(value, known);
            }
            for (field, companion) in BESIDE {
                let both = match fields.get(field) {
                    None => continue,
                    Some(value) => identities_of(value, known),
                };
                // What is called `id` is a person's in some places, and elsewhere a message's.
                if (field != "id" || !both.is_null()) && !fields.contains_key(companion) {
                    fields.insert(companion.to_owned(), both);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| beside(value, known)),
        _ => (),
    }
}

fn identities_of(value: &Value, known: &Identities) -> Value {
    match value {
        Value::String(text) => {
            let both = text.parse().ok().and_then(|id| IdentityView::of(&id, known));
            json!(both)
        }
        Value::Array(values) => values.iter().map(|value| identities_of(value, known)).collect(),
        _ => Value::Null,
    }
}

async fn look_up(
    call: Call<Read, InSession>,
    Query(query): Query<IdentityQuery>,
) -> Result<Data<LearnedView>, ApiError> {
    let session = call.session()?;
    let id = match (query.lid, query.phone) {
        (Some(text), None) => person("lid", &text, JidKind::Lid)?,
        (None, Some(text)) => person("phone", &text, JidKind::Person)?,
        _ => return Err(Error::invalid("name either 'lid' or 'phone'").into()),
    };
    let found = call.directory.identity(session.id(), &id).await?;
    Ok(Data::of(LearnedView {
        phone: found.pair.phone().to_string(),
        lid: found.pair.lid().to_string(),
        learned_at: seconds(found.since),
    }))
}

fn person(field: &str, text: &str, kind: JidKind) -> Result<Jid, Error> {
    let what = if kind == JidKind::Lid { "digits@lid" } else { "a telephone number" };
    let id = address::person(text).map_err(|error| {
        Error::invalid_field(field, format!("must be {what}: {}", error.about(text)))
    })?;
    if id.kind() == kind {
        return Ok(id);
    }
    Err(Error::invalid_field(field, format!("must be {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::Pair;

    #[test]
    fn both_ids_stand_beside_every_person_and_beside_nothing_else() {
        let lid = "1000000001@lid".parse().unwrap();
        let pair = Pair::of(&lid, &"15550001@c.us".parse().unwrap()).unwrap();
        let known = [&pair].into_iter().collect();
        let both = json!({ "phone": "15550001@c.us", "lid": "1000000001@lid" });
        let half = json!({ "phone": "15550002@c.us", "lid": null });
        let mut data = json!({
            "id": "true_1000000001@lid_3EB0",
            "chatId": "120363000000000000@g.us",
            "author": "1000000001@lid",
            "by": null,
            "body": "15550001@c.us",
            "participants": ["15550001@c.us", "15550002@c.us"],
            "reactions": [{ "sender": "15550001@c.us" }],
        });
        beside(&mut data, &known);
        assert_eq!(
            data,
            json!({
                "id": "true_1000000001@lid_3EB0",
                "chatId": "120363000000000000@g.us",
                "chatIdentity": null,
                "author": "1000000001@lid",
                "authorIdentity": both,
                "by": null,
                "byIdentity": null,
                "body": "15550001@c.us",
                "participants": ["15550001@c.us", "15550002@c.us"],
                "participantIdentities": [both, half],
                "reactions": [{ "sender": "15550001@c.us", "senderIdentity": both }],
            })
        );
        let mut contact = json!({ "id": "15550002@c.us" });
        beside(&mut contact, &known);
        assert_eq!(contact, json!({ "id": "15550002@c.us", "identity": half }));
    }
}
