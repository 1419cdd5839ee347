//! Job that lets a link expire.

use async_trait::async_trait;

use crate::{
    domain::{Clock, Error},
    events::Work,
    jobs::{Handler, Job, Jobs, Then},
    payments::{
        closing::{Closing, link_of},
        link::{LinkStatus, PaymentLink},
        lists,
    },
};

pub struct Expiry {
    clock: Clock,
    jobs: Jobs,
}

impl Expiry {
    pub const KIND: &'static str = "expiry of a payment link";

    pub fn new(clock: Clock, jobs: Jobs) -> Self {
        Self { clock, jobs }
    }
}

#[async_trait]
impl Handler for Expiry {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let Some(link) = link_of(job, work).await? else { return Ok(Then::Done) };
        if link.status != LinkStatus::Active {
            return Ok(Then::Done);
        }
        let now = self.clock.now();
        match link.expires_at {
            None => return Ok(Then::Done),
            // The wall clock was set back.
            Some(end) if now < end => return Ok(Then::At(end)),
            Some(_) => (),
        }
        let link = PaymentLink { status: LinkStatus::Expired, ..link };
        lists::put(work.store(), &link).await?;
        Closing::schedule(work, &link, now).await?;
        Ok(Then::Done)
    }

    async fn committed(&self, _: &Job) {
        self.jobs.woken();
    }
}
