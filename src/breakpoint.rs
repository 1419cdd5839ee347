//! Points at which a test lets the gateway's process die as by `kill -9`: nothing is flushed, closed
//! or answered any more. They stand where a send or an event is halfway. Builds for release have none.

/// `WAGATE_BREAKPOINT=outbox-durable:3` lets the process die when it passes that point for the third
/// time.
pub const VARIABLE: &str = "WAGATE_BREAKPOINT";

/// Where it can die, in the order in which a send, its event and its delivery come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakpoint {
    /// A write with an `Idempotency-Key` is claimed; nothing of it is done.
    WriteClaimed,
    /// A send is written down, and not yet on the disk.
    OutboxCommitted,
    /// A send is on the disk, and its caller is not answered yet.
    OutboxDurable,
    /// A send has its turn; the engine has not seen it.
    SendBegins,
    /// The engine says that it is sent; that is not written down.
    SendAnswered,
    /// An event and what belongs to it are written down, and not yet on the disk.
    EventCommitted,
    /// An event is on the disk; no consumer was woken yet.
    EventDurable,
    /// A write with an `Idempotency-Key` is done; its answer is not written down.
    WriteDone,
    /// Events have become deliveries of an endpoint.
    DeliveriesTaken,
    /// A receiver has answered; that is not written down.
    DeliveryAnswered,
    /// What a receiver answered is written down.
    DeliveryRecorded,
    /// The inbox has carried out the steps of an event; nothing of it is committed.
    InboxHandled,
    /// The steps of an event are committed, and its consumers not woken.
    InboxCommitted,
    /// A model's answer is there; nothing of it is committed.
    AnswerWorded,
    /// A model's answer is committed; the outbox was not woken yet.
    AnswerCommitted,
    /// Recipients of a broadcast are queued, and that is not yet on the disk.
    BroadcastFed,
    /// Recipients of a broadcast are queued; the outbox was not woken yet.
    BroadcastDurable,
    /// What became of a message of a broadcast is counted; that is not committed.
    BroadcastCounted,
    /// A broadcast is complete; no consumer was woken yet.
    BroadcastCompleted,
    /// That a session is being removed is on the disk; its engine still runs.
    RemovalBegun,
    /// What waited in the outbox is cancelled; nothing is wiped.
    RemovalCancelled,
    /// Listeners were notified that the session is removed; its data is there.
    RemovalReported,
    /// Everything of the session is wiped but its record.
    RemovalWiped,
    /// A new key is in its file; nothing knows of it.
    KeyWritten,
    /// The store notes that values may be sealed with the new key.
    KeyNoted,
    /// Some values are sealed with the new key.
    SecretsResealed,
    /// All values are sealed with the new key, and both are held.
    SecretsSealed,
    /// The store needs the former key no longer; it is in the file.
    FormerKeyForgotten,
}

impl Breakpoint {
    pub const ALL: [Self; 28] = [
        Self::WriteClaimed,
        Self::OutboxCommitted,
        Self::OutboxDurable,
        Self::SendBegins,
        Self::SendAnswered,
        Self::EventCommitted,
        Self::EventDurable,
        Self::WriteDone,
        Self::DeliveriesTaken,
        Self::DeliveryAnswered,
        Self::DeliveryRecorded,
        Self::InboxHandled,
        Self::InboxCommitted,
        Self::AnswerWorded,
        Self::AnswerCommitted,
        Self::BroadcastFed,
        Self::BroadcastDurable,
        Self::BroadcastCounted,
        Self::BroadcastCompleted,
        Self::RemovalBegun,
        Self::RemovalCancelled,
        Self::RemovalReported,
        Self::RemovalWiped,
        Self::KeyWritten,
        Self::KeyNoted,
        Self::SecretsResealed,
        Self::SecretsSealed,
        Self::FormerKeyForgotten,
    ];

    /// Whether the process comes by only when a broadcast is sent.
    pub fn is_of_broadcasts(self) -> bool {
        use Breakpoint::{BroadcastCompleted, BroadcastCounted, BroadcastDurable, BroadcastFed};
        matches!(self, BroadcastFed | BroadcastDurable | BroadcastCounted | BroadcastCompleted)
    }

