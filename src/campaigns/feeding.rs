//! Feeding: the next recipients of a broadcast are skipped or queued, in one commit with how far it has come.
//!
//! ```text
//! look: who is next? ─▶ messages made ready ─▶ commit: judged again, entries, counts, progress ─▶ durable ─▶ handed over
//! ```
//!
//! A message has the same key each time, and its entry is in the commit that moves its recipient on: so nobody gets it
//! twice, wherever the gateway is killed.

use std::time::Duration;

use crate::{
    breakpoint::Breakpoint,
    campaigns::{
        broadcast::{self, Broadcast, Progress},
        gathering::still_sending,
        material::Material,
        preview::{is_capped, person},
        recipient::{Day, Recipient},
        recipient_state::{Skip, State},
        service::CampaignParts,
        settings::CampaignSettings,
    },
    contacts::{Contact, Medium, get_in},
    domain::{Error, ErrorCode},
    inbox::{Person, Ready, last_marketing},
    messaging::Place,
    policy::{self, Kind, Question, Surface, Verdict, Window},
    store::{Record, Store},
};

/// Recipients that are skipped in one commit beside those that are queued.
const SKIPPED_AT_ONCE: usize = 100;

/// How long a flush may wait to be one for others too: each flush of its own holds up the sends of others.
const FLUSHED_WITHIN: Duration = Duration::from_millis(10);

/// What a step of feeding came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fed {
    pub queued: u64,
    pub skipped: u64,
}

/// What a step of feeding goes by.
struct Turn<'a> {
    parts: &'a CampaignParts,
    settings: CampaignSettings,
    known: &'a Broadcast,
}

/// A recipient whose turn it is.
struct Planned {
    recipient: Recipient,
    person: Person,
    /// None for one that is skipped by what is known so far.
    ready: Option<Ready>,
}

/// Queues up to `count` messages. Nothing happens when the broadcast has ended meanwhile.
pub async fn feed(
    parts: &CampaignParts,
    known: &Broadcast,
    material: &Material,
    count: u64,
) -> Result<Fed, Error> {
    // What a contact did a moment ago counts.
    parts.inbox.caught_up().await?;
    let turn = Turn { parts, settings: parts.in_effect(), known };
    let mut planned = plan(&turn, material, usize::try_from(count).unwrap_or(1)).await?;
    let outcome = commit(&turn, &planned).await;
    let (fed, places) = match outcome {
        Ok(done) => done,
        Err(error) => {
            for ready in planned.iter_mut().filter_map(|one| one.ready.take()) {
                parts.bulk.discard(ready).await;
            }
            return Err(error);
        }
    };
    if 0 < fed.queued {
        Breakpoint::BroadcastFed.pass();
        parts.store.durable_within(FLUSHED_WITHIN).await?;
        Breakpoint::BroadcastDurable.pass();
    }
    let mut places = places.into_iter();
    for one in planned {
        let Some(ready) = one.ready else { continue };
        match places.next().flatten() {
            Some(place) => parts.bulk.enqueued(ready, place).await?,
            None => parts.bulk.discard(ready).await,
        }
    }
    Ok(fed)
}

/// Looks who is next, and makes their messages ready.
async fn plan(turn: &Turn<'_>, material: &Material, count: usize) -> Result<Vec<Planned>, Error> {
    let Turn { parts, known, .. } = turn;
    let all = || Recipient::key().uuid(known.id).below();
    let mut part = match known.progress.fed_to {
        Some(after) => all().after(&Recipient::at(known.id, after)),
        None => all(),
    };
    let (mut planned, mut queued) = (Vec::new(), 0);
    while queued < count && planned.len() < count + SKIPPED_AT_ONCE {
        let wanted = count - queued;
        let next = parts.store.select(part, wanted).await?;
        let Some(last) = next.last().map(|last| last.contact) else { break };
        for recipient in next {
            match look_at(turn, material, recipient).await {
                Ok(one) => {
                    queued += usize::from(one.ready.is_some());
                    planned.push(one);
                }
                Err(error) => {
                    for ready in planned.into_iter().filter_map(|one: Planned| one.ready) {
                        parts.bulk.discard(ready).await;
                    }
                    return Err(error);
                }
            }
        }
        part = all().after(&Recipient::at(known.id, last));
    }
    Ok(planned)
}

/// Makes the message of a recipient ready, who is not skipped.
async fn look_at(
    turn: &Turn<'_>,
    material: &Material,
    recipient: Recipient,
) -> Result<Planned, Error> {
    let Turn { parts, known, .. } = turn;
    let person = parts.bulk.person(&known.session, &person(&recipient.phone)?).await?;
    let skipped = judge(turn, &parts.store, &recipient, &person).await?;
    if skipped.is_some() {
        return Ok(Planned { recipient, person, ready: None });
    }
    let terms = material.terms(recipient.key_of_message());
    let ready = parts.bulk.ready(&known.session, &person, material.draft()?, terms).await?;
    Ok(Planned { recipient, person, ready: Some(ready) })
}

