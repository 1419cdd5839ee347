//! Figures of a bot in a period, from the day records.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use crate::{
    analytics::{
        bot_counts::BotCounts,
        bot_records::{BotDay, BotFeedback, Via},
        calendar::Calendar,
        period::Period,
        records::Placed,
        service::Analytics,
    },
    domain::{Error, Timestamp},
};

/// Ratings that are read for those of one kind of channel.
const MOST_RATINGS: usize = 500;

/// What happened in conversations of a bot.
#[derive(Clone, Debug, PartialEq)]
pub struct BotFigures {
    /// One for each day of the period.
    pub days: Vec<(Date, BotCounts)>,
    pub total: BotCounts,
    /// Conversations that were opened, by the kind of their channel.
    pub opened: BTreeMap<&'static str, u64>,
}

impl Analytics {
    /// The figures of a bot; without a kind of channel, of all.
    pub async fn bot(
        &self,
        bot: Uuid,
        via: Option<Via>,
        period: Period,
    ) -> Result<BotFigures, Error> {
        let mut days: Vec<(Date, BotCounts)> =
            period.days().map(|day| (day, BotCounts::default())).collect();
        let (mut total, mut opened) = (BotCounts::default(), BTreeMap::new());
        for kind in Via::ALL.into_iter().filter(|kind| via.is_none_or(|via| via == *kind)) {
            let keys: Vec<_> =
                days.iter().map(|(day, _)| BotDay::new(bot, kind, *day).at()).collect();
            let found = self.store.get_many(&keys).await?;
            let of_kind: &mut u64 = opened.entry(kind.as_str()).or_default();
            for ((_, counts), record) in days.iter_mut().zip(found) {
                if let Some(BotDay { counts: more, .. }) = record {
                    counts.add(&more);
                    total.add(&more);
                    *of_kind = of_kind.saturating_add(more.opened);
                }
            }
        }
        Ok(BotFigures { days, total, opened })
    }

    /// The newest ratings of a bot, newest first.
    pub async fn ratings_of_bot(
        &self,
        bot: Uuid,
        via: Option<Via>,
        (period, limit): (Period, usize),
    ) -> Result<Vec<BotFeedback>, Error> {
        let part = BotFeedback::ratings(bot, self.bounds(period));
        let found = self.store.follow(part, MOST_RATINGS).await?.into_iter();
        let ratings = found.map(|found| found.record);
        Ok(ratings.filter(|one| via.is_none_or(|via| via == one.via)).take(limit).collect())
    }

    /// The first moment of a period, and the first one behind it.
    pub fn bounds(&self, Period { from, to }: Period) -> (Timestamp, Timestamp) {
        let calendar = Calendar::new(self.settings.now().time_zone());
        let end = to.tomorrow().map_or(Timestamp::MAX, |day| calendar.begins(day));
        (calendar.begins(from), end)
    }
}
