//! Tally: what one event adds to the records of its day.
//!
//! A message counts on the day of its own time, which may lie before that of its event; anything else on the day of its
//! event. Messages of groups are left out, as in the inbox.

use jiff::civil::Date;

use crate::{
    analytics::{
        ads, bot_tally,
        counts::{one_more, one_more_at},
        ratings,
        records::{AgentDay, ChannelDay, ContactDay},
        sheets::{Place, Sheets},
        steps::{self, Steps},
    },
    contacts::ContactEvent,
    domain::{
        Ack, Body, Event, EventBody, Jid, LogEvent, Message, MessageKind, ModuleEvent, Timestamp,
        clock::between,
    },
    inbox::{Agent, InboxEvent},
    payments::PaymentEvent,
    store::StoreError,
    web_chat::WebChatEvent,
};

/// Whether an event is counted at all.
pub fn wants(event: &Event) -> bool {
    let is_of_person = || event.body.chat().is_some_and(Jid::is_person);
    match &event.body {
        Body::WhatsApp(EventBody::Message { message } | EventBody::MessageSent { message }) => {
            message.chat().is_person() && message.kind != MessageKind::GroupNotice
        }
        Body::WhatsApp(EventBody::Ack { message, ack, .. }) => {
            message.from_me && Ack::Delivered <= *ack && is_of_person()
        }
        Body::WhatsApp(EventBody::MessageFailed { .. }) => is_of_person(),
        Body::WhatsApp(_) => false,
        Body::Module(event) => {
            [InboxEvent::FAMILY, ContactEvent::FAMILY, WebChatEvent::FAMILY, PaymentEvent::FAMILY]
                .contains(&event.family.as_str())
        }
    }
}

/// The moment that an event counts at.
pub fn moment(event: &Event) -> Timestamp {
    match &event.body {
        Body::WhatsApp(EventBody::Message { message } | EventBody::MessageSent { message }) => {
            // A phone's clock may be ahead.
            message.timestamp.min(event.at)
        }
        Body::WhatsApp(_) | Body::Module(_) => event.at,
    }
}

pub async fn count(sheets: &mut Sheets<'_>, event: &Event) -> Result<(), StoreError> {
    let (day, hour) = sheets.calendar.place(moment(event));
    let place = Place { channel: event.channel_uuid(), day, hour };
    match &event.body {
        Body::WhatsApp(body) => count_message(sheets, event, body, place).await?,
        Body::Module(body) => count_module(sheets, event, body, place).await?,
    }
    bot_tally::count(sheets, event, (place, moment(event))).await
}

async fn count_message(
    sheets: &mut Sheets<'_>,
    event: &Event,
    body: &EventBody,
    place: Place,
) -> Result<(), StoreError> {
    let store = sheets.store;
    let steps = match body {
        EventBody::MessageSent { message } if Ack::Delivered <= message.ack => {
            steps::of_sent(store, event, message).await?
        }
        EventBody::Ack { message, ack, participant } => {
            steps::of_ack(store, event, (message, *ack, participant.as_ref())).await?
        }
        _ => Steps::default(),
    };
    let record = ChannelDay::new(place.channel, place.day);
    let counts = &mut sheets.channels.change(store, record).await?.counts;
    counts.delivered = counts.delivered.saturating_add(steps.delivered.into());
    counts.read = counts.read.saturating_add(steps.read.into());
    match body {
        EventBody::Message { message } => {
            one_more(&mut counts.received);
            one_more_at(&mut counts.received_by_hour, place.hour);
            came_in(sheets, event, message, place).await?;
        }
        EventBody::MessageSent { .. } => {
            one_more(&mut counts.sent);
            one_more_at(&mut counts.sent_by_hour, place.hour);
        }
        EventBody::MessageFailed { .. } => one_more(&mut counts.failed),
        _ => (),
    }
    Ok(())
}

async fn came_in(
    sheets: &mut Sheets<'_>,
    event: &Event,
    message: &Message,
    place: Place,
) -> Result<(), StoreError> {
    match message.details().ad.as_ref().filter(|ad| ad.is_ad()) {
        Some(ad) => ads::led_here(sheets, place, message.chat(), ad, moment(event)).await,
        None => Ok(()),
    }
}

