//! Links to a page of the gateway that says how to pay.

use async_trait::async_trait;

use crate::{
    domain::Error,
    providers::payments::provider::{NewLink, PaymentProvider, ProviderKind, ProviderLink},
};

pub struct Page {
    /// How the gateway is reached.
    base: String,
}

impl Page {
    pub fn new(base: String) -> Self {
        Self { base }
    }
}

#[async_trait]
impl PaymentProvider for Page {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Page
    }

    async fn create(&self, link: &NewLink) -> Result<ProviderLink, Error> {
        Ok(ProviderLink { id: None, url: format!("{}/pay/{}", self.base, link.id) })
    }

    async fn deactivate(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }
}