    /// Whether the process comes by only when a language model answers.
    pub fn is_of_models(self) -> bool {
        matches!(self, Self::AnswerWorded | Self::AnswerCommitted)
    }

    /// Whether the process comes by only when a session is removed.
    pub fn is_of_removal(self) -> bool {
        use Breakpoint::{RemovalBegun, RemovalCancelled, RemovalReported, RemovalWiped};
        matches!(self, RemovalBegun | RemovalCancelled | RemovalReported | RemovalWiped)
    }

    /// Whether the process comes by only when secrets get a new key.
    pub fn is_of_rotation(self) -> bool {
        use Breakpoint::{
            FormerKeyForgotten, KeyNoted, KeyWritten, SecretsResealed, SecretsSealed,
        };
        matches!(self, KeyWritten | KeyNoted | SecretsResealed | SecretsSealed | FormerKeyForgotten)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::WriteClaimed => "write-claimed",
            Self::OutboxCommitted => "outbox-committed",
            Self::OutboxDurable => "outbox-durable",
            Self::SendBegins => "send-begins",
            Self::SendAnswered => "send-answered",
            Self::EventCommitted => "event-committed",
            Self::EventDurable => "event-durable",
            Self::WriteDone => "write-done",
            Self::DeliveriesTaken => "deliveries-taken",
            Self::DeliveryAnswered => "delivery-answered",
            Self::DeliveryRecorded => "delivery-recorded",
            Self::InboxHandled => "inbox-handled",
            Self::InboxCommitted => "inbox-committed",
            Self::AnswerWorded => "answer-worded",
            Self::AnswerCommitted => "answer-committed",
            Self::BroadcastFed => "broadcast-fed",
            Self::BroadcastDurable => "broadcast-durable",
            Self::BroadcastCounted => "broadcast-counted",
            Self::BroadcastCompleted => "broadcast-completed",
            Self::RemovalBegun => "removal-begun",
            Self::RemovalCancelled => "removal-cancelled",
            Self::RemovalReported => "removal-reported",
            Self::RemovalWiped => "removal-wiped",
            Self::KeyWritten => "key-written",
            Self::KeyNoted => "key-noted",
            Self::SecretsResealed => "secrets-resealed",
            Self::SecretsSealed => "secrets-sealed",
            Self::FormerKeyForgotten => "former-key-forgotten",
        }
    }

    /// The process passes here, and ends if the plan says so.
    #[cfg(debug_assertions)]
    pub fn pass(self) {
        planned::pass(self);
    }

    #[cfg(not(debug_assertions))]
    #[inline(always)]
    pub fn pass(self) {}
}

#[cfg(debug_assertions)]
mod planned {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    };

    use rustix::process::{Signal, getpid, kill_process};

    use crate::breakpoint::{Breakpoint, VARIABLE};

    struct Plan {
        point: Breakpoint,
        passes_left: AtomicU64,
    }

    static PLAN: LazyLock<Option<Plan>> = LazyLock::new(|| {
        let text = std::env::var(VARIABLE).ok()?;
        let plan = read(&text);
        if plan.is_none() {
            tracing::warn!("{VARIABLE}: {text:?} names no breakpoint");
        }
        plan
    });

    fn read(text: &str) -> Option<Plan> {
        let (name, passes) = text.split_once(':').unwrap_or((text, "1"));
        let point = Breakpoint::ALL.into_iter().find(|point| point.name() == name)?;
        Some(Plan { point, passes_left: AtomicU64::new(passes.parse().ok()?) })
    }

    pub fn pass(point: Breakpoint) {
        let Some(plan) = PLAN.as_ref().filter(|plan| plan.point == point) else { return };
        if plan.passes_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = kill_process(getpid(), Signal::KILL);
            // Other threads may still run for a moment; this one goes no further.
            loop {
                std::thread::park();
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use crate::breakpoint::{Breakpoint, planned::read};

        #[test]
        fn every_point_is_found_by_its_name_and_no_other_name_is() {
            for point in Breakpoint::ALL {
                let plan = read(&format!("{}:3", point.name())).unwrap();
                assert_eq!((plan.point, plan.passes_left.into_inner()), (point, 3));
            }
            assert!(read("outbox-durable:x").is_none());
            assert!(read("anywhere").is_none());
        }
    }
}
