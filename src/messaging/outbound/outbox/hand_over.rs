//! Hand-over of a committed entry to the dispatcher.
//!
//! Until the hand-over the entry is reserved: the dispatcher skips it, so that its attempt never starts before its
//! caller is known.

use tokio::sync::mpsc;

use crate::{
    domain::outbox::OutboxEntry,
    messaging::{
        outbound::outbox::{
            request::{Request, Waiter},
            reservations::Reservation,
        },
        stored::Place,
    },
};

/// A committed entry. Dropped without a hand-over, since its caller disconnected, it goes to the dispatcher without
/// a waiter.
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

    /// Hands the entry over. An error means that the gateway is stopping.
    pub async fn to(mut self, waiter: Waiter) -> Result<(), ()> {
        // The channel's permit first: if this future is dropped while it waits, the entry is still here.
        let permit = self.requests.clone().reserve_owned().await.map_err(|_| ())?;
        if let Some((entry, place, reservation)) = self.entry.take() {
            permit.send(Request::Accept { entry: Box::new(entry), place, waiter, reservation });
        }
        Ok(())
    }
}

impl Drop for HandOver {
    fn drop(&mut self) {
        let Some((entry, place, reservation)) = self.entry.take() else { return };
        let waiter = Waiter::Nobody;
        let request = Request::Accept { entry: Box::new(entry), place, waiter, reservation };
        // With a full channel the entry waits in the store for the next run, as after a kill.
        let _ = self.requests.try_send(request);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{domain::outbox::example, messaging::outbound::outbox::reservations::Reservations};

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
        assert!(matches!(&taken, Request::Accept { waiter: Waiter::Acceptance(_), .. }));
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
        assert!(matches!(&taken, Request::Accept { waiter: Waiter::Nobody, .. }));
        drop(taken);
        assert!(!all.holds(id));
    }
}
