//! The record of a payment link, and the lists that it is in.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `PaymentLinks` | id, which follows the order of creation | [`PaymentLink`] |
//! | `PaymentLinksByList` | list, id | the key of the link |

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    contacts::Actor,
    domain::{Amount, Currency, Timestamp},
    providers::payments::ProviderKind,
    store::{Index, IndexKey, Key, Record, Scope, Table, Tree},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LinkStatus {
    Active,
    Paid,
    Expired,
    Cancelled,
}

impl LinkStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Paid => "PAID",
            Self::Expired => "EXPIRED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl fmt::Display for LinkStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentLink {
    pub id: Uuid,
    pub amount: Amount,
    pub currency: Currency,
    pub description: String,
    /// What a payment is recognised by, where people read it.
    pub reference: String,
    pub status: LinkStatus,
    pub provider: ProviderKind,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub created_by: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

impl PaymentLink {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    /// Whether it can be paid at a time. What ends it on time may come a moment later.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.status == LinkStatus::Active && self.expires_at.is_none_or(|end| now < end)
    }

    /// What a contact is sent.
    pub fn text(&self) -> String {
        let Self { description, amount, currency, url, .. } = self;
        format!("{description}: {amount} {currency} – {url}")
    }

    /// The lists that it is in.
    pub fn lists(&self) -> Vec<List> {
        let contact = self.contact;
        let mut lists = vec![
            List { status: None, contact: None },
            List { status: Some(self.status), contact: None },
        ];
        if contact.is_some() {
            lists.extend([
                List { status: None, contact },
                List { status: Some(self.status), contact },
            ]);
        }
        lists
    }
}

/// The links of a status and of a contact; none for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct List {
    pub status: Option<LinkStatus>,
    pub contact: Option<Uuid>,
}

impl List {
    pub fn name(&self) -> String {
        let status = self.status.map_or("*", LinkStatus::as_str);
        match self.contact {
            Some(contact) => format!("{status} {contact}"),
            None => status.to_owned(),
        }
    }
}

const PAYMENT_LINKS_BY_LIST: Tree = Tree::new(191, "PaymentLinksByList");
const BY_LIST: Index<PaymentLink> = Index::new(PAYMENT_LINKS_BY_LIST);

/// The beginning of the entries of a list, which come in the order of creation.
pub fn by_list(list: &List) -> IndexKey<PaymentLink> {
    BY_LIST.key().text(&list.name())
}

impl Record for PaymentLink {
    const TABLE: Table = Table {
        tree: Tree::new(190, "PaymentLinks"),
        owner: "payments",
        indexes: &[PAYMENT_LINKS_BY_LIST],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        self.lists().iter().map(|list| by_list(list).uuid(self.id)).collect()
    }
}
