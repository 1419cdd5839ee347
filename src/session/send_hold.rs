//! Holding a session's sends: WhatsApp said "not now", and nothing is sent until the hold ends.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    domain::{
        Error, EventBody, NotNow, SendHold, SessionRecord, Timestamp, clock::between,
        failure::HoldTimes,
    },
    session::{
        SessionHandle,
        actor::Actor,
        handle::{Refusal, Request},
    },
};

impl SessionHandle {
    /// Holds the sends of the session, or says what holds them already. Written down on return.
    pub async fn hold_sends(
        &self,
        (reason, code): (NotNow, u32),
        times: HoldTimes,
    ) -> Result<SendHold, Error> {
        let refusal = Box::new(Refusal { reason, code, times });
        let deadline = self.deadlines.command;
        self.ask("hold sends", deadline, |reply| Request::HoldSends { refusal, reply }).await
    }

    /// Ends the hold before its time; whether there was one.
    pub async fn resume_sends(&self) -> Result<bool, Error> {
        let deadline = self.deadlines.command;
        self.ask("resume sends", deadline, |reply| Request::ResumeSends { reply }).await
    }

    /// Resolves when the session has been ready for so long without its connection to WhatsApp.
    pub async fn lost_connection(&self, grace: Duration) {
        let mut status = self.status.clone();
        loop {
            if status.wait_for(|status| status.is_disconnected()).await.is_err() {
                return std::future::pending().await;
            }
            let back = status.wait_for(|status| !status.is_disconnected());
            if tokio::time::timeout(grace, back).await.is_err() {
                return;
            }
        }
    }
}

impl Actor {
    pub(in crate::session) async fn hold_sends(&mut self, refusal: Refusal) -> SendHold {
        let now = self.shared.parts.clock.now();
        // Sends that were under way together are refused together: that is one hold.
        if let Some(hold) = present(&self.record) {
            return hold;
        }
        let Refusal { reason, code, times } = refusal;
        let hold = SendHold::after(self.record.send_hold.as_ref(), (reason, code), times, now);
        self.note("warn", format!("{}; sends wait until {}", hold.message(), hold.until));
        self.record.send_hold = Some(hold.clone());
        self.timers.send_hold = ends(&self.record, now);
        self.write().await;
        let told = hold.clone();
        self.publish(|status| status.send_hold = Some(told));
        self.tell(vec![EventBody::SendingHeld { hold: hold.clone() }]).await;
        hold
    }

    /// Whether sends were held.
    pub(in crate::session) async fn resume_sends(&mut self, by_hand: bool) -> bool {
        let now = self.shared.parts.clock.now();
        self.timers.send_hold = None;
        let Some(hold) = self.record.send_hold.as_mut().filter(|hold| hold.ended_at.is_none())
        else {
            return false;
        };
        hold.ended_at = Some(now);
        let hold = hold.clone();
        self.note("info", "sends go on".to_owned());
        self.write().await;
        self.publish(|status| status.send_hold = None);
        self.tell(vec![EventBody::SendingResumed { hold, by_hand }]).await;
        true
    }
}

/// The hold that has not ended.
pub fn present(record: &SessionRecord) -> Option<SendHold> {
    record.send_hold.clone().filter(|hold| hold.ended_at.is_none())
}

/// When it ends by itself.
pub fn ends(record: &SessionRecord, now: Timestamp) -> Option<Instant> {
    present(record).map(|hold| Instant::now() + between(now, hold.until))
}