/// Writes what becomes of those whose turn it is. The places of their messages, in their order; none for one that was
/// skipped after all.
async fn commit(turn: &Turn<'_>, planned: &[Planned]) -> Result<(Fed, Vec<Option<Place>>), Error> {
    let Turn { parts, known, .. } = turn;
    let mut transaction = parts.store.transaction();
    loop {
        let (mut fed, mut places) = (Fed::default(), Vec::new());
        let store = transaction.store();
        let Some(current) = still_sending(store, known).await? else {
            return Ok((fed, places));
        };
        let now = parts.clock.now();
        let mut fed_to = current.progress.fed_to;
        for one in planned {
            let judged = judge(turn, store, &one.recipient, &one.person).await?;
            let (state, reason, chat) = match (judged, &one.ready) {
                (Some(skip), ready) => {
                    places.extend(ready.as_ref().map(|_| None));
                    (State::Skipped, Some(skip), None)
                }
                (None, Some(ready)) => match parts.bulk.enqueue_in(store, ready).await {
                    Ok(place) => {
                        places.push(Some(place));
                        (State::Queued, None, Some(ready.chat().clone()))
                    }
                    Err(error) if error.code == ErrorCode::RateLimited => {
                        places.push(None);
                        (State::Skipped, Some(Skip::RateLimited), None)
                    }
                    Err(error) => return Err(error),
                },
                // It may be sent to after all: its turn comes with the next step.
                (None, None) => break,
            };
            match state {
                State::Queued => fed.queued += 1,
                _ => fed.skipped += 1,
            }
            let recipient = Recipient {
                state,
                reason: reason.map(|skip| skip.as_str().to_owned()),
                chat,
                changed_at: now,
                ..one.recipient.clone()
            };
            put(store, &recipient).await?;
            fed_to = Some(recipient.contact);
        }
        let progress = Progress {
            fed_to,
            queued: current.progress.queued + fed.queued,
            skipped: current.progress.skipped + fed.skipped,
            ..current.progress
        };
        count_today(turn, store, fed.queued).await?;
        let former = current.status;
        broadcast::put(store, Some(former), &Broadcast { progress, ..current }).await?;
        if transaction.commit().await? {
            return Ok((fed, places));
        }
    }
}

/// Why somebody gets no message; none for who gets it.
async fn judge(
    turn: &Turn<'_>,
    store: &Store,
    recipient: &Recipient,
    person: &Person,
) -> Result<Option<Skip>, Error> {
    let Turn { parts, settings, known: broadcast } = turn;
    let Some(contact) = get_in(store, recipient.contact).await? else {
        return Ok(Some(Skip::Removed));
    };
    if contact.id != recipient.contact
        && store.get(&Recipient::at(broadcast.id, contact.id)).await?.is_some()
    {
        return Ok(Some(Skip::Merged));
    }
    if contact.phone.is_none() {
        return Ok(Some(Skip::NoNumber));
    }
    if let Verdict::Refuse(_) = verdict(turn, &contact) {
        return Ok(Some(Skip::NotOptedIn));
    }
    let now = parts.clock.now();
    if broadcast.template.is_marketing {
        let who = std::slice::from_ref(&person.counted_by);
        let last = last_marketing(store, who).await?;
        let last = last.first().copied().flatten();
        if is_capped(last, settings.marketing_cap, now) {
            return Ok(Some(Skip::FrequencyCapped));
        }
    }
    let is_limited = parts.bulk.is_limited(store, &person.counted_by, now).await?;
    Ok(is_limited.then_some(Skip::RateLimited))
}

fn verdict(turn: &Turn<'_>, contact: &Contact) -> Verdict {
    let consent = contact.consent(Medium::WhatsApp);
    let consent =
        policy::Consent { opted_in: consent.opted_in, opted_out: consent.has_opted_out() };
    let question = Question {
        surface: Surface::Broadcast,
        kind: Kind::Template,
        consent: Some(consent),
        // A template needs none.
        window: Window { last_inbound: None, length: Duration::ZERO },
        recipients: 1,
        now: turn.parts.clock.now(),
    };
    policy::judge(&turn.settings.policy, &question)
}

async fn put(store: &Store, recipient: &Recipient) -> Result<(), Error> {
    let mut transaction = store.transaction();
    transaction.put(&Recipient::at(recipient.broadcast, recipient.contact), recipient).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await?;
    Ok(())
}

/// Counts messages against the limit of the day.
async fn count_today(turn: &Turn<'_>, store: &Store, messages: u64) -> Result<(), Error> {
    let Turn { parts, settings, known } = turn;
    if settings.daily == 0 || messages == 0 {
        return Ok(());
    }
    let (at, date) = (Day::at(&known.session), settings.date(parts.clock.now()));
    let day = store.get(&at).await?.unwrap_or_default();
    let day = Day { messages: day.on(&date) + messages, date };
    let mut transaction = store.transaction();
    transaction.put(&at, &day).await?;
    // Within a transaction nothing can be in conflict.
    transaction.commit().await?;
    Ok(())
}
