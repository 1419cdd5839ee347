//! Changes of contacts by callers: each is one commit, and durable when its function returns.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    contacts::{
        actor::Actor,
        checks,
        consent::{Consent, Medium, NeedsProof},
        contact::{Address, Contact},
        ledger::{self, Change, Counts},
        service::Contacts,
        tag_counts::{self, TagCount},
        tags,
        timeline::{self, EntryKind, NewEntry, TimelinePage},
    },
    domain::{Error, ErrorCode, Subject, Timestamp},
    events::Work,
    store::Store,
};

/// Attributes that callers cannot set: the gateway stores the advertisements there.
pub const READ_ONLY: [&str; 2] = ["ctwa", "ctwaFirst"];

/// A contact to be made.
#[derive(Clone, Debug, Default)]
pub struct ContactDraft {
    /// Without one, there is a name or an e-mail address.
    pub phone: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub company: Option<String>,
    /// The bots that the contact belongs to.
    pub bots: Vec<Uuid>,
    pub tags: Vec<String>,
    pub opted_in: bool,
    pub sms_opted_in: bool,
    pub custom_fields: Map<String, Value>,
    pub notes: Option<String>,
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct ContactChange {
    /// Blank to remove it, as those below.
    pub name: Option<String>,
    pub email: Option<String>,
    pub company: Option<String>,
    pub notes: Option<String>,
    /// Another number, while there are no messages with the contact.
    pub phone: Option<String>,
    pub bots: Option<Vec<Uuid>>,
    pub tags: Option<Vec<String>>,
    pub opted_in: Option<bool>,
    pub sms_opted_in: Option<bool>,
    /// Merged with what is there; null removes a field.
    pub custom_fields: Map<String, Value>,
    pub attributes: Map<String, Value>,
}

/// An opt-in or opt-out by hand.
#[derive(Clone, Debug)]
pub struct OptInChange {
    pub medium: Medium,
    pub opted_in: bool,
    /// Needed for somebody who has sent STOP.
    pub proof: Option<String>,
}

impl Contacts {
    pub async fn get(&self, id: Uuid) -> Result<Contact, Error> {
        let found = ledger::get(&self.store, id).await?;
        found.ok_or_else(|| unknown(id))
    }

    /// The contact with this telephone number, in any usual form.
    pub async fn with_phone(&self, text: &str) -> Result<Contact, Error> {
        let digits = checks::phone(text)?;
        let found = ledger::find(&self.store, &Address::phone(&digits)).await?;
        found.ok_or_else(|| {
            Error::not_found(Subject::Contact, format!("there is no contact with +{digits}"))
        })
    }

    /// Those of several ids, in their order, in one call; none for one that is gone.
    pub async fn get_many(&self, ids: &[Uuid]) -> Result<Vec<Option<Contact>>, Error> {
        let keys: Vec<_> = ids.iter().copied().map(Contact::at).collect();
        Ok(self.store.get_many(&keys).await?)
    }

    /// The contact with an address.
    pub async fn with_address(&self, address: &Address) -> Result<Option<Contact>, Error> {
        Ok(ledger::find(&self.store, address).await?)
    }

    pub async fn create(&self, draft: ContactDraft, by: Actor) -> Result<Contact, Error> {
        let at = self.clock.now();
        let contact = drafted(draft, at)?;
        let _held = self.changing.lock().await;
        let mut work = self.log.work();
        loop {
            let mut contact = contact.clone();
            check_free(work.store(), &contact).await?;
            ledger::inherit_opt_outs(work.store(), &mut contact).await?;
            let change = Change {
                former: None,
                contact: &contact,
                by,
                at,
                entries: Vec::new(),
                by_rules: &[],
                keyword: None,
            };
            ledger::apply(&mut work, change).await?;
            if work.commit_durable().await? {
                return Ok(contact);
            }
        }
    }

    pub async fn change(
        &self,
        id: Uuid,
        change: ContactChange,
        by: Actor,
    ) -> Result<Contact, Error> {
        self.edit(id, by, |contact, at| changed(contact, &change, at)).await
    }

    pub async fn set_opt_in(
        &self,
        id: Uuid,
        change: OptInChange,
        by: Actor,
    ) -> Result<Contact, Error> {
        let proof = change.proof.as_deref().map(str::trim).filter(|proof| !proof.is_empty());
        self.edit(id, by, |contact, at| {
            opt_in(contact, change.medium, change.opted_in, proof, at)
                .map_err(|NeedsProof| needs_proof("proof"))
        })
        .await
    }

    pub async fn add_tags(&self, id: Uuid, tags: &[String], by: Actor) -> Result<Contact, Error> {
        let tags = checks::tags(tags)?;
        self.edit(id, by, |contact, _| {
            contact.tags = checks::with_tags(&contact.tags, &tags)?;
            Ok(())
        })
        .await
    }

    pub async fn remove_tag(&self, id: Uuid, tag: &str, by: Actor) -> Result<Contact, Error> {
        let tag = tags::folded(tag);
        self.edit(id, by, |contact, _| {
            let count = contact.tags.len();
            contact.tags.retain(|known| tags::folded(known) != tag);
            if contact.tags.len() == count {
                return Err(Error::not_found(Subject::Tag, "the contact does not have this tag"));
            }
            Ok(())
        })
        .await
    }

