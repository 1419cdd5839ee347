//! A batch of an import: rows that are written in one commit.

use serde_json::json;

use crate::{
    contacts::{
        checks::{self, MOST_TAGS, add_tag},
        contact::{Address, Contact},
        import::{
            outcome::{Duplicates, ImportOptions, Imported, RowError},
            row::Row,
        },
        ledger::{self, Change},
        service::Contacts,
        timeline::{EntryKind, NewEntry},
    },
    domain::{Error, Timestamp},
    events::Work,
    store::StoreError,
};

/// Rows that are written before others get their turn.
const WITHOUT_PAUSE: usize = 25;
/// Conflicts after which half as many rows are written at once: what the inbox changes all the time holds up no import.
const MOST_CONFLICTS: usize = 3;

pub struct Batch<'o> {
    pub options: &'o ImportOptions,
    pub at: Timestamp,
    /// With their numbers; no two have the same telephone number.
    pub rows: Vec<(usize, Row)>,
}

impl Batch<'_> {
    /// Commits a batch and adds its outcome. Of a dry run nothing is committed.
    pub async fn commit(&self, contacts: &Contacts, done: &mut Imported) -> Result<(), Error> {
        let _held = contacts.changing.lock().await;
        let (mut rest, mut at_once) = (self.rows.as_slice(), self.rows.len());
        while !rest.is_empty() {
            let (rows, later) = rest.split_at(at_once.min(rest.len()));
            match self.commit_rows(contacts, rows).await? {
                Some(written) => {
                    done.imported += written.imported;
                    done.updated += written.updated;
                    done.skipped += written.skipped;
                    written.errors.into_iter().for_each(|error| done.note(error));
                    rest = later;
                }
                None => at_once = (rows.len() / 2).max(1),
            }
        }
        Ok(())
    }

    /// None where what they read changed each time.
    async fn commit_rows(
        &self,
        contacts: &Contacts,
        rows: &[(usize, Row)],
    ) -> Result<Option<Imported>, Error> {
        let mut work = contacts.log.work();
        for _ in 0..MOST_CONFLICTS {
            let written = self.write(&mut work, rows).await?;
            if self.options.dry_run || work.commit_durable().await? {
                return Ok(Some(written));
            }
        }
        Ok(None)
    }

    /// Writes all rows in the transaction.
    async fn write(
        &self,
        work: &mut Work<'_>,
        rows: &[(usize, Row)],
    ) -> Result<Imported, StoreError> {
        let mut done = Imported::default();
        let addresses: Vec<Address> =
            rows.iter().map(|(_, row)| Address::phone(&row.phone)).collect();
        let known = ledger::find_many(work.store(), &addresses).await?;
        for (place, ((number, row), known)) in rows.iter().zip(known).enumerate() {
            if place % WITHOUT_PAUSE == WITHOUT_PAUSE - 1 {
                // The store is read without waiting: others would not get their turn before the end of the batch.
                tokio::task::yield_now().await;
            }
            let contact = match &known {
                None => {
                    done.imported += 1;
                    let mut contact = Contact::new(self.at);
                    contact.phone = Some(row.phone.clone());
                    ledger::inherit_opt_outs(work.store(), &mut contact).await?;
                    contact
                }
                Some(_) if self.options.duplicates == Duplicates::Skip => {
                    done.skipped += 1;
                    continue;
                }
                Some(known) => {
                    done.updated += 1;
                    known.clone()
                }
            };
            let (contact, faults) = self.with(contact, row);
            for fault in faults {
                let phone = Some(format!("+{}", row.phone));
                done.note(RowError { row: *number, phone, error: fault });
            }
            self.put(work, known, contact).await?;
        }
        Ok(done)
    }

    /// The contact with what a row says, and what of it was not taken.
    fn with(&self, mut contact: Contact, row: &Row) -> (Contact, Vec<String>) {
        let mut faults = Vec::new();
        contact.name = row.name.clone().or(contact.name);
        contact.email = row.email.clone().or(contact.email);
        let fits = |contact: &Contact| contact.tags.len() < MOST_TAGS;
        let mut too_many = false;
        for tag in &row.tags {
            let was_full = !fits(&contact);
            let is_new = add_tag(&mut contact.tags, tag.clone());
            if was_full && is_new {
                contact.tags.pop();
                too_many = true;
            }
        }
        if too_many {
            faults.push("tags: the contact has 50 already; the others were left out".to_owned());
        }
        if row.opted_in && !contact.whatsapp.opted_in && !contact.whatsapp.imported(self.at) {
            faults.push("skipped_opted_out: the contact has opted out and stays so".to_owned());
        }
        match checks::fields_with("customFields", &contact.custom_fields, row.custom.clone()) {
            Ok(fields) => contact.custom_fields = fields,
            Err(error) => faults.push(error.message),
        }
        (contact, faults)
    }

    async fn put(
        &self,
        work: &mut Work<'_>,
        former: Option<Contact>,
        mut contact: Contact,
    ) -> Result<(), StoreError> {
        let mut entries = Vec::new();
        if let Some(former) = &former {
            let fields = ledger::changed_fields(former, &contact);
            if fields.is_empty() {
                return Ok(());
            }
            contact.updated_at = self.at;
            let data = json!({ "action": "contact.imported", "fields": fields });
            entries.push(NewEntry::new(EntryKind::Audit, self.options.by, data));
        }
        let change = Change {
            former: former.as_ref(),
            contact: &contact,
            by: self.options.by,
            at: self.at,
            entries,
            by_rules: &[],
            keyword: None,
        };
        ledger::apply(work, change).await
    }
}
