//! Messages that come in, as contacts see them: who wrote, what that says of consent, tags and advertisements.
//!
//! All of it is written in the transaction of the caller, who sends what is to be answered.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::{
    contacts::{
        actor::Actor,
        auto_tags::{AutoTags, Tagged},
        checks::{LONGEST_NAME, MOST_TAGS, add_tag},
        consent::{Medium, OptOutCause},
        contact::{AdTouch, Address, Contact},
        keyword::{Keyword, Keywords},
        ledger::{self, Change},
        merge,
        service::Contacts,
        timeline::{EntryKind, NewEntry},
    },
    domain::{Jid, SessionId, Timestamp, clock::between, details::AdContext, line::one_line},
    events::Work,
    settings::Settings,
    store::{Store, StoreError},
};

/// An opt-out or a return is confirmed once in this time.
const CONFIRMED_EACH: Duration = Duration::from_secs(24 * 3_600);

/// A message from one person to the business; never one of a group, nor an edit.
#[derive(Clone, Copy, Debug)]
pub struct Inbound<'a> {
    pub medium: Medium,
    /// The person's addresses, as far as they are known; one at least.
    pub phone: Option<&'a Jid>,
    pub lid: Option<&'a Jid>,
    /// The name that the person goes by.
    pub name: Option<&'a str>,
    /// The id of the message as callers know it: proof of an opt-in.
    pub message: &'a str,
    /// Its text or caption.
    pub text: &'a str,
    pub ad: Option<&'a AdContext>,
    pub conversation: Option<Uuid>,
    /// The session that it came to; rules may be for one alone.
    pub session: Option<&'a SessionId>,
    pub at: Timestamp,
}

/// What became of a message's contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    pub contact: Contact,
    pub is_new: bool,
    /// The message is a keyword: no bot, no survey and no automation answers it.
    pub keyword: Option<Keyword>,
    /// Whether the keyword is to be confirmed to the contact.
    pub confirm: bool,
    pub tagged: Vec<Tagged>,
}

/// Takes messages in. Clones are the same.
#[derive(Clone)]
pub struct ContactIntake {
    settings: Settings,
    auto_tags: AutoTags,
}

impl ContactIntake {
    /// With the rules of these contacts.
    pub fn new(contacts: &Contacts, settings: Settings) -> Self {
        Self { settings, auto_tags: contacts.auto_tags.clone() }
    }

    /// Takes a message in: the contact is found or made, and changed by what the message says.
    pub async fn receive(
        &self,
        work: &mut Work<'_>,
        inbound: &Inbound<'_>,
    ) -> Result<Received, StoreError> {
        let Inbound { medium, phone, lid, name, message, text, ad, conversation, at, .. } =
            *inbound;
        if let (Some(phone), Some(lid)) = (phone, lid) {
            merge::identity_learned(work, lid, phone, at).await?;
        }
        let former = find_either(work.store(), phone, lid).await?;
        let mut contact = former.clone().unwrap_or_else(|| Contact::new(at));
        contact.phone = contact.phone.or_else(|| phone.map(|id| id.user().to_owned()));
        contact.lid = contact.lid.or_else(|| lid.map(|id| id.user().to_owned()));
        if former.is_none() {
            ledger::inherit_opt_outs(work.store(), &mut contact).await?;
        }
        let name = name.map(one_line).filter(|name| !name.is_empty());
        contact.name =
            contact.name.or_else(|| name.map(|name| name.chars().take(LONGEST_NAME).collect()));
        contact.last_message_at = contact.last_message_at.max(Some(at));

        let settings = self.settings.now();
        let keyword = Keywords::of(&settings.business).find(text, medium);
        let confirm = obey(&mut contact, inbound, keyword);
        let received =
            json!({ "message": message, "conversation": conversation, "channel": medium.as_str() });
        let mut entries = vec![NewEntry::new(EntryKind::MessageReceived, Actor::CONTACT, received)];
        if let Some(ad) = ad.filter(|ad| ad.is_ad()) {
            let message = message.to_owned();
            let (ad, session) = (ad.clone(), inbound.session.cloned());
            let touch = AdTouch { ad, captured_at: at, message, conversation, session };
            let data = json!({ "sourceId": touch.ad.id, "headline": touch.ad.title });
            entries.push(NewEntry::new(EntryKind::Ctwa, Actor::CONTACT, data));
            contact.first_ad.get_or_insert_with(|| Box::new(touch.clone()));
            contact.last_ad = Some(Box::new(touch));
        }
        let by_rules = match keyword {
            Some(_) => Vec::new(),
            None => self.auto_tag(work.store(), &mut contact, inbound).await?,
        };
        if former
            .as_ref()
            .is_some_and(|former| !ledger::changed_fields(former, &contact).is_empty())
        {
            contact.updated_at = at;
        }
        ledger::apply(
            work,
            Change {
                former: former.as_ref(),
                contact: &contact,
                by: Actor::CONTACT,
                at,
                entries,
                by_rules: &by_rules,
                keyword: (keyword == Some(Keyword::Stop)).then_some((text.trim(), message)),
            },
        )
        .await?;
        let tagged = by_rules.into_iter().map(|(rule, tag)| Tagged { rule, tag }).collect();
        Ok(Received { contact, is_new: former.is_none(), keyword, confirm, tagged })
    }

    /// Adds the tags of the rules that fit; those that the contact did not have, with their rules.
    async fn auto_tag(
        &self,
        store: &Store,
        contact: &mut Contact,
        inbound: &Inbound<'_>,
    ) -> Result<Vec<(Uuid, String)>, StoreError> {
        let matcher = self.auto_tags.matcher(store).await?;
        let mut added = Vec::new();
        for (rule, tag) in matcher.find(inbound.text, inbound.session) {
            if contact.tags.len() < MOST_TAGS && add_tag(&mut contact.tags, tag.clone()) {
                added.push((rule, tag));
            }
        }
        Ok(added)
    }
}

async fn find_either(
    store: &Store,
    phone: Option<&Jid>,
    lid: Option<&Jid>,
) -> Result<Option<Contact>, StoreError> {
    for address in [phone, lid].into_iter().flatten().filter_map(Address::of_chat) {
        if let Some(contact) = ledger::find(store, &address).await? {
            return Ok(Some(contact));
        }
    }
    Ok(None)
}

/// Changes the consent by what was written. Whether that is to be confirmed.
fn obey(contact: &mut Contact, inbound: &Inbound<'_>, keyword: Option<Keyword>) -> bool {
    let (message, at) = (inbound.message, inbound.at);
    let consent = contact.consent_mut(inbound.medium);
    match keyword {
        Some(Keyword::Stop) => _ = consent.stopped(OptOutCause::KeywordStop, at),
        Some(Keyword::Start) => _ = consent.started(message),
        Some(Keyword::Help) => return true,
        None => {
            consent.written(message);
            return false;
        }
    }
    let is_due = consent.confirmed_at.is_none_or(|last| CONFIRMED_EACH <= between(last, at));
    if is_due {
        consent.confirmed_at = Some(at);
    }
    is_due
}
