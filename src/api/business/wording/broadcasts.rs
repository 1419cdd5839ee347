//! Words of broadcasts: completed.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        business::{
            broadcast_view::{StatsView, StatusView},
            wording::family::Family,
        },
        event_data::written,
        kit::{Shape, shape},
    },
    campaigns::CampaignEvent,
    domain::{Error, Event},
    services::Services,
};

pub struct BroadcastWords;

/// A broadcast that is over.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessBroadcastData)]
struct Payload {
    /// The broadcast.
    broadcast: Completed,
}

/// What became of a broadcast.
#[derive(Serialize, ToSchema)]
#[schema(as = BusinessBroadcastCompletion)]
struct Completed {
    /// Id of the broadcast.
    #[schema(example = "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12")]
    id: String,
    /// Its name.
    #[schema(example = "Spring sale")]
    name: String,
    /// Always COMPLETED.
    #[schema(inline)]
    status: StatusView,
    /// What became of its recipients by then. Receipts may raise it later.
    stats: StatsView,
}

#[async_trait]
impl Family for BroadcastWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.read::<CampaignEvent>()? {
            CampaignEvent::BroadcastCompleted { .. } => Some("broadcast.completed"),
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        let about = "Every recipient of a broadcast was sent to, skipped or failed";
        vec![("broadcast.completed", about, shape::<Payload>())]
    }

    async fn data(&self, _: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(CampaignEvent::BroadcastCompleted { broadcast, name, stats }) = event.body.read()
        else {
            return Ok(None);
        };
        let (id, status) = (broadcast.to_string(), StatusView::Completed);
        written(&Payload { broadcast: Completed { id, name, status, stats: stats.into() } })
    }
}
