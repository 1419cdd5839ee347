//! Language models that word the replies of bots: what a model is asked for, and any endpoint that speaks as OpenAI's
//! does.
//!
//! A reply comes piece by piece. Dropped, it ends: the connection is closed, and the endpoint need not go on.

mod openai;
mod reply;
mod stream;

pub use self::{
    openai::OpenAi,
    reply::{LONGEST_REPLY, LanguageModel, ModelError, ModelRequest, Reply, Speaker, Turn},
};
use std::sync::Arc;

use crate::{config::Config, egress::OwnPorts};

/// The model that the settings name; none where they name none.
pub fn of_settings(config: &Config, own: &OwnPorts) -> Option<Arc<dyn LanguageModel>> {
    let settings = &config.assistant;
    if settings.base_url.is_empty() {
        return None;
    }
    Some(Arc::new(OpenAi::new(settings, own.clone())))
}
