//! Every table of the gateway: the catalogue that a store is opened with. A module that declares records has one entry
//! here.

use crate::{
    accounts, analytics, answers, assignment, audit, automation, bots, campaigns, contacts,
    content, events, inbox, jobs, knowledge, mail, messaging, notes, notifications, payments,
    presence, search, services, session, settings, sms,
    store::{Catalogue, Opener, Store, StoreError},
    teams, web_chat, webhooks, widget, work_items,
};

/// The tables of every module.
pub const CATALOGUE: Catalogue = Catalogue::with(&[
    events::TABLES,
    jobs::TABLES,
    session::TABLES,
    messaging::TABLES,
    knowledge::TABLES,
    settings::TABLES,
    mail::TABLES,
    contacts::TABLES,
    accounts::TABLES,
    audit::TABLES,
    inbox::TABLES,
    campaigns::TABLES,
    content::TABLES,
    payments::TABLES,
    bots::TABLES,
    answers::TABLES,
    teams::TABLES,
    notes::TABLES,
    notifications::TABLES,
    presence::TABLES,
    sms::TABLES,
    web_chat::TABLES,
    assignment::TABLES,
    widget::TABLES,
    analytics::TABLES,
    webhooks::TABLES,
    services::TABLES,
    work_items::TABLES,
    automation::TABLES,
])
.sealing(&[accounts::SEALED_SETTINGS])
.reindexed_with(&[&messaging::Reindexing, &search::Reindexing]);

impl Store {
    /// A store with every table that vanishes when it is dropped, for tests.
    pub async fn temporary() -> Result<Self, StoreError> {
        Opener::of(CATALOGUE).temporary().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tree_belongs_to_two_tables_and_every_table_says_whose_it_is() {
        assert_eq!(CATALOGUE.clashes(), Vec::<&str>::new());
        for declared in CATALOGUE.declarations() {
            assert!(!declared.table.owner.is_empty(), "{:?}", declared.table.tree);
        }
    }
}
