//! Words of tickets and tasks: `ticket_created`, `task_created`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        event_data::written,
        kit::{Shape, shape},
        workspace::{
            wording::family::Family,
            work_item_view::{self, TaskView, TicketView},
        },
    },
    domain::{Error, Event},
    services::Services,
    work_items::{ItemKind, WorkItemEvent},
};

pub struct WorkItemWords;

/// A ticket that was opened.
#[derive(Serialize, ToSchema)]
#[schema(as = BotTicketData)]
struct TicketTold {
    /// The ticket as it was then.
    ticket: TicketView,
}

/// A task that somebody got.
#[derive(Serialize, ToSchema)]
#[schema(as = BotTaskData)]
struct TaskTold {
    /// The task as it was then.
    task: TaskView,
}

#[async_trait]
impl Family for WorkItemWords {
    fn name(&self, event: &Event) -> Option<&'static str> {
        match event.body.read::<WorkItemEvent>()? {
            WorkItemEvent::Created { item, .. } => match item.kind {
                ItemKind::Ticket => Some("ticket_created"),
                ItemKind::Task => Some("task_created"),
            },
            _ => None,
        }
    }

    fn event_types(&self) -> Vec<(&'static str, &'static str, Shape)> {
        vec![
            ("ticket_created", "A ticket was opened", shape::<TicketTold>()),
            ("task_created", "Somebody got a task", shape::<TaskTold>()),
        ]
    }

    async fn bots(&self, _: &Services, event: &Event) -> Result<Vec<Uuid>, Error> {
        let happened = event.body.read::<WorkItemEvent>();
        Ok(happened.and_then(|event| event.item().bot).into_iter().collect())
    }

    async fn data(&self, services: &Services, event: &Event) -> Result<Option<Value>, Error> {
        let Some(WorkItemEvent::Created { item, .. }) = event.body.read() else {
            return Ok(None);
        };
        match item.kind {
            ItemKind::Ticket => {
                written(&TicketTold { ticket: work_item_view::ticket(services, *item).await? })
            }
            ItemKind::Task => {
                written(&TaskTold { task: work_item_view::task(services, *item).await? })
            }
        }
    }
}
