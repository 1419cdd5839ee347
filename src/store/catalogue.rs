//! The catalogue: every declared table. Clearing an account and reindexing go through it, so that no table
//! can be forgotten.

use crate::{
    domain::{
        Chat, Contact, Identity, SessionRecord,
        conversation::{ConversationRecord, DayCount, Tag},
    },
    store::{
        ChatQueue, ConsumerCursor, ConsumerFault, Job, Mirror, StoredReceipt,
        messages::MessageRecord,
        record::Declaration,
        records::{ApiKeyRecord, KeyedWrite, WebhookCursor, WebhookRecord},
    },
};

pub const CATALOGUE: [Declaration; 18] = [
    Declaration::of::<ApiKeyRecord>(),
    Declaration::of::<Chat>(),
    Declaration::of::<ChatQueue>(),
    Declaration::of::<ConsumerCursor>(),
    Declaration::of::<ConsumerFault>(),
    Declaration::of::<Contact>(),
    Declaration::of::<ConversationRecord>(),
    Declaration::of::<DayCount>(),
    Declaration::of::<Identity>(),
    Declaration::of::<Job>(),
    Declaration::of::<KeyedWrite>(),
    Declaration::of::<MessageRecord>(),
    Declaration::of::<Mirror>(),
    Declaration::of::<WebhookCursor>(),
    Declaration::of::<SessionRecord>(),
    Declaration::of::<StoredReceipt>(),
    Declaration::of::<Tag>(),
    Declaration::of::<WebhookRecord>(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tree_belongs_to_two_tables_and_every_table_says_whose_it_is() {
        let mut trees: Vec<u8> = Vec::new();
        for Declaration { table, .. } in CATALOGUE {
            assert!(!table.owner.is_empty());
            trees.push(table.tree.prefix());
            trees.extend(table.indexes.iter().map(|tree| tree.prefix()));
        }
        let (count, mut distinct) = (trees.len(), trees);
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), count);
    }
}
