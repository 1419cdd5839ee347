//! Settings of broadcasts, as they are in effect now.

use std::{ops::RangeInclusive, time::Duration};

use jiff::tz::TimeZone;

use crate::{config::Plan, domain::Timestamp, policy, settings::InEffect};

#[derive(Clone, Debug)]
pub struct CampaignSettings {
    /// Between two messages of a broadcast.
    pub pause: RangeInclusive<Duration>,
    /// Messages that a session may send in a day; 0 for no limit.
    pub daily: u64,
    /// A contact gets one marketing message within this time; none for no limit.
    pub marketing_cap: Option<Duration>,
    pub policy: policy::Settings,
    /// That days begin in.
    zone: TimeZone,
}

impl CampaignSettings {
    pub fn of(settings: &InEffect) -> Self {
        let business = &settings.business;
        let [shortest, longest] = business.broadcast_gap_milliseconds.map(Duration::from_millis);
        let cap = u64::from(business.marketing_cap_hours) * 3_600;
        Self {
            pause: shortest..=longest,
            daily: business.broadcast_daily.into(),
            marketing_cap: (cap != 0).then(|| Duration::from_secs(cap)),
            policy: policy::Settings::of(settings),
            zone: settings.time_zone(),
        }
    }

    /// Recipients that a broadcast may have.
    pub fn limit(&self) -> Option<u64> {
        let limit = u64::try_from(self.policy.broadcast_starter).unwrap_or(u64::MAX);
        (self.policy.plan == Plan::Starter).then_some(limit)
    }

    /// The date of a moment.
    pub fn date(&self, now: Timestamp) -> String {
        now.to_zoned(self.zone.clone()).date().to_string()
    }
}
