//! Changes of contacts within the transaction of a caller. Nothing here commits.

use uuid::Uuid;

use crate::{
    contacts::{
        actor::Actor,
        consent::OptOutCause,
        contact::{Address, Contact},
        ledger::{self, Change},
        timeline::{NewEntry, append},
    },
    domain::Timestamp,
    events::Work,
    store::StoreError,
};

/// Notes that a message went out to a contact.
pub async fn message_sent(
    work: &mut Work<'_>,
    contact: Uuid,
    at: Timestamp,
    entry: NewEntry,
) -> Result<(), StoreError> {
    let Some(former) = ledger::get(work.store(), contact).await? else { return Ok(()) };
    let last_message_at = former.last_message_at.max(Some(at));
    let contact = Contact { last_message_at, ..former.clone() };
    ledger::put(work, Some(&former), &contact).await?;
    append(work, contact.id, at, vec![entry]).await
}

/// Adds entries to the timeline of a contact.
pub async fn note(
    work: &Work<'_>,
    contact: Uuid,
    at: Timestamp,
    entries: Vec<NewEntry>,
) -> Result<(), StoreError> {
    let Some(contact) = ledger::get(work.store(), contact).await? else { return Ok(()) };
    append(work, contact.id, at, entries).await
}

/// The same for a contact that is known to be there. It may change until the commit.
pub async fn note_known(
    work: &Work<'_>,
    contact: &Contact,
    at: Timestamp,
    entry: NewEntry,
) -> Result<(), StoreError> {
    append(work, contact.id, at, vec![entry]).await
}

/// The provider of text messages says that somebody has opted out of them.
pub async fn opted_out_by_provider(
    work: &mut Work<'_>,
    address: Option<Address>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(address) = address else { return Ok(()) };
    let Some(former) = ledger::find(work.store(), &address).await? else { return Ok(()) };
    let mut contact = former.clone();
    if !contact.sms.stopped(OptOutCause::Provider, at) {
        return Ok(());
    }
    contact.updated_at = at;
    let change = Change {
        former: Some(&former),
        contact: &contact,
        by: Actor::GATEWAY,
        at,
        entries: Vec::new(),
        by_rules: &[],
        keyword: None,
    };
    ledger::apply(work, change).await
}
