//! The audit log at the gate: a write is noted before its handler runs, and its outcome before it is answered.

use std::rc::Rc;

use actix_web::{HttpMessage, dev::ServiceRequest, web};

use crate::{
    accounts::Principal,
    api::gate::{auth, rule::Rule},
    audit::{AuditActor, NewEntry},
    services::Services,
};

/// A write that is under way, with the number of its entry.
pub struct Audited {
    services: web::Data<Services>,
    number: u64,
}

impl Audited {
    /// None for what is not noted. A write is not refused because its entry found no room: who makes room on a full disk
    /// has to be let in.
    pub async fn begun(request: &ServiceRequest, rule: Option<Rule>) -> Option<Self> {
        let action = rule.and_then(|rule| rule.audited)?;
        let services = request.app_data::<web::Data<Services>>()?.clone();
        let principal = request.extensions().get::<Rc<Principal>>().cloned()?;
        let new = NewEntry {
            by: AuditActor::of(&principal)?,
            action,
            path: request.path().to_owned(),
            address: Some(auth::client_of(request.request())),
        };
        match services.audit.begun(new).await {
            Ok(number) => Some(Self { services, number }),
            Err(error) => {
                tracing::warn!(action, %error, "no entry of the audit log for {action}: {error}");
                None
            }
        }
    }

    pub async fn ended(self, status: u16) {
        let Self { services, number } = self;
        if let Err(error) = services.audit.ended(number, status).await {
            tracing::warn!(number, %error, "no outcome of entry {number} of the audit log: {error}");
        }
    }
}
