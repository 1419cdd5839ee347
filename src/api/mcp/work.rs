//! What the handler does for the protocol, where its call lives: tools, resources and prompts.

use rmcp::{
    ErrorData,
    model::{CallToolRequestParams, CallToolResult},
};

use crate::{
    api::mcp::{
        asked::Job,
        call::McpCall,
        outcome::{self, Marked, refused},
        prompts, resources,
        tool::{Effect, Tool},
        tools,
    },
    domain::Error,
};

/// Characters of an unknown name that are shown.
const SHOWN: usize = 64;

/// Carries a job out. What it returns is put into the answer once the protocol has written that.
pub async fn carry_out(call: &McpCall, job: Job) -> Option<Marked> {
    // The caller may have gone meanwhile.
    match job {
        Job::Tool(request, reply) => {
            let (result, marked) = match call_tool(call, request).await {
                Ok((result, marked)) => (Ok(result), marked),
                Err(error) => (Err(error), None),
            };
            drop(reply.send(result));
            return marked;
        }
        Job::Resource(uri, reply) => drop(reply.send(resources::read(call, &uri).await)),
        Job::Prompt(request, reply) => drop(reply.send(prompts::get(call, request).await)),
    }
    None
}

async fn call_tool(
    call: &McpCall,
    request: CallToolRequestParams,
) -> Result<(CallToolResult, Option<Marked>), ErrorData> {
    let Some(tool) = tools::named(call.config.mcp.tools, &request.name) else {
        let name: String = request.name.chars().take(SHOWN).collect();
        return Err(ErrorData::invalid_params(format!("Unknown tool: {name}"), None));
    };
    let outcome = match tool.check(&call.principal()) {
        Ok(()) => tool.run(call.request().clone(), request.arguments.unwrap_or_default()).await,
        Err(error) => Err(error),
    };
    note(call, tool, outcome.as_ref().err());
    Ok(match outcome {
        Ok(done) => {
            let (result, marked) = done.shown();
            (result, Some(marked))
        }
        Err(error) => (refused(&error), None),
    })
}

/// Every tool that may change something is in the log with who called it; never with what was said.
fn note(call: &McpCall, tool: &Tool, error: Option<&Error>) {
    let name = tool.name();
    let outcome = error.map_or("done", outcome::code);
    metrics::counter!("wagate_mcp_tools_total", "tool" => name, "outcome" => outcome).increment(1);
    if tool.effect == Effect::Reads {
        return;
    }
    let caller = call.principal().to_string();
    tracing::info!(
        tool = name,
        caller,
        outcome,
        "the tool {name} was called by {caller}: {outcome}"
    );
}
