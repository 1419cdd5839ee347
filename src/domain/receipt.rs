//! Receipts of a message by recipient, and the message's own ack, which is the least of them.

use serde::{Deserialize, Serialize};

use crate::domain::{Ack, Jid, Timestamp};

/// The receipt of one recipient. Its ack only rises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub participant: Jid,
    pub ack: Ack,
    /// When the message was delivered, at the latest.
    pub delivered_at: Option<Timestamp>,
    pub read_at: Option<Timestamp>,
    pub played_at: Option<Timestamp>,
}

impl Receipt {
    /// The message was sent, and no receipt came yet.
    pub fn none(participant: Jid) -> Self {
        let (delivered_at, read_at, played_at) = (None, None, None);
        Self { participant, ack: Ack::Sent, delivered_at, read_at, played_at }
    }

    /// Applies a receipt; whether it is news. A late one is not: a read message was delivered.
    pub fn raise(&mut self, ack: Ack, at: Option<Timestamp>) -> bool {
        if ack <= self.ack || ack <= Ack::Sent {
            return false;
        }
        self.ack = ack;
        let place = match ack {
            Ack::Failed | Ack::Pending | Ack::Sent => return false,
            Ack::Delivered => &mut self.delivered_at,
            Ack::Read => &mut self.read_at,
            Ack::Played => &mut self.played_at,
        };
        *place = place.or(at);
        if Ack::Delivered < ack {
            self.delivered_at = self.delivered_at.or(at);
        }
        true
    }

    /// Merges an engine's receipt; returns the acks that are news. The engine's times replace the gateway's.
    pub fn merge(&mut self, found: &Self) -> Vec<Ack> {
        let steps = [
            (Ack::Delivered, found.delivered_at),
            (Ack::Read, found.read_at),
            (Ack::Played, found.played_at),
        ];
        let mut news = Vec::new();
        for (ack, at) in steps {
            if (ack == found.ack || at.is_some()) && self.raise(ack, at) {
                news.push(ack);
            }
        }
        self.delivered_at = found.delivered_at.or(self.delivered_at);
        self.read_at = found.read_at.or(self.read_at);
        self.played_at = found.played_at.or(self.played_at);
        news
    }
}

/// The message's own ack: the least of all recipients' acks. None if the recipients are unknown.
pub fn least<'a>(receipts: impl IntoIterator<Item = &'a Receipt>) -> Option<Ack> {
    receipts.into_iter().map(|receipt| receipt.ack).min()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    fn receipt(number: u8) -> Receipt {
        Receipt::none(format!("1555000000{number}@c.us").parse().unwrap())
    }

    #[test]
    fn a_receipt_that_comes_late_or_again_changes_nothing() {
        let mut ada = receipt(1);
        assert!(ada.raise(Ack::Read, Some(from_seconds(2))));
        assert!(!ada.raise(Ack::Delivered, Some(from_seconds(3))));
        assert!(!ada.raise(Ack::Read, Some(from_seconds(4))));
        assert!(!ada.raise(Ack::Failed, None));
        let times = (ada.delivered_at, ada.read_at, ada.played_at);
        assert_eq!(times, (Some(from_seconds(2)), Some(from_seconds(2)), None));
    }

    #[test]
    fn a_message_is_read_when_all_have_read_it() {
        let mut all = [receipt(1), receipt(2)];
        assert_eq!(least(&all), Some(Ack::Sent));
        all[0].raise(Ack::Played, None);
        assert_eq!(least(&all), Some(Ack::Sent));
        all[1].raise(Ack::Read, None);
        assert_eq!(least(&all), Some(Ack::Read));
        assert_eq!(least(&[]), None);
    }

    #[test]
    fn what_an_engine_knows_is_news_once_and_its_times_are_right() {
        let mut ada = receipt(1);
        ada.raise(Ack::Delivered, Some(from_seconds(5)));
        let mut found = receipt(1);
        found.raise(Ack::Delivered, Some(from_seconds(1)));
        found.raise(Ack::Read, Some(from_seconds(2)));
        assert_eq!(ada.merge(&found), [Ack::Read]);
        assert_eq!((ada.delivered_at, ada.read_at), (found.delivered_at, found.read_at));
        assert_eq!(ada.merge(&found), []);
    }

    proptest! {
        #[test]
        fn in_any_order_and_however_often_the_end_is_the_same(order in prop::collection::vec(-1i64..6, 0..12)) {
            let (mut ada, mut before) = (receipt(1), Ack::Sent);
            for level in &order {
                ada.raise(Ack::from_level(*level), Some(from_seconds(1)));
                prop_assert!(before <= ada.ack);
                before = ada.ack;
            }
            let most = order.iter().map(|level| Ack::from_level(*level)).max();
            prop_assert_eq!(ada.ack, most.unwrap_or(Ack::Sent).max(Ack::Sent));
        }
    }
}
