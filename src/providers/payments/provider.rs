//! What a payment provider does.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Amount, Currency, Error, ErrorCode, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    Url,
    Page,
    Stripe,
    Simulated,
}

impl ProviderKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Page => "page",
            Self::Stripe => "stripe",
            Self::Simulated => "simulated",
        }
    }

    /// Whether a person says that a link was paid, since the provider does not.
    pub fn is_confirmed_by_hand(self) -> bool {
        matches!(self, Self::Url | Self::Page)
    }

    /// Whether its links lead to a page of the gateway.
    pub fn has_page(self) -> bool {
        matches!(self, Self::Page | Self::Simulated)
    }
}

/// A link that is to be made.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub id: Uuid,
    pub amount: Amount,
    pub currency: Currency,
    pub description: String,
    /// What a payment is recognised by, where people read it.
    pub reference: String,
}

/// A link as the provider made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderLink {
    /// Its id at the provider; none where the provider keeps nothing.
    pub id: Option<String>,
    pub url: String,
}

/// A payment that a provider reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The provider's id of the report.
    pub event: String,
    pub link: Uuid,
}

#[async_trait]
pub trait PaymentProvider: Send + Sync {
    fn kind(&self) -> ProviderKind;

    /// Why it cannot make a link of this amount, if so. Asked before anything is done.
    fn check(&self, _amount: &Amount, _currency: Currency) -> Result<(), Error> {
        Ok(())
    }

    /// Makes a link. The same link made twice is one.
    async fn create(&self, link: &NewLink) -> Result<ProviderLink, Error>;

    /// Ends a link, so that it cannot be paid any more. May be done twice.
    async fn deactivate(&self, id: &str) -> Result<(), Error>;

    /// Reads a webhook of the provider; none for one that reports no payment of a link.
    fn read_event(
        &self,
        _signature: &str,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<Option<Payment>, Error> {
        Err(Error::new(ErrorCode::Forbidden, "This provider has no webhook here"))
    }
}
