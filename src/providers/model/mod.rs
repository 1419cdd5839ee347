//! Language models that word the replies of bots: what a model is asked for, and any endpoint that speaks as OpenAI's
//! does.
//!
//! A reply comes piece by piece. Dropped, it ends: the connection is closed, and the endpoint need not go on.

mod openai;
mod reply;
mod simulated;
mod stream;

pub use self::{
    openai::OpenAi,
    reply::{
        HANDOFF_MARK, LONGEST_REPLY, LanguageModel, ModelError, ModelRequest, Reply, Speaker, Turn,
    },
    simulated::{MOST_ANSWERS, PlannedAnswer, SimulatedModel, SimulatedRequest},
};
use std::sync::Arc;

use crate::{config::Config, egress::OwnPorts};

/// The model that the settings name; none where they name none.
pub fn of_settings(config: &Config, own: &OwnPorts) -> Option<Arc<dyn LanguageModel>> {
    let settings = &config.assistant;
    if settings.base_url.is_empty() {
        return None;
    }
    match simulated(config) {
        Some(model) => Some(Arc::new(model)),
        None => Some(Arc::new(OpenAi::new(settings, own.clone()))),
    }
}

/// The model of the simulated network, where the settings name that.
pub fn simulated(config: &Config) -> Option<SimulatedModel> {
    let settings = &config.assistant;
    settings.is_simulated().then(|| SimulatedModel::new(settings.model.clone()))
}
