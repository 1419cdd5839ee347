//! Words of one event family in webhooks of the business.

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    api::kit::Shape,
    domain::{Error, Event},
    services::Services,
};

#[async_trait]
pub trait Family: Send + Sync {
    /// The name of an event; none for an event of another family, and for one that is not sent.
    fn name(&self, event: &Event) -> Option<&'static str>;

    /// The names that it has, what each says, and the schema of its data.
    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)>;

    /// The data of an event that has a name.
    async fn data(&self, services: &Services, event: &Event) -> Result<Option<Value>, Error>;
}
