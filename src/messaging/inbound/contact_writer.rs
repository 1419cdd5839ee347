//! Writer of contacts that were read from an engine, with the identity pairs in them.

use crate::{
    domain::{Contact, SessionId, event_people::pair_of_contact},
    events::counters,
    messaging::{
        identities::{learn, name_contact},
        inbound::{event_writer::EventWriter, mirror_records},
    },
    store::StoreError,
};

pub struct ContactWriter {
    writer: EventWriter,
}

impl ContactWriter {
    pub fn new(writer: EventWriter) -> Self {
        Self { writer }
    }

    /// Writes contacts, and names each by the phone number where that is known.
    pub async fn write(
        &self,
        session: &SessionId,
        contacts: &mut [Contact],
    ) -> Result<(), StoreError> {
        let held = self.writer.lock(session).await;
        let pairs: Vec<_> = contacts.iter().filter_map(pair_of_contact).collect();
        let mut work = self.writer.store().transaction().in_background();
        let (bodies, events) = loop {
            let (store, now) = (work.store(), self.writer.now());
            let (bodies, known) = learn(store, session, (&pairs[..], Vec::new()), now).await?;
            for contact in &mut *contacts {
                name_contact(store, session, contact).await?;
                mirror_records::put_contact(store, session, contact).await?;
            }
            let events = self.writer.log_in(&mut work, session, bodies.clone(), &known).await?;
            if let Some(events) = events {
                break (bodies, events);
            }
        };
        bodies.iter().for_each(counters::received);
        drop(held);
        match events.last() {
            Some(last) => self.writer.log().publish(last.seq).await,
            None => Ok(()),
        }
    }
}