async fn count_module(
    sheets: &mut Sheets<'_>,
    event: &Event,
    body: &ModuleEvent,
    place: Place,
) -> Result<(), StoreError> {
    if let Some(event) = body.read::<ContactEvent>() {
        return count_contact(sheets, &event, place.day).await;
    }
    if let Some(PaymentEvent::Completed { link, ad: Some(touch), .. }) = body.read() {
        return ads::paid(sheets, place.day, &touch, &link).await;
    }
    match body.read::<InboxEvent>() {
        Some(of_inbox) => count_conversation(sheets, event.at, &of_inbox, place).await,
        None => Ok(()),
    }
}

async fn count_contact(
    sheets: &mut Sheets<'_>,
    event: &ContactEvent,
    day: Date,
) -> Result<(), StoreError> {
    let (is_new, opted_in, opted_out) = match event {
        ContactEvent::Created { contact, .. } => {
            (true, contact.whatsapp.opted_in || contact.sms.opted_in, false)
        }
        ContactEvent::Updated { contact, changes, .. } => {
            let changed = |name: &str| changes.iter().any(|change| change == name);
            let on_whatsapp = changed("optedIn") && contact.whatsapp.opted_in;
            (false, on_whatsapp || changed("smsOptedIn") && contact.sms.opted_in, false)
        }
        ContactEvent::OptedOut { .. } => (false, false, true),
        ContactEvent::Deleted { .. } => return Ok(()),
    };
    if !(is_new || opted_in || opted_out) {
        return Ok(());
    }
    let counts = &mut sheets.contacts.change(sheets.store, ContactDay::new(day)).await?.counts;
    for (counter, counts_one) in [
        (&mut counts.created, is_new),
        (&mut counts.opted_in, opted_in),
        (&mut counts.opted_out, opted_out),
    ] {
        *counter = counter.saturating_add(counts_one.into());
    }
    Ok(())
}

async fn count_conversation(
    sheets: &mut Sheets<'_>,
    at: Timestamp,
    event: &InboxEvent,
    place: Place,
) -> Result<(), StoreError> {
    let Place { channel, day, .. } = place;
    let store = sheets.store;
    let record = ChannelDay::new(channel, day);
    let agent_day = |agent: Agent| AgentDay::new(channel, day, agent);
    match event {
        InboxEvent::Opened { .. } => {
            one_more(&mut sheets.channels.change(store, record).await?.counts.opened);
        }
        InboxEvent::Responded { waiting_since, by, .. } => {
            let span = between(*waiting_since, at);
            sheets.channels.change(store, record).await?.counts.first_response.note(span);
            if let Some(agent) = by {
                let counts = &mut sheets.agents.change(store, agent_day(*agent)).await?.counts;
                counts.first_response.note(span);
            }
        }
        InboxEvent::Assigned { assignee: Some(agent), .. } => {
            let record = sheets.agents.change(store, agent_day(*agent)).await?;
            one_more(&mut record.counts.assigned);
        }
        InboxEvent::Resolved { of, by, assignee, opened_at, .. } => {
            let span = opened_at.map(|opened_at| between(opened_at, at));
            let counts = &mut sheets.channels.change(store, record).await?.counts;
            one_more(&mut counts.resolved);
            span.into_iter().for_each(|span| counts.resolution.note(span));
            // Of one that nobody works on, the person who closed it.
            if let Some(agent) = assignee.or(*by) {
                let counts = &mut sheets.agents.change(store, agent_day(agent)).await?.counts;
                one_more(&mut counts.resolved);
                span.into_iter().for_each(|span| counts.resolution.note(span));
            }
            ads::resolved(sheets, place, &of.chat).await?;
        }
        InboxEvent::SurveySent { of, survey, agent } => {
            ratings::asked(sheets, place, of, (*survey, *agent)).await?;
        }
        InboxEvent::Rated { of, survey, rating, comment } => {
            let answer = (*rating, comment.as_deref(), at);
            ratings::rated(sheets, place, (of, *survey), answer).await?;
        }
        InboxEvent::Assigned { assignee: None, .. }
        | InboxEvent::GivenUp { .. }
        | InboxEvent::HandoffRequested { .. }
        | InboxEvent::WindowExpiring { .. } => (),
    }
    Ok(())
}
