//! Handle of analytics: figures of a period, from the day records.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use uuid::Uuid;

use crate::{
    analytics::{
        calendar::Calendar,
        counts::{AdCounts, AgentCounts, ChannelCounts, ContactCounts},
        period::Period,
        records::{Ad, AdDay, AgentDay, ChannelDay, ContactDay, Placed, SurveyRecord},
    },
    domain::{Clock, Error, Timestamp},
    inbox::Agent,
    settings::Settings,
    store::Store,
};

/// Day records of agents, or of advertisements, that are read for one channel.
const MOST: usize = 100_000;
/// Comments of ratings that are shown.
const MOST_COMMENTS: usize = 100;

/// Clones are the same handle.
#[derive(Clone)]
pub struct Analytics {
    pub(in crate::analytics) store: Store,
    pub(in crate::analytics) settings: Settings,
    clock: Clock,
}

/// What happened in some channels.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelFigures {
    /// One for each day of the period.
    pub days: Vec<(Date, ChannelCounts)>,
    pub total: ChannelCounts,
}

impl Analytics {
    pub fn new(store: Store, settings: Settings, clock: Clock) -> Self {
        Self { store, settings, clock }
    }

    /// Reads the days that a caller asks for.
    pub fn period(&self, from: Option<&str>, to: Option<&str>) -> Result<Period, Error> {
        let calendar = Calendar::new(self.settings.now().time_zone());
        Period::read((from, to), &calendar, self.clock.now())
    }

    pub async fn channels(
        &self,
        channels: &[Uuid],
        period: Period,
    ) -> Result<ChannelFigures, Error> {
        let mut days: Vec<(Date, ChannelCounts)> =
            period.days().map(|day| (day, ChannelCounts::default())).collect();
        let mut total = ChannelCounts::default();
        for channel in channels {
            let keys: Vec<_> =
                days.iter().map(|(day, _)| ChannelDay::new(*channel, *day).at()).collect();
            let found = self.store.get_many(&keys).await?;
            for ((_, counts), record) in days.iter_mut().zip(found) {
                if let Some(ChannelDay { counts: more, .. }) = record {
                    counts.add(&more);
                    total.add(&more);
                }
            }
        }
        Ok(ChannelFigures { days, total })
    }

    /// What became of the contacts of the business, whatever their channel.
    pub async fn contacts(&self, period: Period) -> Result<ContactCounts, Error> {
        let keys: Vec<_> = period.days().map(|day| ContactDay::new(day).at()).collect();
        let mut total = ContactCounts::default();
        for record in self.store.get_many(&keys).await?.into_iter().flatten() {
            total.add(&record.counts);
        }
        Ok(total)
    }

    /// What each agent did; who resolved most comes first.
    pub async fn agents(
        &self,
        channels: &[Uuid],
        Period { from, to }: Period,
    ) -> Result<Vec<(Agent, AgentCounts)>, Error> {
        let mut all: HashMap<Agent, AgentCounts> = HashMap::new();
        for channel in channels {
            for record in self.store.select(AgentDay::between(*channel, (from, to)), MOST).await? {
                all.entry(record.agent).or_default().add(&record.counts);
            }
        }
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_key(|(agent, counts)| (std::cmp::Reverse(counts.resolved), agent.name()));
        Ok(all)
    }

    /// The newest ratings with a comment, newest first.
    pub async fn comments(
        &self,
        channels: &[Uuid],
        Period { from, to }: Period,
    ) -> Result<Vec<SurveyRecord>, Error> {
        let calendar = Calendar::new(self.settings.now().time_zone());
        let end = to.tomorrow().map_or(Timestamp::MAX, |day| calendar.begins(day));
        let time = (calendar.begins(from), end);
        let parts =
            channels.iter().map(|channel| SurveyRecord::with_comments(*channel, time)).collect();
        let found = self.store.follow_many(parts, MOST_COMMENTS).await?;
        let mut all: Vec<_> = found.into_iter().flatten().map(|found| found.record).collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.rated.as_ref().map(|rated| rated.at)));
        all.truncate(MOST_COMMENTS);
        Ok(all)
    }

    /// What each advertisement led to; which led most people here comes first.
    pub async fn ads(
        &self,
        channels: &[Uuid],
        Period { from, to }: Period,
    ) -> Result<Vec<(Ad, AdCounts)>, Error> {
        let mut all: BTreeMap<String, AdCounts> = BTreeMap::new();
        for channel in channels {
            for record in self.store.select(AdDay::between(*channel, (from, to)), MOST).await? {
                all.entry(record.ad).or_default().add(&record.counts);
            }
        }
        let keys: Vec<_> = all.keys().map(|name| Ad::place(name)).collect();
        let ads = self.store.get_many(&keys).await?;
        let known = ads.into_iter().zip(all.into_values());
        let mut known: Vec<(Ad, AdCounts)> =
            known.filter_map(|(ad, counts)| Some((ad?, counts))).collect();
        known.sort_by_key(|(_, one)| std::cmp::Reverse(one.contacts));
        Ok(known)
    }
}
