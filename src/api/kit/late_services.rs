//! Services from which the data of webhooks is read: known once the gateway has started. Held weakly, since they hold the
//! webhooks, and these the wordings.

use std::sync::{Arc, OnceLock, Weak};

use crate::{
    domain::{Error, ErrorCode},
    services::Services,
};

/// Clones are the same.
#[derive(Clone, Default)]
pub struct LateServices {
    services: Arc<OnceLock<Weak<Services>>>,
}

impl LateServices {
    pub fn set(&self, services: &Arc<Services>) {
        self.services.get_or_init(|| Arc::downgrade(services));
    }

    pub fn get(&self) -> Result<Arc<Services>, Error> {
        let ends = || Error::new(ErrorCode::Unavailable, "the gateway is starting or stopping");
        self.services.get().and_then(Weak::upgrade).ok_or_else(ends)
    }
}
