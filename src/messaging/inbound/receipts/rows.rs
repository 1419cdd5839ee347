//! Rows of receipts: one for each recipient of a message, whichever id the recipient was reported under.

use crate::{
    domain::{Ack, Identities, Jid, JidKind, SessionId, receipt::least},
    messaging::stored::{MessagingTables, StoredReceipt},
    store::{Store, StoreError},
};

/// The rows of a message, one for each person.
pub async fn fold_stored(
    store: &Store,
    session: &SessionId,
    rows: Vec<StoredReceipt>,
) -> Result<Folded, StoreError> {
    let hidden: Vec<&Jid> = rows
        .iter()
        .map(|one| &one.receipt.participant)
        .filter(|id| id.kind() == JidKind::Lid)
        .collect();
    if hidden.is_empty() {
        return Ok(Folded { rows, ..Folded::default() });
    }
    let known = store.identities().of(session, hidden).await?;
    Ok(fold(rows, &known))
}

/// The position of a person among the rows of a message, under either id.
pub async fn position_of(
    store: &Store,
    session: &SessionId,
    rows: &[StoredReceipt],
    person: &Jid,
) -> Result<Option<usize>, StoreError> {
    let at = |id: &Jid| rows.iter().position(|one| one.receipt.participant == *id);
    if let Some(position) = at(person) {
        return Ok(Some(position));
    }
    let identity = store.identities().get(session, person).await?;
    Ok(identity.and_then(|one| at(one.pair.phone()).or_else(|| at(one.pair.lid()))))
}

/// The own ack of a message: the least of its recipients' receipts.
pub fn own_ack(rows: &[StoredReceipt]) -> Option<Ack> {
    least(rows.iter().filter(|one| one.counts).map(|one| &one.receipt))
}

/// Rows with one row for each person.
#[derive(Debug, Default, PartialEq)]
pub struct Folded {
    pub rows: Vec<StoredReceipt>,
    /// Positions of rows that differ from what is stored.
    pub changed: Vec<usize>,
    /// Ids of stored rows that are now part of another row.
    pub gone: Vec<Jid>,
}

/// Merges two rows of one person into one, under the phone number. Pure.
pub fn fold(stored: Vec<StoredReceipt>, known: &Identities) -> Folded {
    let mut folded = Folded::default();
    for mut row in stored {
        let id = row.receipt.participant.clone();
        let number = known.other(&id).filter(|_| id.kind() == JidKind::Lid).cloned();
        let is_renamed = number.is_some();
        if let Some(number) = number {
            row.receipt.participant = number;
            folded.gone.push(id);
        }
        let person = &row.receipt.participant;
        let position = folded.rows.iter().position(|one| one.receipt.participant == *person);
        match position.and_then(|at| Some((at, folded.rows.get_mut(at)?))) {
            Some((at, one)) => {
                one.receipt.merge(&row.receipt);
                one.counts |= row.counts;
                folded.changed.push(at);
            }
            None => {
                if is_renamed {
                    folded.changed.push(folded.rows.len());
                }
                folded.rows.push(row);
            }
        }
    }
    folded
}
