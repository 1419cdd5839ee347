//! Sheets: the records that some events change, read once and written together.

use std::collections::{BTreeMap, btree_map::Entry};

use jiff::civil::Date;
use uuid::Uuid;

use crate::{
    analytics::{
        bot_records::{BotChat, BotDay, BotFeedback},
        calendar::Calendar,
        records::{
            Ad, AdContact, AdDay, AgentDay, ChannelDay, ChatAds, ContactDay, Placed, SurveyRecord,
        },
    },
    store::{Key, Store, StoreError, Transaction},
};

/// Where an event counts.
#[derive(Clone, Copy)]
pub struct Place {
    pub channel: Uuid,
    pub day: Date,
    pub hour: usize,
}

pub struct Sheets<'s> {
    pub store: &'s Store,
    /// For what the inbox writes about the same events in its turn, which may change until the commit.
    pub outside: &'s Store,
    pub calendar: &'s Calendar,
    pub channels: Sheet<ChannelDay>,
    pub agents: Sheet<AgentDay>,
    pub ad_days: Sheet<AdDay>,
    pub contacts: Sheet<ContactDay>,
    pub chat_ads: Sheet<ChatAds>,
    pub ad_contacts: Sheet<AdContact>,
    pub ads: Sheet<Ad>,
    pub surveys: Sheet<SurveyRecord>,
    pub bot_days: Sheet<BotDay>,
    pub bot_chats: Sheet<BotChat>,
    pub bot_feedback: Sheet<BotFeedback>,
}

/// Records of one kind.
pub struct Sheet<R> {
    slots: BTreeMap<Key<R>, Slot<R>>,
}

struct Slot<R> {
    /// None for one that is not there.
    record: Option<R>,
    is_changed: bool,
}

impl<'s> Sheets<'s> {
    /// Empty ones, which read from `store`, and of the inbox from `outside`.
    pub fn new(store: &'s Store, outside: &'s Store, calendar: &'s Calendar) -> Self {
        Self {
            store,
            outside,
            calendar,
            channels: Sheet::default(),
            agents: Sheet::default(),
            ad_days: Sheet::default(),
            contacts: Sheet::default(),
            chat_ads: Sheet::default(),
            ad_contacts: Sheet::default(),
            ads: Sheet::default(),
            surveys: Sheet::default(),
            bot_days: Sheet::default(),
            bot_chats: Sheet::default(),
            bot_feedback: Sheet::default(),
        }
    }

    /// Writes what has changed.
    pub async fn write(self, to: &Transaction) -> Result<(), StoreError> {
        self.channels.write(to).await?;
        self.agents.write(to).await?;
        self.ad_days.write(to).await?;
        self.contacts.write(to).await?;
        self.chat_ads.write(to).await?;
        self.ad_contacts.write(to).await?;
        self.ads.write(to).await?;
        self.surveys.write(to).await?;
        self.bot_days.write(to).await?;
        self.bot_chats.write(to).await?;
        self.bot_feedback.write(to).await
    }
}

impl<R> Default for Sheet<R> {
    fn default() -> Self {
        Self { slots: BTreeMap::new() }
    }
}

impl<R: Placed> Sheet<R> {
    /// A record to be changed: that which lies where `new` would, or `new`.
    pub async fn change(&mut self, store: &Store, new: R) -> Result<&mut R, StoreError> {
        let slot = self.slot(store, new.at()).await?;
        slot.is_changed = true;
        Ok(slot.record.get_or_insert(new))
    }

    /// The record that lies where `place` would.
    pub async fn read(&mut self, store: &Store, place: &R) -> Result<Option<&R>, StoreError> {
        Ok(self.slot(store, place.at()).await?.record.as_ref())
    }

    /// Puts a record in the place of the one that is there.
    pub fn replace(&mut self, record: R) {
        self.slots.insert(record.at(), Slot { record: Some(record), is_changed: true });
    }

    /// Removes a record.
    pub fn remove(&mut self, record: &R) {
        self.slots.insert(record.at(), Slot { record: None, is_changed: true });
    }

    async fn slot(&mut self, store: &Store, key: Key<R>) -> Result<&mut Slot<R>, StoreError> {
        match self.slots.entry(key) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let record = store.get(entry.key()).await?;
                Ok(entry.insert(Slot { record, is_changed: false }))
            }
        }
    }

    async fn write(self, to: &Transaction) -> Result<(), StoreError> {
        for (key, slot) in self.slots.into_iter().filter(|(_, slot)| slot.is_changed) {
            match slot.record {
                Some(record) => to.put(&key, &record).await?,
                None => to.delete(&key).await?,
            }
        }
        Ok(())
    }
}
