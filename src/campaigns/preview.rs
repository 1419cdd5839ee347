//! Preview of a broadcast: who would get it, who would not, and how long it would take.

use std::{collections::HashMap, time::Duration};

use uuid::Uuid;

use crate::{
    campaigns::{pacing, service::Campaigns},
    contacts::{Contact, Medium},
    domain::{Error, Jid, Timestamp, clock::between},
    inbox::last_marketing,
};

/// Contacts that are looked at in one call.
const AT_ONCE: usize = 500;
/// Recipients that are shown.
const SHOWN: usize = 10;

/// Who would get a broadcast.
#[derive(Debug, Default)]
pub struct Preview {
    /// The first of them.
    pub recipients: Vec<Contact>,
    pub total: u64,
    pub not_opted_in: u64,
    /// Opted in, and had a marketing message not long ago.
    pub frequency_capped: u64,
    /// Known by a hidden id alone.
    pub no_number: u64,
    /// Recipients that the plan allows.
    pub limit: Option<u64>,
    pub takes: Duration,
}

impl Preview {
    /// Contacts that a broadcast takes as its recipients: whether one has had a marketing message is asked again when
    /// its turn comes.
    pub fn taken(&self) -> u64 {
        self.total + self.frequency_capped
    }

    pub fn exceeds_limit(&self) -> bool {
        self.limit.is_some_and(|limit| limit < self.taken())
    }
}

/// Why a contact is no recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excluded {
    NotOptedIn,
    NoNumber,
}

/// Whether a contact is taken as a recipient: its number.
pub fn number_of(contact: &Contact) -> Result<&str, Excluded> {
    let consent = contact.consent(Medium::WhatsApp);
    if !consent.opted_in || consent.has_opted_out() {
        return Err(Excluded::NotOptedIn);
    }
    contact.phone.as_deref().ok_or(Excluded::NoNumber)
}

/// The id of the chat with a number.
pub fn person(digits: &str) -> Result<Jid, Error> {
    let id = format!("{digits}@c.us");
    id.parse().map_err(|_| Error::internal("a contact has a number that is none"))
}

/// Whether somebody who got a marketing message at this time gets no other now.
pub fn is_capped(last: Option<Timestamp>, cap: Option<Duration>, now: Timestamp) -> bool {
    last.zip(cap).is_some_and(|(last, cap)| between(last, now) < cap)
}

impl Campaigns {
    /// Who would get a broadcast to contacts with these tags.
    pub async fn preview(&self, tags: &[String], is_marketing: bool) -> Result<Preview, Error> {
        let tags = &Self::tags(tags)?;
        let settings = self.parts.in_effect();
        let mut preview = Preview { limit: settings.limit(), ..Preview::default() };
        let mut after = None;
        loop {
            let ids = self.parts.contacts.audience(tags, after, AT_ONCE).await?;
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            let is_end = ids.len() < AT_ONCE;
            self.look_at(&ids, is_marketing, &mut preview).await?;
            if is_end {
                break;
            }
            tokio::task::yield_now().await;
        }
        preview.takes = pacing::estimate(&settings.pause, preview.total);
        Ok(preview)
    }

    async fn look_at(
        &self,
        ids: &[Uuid],
        is_marketing: bool,
        preview: &mut Preview,
    ) -> Result<(), Error> {
        let (store, settings) = (&self.parts.store, self.parts.in_effect());
        let contacts = self.parts.contacts.get_many(ids).await?;
        let mut taken = Vec::new();
        for contact in contacts.into_iter().flatten() {
            match number_of(&contact) {
                Ok(number) => {
                    let person = person(number)?;
                    taken.push((person, contact));
                }
                Err(Excluded::NotOptedIn) => preview.not_opted_in += 1,
                Err(Excluded::NoNumber) => preview.no_number += 1,
            }
        }
        let mut last: HashMap<Jid, Timestamp> = HashMap::new();
        if is_marketing && settings.marketing_cap.is_some() {
            let people: Vec<Jid> = taken.iter().map(|(person, _)| person.clone()).collect();
            let times = last_marketing(store, &people).await?;
            last.extend(people.into_iter().zip(times).filter_map(|(who, at)| Some((who, at?))));
        }
        let now = self.parts.clock.now();
        for (person, contact) in taken {
            if is_capped(last.get(&person).copied(), settings.marketing_cap, now) {
                preview.frequency_capped += 1;
                continue;
            }
            preview.total += 1;
            if preview.recipients.len() < SHOWN {
                preview.recipients.push(contact);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn a_contact_gets_one_marketing_message_within_the_time_of_the_cap() {
        let cap = Some(Duration::from_secs(86_400));
        let [first, day] = [0, 86_400].map(from_seconds);
        assert!(is_capped(Some(first), cap, from_seconds(86_399)));
        assert!(!is_capped(Some(first), cap, day));
        assert!(!is_capped(None, cap, day) && !is_capped(Some(first), None, first));
        // The clock was set back.
        assert!(is_capped(Some(day), cap, first));
    }

    #[test]
    fn a_recipient_has_agreed_and_has_a_number() {
        let mut contact = Contact::new(from_seconds(0));
        assert_eq!(number_of(&contact), Err(Excluded::NotOptedIn));
        contact.whatsapp.opted_in = true;
        assert_eq!(number_of(&contact), Err(Excluded::NoNumber));
        contact.phone = Some("15550000001".to_owned());
        assert_eq!(number_of(&contact), Ok("15550000001"));
        contact.whatsapp.opted_out_at = Some(from_seconds(1));
        assert_eq!(number_of(&contact), Err(Excluded::NotOptedIn));
        let limited =
            Preview { total: 9, frequency_capped: 2, limit: Some(10), ..Preview::default() };
        assert!(limited.exceeds_limit() && !Preview { total: 8, ..limited }.exceeds_limit());
    }
}
