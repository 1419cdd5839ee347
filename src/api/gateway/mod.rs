//! Endpoints of the gateway itself: health, keys, the audit log, backups, the vault, consumers, settings, and the dashboard's files.

mod audit;
mod backup;
mod consumers;
mod dashboard;
mod health;
mod keys;
mod operation;
mod providers;
mod vault;

use crate::api::endpoint::Endpoint;

pub fn endpoints() -> Vec<Endpoint> {
    let mut all = dashboard::endpoints();
    all.extend(health::endpoints());
    all.extend(consumers::endpoints());
    all.extend(operation::endpoints());
    all.extend(keys::endpoints());
    all.extend(audit::endpoints());
    all.extend(providers::endpoints());
    all.extend(backup::endpoints());
    all.extend(vault::endpoints());
    all
}
