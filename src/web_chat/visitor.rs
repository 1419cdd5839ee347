//! Visitor of a web chat: what they said of themselves.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `WebVisitors` | session, chat | [`Visitor`] |
//! | `WebVisitorsByEnd` | end, key | of those who have written nothing |
//! | `WebVisitorsByEmail` | folded e-mail address, key | the key of the visitor |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::{
    domain::{Error, Jid, SessionId, Timestamp, fold::fold},
    store::{Found, Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Tree},
};

const BY_END_TREE: Tree = Tree::new(214, "WebVisitorsByEnd");
const BY_END: Index<Visitor> = Index::new(BY_END_TREE);
const BY_EMAIL_TREE: Tree = Tree::new(219, "WebVisitorsByEmail");
const BY_EMAIL: Index<Visitor> = Index::new(BY_EMAIL_TREE);
/// Sorts behind every character that an address has.
const LAST: char = '\u{10FFFF}';
const LONGEST: usize = 254;
const LONGEST_NAME: usize = 100;
const MOST_DATA: usize = 20;
/// Visitors that are forgotten in one round, or looked up at once.
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
        indexes: &[BY_END_TREE, BY_EMAIL_TREE],
        scope: Scope::Account,
    };

    fn entries(&self, own: &Key<Self>) -> Vec<IndexKey<Self>> {
        let end = self.until.map(|until| BY_END.key().time(until).joined(own));
        let email =
            self.email.as_deref().map(|email| BY_EMAIL.key().text(&fold(email)).joined(own));
        end.into_iter().chain(email).collect()
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

    /// The chats of those whose e-mail address begins with a text, in any case of letters; none for a blank text.
    pub async fn with_email(store: &Store, text: &str) -> Result<Vec<Jid>, StoreError> {
        let text = fold(text.trim());
        let mut found = Vec::new();
        if text.is_empty() {
            return Ok(found);
        }
        let end = BY_EMAIL.key().text(&format!("{text}{LAST}"));
        let mut next = BY_EMAIL.key().text(&text);
        loop {
            let part = BY_EMAIL.key().below().from(next).before(end.clone());
            let entries = store.entries(part, AT_ONCE).await?;
            found.extend(entries.iter().filter_map(|(_, own)| chat_of(own)));
            match entries.into_iter().nth(AT_ONCE - 1) {
                Some((last, _)) => next = Key::from_bytes([last.as_bytes(), &[0]].concat()),
                None => return Ok(found),
            }
        }
    }

    /// Those whose end has come, with their keys.
    pub async fn past(store: &Store, now: Timestamp) -> Result<Vec<Found<Self>>, StoreError> {
        store.follow(BY_END.key().below().before(BY_END.key().time(now)), AT_ONCE).await
    }
}

/// The chat of a visitor, which is the last part of the key.
fn chat_of(key: &Key<Visitor>) -> Option<Jid> {
    let parts = key.as_bytes().strip_suffix(&[0, 0])?;
    let chat = std::str::from_utf8(parts.rsplit(|byte| *byte == 0).next()?).ok()?;
    let visitor: Uuid = chat.split_once('@')?.0.parse().ok()?;
    Some(Jid::of_visitor(visitor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn visitors_are_found_by_the_beginning_of_their_address_until_it_changes() {
        let store = Store::temporary().await.unwrap();
        let session = SessionId::of_web(Uuid::now_v7());
        let chats: Vec<Jid> = (0..3).map(|_| Jid::of_visitor(Uuid::now_v7())).collect();
        let put = async |chat: &Jid, email: Option<&str>| {
            let visitor = Visitor { email: email.map(str::to_owned), ..Visitor::default() };
            let mut transaction = store.transaction();
            transaction.put(&Visitor::at(&session, chat), &visitor).await.unwrap();
            assert!(transaction.commit().await.unwrap());
        };
        put(&chats[0], Some("Ada@Example.com")).await;
        put(&chats[1], Some("ada.lovelace@example.com")).await;
        put(&chats[2], None).await;
        let found = async |text: &str| Visitor::with_email(&store, text).await.unwrap();
        assert_eq!(found("ADA@example.com").await, [chats[0].clone()]);
        assert_eq!(found("ada").await.len(), 2);
        for text in ["", " ", "example", "ada@example.com.au"] {
            assert_eq!(found(text).await, [], "{text:?}");
        }
        put(&chats[0], Some("grace@example.com")).await;
        assert_eq!(found("ada").await, [chats[1].clone()]);
    }
}
