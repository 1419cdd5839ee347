//! Record of a mail that waits.

use uuid::Uuid;

use crate::{
    providers::mail::Mail,
    store::{Key, Record, Scope, Table, Tree},
};

const MAILS: Tree = Tree::sealed(240, "Mails");

impl Record for Mail {
    const TABLE: Table = Table { tree: MAILS, owner: "mail", indexes: &[], scope: Scope::Gateway };
}

pub fn at(id: Uuid) -> Key<Mail> {
    Mail::key().uuid(id)
}
