//! The hand-over of an accepted entry to the dispatcher.
//!
//! The entry is in the store before the dispatcher is told of it. Until then it is reserved: the dispatcher
//! leaves it alone, so that its attempt never begins before its caller is known.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    domain::outbox::OutboxEntry,
    messaging::outbox::request::{Request, Waiter},
    store::Place,
};

/// The entries that are on their way to the dispatcher. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Reservations(Arc<Mutex<HashSet<Uuid>>>);

impl Reservations {
    /// Until the reservation is dropped.
    pub fn reserve(&self, entry: Uuid) -> Reservation {
        self.entries().insert(entry);
        Reservation { entry, all: self.clone() }
    }

    pub fn holds(&self, entry: Uuid) -> bool {
        self.entries().contains(&entry)
    }

    fn entries(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the dispatcher from an entry.
#[derive(Debug)]
pub struct Reservation {
    entry: Uuid,
    all: Reservations,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.all.entries().remove(&self.entry);
    }
}

/// An entry that is committed. Dropped, it goes to the dispatcher with nobody who waits: its caller has gone.
pub struct HandOver {
    requests: mpsc::Sender<Request>,
    entry: Option<(OutboxEntry, Place, Reservation)>,
}

impl HandOver {
    pub fn new(
        requests: mpsc::Sender<Request>,
        entry: OutboxEntry,
        place: Place,
        reservation: Reservation,
    ) -> Self {
        Self { requests, entry: Some((entry, place, reservation)) }
    }

    /// Hands it over. An error says that the gateway is stopping.
    pub async fn to(mut self, waiter: Waiter) -> Result<(), ()> {
        // The place in the channel first: dropped while it waits for one, the entry is still here.
        let permit = self.requests.clone().reserve_owned().await.map_err(|_| ())?;
        if let Some((entry, place, reservation)) = self.entry.take() {
            permit.send(Request::Take { entry: Box::new(entry), place, waiter, reservation });
        }
        Ok(())
    }
}

impl Drop for HandOver {
    fn drop(&mut self) {
        let Some((entry, place, reservation)) = self.entry.take() else { return };
        let waiter = Waiter::Nobody;
        let request = Request::Take { entry: Box::new(entry), place, waiter, reservation };
        // Full, it waits in the store for the next run, as after a kill.
        let _ = self.requests.try_send(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outbox::example;

    fn hand_over(all: &Reservations) -> (HandOver, mpsc::Receiver<Request>, Uuid) {
        let (requests, receiver) = mpsc::channel(1);
        let entry = example(1, "15550000001@c.us");
        let (id, reservation) = (entry.id, all.reserve(entry.id));
        (HandOver::new(requests, entry, Place::Queue, reservation), receiver, id)
    }

    #[tokio::test]
    async fn an_entry_is_reserved_until_the_dispatcher_has_it_with_its_caller() {
        let all = Reservations::default();
        let (hand_over, mut requests, id) = hand_over(&all);
        let (waiter, _accepted) = tokio::sync::oneshot::channel();
        hand_over.to(Waiter::Acceptance(waiter)).await.unwrap();
        assert!(all.holds(id));
        let taken = requests.recv().await.unwrap();
        assert!(matches!(&taken, Request::Take { waiter: Waiter::Acceptance(_), .. }));
        drop(taken);
        assert!(!all.holds(id));
    }

    #[tokio::test]
    async fn one_whose_caller_has_gone_comes_to_the_dispatcher_all_the_same() {
        let all = Reservations::default();
        let (hand_over, mut requests, id) = hand_over(&all);
        drop(hand_over);
        assert!(all.holds(id));
        let taken = requests.recv().await.unwrap();
        assert!(matches!(&taken, Request::Take { waiter: Waiter::Nobody, .. }));
        drop(taken);
        assert!(!all.holds(id));
    }
}
