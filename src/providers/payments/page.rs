//! Links to a page of the gateway that says how to pay.

use async_trait::async_trait;

use crate::{
    config::BaseUrl,
    domain::Error,
    providers::payments::provider::{NewLink, PaymentProvider, ProviderKind, ProviderLink},
};

pub struct Page {
    /// How the gateway is reached.
    base: BaseUrl,
}

impl Page {
    pub fn new(base: BaseUrl) -> Self {
        Self { base }
    }
}

#[async_trait]
impl PaymentProvider for Page {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Page
    }

    async fn create(&self, link: &NewLink) -> Result<ProviderLink, Error> {
        Ok(ProviderLink { id: None, url: format!("{}/pay/{}", self.base.get(), link.id) })
    }

    async fn deactivate(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }
}