    /// Deletes a contact. Its number is free again; that it opted out is remembered.
    pub async fn delete(&self, id: Uuid, by: Actor) -> Result<(), Error> {
        let _held = self.changing.lock().await;
        let mut work = self.log.work();
        loop {
            let contact = ledger::get(work.store(), id).await?.ok_or_else(|| unknown(id))?;
            ledger::remove(&mut work, contact, None, self.clock.now(), by).await?;
            if work.commit_durable().await? {
                return Ok(());
            }
        }
    }

    /// How many contacts there are.
    pub async fn counts(&self) -> Result<Counts, Error> {
        Ok(ledger::counts(&self.store).await?)
    }

    /// Up to `limit` tags that contacts have, with how many, behind the tag of a name or from the first on.
    pub async fn tags(&self, after: Option<&str>, limit: usize) -> Result<Vec<TagCount>, Error> {
        Ok(tag_counts::page(&self.store, after, limit).await?)
    }

    /// Up to `limit` entries of a contact's timeline before a time, newest first; of these kinds, or of all.
    pub async fn timeline(
        &self,
        id: Uuid,
        before: Option<Timestamp>,
        kinds: &[EntryKind],
        limit: usize,
    ) -> Result<TimelinePage, Error> {
        let contact = self.get(id).await?;
        Ok(timeline::page(&self.store, &contact, before, kinds, limit).await?)
    }

    async fn edit(
        &self,
        id: Uuid,
        by: Actor,
        edit: impl Fn(&mut Contact, Timestamp) -> Result<(), Error> + Sync,
    ) -> Result<Contact, Error> {
        let _held = self.changing.lock().await;
        let at = self.clock.now();
        let mut work = self.log.work();
        loop {
            let (contact, is_news) = edited(&mut work, id, (by, at), &edit).await?;
            if !is_news || work.commit_durable().await? {
                return Ok(contact);
            }
        }
    }

