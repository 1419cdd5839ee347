//! What travels with a request through rmcp: who asks, and the way back to the handler that waits for the answer.

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolRequestParams, CallToolResult, GetPromptRequestParams, GetPromptResult,
        ReadResourceResult,
    },
    service::RequestContext,
};
use tokio::sync::{mpsc, oneshot};

use crate::{accounts::Principal, api::mcp::tool::Tool, api::mcp::tools, config::McpTools};

/// Where the answer to a job goes.
pub type Reply<T> = oneshot::Sender<Result<T, ErrorData>>;

/// What only the handler can do, where its call lives.
pub enum Job {
    Tool(CallToolRequestParams, Reply<CallToolResult>),
    Resource(String, Reply<ReadResourceResult>),
    Prompt(GetPromptRequestParams, Reply<GetPromptResult>),
}

/// Of one request; clones are the same.
#[derive(Clone)]
pub struct Asked {
    who: Arc<Principal>,
    tools: McpTools,
    jobs: mpsc::Sender<Job>,
}

impl Asked {
    /// With the queue of its jobs, of which a request has one at most.
    pub fn new(who: Principal, tools: McpTools) -> (Self, mpsc::Receiver<Job>) {
        let (jobs, queue) = mpsc::channel(1);
        (Self { who: Arc::new(who), tools, jobs }, queue)
    }

    pub fn of(context: &RequestContext<RoleServer>) -> Result<Self, ErrorData> {
        let parts = context.extensions.get::<http::request::Parts>();
        let asked = parts.and_then(|parts| parts.extensions.get::<Self>());
        asked.cloned().ok_or_else(lost)
    }

    /// The tools that the caller may use, in the order of the table.
    pub fn tools(&self) -> impl Iterator<Item = &'static Tool> {
        tools::offered(self.tools).filter(|tool| tool.is_open_to(&self.who))
    }

    /// Has a job done by the handler.
    pub async fn done<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, ErrorData> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).await.map_err(|_| lost())?;
        answer.await.unwrap_or_else(|_| Err(lost()))
    }
}

fn lost() -> ErrorData {
    ErrorData::internal_error("The request was cut off", None)
}
