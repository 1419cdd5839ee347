//! Ratings: surveys that were sent, and what contacts answered.
//!
//! An answer may be logged twice, first the rating and then the comment: it counts once, on the day of the first.

use uuid::Uuid;

use crate::{
    analytics::{
        counts::{Ratings, one_more},
        records::{AgentDay, ChannelDay, Rated, SurveyRecord},
        sheets::{Place, Sheets},
    },
    domain::Timestamp,
    inbox::{About, Agent},
    store::StoreError,
};

/// Notes that a contact was asked.
pub async fn asked(
    sheets: &mut Sheets<'_>,
    Place { channel, day, .. }: Place,
    of: &About,
    (survey, agent): (Uuid, Option<Agent>),
) -> Result<(), StoreError> {
    let store = sheets.store;
    let record = sheets.channels.change(store, ChannelDay::new(channel, day)).await?;
    one_more(&mut record.counts.surveys);
    let conversation = of.conversation;
    let new = SurveyRecord { channel, survey, day, conversation, agent, rated: None };
    sheets.surveys.change(store, new).await?;
    Ok(())
}

/// Notes an answer in the place of the one before.
pub async fn rated(
    sheets: &mut Sheets<'_>,
    Place { channel, day, .. }: Place,
    (of, survey): (&About, Uuid),
    (rating, comment, at): (u8, Option<&str>, Timestamp),
) -> Result<(), StoreError> {
    let store = sheets.store;
    let conversation = of.conversation;
    let new = SurveyRecord { channel, survey, day, conversation, agent: None, rated: None };
    let record = sheets.surveys.change(store, new).await?;
    let former = record.rated.take();
    let (at, day) = former.as_ref().map_or((at, day), |former| (former.at, former.day));
    let comment = comment.map(str::to_owned);
    record.rated = Some(Rated { rating, at, day, comment });
    let agent = record.agent;
    let replace = |ratings: &mut Ratings| {
        former.iter().for_each(|former| ratings.forget(former.rating));
        ratings.note(rating);
    };
    let of_channel = sheets.channels.change(store, ChannelDay::new(channel, day)).await?;
    replace(&mut of_channel.counts.ratings);
    if let Some(agent) = agent {
        let of_agent = sheets.agents.change(store, AgentDay::new(channel, day, agent)).await?;
        replace(&mut of_agent.counts.ratings);
    }
    Ok(())
}
