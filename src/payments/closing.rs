//! Job that ends a link at its provider, once it has expired or was cancelled.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    domain::{Error, Timestamp},
    events::Work,
    jobs::{Handler, Job, Then},
    payments::link::{LinkStatus, PaymentLink},
    providers::payments::PaymentProvider,
    store::StoreError,
};

pub struct Closing {
    provider: Option<Arc<dyn PaymentProvider>>,
}

impl Closing {
    pub const KIND: &'static str = "end of a payment link at its provider";

    pub fn new(provider: Option<Arc<dyn PaymentProvider>>) -> Self {
        Self { provider }
    }

    /// Schedules the end of a link within a transaction. Where its provider keeps nothing there is nothing to end.
    pub async fn schedule(
        work: &Work<'_>,
        link: &PaymentLink,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if link.provider_id.is_none() {
            return Ok(());
        }
        let job = Job::new(Self::KIND, &link.id.to_string(), now);
        work.put(&job.key(), &job).await
    }
}

#[async_trait]
impl Handler for Closing {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let Some(link) = link_of(job, work).await? else { return Ok(Then::Done) };
        // One that was paid meanwhile ends at the provider by itself.
        if !matches!(link.status, LinkStatus::Expired | LinkStatus::Cancelled) {
            return Ok(Then::Done);
        }
        let provider = self.provider.as_ref().filter(|provider| provider.kind() == link.provider);
        match (provider, &link.provider_id) {
            (Some(provider), Some(id)) => provider.deactivate(id).await?,
            (None, Some(id)) => {
                let (provider, link) = (link.provider.as_str(), link.id);
                tracing::warn!(
                    %link, provider, "payment link {link} stays open at {provider} as {id}: that provider is not configured any more"
                );
            }
            (_, None) => (),
        }
        Ok(Then::Done)
    }
}

/// The link that a job is named after.
pub async fn link_of(job: &Job, work: &Work<'_>) -> Result<Option<PaymentLink>, Error> {
    let id: Uuid = job.name.parse().map_err(|_| {
        Error::internal(format!("a job of a payment link has the name '{}'", job.name))
    })?;
    Ok(work.get(&PaymentLink::at(id)).await?)
}
