//! Pause of a session's sends: WhatsApp refused a message for now, and nothing is sent until the pause ends.

use crate::{
    domain::{EventBody, SendHold},
    session::{
        actor::{
            Actor,
            pauses::{ends, present},
        },
        request::SendRefusal,
    },
};

impl Actor {
    pub(in crate::session::actor) async fn hold_sends(&mut self, refusal: SendRefusal) -> SendHold {
        let now = self.shared.parts.clock.now();
        // Sends that were in flight together are refused together: that is one pause.
        if let Some(hold) = present(&self.record) {
            return hold;
        }
        let SendRefusal { reason, code, times } = refusal;
        let hold = SendHold::after(self.record.send_hold.as_ref(), (reason, code), times, now);
        self.note("warn", format!("{}; sends wait until {}", hold.message(), hold.until));
        self.record.send_hold = Some(hold.clone());
        self.timers.send_hold = ends(&self.record, now);
        self.write().await;
        let shown = hold.clone();
        self.publish(|status| status.send_hold = Some(shown));
        self.log_events(vec![EventBody::SendingHeld { hold: hold.clone() }]).await;
        hold
    }

    /// Ends the pause. Returns whether there was one.
    pub(in crate::session::actor) async fn resume_sends(&mut self, by_hand: bool) -> bool {
        let now = self.shared.parts.clock.now();
        self.timers.send_hold = None;
        let Some(hold) = self.record.send_hold.as_mut().filter(|hold| hold.ended_at.is_none())
        else {
            return false;
        };
        hold.ended_at = Some(now);
        let hold = hold.clone();
        self.note("info", "sends are resumed".to_owned());
        self.write().await;
        self.publish(|status| status.send_hold = None);
        self.log_events(vec![EventBody::SendingResumed { hold, by_hand }]).await;
        true
    }
}
