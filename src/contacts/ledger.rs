//! Ledger of contacts: every write of a contact goes through here, within a transaction, with counters and events.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    contacts::{
        actor::{Actor, ActorKind},
        consent::{Consent, Medium, OptInSource, OptOutCause},
        contact::{Address, Contact, FormerContact, by_address, formerly_at},
        event::ContactEvent,
        tag_counts, tags,
        timeline::{self, EntryKind, NewEntry},
    },
    domain::Timestamp,
    events::{NewEvent, Work},
    store::{Store, StoreError},
};

/// The setting that the totals lie under.
const COUNTS: &str = "contact counts";
/// Former contacts of one address that are looked at.
const MOST_FORMER: usize = 20;

/// How many contacts there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    pub total: u64,
    pub opted_in: u64,
}

pub async fn counts(store: &Store) -> Result<Counts, StoreError> {
    Ok(store.settings().get(COUNTS).await?.unwrap_or_default())
}

/// The contact with an address. In a transaction that puts a contact with this address, of two such at the same
/// time one runs again.
pub async fn find(store: &Store, address: &Address) -> Result<Option<Contact>, StoreError> {
    let found = store.follow(by_address(address).below(), 1).await?;
    Ok(found.into_iter().next().map(|found| found.record))
}

/// The contacts with these addresses, in their order, in one call.
pub async fn find_many(
    store: &Store,
    addresses: &[Address],
) -> Result<Vec<Option<Contact>>, StoreError> {
    let parts = addresses.iter().map(|address| by_address(address).below()).collect();
    let found = store.follow_many(parts, 1).await?;
    Ok(found.into_iter().map(|found| found.into_iter().next().map(|one| one.record)).collect())
}

/// A contact by its id; one that was merged leads to that which it was merged into.
pub async fn get(store: &Store, mut id: Uuid) -> Result<Option<Contact>, StoreError> {
    for _ in 0..MOST_FORMER {
        if let Some(contact) = store.get(&Contact::at(id)).await? {
            return Ok(Some(contact));
        }
        let former = store.get(&FormerContact::at(id)).await?;
        match former.and_then(|former| former.merged_into) {
            Some(other) => id = other,
            None => break,
        }
    }
    Ok(None)
}

/// A new contact takes over the opt-outs of a former one with one of its addresses.
pub async fn inherit_opt_outs(store: &Store, contact: &mut Contact) -> Result<(), StoreError> {
    let addresses: Vec<Address> = contact.addresses().collect();
    inherit_opt_outs_of(store, contact, &addresses).await
}

/// A contact takes over the opt-outs of a former one with one of these addresses, which are new to it.
pub async fn inherit_opt_outs_of(
    store: &Store,
    contact: &mut Contact,
    addresses: &[Address],
) -> Result<(), StoreError> {
    for address in addresses {
        let former = store.follow(formerly_at(address).below().backward(), MOST_FORMER).await?;
        // The newest first: what it had decided holds.
        let former = former.into_iter().map(|found| found.record);
        if let Some(former) = former.into_iter().find(|former| former.merged_into.is_none()) {
            let FormerContact { contact: former, .. } = former;
            for (own, former) in
                [(&mut contact.whatsapp, former.whatsapp), (&mut contact.sms, former.sms)]
            {
                if former.has_opted_out() {
                    own.merge(former);
                }
            }
        }
    }
    Ok(())
}

/// Writes a contact and counts it; `former` is the contact as it was.
pub async fn put(
    work: &Work<'_>,
    former: Option<&Contact>,
    contact: &Contact,
) -> Result<(), StoreError> {
    work.put(&Contact::at(contact.id), contact).await?;
    count(work, former, Some(contact)).await
}

/// Removes a contact; its addresses are free again.
pub async fn remove(
    work: &mut Work<'_>,
    contact: Contact,
    merged_into: Option<Uuid>,
    at: Timestamp,
    by: Actor,
) -> Result<(), StoreError> {
    work.delete(&Contact::at(contact.id)).await?;
    count(work, Some(&contact), None).await?;
    let former = FormerContact { contact, deleted_at: at, merged_into };
    work.put(&FormerContact::at(former.contact.id), &former).await?;
    let contact = Box::new(former.contact);
    log(work, &ContactEvent::Deleted { contact, merged_into, by })
}

pub fn log(work: &mut Work<'_>, event: &ContactEvent) -> Result<(), StoreError> {
    work.append(NewEvent::of_module(None, event)?);
    Ok(())
}

async fn count(
    work: &Work<'_>,
    former: Option<&Contact>,
    contact: Option<&Contact>,
) -> Result<(), StoreError> {
    tag_counts::count(work, former, contact).await?;
    let counted = |contact: Option<&Contact>| {
        let opted_in = contact.is_some_and(|contact| contact.whatsapp.opted_in);
        (u64::from(contact.is_some()), u64::from(opted_in))
    };
    let (before, after) = (counted(former), counted(contact));
    if before == after {
        return Ok(());
    }
    let Counts { total, opted_in } = counts(work.store()).await?;
    let moved = |count: u64, before: u64, after: u64| (count + after).saturating_sub(before);
    let counts = Counts {
        total: moved(total, before.0, after.0),
        opted_in: moved(opted_in, before.1, after.1),
    };
    work.store().settings().put_lazily(COUNTS, &counts).await
}

