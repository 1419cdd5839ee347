//! Gathering of recipients: contacts become records, page by page, each page in one commit with how far it has come.

use crate::{
    campaigns::{
        broadcast::{self, Broadcast, Progress},
        preview::number_of,
        recipient::Recipient,
        recipient_state::State,
        service::CampaignParts,
        status::Status,
    },
    contacts::Contact,
    domain::Error,
    store::{Store, StoreError},
};

/// Contacts that become recipients in one commit.
const AT_ONCE: usize = 500;

/// Notes the next recipients of a broadcast. It may have ended meanwhile: then nothing is noted.
pub async fn gather(parts: &CampaignParts, known: &Broadcast) -> Result<(), Error> {
    let after = known.progress.gathered_to;
    let ids = parts.contacts.audience(&known.tags, after, AT_ONCE).await?;
    let contacts = parts.contacts.get_many(&ids).await?;
    let now = parts.clock.now();
    let recipient = |contact: &Contact| {
        let phone = number_of(contact).ok()?.to_owned();
        Some(Recipient {
            broadcast: known.id,
            contact: contact.id,
            state: State::Pending,
            reason: None,
            phone,
            chat: None,
            changed_at: now,
        })
    };
    let found: Vec<Recipient> = contacts.iter().flatten().filter_map(recipient).collect();
    let mut transaction = parts.store.transaction();
    loop {
        let Some(current) = still_sending(transaction.store(), known).await? else {
            return Ok(());
        };
        for recipient in &found {
            let at = Recipient::at(recipient.broadcast, recipient.contact);
            transaction.put(&at, recipient).await?;
        }
        let progress = Progress {
            gathered_to: ids.last().copied().or(after),
            is_gathered: ids.len() < AT_ONCE,
            total: current.progress.total + found.len() as u64,
            ..current.progress
        };
        let started_at = current.started_at.or(Some(now));
        let former = current.status;
        let next = Broadcast { progress, started_at, ..current };
        broadcast::put(transaction.store(), Some(former), &next).await?;
        if transaction.commit().await? {
            return Ok(());
        }
    }
}

/// The broadcast as a transaction has it, unless it has ended, or another step of it was done.
pub async fn still_sending(
    store: &Store,
    known: &Broadcast,
) -> Result<Option<Broadcast>, StoreError> {
    let current = store.get(&Broadcast::at(known.id)).await?;
    Ok(current
        .filter(|current| current.status == Status::Sending && current.progress == known.progress))
}
