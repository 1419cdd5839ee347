//! Table of all routes, and the OpenAPI document that is made from it.

use crate::api::{
    business, chat, documents,
    endpoint::Endpoint,
    gateway, mcp,
    openapi::{self, Subject},
    sessions, simulator, streams, workspace,
};

/// Every endpoint. Literal segments stand before parameters.
pub fn endpoints(with_simulator: bool) -> Vec<Endpoint> {
    let mut all = gateway::endpoints();
    all.extend(documents::endpoints());
    all.extend(streams::endpoints());
    all.extend(sessions::endpoints());
    all.extend(chat::endpoints());
    all.extend(business::endpoints());
    all.extend(mcp::endpoints());
    all.extend(workspace::endpoints());
    if with_simulator {
        all.extend(simulator::endpoints());
    }
    all
}

/// The OpenAPI document of the gateway, or of the simulated network's control, as people read it.
pub fn openapi_document(of_simulator: bool) -> String {
    let subject = if of_simulator { Subject::Simulator } else { Subject::Gateway };
    openapi::pretty(subject, endpoints(true))
}
