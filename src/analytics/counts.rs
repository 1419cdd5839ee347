//! Counters of one day, which add up over days and channels. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analytics::spans::Spans;

/// Messages by the hour of the day.
pub type Hours = [u64; 24];

/// How many ratings there were of each kind, from 1 to 5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ratings([u64; 5]);

/// What happened in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChannelCounts {
    pub sent: u64,
    pub received: u64,
    pub delivered: u64,
    pub read: u64,
    pub failed: u64,
    pub sent_by_hour: Hours,
    pub received_by_hour: Hours,
    /// Conversations that began or went on after they were resolved.
    pub opened: u64,
    pub resolved: u64,
    /// From the first message of the contact to the first one to it.
    pub first_response: Spans,
    /// From the opening of a conversation to its resolution.
    pub resolution: Spans,
    /// Contacts who were asked for a rating.
    pub surveys: u64,
    pub ratings: Ratings,
}

/// What an agent did in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AgentCounts {
    /// Conversations that the agent was given.
    pub assigned: u64,
    pub resolved: u64,
    pub first_response: Spans,
    pub resolution: Spans,
    pub ratings: Ratings,
}

/// What an advertisement led to in a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdCounts {
    /// People who had not come by it before.
    pub contacts: u64,
    /// Conversations that had not come by it before.
    pub conversations: u64,
    pub resolved: u64,
    /// What was paid, in the smallest unit of each currency by its code.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub revenue: BTreeMap<String, u64>,
}

/// What became of the contacts of the business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContactCounts {
    pub created: u64,
    pub opted_in: u64,
    pub opted_out: u64,
}

/// Adds one to a counter.
pub fn one_more(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

/// Adds one to the counter of an hour.
pub fn one_more_at(hours: &mut Hours, hour: usize) {
    if let Some(counter) = hours.get_mut(hour) {
        one_more(counter);
    }
}

impl Ratings {
    pub fn note(&mut self, rating: u8) {
        self.at(rating).into_iter().for_each(one_more);
    }

    /// Takes back a rating that was noted.
    pub fn forget(&mut self, rating: u8) {
        if let Some(counter) = self.at(rating) {
            *counter = counter.saturating_sub(1);
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (counter, more) in self.0.iter_mut().zip(other.0) {
            *counter = counter.saturating_add(more);
        }
    }

    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many ratings were 4 or 5.
    pub fn good(&self) -> u64 {
        self.0.iter().skip(3).sum()
    }

    /// The ratings and how many there were of each.
    pub fn each(&self) -> impl Iterator<Item = (u64, u64)> {
        (1..).zip(self.0)
    }

    /// The sum of all, from which the average is made.
    pub fn sum(&self) -> u64 {
        self.each().map(|(rating, count)| rating.saturating_mul(count)).sum()
    }

    fn at(&mut self, rating: u8) -> Option<&mut u64> {
        self.0.get_mut(usize::from(rating.checked_sub(1)?))
    }
}

impl ChannelCounts {
    pub fn add(&mut self, other: &Self) {
        for (counter, more) in [
            (&mut self.sent, other.sent),
            (&mut self.received, other.received),
            (&mut self.delivered, other.delivered),
            (&mut self.read, other.read),
            (&mut self.failed, other.failed),
            (&mut self.opened, other.opened),
            (&mut self.resolved, other.resolved),
            (&mut self.surveys, other.surveys),
        ] {
            *counter = counter.saturating_add(more);
        }
        for (hours, more) in [
            (&mut self.sent_by_hour, &other.sent_by_hour),
            (&mut self.received_by_hour, &other.received_by_hour),
        ] {
            for (counter, more) in hours.iter_mut().zip(more) {
                *counter = counter.saturating_add(*more);
            }
        }
        self.first_response.add(&other.first_response);
        self.resolution.add(&other.resolution);
        self.ratings.add(&other.ratings);
    }

    /// Messages in either direction by the hour of the day.
    pub fn by_hour(&self) -> Vec<u64> {
        let both = self.sent_by_hour.iter().zip(&self.received_by_hour);
        both.map(|(sent, received)| sent.saturating_add(*received)).collect()
    }
}

impl AgentCounts {
    pub fn add(&mut self, other: &Self) {
        self.assigned = self.assigned.saturating_add(other.assigned);
        self.resolved = self.resolved.saturating_add(other.resolved);
        self.first_response.add(&other.first_response);
        self.resolution.add(&other.resolution);
        self.ratings.add(&other.ratings);
    }
}

impl AdCounts {
    pub fn add(&mut self, other: &Self) {
        self.contacts = self.contacts.saturating_add(other.contacts);
        self.conversations = self.conversations.saturating_add(other.conversations);
        self.resolved = self.resolved.saturating_add(other.resolved);
        other.revenue.iter().for_each(|(currency, minor)| self.earn(currency, *minor));
    }

    /// Adds an amount in the smallest unit of its currency.
    pub fn earn(&mut self, currency: &str, minor: u64) {
        let sum = self.revenue.entry(currency.to_owned()).or_default();
        *sum = sum.saturating_add(minor);
    }
}

impl ContactCounts {
    pub fn add(&mut self, other: &Self) {
        self.created = self.created.saturating_add(other.created);
        self.opted_in = self.opted_in.saturating_add(other.opted_in);
        self.opted_out = self.opted_out.saturating_add(other.opted_out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_are_counted_by_their_number() {
        let mut ratings = Ratings::default();
        for rating in [1, 4, 5, 5, 0, 6] {
            ratings.note(rating);
        }
        assert_eq!((ratings.count(), ratings.good(), ratings.sum()), (4, 3, 15));
        ratings.forget(1);
        assert_eq!(ratings.each().collect::<Vec<_>>(), [(1, 0), (2, 0), (3, 0), (4, 1), (5, 2)]);
    }
}
