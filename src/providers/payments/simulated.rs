//! Simulated provider: its links lead to a page of the gateway, and are paid by the control of the simulated network.

use async_trait::async_trait;

use crate::{
    config::BaseUrl,
    domain::Error,
    providers::payments::provider::{NewLink, PaymentProvider, ProviderKind, ProviderLink},
};

pub struct Simulated {
    /// How the gateway is reached.
    base: BaseUrl,
}

impl Simulated {
    pub fn new(base: BaseUrl) -> Self {
        Self { base }
    }
}

#[async_trait]
impl PaymentProvider for Simulated {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Simulated
    }

    async fn create(&self, link: &NewLink) -> Result<ProviderLink, Error> {
        let (id, url) =
            (Some(format!("sim_{}", link.id)), format!("{}/pay/{}", self.base.get(), link.id));
        Ok(ProviderLink { id, url })
    }

    async fn deactivate(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }
}
