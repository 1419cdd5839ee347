//! Recount: builds the records again from the event log.
//!
//! The log holds the events of the last weeks. Days that it holds whole are counted again; those before stay as they
//! are. All of it is one commit with the consumer's cursor, so that a recount that is cut off has done nothing.

use std::collections::HashSet;

use jiff::civil::Date;
use uuid::Uuid;

use crate::{
    analytics::{
        calendar::Calendar,
        consumer::AnalyticsConsumer,
        records::{ChatAds, Dated, Placed, SurveyRecord},
        sheets::{Sheet, Sheets},
        tally,
    },
    config::Config,
    domain::{Clock, Event},
    events::{EventLog, EventTables, place_cursor},
    session::SessionTables,
    settings::Settings,
    store::{Store, StoreError},
};

const AT_ONCE: usize = 1_000;

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recounted {
    pub events: u64,
    /// The first day that was counted; none where the log has all that ever happened.
    pub from: Option<Date>,
}

/// Counts again in the time zone of the business. Nobody else may write meanwhile.
pub async fn recount_store(
    store: &Store,
    clock: Clock,
    config: &Config,
) -> Result<Recounted, StoreError> {
    let log = EventLog::open(store.clone(), clock).await?;
    let settings = Settings::open(store, log, config).await?;
    recount(store, &Calendar::new(settings.now().time_zone())).await
}

pub async fn recount(store: &Store, calendar: &Calendar) -> Result<Recounted, StoreError> {
    let newest = store.events().end().await?.seq;
    let from = first_whole_day(store, calendar).await?;
    let since = from.unwrap_or(Date::MIN);
    let mut sheets = Sheets::new(store, store, calendar);
    forget(&mut sheets, since).await?;
    let living = living(store).await?;
    let (mut after, mut counted) = (0, 0);
    loop {
        let page = store.events().between(after, newest, AT_ONCE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        let is_counted = |event: &&Event| {
            let is_living = event.session().is_none() || living.contains(&event.channel_uuid());
            tally::wants(event) && is_living && since <= calendar.day(tally::moment(event))
        };
        for event in page.iter().filter(is_counted) {
            tally::count(&mut sheets, event).await?;
            counted += 1;
        }
    }
    let mut transaction = store.transaction();
    sheets.write(&transaction).await?;
    place_cursor(&transaction, AnalyticsConsumer::NAME, newest).await?;
    if !transaction.commit().await? {
        return Err(StoreError::Conflict);
    }
    store.durable().await?;
    Ok(Recounted { events: counted, from })
}

/// The day after that of the oldest event, of whose day the log may have dropped others; none where it has dropped
/// nothing.
async fn first_whole_day(store: &Store, calendar: &Calendar) -> Result<Option<Date>, StoreError> {
    let Some(oldest) = store.events().oldest().await?.filter(|oldest| 1 < oldest.seq) else {
        return Ok(None);
    };
    let event = store.events().get(oldest.seq).await?;
    Ok(event.and_then(|event| calendar.day(event.at).tomorrow().ok()))
}

async fn living(store: &Store) -> Result<HashSet<Uuid>, StoreError> {
    let sessions = store.sessions().list().await?.into_iter();
    Ok(sessions.filter(|one| one.removal.is_none()).map(|one| one.uuid).collect())
}

/// Takes out what the days since then have added.
async fn forget(sheets: &mut Sheets<'_>, since: Date) -> Result<(), StoreError> {
    let store = sheets.store;
    forget_days(store, &mut sheets.channels, since).await?;
    forget_days(store, &mut sheets.agents, since).await?;
    forget_days(store, &mut sheets.ad_days, since).await?;
    forget_days(store, &mut sheets.contacts, since).await?;
    forget_days(store, &mut sheets.ad_contacts, since).await?;
    forget_days(store, &mut sheets.bot_days, since).await?;
    forget_days(store, &mut sheets.bot_chats, since).await?;
    forget_days(store, &mut sheets.bot_feedback, since).await?;
    each(store, |known: SurveyRecord| {
        if since <= known.day {
            sheets.surveys.remove(&known);
        } else if known.rated.as_ref().is_some_and(|rated| since <= rated.day) {
            sheets.surveys.replace(SurveyRecord { rated: None, ..known });
        }
    })
    .await?;
    each(store, |known: ChatAds| {
        let is_before = |(_, day): &&(String, Date)| *day < since;
        let ads: Vec<_> = known.ads.iter().filter(is_before).cloned().collect();
        match ads.len() {
            0 => sheets.chat_ads.remove(&known),
            same if same == known.ads.len() => (),
            _ => sheets.chat_ads.replace(ChatAds { ads, ..known }),
        }
    })
    .await
}

async fn forget_days<R: Dated>(
    store: &Store,
    sheet: &mut Sheet<R>,
    since: Date,
) -> Result<(), StoreError> {
    each(store, |record: R| {
        if since <= record.day() {
            sheet.remove(&record);
        }
    })
    .await
}

async fn each<R: Placed>(store: &Store, mut visit: impl FnMut(R)) -> Result<(), StoreError> {
    let mut part = R::key().below();
    loop {
        let page: Vec<R> = store.select(part, AT_ONCE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        part = R::key().below().after(&last.at());
        page.into_iter().for_each(&mut visit);
    }
}
