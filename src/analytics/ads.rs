//! Advertisements: who came by one, and what became of those conversations.

use jiff::civil::Date;

use crate::{
    analytics::{
        counts::one_more,
        records::{Ad, AdContact, AdDay, ChatAds},
        sheets::{Place, Sheets},
    },
    contacts::AdTouch,
    domain::{Jid, Timestamp, details::AdContext},
    payments::PaymentLink,
    session::SessionTables,
    store::StoreError,
};

/// The name of those that say nothing of themselves.
const UNKNOWN: &str = "unknown";
/// Characters of a name, as of a text that is kept of an advertisement.
const LONGEST: usize = 200;
/// Advertisements of one chat that are remembered.
const MOST: usize = 50;

/// Counts a person who wrote from an advertisement.
pub async fn led_here(
    sheets: &mut Sheets<'_>,
    Place { channel, day, .. }: Place,
    chat: &Jid,
    ad: &AdContext,
    at: Timestamp,
) -> Result<(), StoreError> {
    let name = name_of(ad);
    remember(sheets, &name, ad, at).await?;
    let store = sheets.store;
    let person = AdContact { ad: name.clone(), chat: chat.clone(), day };
    let is_new_contact = sheets.ad_contacts.read(store, &person).await?.is_none();
    if is_new_contact {
        sheets.ad_contacts.change(store, person).await?;
    }
    let of_chat = ChatAds { channel, chat: chat.clone(), ads: Vec::new() };
    let ads = &mut sheets.chat_ads.change(store, of_chat).await?.ads;
    let known = ads.iter().position(|(known, _)| *known == name).map(|at| ads.remove(at));
    let is_new_conversation = known.is_none();
    if MOST <= ads.len() {
        ads.remove(0);
    }
    ads.push(known.unwrap_or((name.clone(), day)));
    let counts = &mut sheets.ad_days.change(store, AdDay::new(channel, day, &name)).await?.counts;
    counts.contacts = counts.contacts.saturating_add(is_new_contact.into());
    counts.conversations = counts.conversations.saturating_add(is_new_conversation.into());
    Ok(())
}

/// Counts a conversation that was resolved for the advertisement that led to it last.
pub async fn resolved(
    sheets: &mut Sheets<'_>,
    Place { channel, day, .. }: Place,
    chat: &Jid,
) -> Result<(), StoreError> {
    let store = sheets.store;
    let of_chat = ChatAds { channel, chat: chat.clone(), ads: Vec::new() };
    let known = sheets.chat_ads.read(store, &of_chat).await?;
    let Some((ad, _)) = known.and_then(|known| known.ads.last()).cloned() else { return Ok(()) };
    let record = sheets.ad_days.change(store, AdDay::new(channel, day, &ad)).await?;
    one_more(&mut record.counts.resolved);
    Ok(())
}

/// Counts what somebody paid for the advertisement that led them here last, in the channel that they came to.
pub async fn paid(
    sheets: &mut Sheets<'_>,
    day: Date,
    touch: &AdTouch,
    link: &PaymentLink,
) -> Result<(), StoreError> {
    let store = sheets.store;
    let Some(session) = &touch.session else { return Ok(()) };
    let Some(session) = store.sessions().living(session).await? else { return Ok(()) };
    let name = name_of(&touch.ad);
    let record = sheets.ad_days.change(store, AdDay::new(session.uuid, day, &name)).await?;
    record.counts.earn(link.currency.code(), link.amount.minor());
    Ok(())
}

/// Keeps what is known of an advertisement.
async fn remember(
    sheets: &mut Sheets<'_>,
    name: &str,
    ad: &AdContext,
    at: Timestamp,
) -> Result<(), StoreError> {
    let short = |text: &Option<String>| text.as_deref().map(shortened);
    let new = Ad {
        name: name.to_owned(),
        source_id: short(&ad.id),
        source: short(&ad.source),
        headline: short(&ad.title),
        first_seen_at: at,
        last_seen_at: at,
    };
    let known = sheets.ads.change(sheets.store, new.clone()).await?;
    let Ad { source_id, source, headline, .. } = new;
    known.source_id = source_id.or_else(|| known.source_id.take());
    known.source = source.or_else(|| known.source.take());
    known.headline = headline.or_else(|| known.headline.take());
    known.first_seen_at = known.first_seen_at.min(at);
    known.last_seen_at = known.last_seen_at.max(at);
    Ok(())
}

/// What distinguishes an advertisement from others.
fn name_of(ad: &AdContext) -> String {
    let named = [&ad.id, &ad.url, &ad.title].into_iter().flatten();
    let mut named = named.filter(|text| !text.trim().is_empty());
    shortened(named.next().map_or(UNKNOWN, |text| text.trim()))
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
