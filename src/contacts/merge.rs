//! Merge of two contacts that turned out to be one person: known by number, and known by hidden id.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    contacts::{
        actor::Actor,
        checks::{LONGEST_NOTES, MOST_TAGS, add_tag},
        contact::{Address, Contact},
        ledger::{self, Change},
        timeline::{EntryKind, NewEntry},
    },
    domain::{Jid, Timestamp},
    events::Work,
    store::StoreError,
};

/// Contacts whose timelines one may have taken over.
const MOST_FORMER: usize = 100;

/// Two contacts that turned out to be one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    pub kept: Contact,
    /// The contact that is no more; its id still leads to the other.
    pub gone: Uuid,
}

/// Notes a pair of ids. The contact with the number stays; another with the hidden id alone is merged into it.
pub async fn identity_learned(
    work: &mut Work<'_>,
    lid: &Jid,
    phone: &Jid,
    at: Timestamp,
) -> Result<Option<Merged>, StoreError> {
    let by_lid = ledger::find(work.store(), &Address::lid(lid.user())).await?;
    let by_phone = ledger::find(work.store(), &Address::phone(phone.user())).await?;
    match (by_lid, by_phone) {
        (None, None) => Ok(None),
        (Some(one), Some(other)) if one.id == other.id => Ok(None),
        // The same person with another number, or with the first that is known.
        (Some(former), None) => {
            let contact = Contact { phone: Some(phone.user().to_owned()), ..former.clone() };
            change(work, &former, contact, at).await?;
            Ok(None)
        }
        (None, Some(former)) => {
            let contact = Contact { lid: Some(lid.user().to_owned()), ..former.clone() };
            change(work, &former, contact, at).await?;
            Ok(None)
        }
        // A person took over a number that is another contact's.
        (Some(one), Some(other)) if one.phone.is_some() => {
            let without = Contact { lid: None, ..one.clone() };
            change(work, &one, without, at).await?;
            let contact = Contact { lid: Some(lid.user().to_owned()), ..other.clone() };
            change(work, &other, contact, at).await?;
            Ok(None)
        }
        (Some(gone), Some(kept)) => {
            let id = gone.id;
            let contact = joined(kept.clone(), gone.clone());
            // First, so that the hidden id is free.
            ledger::remove(work, gone, Some(kept.id), at, Actor::GATEWAY).await?;
            let kept = change(work, &kept, contact, at).await?;
            Ok(Some(Merged { kept, gone: id }))
        }
    }
}

async fn change(
    work: &mut Work<'_>,
    former: &Contact,
    contact: Contact,
    at: Timestamp,
) -> Result<Contact, StoreError> {
    let contact = Contact { updated_at: at, ..contact };
    let fields = ledger::changed_fields(former, &contact);
    let entry =
        NewEntry::new(EntryKind::ContactUpdated, Actor::GATEWAY, json!({ "fields": fields }));
    let change = Change {
        former: Some(former),
        contact: &contact,
        by: Actor::GATEWAY,
        at,
        entries: vec![entry],
        by_rules: &[],
        keyword: None,
    };
    ledger::apply(work, change).await?;
    Ok(contact)
}

/// What is known of both. Of two values the first one's stays.
fn joined(mut one: Contact, other: Contact) -> Contact {
    one.lid = other.lid.or(one.lid);
    one.name = one.name.or(other.name);
    one.email = one.email.or(other.email);
    one.company = one.company.or(other.company);
    one.bots.extend(other.bots);
    one.bots.sort_unstable();
    one.bots.dedup();
    for tag in other.tags {
        if one.tags.len() < MOST_TAGS {
            add_tag(&mut one.tags, tag);
        }
    }
    one.whatsapp.merge(other.whatsapp);
    one.sms.merge(other.sms);
    fill(&mut one.custom_fields, other.custom_fields);
    fill(&mut one.attributes, other.attributes);
    let (firsts, lasts) = ([one.first_ad, other.first_ad], [one.last_ad, other.last_ad]);
    one.first_ad = firsts.into_iter().flatten().min_by_key(|touch| touch.captured_at);
    one.last_ad = lasts.into_iter().flatten().max_by_key(|touch| touch.captured_at);
    let notes: Vec<String> = [one.notes, other.notes].into_iter().flatten().collect();
    one.notes =
        (!notes.is_empty()).then(|| notes.join("\n\n").chars().take(LONGEST_NOTES).collect());
    one.last_message_at = one.last_message_at.max(other.last_message_at);
    one.formerly.push(other.id);
    one.formerly.extend(other.formerly);
    one.formerly.truncate(MOST_FORMER);
    one.created_at = one.created_at.min(other.created_at);
    one
}

fn fill(fields: &mut Map<String, Value>, others: Map<String, Value>) {
    for (name, value) in others {
        fields.entry(name).or_insert(value);
    }
}