    /// Makes a change within a transaction.
    pub async fn change_in(
        &self,
        work: &mut Work<'_>,
        id: Uuid,
        change: &ContactChange,
        by: Actor,
    ) -> Result<(), Error> {
        let edit = |contact: &mut Contact, at| changed(contact, change, at);
        edited(work, id, (by, self.clock.now()), &edit).await.map(drop)
    }
}

/// Edits a contact within a transaction. The contact afterwards, and whether it is another.
async fn edited(
    work: &mut Work<'_>,
    id: Uuid,
    (by, at): (Actor, Timestamp),
    edit: &(impl Fn(&mut Contact, Timestamp) -> Result<(), Error> + Sync),
) -> Result<(Contact, bool), Error> {
    let former = ledger::get(work.store(), id).await?.ok_or_else(|| unknown(id))?;
    let mut contact = former.clone();
    edit(&mut contact, at)?;
    if contact == former {
        return Ok((contact, false));
    }
    let known: Vec<Address> = former.addresses().collect();
    let new: Vec<Address> =
        contact.addresses().filter(|address| !known.contains(address)).collect();
    if !new.is_empty() {
        check_free(work.store(), &contact).await?;
        ledger::inherit_opt_outs_of(work.store(), &mut contact, &new).await?;
    }
    contact.updated_at = at;
    let fields = ledger::changed_fields(&former, &contact);
    let data = json!({ "action": "contact.updated", "fields": fields });
    let change = Change {
        former: Some(&former),
        contact: &contact,
        by,
        at,
        entries: vec![NewEntry::new(EntryKind::Audit, by, data)],
        by_rules: &[],
        keyword: None,
    };
    ledger::apply(work, change).await?;
    Ok((contact, true))
}

/// A contact of a draft, checked.
fn drafted(draft: ContactDraft, at: Timestamp) -> Result<Contact, Error> {
    let fields = checks::fields_with("customFields", &Map::new(), draft.custom_fields);
    let phone = draft.phone.as_deref().map(checks::phone).transpose();
    let ((phone, tags), (email, fields)) = Error::both(
        Error::both(phone, checks::tags(&draft.tags)),
        Error::both(draft.email.as_deref().map(checks::email).transpose(), fields),
    )?;
    let texts = Error::both(
        draft.name.as_deref().map(checks::name).transpose(),
        draft.notes.as_deref().map(checks::notes).transpose(),
    );
    let texts = Error::both(texts, draft.company.as_deref().map(checks::company).transpose());
    let ((name, notes), company) = texts?;
    let (name, email) = (name.flatten(), email.flatten());
    let mut contact = Contact {
        phone,
        name,
        email,
        company: company.flatten(),
        bots: draft.bots,
        tags,
        custom_fields: fields,
        notes: notes.flatten(),
        ..Contact::new(at)
    };
    check_is_somebody(&contact)?;
    if draft.opted_in {
        contact.whatsapp.granted_by_api(at);
    }
    if draft.sms_opted_in {
        contact.sms.granted_by_api(at);
    }
    Ok(contact)
}

/// Changes a contact, or names all fields that are wrong.
fn changed(contact: &mut Contact, change: &ContactChange, at: Timestamp) -> Result<(), Error> {
    fn read<T>(
        text: Option<&String>,
        check: impl Fn(&str) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        text.map(|text| check(text)).transpose()
    }
    let texts = Error::both(
        Error::both(
            read(change.name.as_ref(), checks::name),
            read(change.email.as_ref(), checks::email),
        ),
        Error::both(
            read(change.company.as_ref(), checks::company),
            read(change.notes.as_ref(), checks::notes),
        ),
    );
    let phone = read(change.phone.as_ref(), |text| changed_phone(contact, text));
    let tags = change.tags.as_deref().map(checks::tags).transpose();
    let consents = Error::both(
        changed_consent(contact, Medium::WhatsApp, change.opted_in, at),
        changed_consent(contact, Medium::Sms, change.sms_opted_in, at),
    );
    let fields = Error::both(
        checks::fields_with("customFields", &contact.custom_fields, change.custom_fields.clone()),
        changed_attributes(contact, change.attributes.clone()),
    );
    let all =
        Error::both(Error::both(texts, Error::both(phone, tags)), Error::both(consents, fields));
    let ((((name, email), (company, notes)), (phone, tags)), (consents, fields)) = all?;
    contact.name = name.unwrap_or(contact.name.take());
    contact.email = email.unwrap_or(contact.email.take());
    contact.company = company.unwrap_or(contact.company.take());
    contact.notes = notes.unwrap_or(contact.notes.take());
    contact.phone = phone.or(contact.phone.take());
    if let Some(bots) = &change.bots {
        contact.bots.clone_from(bots);
    }
    if let Some(tags) = tags {
        contact.tags = tags;
    }
    (contact.whatsapp, contact.sms) = consents;
    (contact.custom_fields, contact.attributes) = fields;
    match change.name.is_some() || change.email.is_some() {
        true => check_is_somebody(contact),
        false => Ok(()),
    }
}

/// That there is something by which people know the contact.
fn check_is_somebody(contact: &Contact) -> Result<(), Error> {
    let Contact { phone, lid, name, email, .. } = contact;
    if [phone, lid, name, email].into_iter().all(Option::is_none) {
        return Err(Error::invalid_field("phone", "or a name or an e-mail address is required"));
    }
    Ok(())
}

/// Another number, while there are no messages with the contact.
fn changed_phone(contact: &Contact, text: &str) -> Result<String, Error> {
    let phone = checks::phone(text)?;
    if contact.phone.as_ref() != Some(&phone) && contact.last_message_at.is_some() {
        let fault = "cannot change: there are messages with this contact";
        return Err(Error::invalid_field("phone", fault));
    }
    Ok(phone)
}

fn changed_consent(
    contact: &Contact,
    medium: Medium,
    opted_in: Option<bool>,
    at: Timestamp,
) -> Result<Consent, Error> {
    let mut consent = contact.consent(medium).clone();
    if let Some(opted_in) = opted_in {
        let field = match medium {
            Medium::WhatsApp => "optedIn",
            Medium::Sms => "smsOptedIn",
        };
        consent.set_by_hand(opted_in, None, at).map_err(|NeedsProof| needs_proof(field))?;
    }
    Ok(consent)
}

fn changed_attributes(
    contact: &Contact,
    changes: Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    if let Some(name) = READ_ONLY.iter().find(|name| changes.contains_key(**name)) {
        let fault = format!("cannot set {name}, which is read from advertisements");
        return Err(Error::invalid_field("attributes", fault));
    }
    checks::fields_with("attributes", &contact.attributes, changes)
}

fn opt_in(
    contact: &mut Contact,
    medium: Medium,
    opted_in: bool,
    proof: Option<&str>,
    at: Timestamp,
) -> Result<(), NeedsProof> {
    contact.consent_mut(medium).set_by_hand(opted_in, proof, at).map(drop)
}

fn needs_proof(field: &str) -> Error {
    let fault = "must come with a proof: this contact has sent STOP. Opt it in with POST …/opt-in \
        and say in `proof` how it agreed";
    Error::invalid_field(field, fault)
}

/// That no other contact has one of the addresses.
async fn check_free(store: &Store, contact: &Contact) -> Result<(), Error> {
    for address in contact.addresses().collect::<Vec<_>>() {
        let known = ledger::find(store, &address).await?;
        if let Some(known) = known.filter(|known| known.id != contact.id) {
            return Err(taken(&known, &address));
        }
    }
    Ok(())
}

fn taken(known: &Contact, address: &Address) -> Error {
    let message = match address {
        Address::Phone(_) | Address::Lid(_) => "A contact with this phone already exists",
        Address::Email(_) => "A contact with this e-mail address already exists",
    };
    Error::new(ErrorCode::Conflict, message)
        .about(Subject::Contact)
        .detail("contactId", known.id.to_string())
}

pub fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Contact, format!("there is no contact {id}"))
}
