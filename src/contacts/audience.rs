//! Audience: the contacts with any of some tags, in the order of their creation, page by page.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    contacts::{
        contact::{Contact, by_tag},
        list::id_of,
        service::Contacts,
    },
    store::{Record, StoreError},
};

impl Contacts {
    /// Up to `limit` ids behind `after`, of contacts with any of these tags; of all contacts if there are no tags.
    pub async fn audience(
        &self,
        tags: &[String],
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<Uuid>, StoreError> {
        if tags.is_empty() {
            let part = Contact::key().below();
            let part = match after {
                Some(after) => part.after(&Contact::at(after)),
                None => part,
            };
            let keys = self.store.keys(part, limit).await?;
            return Ok(keys.iter().filter_map(id_of).collect());
        }
        // The first of all are among the first of each.
        let mut found = BTreeSet::new();
        for tag in tags {
            let part = by_tag(tag).below();
            let part = match after {
                Some(after) => part.after(&by_tag(tag).uuid(after)),
                None => part,
            };
            let entries = self.store.entries(part, limit).await?;
            found.extend(entries.iter().filter_map(|(_, key)| id_of(key)));
        }
        Ok(found.into_iter().take(limit).collect())
    }
}
