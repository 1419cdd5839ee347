//! Visitor of a web chat: what they said of themselves.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `WebVisitors` | session, chat | [`Visitor`] |
//! | `WebVisitorsByEnd` | end, key | of those who have written nothing |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Error, Jid, SessionId, Timestamp},
    store::{Found, Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Tree},
};

const BY_END_TREE: Tree = Tree::new(214, "WebVisitorsByEnd");
const BY_END: Index<Visitor> = Index::new(BY_END_TREE);
const LONGEST: usize = 254;
const LONGEST_NAME: usize = 100;
const MOST_DATA: usize = 20;
/// Visitors that are forgotten in one round.
const AT_ONCE: usize = 500;
const LONGEST_DATA: usize = 500;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Visitor {
    /// The caller's own id of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// When it is forgotten; none for a visitor who has written, whose conversation it goes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Record for Visitor {
    const TABLE: Table = Table {
        tree: Tree::new(173, "WebVisitors"),
        owner: "web chat",
        indexes: &[BY_END_TREE],
        scope: Scope::Account,
    };

    fn entries(&self, own: &Key<Self>) -> Vec<IndexKey<Self>> {
        self.until.map(|until| BY_END.key().time(until).joined(own)).into_iter().collect()
    }
}

impl Visitor {
    pub fn at(session: &SessionId, chat: &Jid) -> Key<Self> {
        Self::key().text(session.as_str()).text(chat.as_str())
    }

    /// Without blanks; every field with a fault is named.
    pub fn checked(self) -> Result<Self, Error> {
        let text = |field: &str, given: Option<String>, most: usize| {
            let given = given.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            match given {
                Some(text) if text.chars().nth(most).is_some() => Err(Error::invalid_field(
                    &format!("visitor.{field}"),
                    format!("must have at most {most} characters"),
                )),
                given => Ok(given),
            }
        };
        let names =
            Error::both(text("id", self.id, LONGEST), text("name", self.name, LONGEST_NAME));
        let ways = Error::both(text("email", self.email, LONGEST), text("phone", self.phone, 32));
        let is_long = |text: &String| text.chars().nth(LONGEST_DATA).is_some();
        let data = self.metadata;
        let metadata = match MOST_DATA < data.len()
            || data.iter().any(|(key, value)| is_long(key) || is_long(value))
        {
            true => Err(Error::invalid_field(
                "visitor.metadata",
                "must have at most 20 entries of at most 500 characters",
            )),
            false => Ok(data),
        };
        let (((id, name), (email, phone)), metadata) =
            Error::both(Error::both(names, ways), metadata)?;
        Ok(Self { id, name, email, phone, metadata, until: None })
    }

    /// What was known, with what is said now.
    #[must_use]
    pub fn with(self, said: Self) -> Self {
        let mut metadata = self.metadata;
        metadata.extend(said.metadata);
        while MOST_DATA < metadata.len() {
            metadata.pop_first();
        }
        Self {
            id: said.id.or(self.id),
            name: said.name.or(self.name),
            email: said.email.or(self.email),
            phone: said.phone.or(self.phone),
            metadata,
            until: self.until,
        }
    }

    /// Those whose end has come, with their keys.
    pub async fn past(store: &Store, now: Timestamp) -> Result<Vec<Found<Self>>, StoreError> {
        store.follow(BY_END.key().below().before(BY_END.key().time(now)), AT_ONCE).await
    }
}
