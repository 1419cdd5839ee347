//! Counts of tags: how many contacts have each, exact at every commit.

use serde::{Deserialize, Serialize};

use crate::{
    contacts::{contact::Contact, tags::folded},
    events::Work,
    store::{Key, Record, Scope, Store, StoreError, Table, Tree},
};

/// A tag that at least one contact has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagCount {
    /// As the first contact has it.
    pub name: String,
    pub contacts: u64,
}

impl Record for TagCount {
    const TABLE: Table = Table {
        tree: Tree::new(130, "ContactTags"),
        owner: "contacts",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

fn key(folded: &str) -> Key<TagCount> {
    TagCount::key().text(folded)
}

/// Up to `limit` tags in the order of their folded names, behind one of them or from the first on.
pub async fn page(
    store: &Store,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<TagCount>, StoreError> {
    let all = TagCount::key().below();
    let part = match after {
        Some(name) => all.after(&key(&folded(name))),
        None => all,
    };
    store.select(part, limit).await
}

/// Counts a contact's change of tags within its transaction.
pub async fn count(
    work: &Work<'_>,
    former: Option<&Contact>,
    contact: Option<&Contact>,
) -> Result<(), StoreError> {
    let tags = |contact: Option<&Contact>| -> Vec<(String, String)> {
        let tags = contact.map(|contact| contact.tags.as_slice()).unwrap_or_default();
        tags.iter().map(|tag| (folded(tag), tag.clone())).collect()
    };
    let (before, after) = (tags(former), tags(contact));
    let beyond = |all: &[(String, String)], others: &[(String, String)]| {
        let is_other = |tag: &&(String, String)| !others.iter().any(|other| other.0 == tag.0);
        all.iter().filter(is_other).cloned().collect::<Vec<_>>()
    };
    for (folded, name) in beyond(&after, &before) {
        let known = work.get(&key(&folded)).await?;
        let mut count = known.unwrap_or(TagCount { name, contacts: 0 });
        count.contacts += 1;
        work.put(&key(&folded), &count).await?;
    }
    for (folded, _) in beyond(&before, &after) {
        let Some(mut count) = work.get(&key(&folded)).await? else { continue };
        count.contacts = count.contacts.saturating_sub(1);
        match count.contacts {
            0 => work.delete(&key(&folded)).await?,
            _ => work.put(&key(&folded), &count).await?,
        }
    }
    Ok(())
}
