//! Counters of a bot for one day and one kind of channel, which add up. Pure.

use serde::{Deserialize, Serialize};

use crate::analytics::{
    counts::{Hours, Ratings},
    spans::Spans,
    visitors::Visitors,
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BotCounts {
    /// Messages by the hour of the day: of visitors, of the bot, of the team.
    pub visitor_by_hour: Hours,
    pub bot_by_hour: Hours,
    pub agent_by_hour: Hours,
    /// Answers that said that the bot does not know.
    pub fallbacks: u64,
    /// Who wrote.
    pub visitors: Visitors,
    /// Conversations that began or went on after they were resolved.
    pub opened: u64,
    pub resolved: u64,
    pub handoffs: u64,
    /// From a visitor's message to the bot's next one.
    pub response: Spans,
    /// From a visitor's first message to the first one of the bot or the team.
    pub first_response: Spans,
    /// From the opening of a conversation to its resolution.
    pub resolution: Spans,
    /// Visitors who were asked for a rating, and those of them who gave one.
    pub surveys: u64,
    pub survey_answers: u64,
    pub ratings: Ratings,
    pub thumbs_up: u64,
    pub thumbs_down: u64,
}

fn sum(hours: &Hours) -> u64 {
    hours.iter().fold(0, |sum, one| sum.saturating_add(*one))
}

impl BotCounts {
    pub fn visitor_messages(&self) -> u64 {
        sum(&self.visitor_by_hour)
    }

    pub fn bot_messages(&self) -> u64 {
        sum(&self.bot_by_hour)
    }

    pub fn agent_messages(&self) -> u64 {
        sum(&self.agent_by_hour)
    }

    /// Messages of all by the hour of the day.
    pub fn by_hour(&self) -> Vec<u64> {
        let parts = self.visitor_by_hour.iter().zip(&self.bot_by_hour).zip(&self.agent_by_hour);
        parts.map(|((one, two), three)| one.saturating_add(*two).saturating_add(*three)).collect()
    }

    pub fn add(&mut self, other: &Self) {
        for (hours, more) in [
            (&mut self.visitor_by_hour, &other.visitor_by_hour),
            (&mut self.bot_by_hour, &other.bot_by_hour),
            (&mut self.agent_by_hour, &other.agent_by_hour),
        ] {
            for (counter, more) in hours.iter_mut().zip(more) {
                *counter = counter.saturating_add(*more);
            }
        }
        for (counter, more) in [
            (&mut self.fallbacks, other.fallbacks),
            (&mut self.opened, other.opened),
            (&mut self.resolved, other.resolved),
            (&mut self.handoffs, other.handoffs),
            (&mut self.surveys, other.surveys),
            (&mut self.survey_answers, other.survey_answers),
            (&mut self.thumbs_up, other.thumbs_up),
            (&mut self.thumbs_down, other.thumbs_down),
        ] {
            *counter = counter.saturating_add(more);
        }
        self.visitors.add(&other.visitors);
        self.response.add(&other.response);
        self.first_response.add(&other.first_response);
        self.resolution.add(&other.resolution);
        self.ratings.add(&other.ratings);
    }
}
