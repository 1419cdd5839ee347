//! What conditions look at, as it is when an event is handled.

use crate::{
    automation::conditions::Facts,
    domain::SessionId,
    inbox::{Status, Turn},
    messaging::MessagingTables,
    settings::Settings,
    store::StoreError,
};

/// Reads the facts of a turn, with the text that the contact wrote and the rating that the contact gave.
pub async fn read(
    turn: &Turn<'_, '_>,
    settings: &Settings,
    (text, rating): (Option<&str>, Option<i64>),
) -> Result<Facts, StoreError> {
    let mut session_tags = Vec::new();
    for tag in &turn.state.listed.tags {
        session_tags.extend(turn.work.store().tags().get(*tag).await?.map(|tag| tag.name));
    }
    let contact = turn.contact().await?;
    let local = turn.now().to_zoned(settings.now().time_zone());
    Ok(Facts {
        text: text.map(str::to_owned),
        channel: channel(&turn.state.session).to_owned(),
        status: status(turn.state.status).to_owned(),
        session_tags,
        contact_tags: contact.as_ref().map(|one| one.tags.clone()).unwrap_or_default(),
        phone: contact.and_then(|one| one.phone).map(|digits| format!("+{digits}")),
        rating,
        hour: local.hour().into(),
        weekday: local.weekday().to_monday_one_offset().into(),
        is_first: turn.is_new,
    })
}

/// The names that callers of the workspace API know.
fn channel(session: &SessionId) -> &'static str {
    match () {
        () if session.is_web() => "web",
        () if session.is_sms() => "sms",
        () => "whatsapp",
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Assigned => "assigned",
        Status::Resolved => "resolved",
        Status::BotActive | Status::AiActive => "bot",
    }
}