/// A change of one contact.
pub struct Change<'a> {
    /// As it was; none for a new one.
    pub former: Option<&'a Contact>,
    pub contact: &'a Contact,
    pub by: Actor,
    pub at: Timestamp,
    /// Entries of the timeline beside those that follow from the change itself.
    pub entries: Vec<NewEntry>,
    /// Tags that a rule added, with the rule.
    pub by_rules: &'a [(Uuid, String)],
    /// The keyword that opted the contact out, and the message that has it.
    pub keyword: Option<(&'a str, &'a str)>,
}

/// Writes a change with its events, its timeline entries and the counters.
pub async fn apply(work: &mut Work<'_>, change: Change<'_>) -> Result<(), StoreError> {
    let Change { former, contact, by, at, entries, by_rules, keyword } = change;
    let changes = former.map(|former| changed_fields(former, contact)).unwrap_or_default();
    put(work, former, contact).await?;
    let whole = || Box::new(contact.clone());
    match former {
        None => log(work, &ContactEvent::Created { contact: whole(), by })?,
        Some(_) if !changes.is_empty() => {
            log(work, &ContactEvent::Updated { contact: whole(), changes, by })?;
        }
        Some(_) => (),
    }
    let undecided = Consent::default();
    let mut noted = Vec::new();
    if former.is_none() {
        noted.push(NewEntry::new(EntryKind::ContactCreated, by, Value::Null));
    }
    noted.extend(entries);
    for medium in [Medium::WhatsApp, Medium::Sms] {
        let before = former.map_or(&undecided, |former| former.consent(medium));
        let after = contact.consent(medium);
        if after.has_opted_out() && before.opted_out_at != after.opted_out_at {
            let (word, message) = keyword.unzip();
            let (keyword, message) = (word.map(str::to_owned), message.map(str::to_owned));
            let cause = after.opted_out_by.map(OptOutCause::as_str);
            let data = json!({ "channel": medium.as_str(), "cause": cause, "message": message });
            noted.push(NewEntry::new(EntryKind::OptOut, by, data));
            let event = ContactEvent::OptedOut { contact: whole(), medium, keyword, message, by };
            log(work, &event)?;
        }
        if after.opted_in && !before.opted_in {
            let source = after.source.map(OptInSource::as_str);
            let data =
                json!({ "channel": medium.as_str(), "source": source, "proof": after.proof });
            noted.push(NewEntry::new(EntryKind::OptIn, by, data));
        }
    }
    let added = contact.tags.iter().filter(|tag| !has_tag(former, tag));
    for tag in added {
        let rule = by_rules.iter().find(|(_, of_rule)| of_rule == tag).map(|(rule, _)| *rule);
        let data = match rule {
            Some(rule) => json!({ "tag": tag, "by": "auto_tagging", "ruleId": rule }),
            // The tags of a new contact are in the contact.
            None if former.is_none() => continue,
            None => json!({ "tag": tag }),
        };
        let actor = rule.map_or(by, |rule| Actor::new(ActorKind::AutoTagging, rule));
        noted.push(NewEntry::new(EntryKind::TagAdded, actor, data));
    }
    let before = former.map(|former| former.tags.as_slice()).unwrap_or_default();
    let removed = before.iter().filter(|tag| !has_tag(Some(contact), tag));
    noted
        .extend(removed.map(|tag| NewEntry::new(EntryKind::TagRemoved, by, json!({ "tag": tag }))));
    match former {
        Some(_) => timeline::append(work, contact.id, at, noted).await,
        None => timeline::begin(work, contact.id, at, noted).await,
    }
}

fn has_tag(contact: Option<&Contact>, tag: &str) -> bool {
    let tag = tags::folded(tag);
    contact.is_some_and(|contact| contact.tags.iter().any(|own| tags::folded(own) == tag))
}

/// The names of the fields that differ, as callers know them. That somebody wrote is no change.
pub fn changed_fields(one: &Contact, other: &Contact) -> Vec<String> {
    let decided = |consent: &Consent| (consent.opted_in, consent.opted_out_at);
    let fields = [
        ("phone", one.phone != other.phone),
        ("lid", one.lid != other.lid),
        ("name", one.name != other.name),
        ("email", one.email != other.email),
        ("company", one.company != other.company),
        ("botIds", one.bots != other.bots),
        ("tags", one.tags != other.tags),
        ("optedIn", decided(&one.whatsapp) != decided(&other.whatsapp)),
        ("smsOptedIn", decided(&one.sms) != decided(&other.sms)),
        ("customFields", one.custom_fields != other.custom_fields),
        (
            "attributes",
            one.attributes != other.attributes
                || one.first_ad != other.first_ad
                || one.last_ad != other.last_ad,
        ),
        ("notes", one.notes != other.notes),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}
