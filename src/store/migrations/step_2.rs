//! Layout 2 to 3: values are written in the present encoding, and a message lies under its number, where
//! layout 2 had it under session, chat and time and repeated that long key in each index.

use async_trait::async_trait;

use crate::{
    domain::{
        MessageId, SessionId,
        conversation::{FIRST_NUMBER, message_uuid},
    },
    store::{
        StoreError,
        codec::{Key, decode, encode, last_number, text_at, time_at},
        engine::{Batch, Direction, Engine, Pair},
        former_trees as trees,
        migrations::Rewrite,
        plain::Plain,
        reindex,
        trees::Tree,
        values::recode,
    },
};

/// The trees whose values are encoded. Those of the others are keys, or nothing.
const ENCODED: [Tree; 23] = [
    Tree::SETTINGS,
    trees::SESSIONS,
    trees::CHATS,
    trees::CONTACTS,
    trees::EVENTS,
    trees::IDENTITIES_OF_EVENTS,
    trees::API_KEYS,
    trees::WEBHOOKS,
    trees::WEBHOOK_CURSORS,
    trees::DELIVERIES,
    trees::LANES,
    trees::LANE_HEADS,
    trees::DELIVERED,
    trees::ATTEMPTS,
    trees::IDEMPOTENCY,
    trees::MIRRORS,
    trees::OUTBOX,
    trees::OUTBOX_BY_MESSAGE,
    trees::IDENTITIES,
    trees::MESSAGE_COUNTS,
    trees::CONVERSATIONS,
    trees::TAGS,
    trees::RECEIPTS,
];
/// Indexes of messages, which are made from the messages.
const LEFT_OUT: [Tree; 4] = [
    trees::MESSAGE_PLACES,
    trees::MESSAGES_IN_CHAT,
    trees::MESSAGES_BY_NUMBER,
    trees::MESSAGES_BY_UUID,
];
/// A JSON value of layout 2 begins with this byte.
const JSON: u8 = 1;

#[derive(Default)]
pub struct Compact {
    /// For messages of a store that is so old that they have none.
    next_number: u64,
}

#[async_trait]
impl Rewrite for Compact {
    async fn begin(&mut self, old: &dyn Engine, new: &dyn Engine) -> Result<(), StoreError> {
        self.next_number = FIRST_NUMBER;
        for (engine, tree) in [(old, trees::MESSAGES_BY_NUMBER), (new, trees::MESSAGE_RECORDS)] {
            let found = engine.scan(Key::new(tree).all(), Direction::Backward, 1).await?;
            let last = found.first().and_then(|(key, _)| last_number(key));
            self.next_number = self.next_number.max(last.map_or(0, |last| last + 1));
        }
        Ok(())
    }

    async fn rewrite(
        &mut self,
        _: &dyn Engine,
        (key, value): Pair,
        into: &mut Batch,
    ) -> Result<(), StoreError> {
        let is_of = |trees: &[Tree]| trees.iter().any(|tree| key.first() == Some(&tree.prefix()));
        if is_of(&[trees::MESSAGES]) {
            return self.message(&key, &value, into);
        }
        if is_of(&LEFT_OUT) {
            return Ok(());
        }
        if is_of(&[trees::API_KEYS_BY_HASH]) && value.first() == Some(&JSON) {
            into.put(key, Key::new(trees::API_KEYS).uuid(decode(&value)?).done());
            return Ok(());
        }
        let index_layout = Key::new(Tree::SETTINGS).text(reindex::SETTING);
        let value = if key == index_layout.as_bytes() {
            // What other indexes differ in is done here.
            let found: u64 = decode(&value)?;
            encode(if found == reindex::BEFORE_TABLES { &reindex::LAYOUT } else { &found })?
        } else if is_of(&ENCODED) {
            recode(&value)?
        } else {
            value
        };
        into.put(key, value);
        Ok(())
    }
}

impl Compact {
    fn message(&mut self, key: &[u8], value: &[u8], into: &mut Batch) -> Result<(), StoreError> {
        let damaged = || StoreError::Corrupt("a message that cannot be read".to_owned());
        let session = text_at(key, 1).ok_or_else(damaged)?;
        let of_session = Key::new(trees::MESSAGES).text(&session);
        let chat = text_at(key, of_session.length()).ok_or_else(damaged)?;
        let placed = time_at(key, of_session.text(&chat).length()).ok_or_else(damaged)?;
        let mut message: Plain = decode(value)?;
        let number = message.take("number").and_then(|number| number.as_number()).unwrap_or(0);
        let number = if number == 0 { self.give() } else { number };
        let hidden = message.take("hidden") == Some(Plain::Bool(true));
        let id = message.get("id").and_then(Plain::as_text).ok_or_else(damaged)?;
        let id: MessageId = id.parse().map_err(|_| damaged())?;
        let owner: SessionId = session.parse().map_err(|_| damaged())?;
        let at = message.get("timestamp").and_then(Plain::as_text);
        let is_elsewhere = at.and_then(|at| at.parse().ok()) != Some(placed);
        let mut record = vec![
            ("session".to_owned(), Plain::Text(session.clone())),
            ("number".to_owned(), Plain::Unsigned(number)),
        ];
        if hidden {
            record.push(("hidden".to_owned(), Plain::Bool(true)));
        }
        if is_elsewhere {
            record.push(("placedAt".to_owned(), Plain::Text(placed.to_string())));
        }
        record.push(("message".to_owned(), message));
        let place = Key::new(trees::MESSAGE_RECORDS).number(number).done();
        let of = |tree| Key::new(tree).text(&session).text(&chat);
        for entry in [
            of(trees::MESSAGES_BY_TIME).time(placed).number(number),
            of(trees::MESSAGES_OF_CHAT).number(number),
            of(trees::MESSAGES_BY_KEY).text(&id.key).number(number),
            Key::new(trees::MESSAGE_UUIDS).uuid(message_uuid(&owner, &id)),
        ] {
            into.put(entry.done(), place.clone());
        }
        into.put(place, encode(&Plain::Fields(record))?);
        Ok(())
    }

    fn give(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number - 1
    }
}
