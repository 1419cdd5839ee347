//! A person in WhatsApp's address book.

use serde::{Deserialize, Serialize};

use crate::domain::Jid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    pub id: Jid,
    /// The same person's hidden identity, when it is known.
    pub lid: Option<Jid>,
    /// The name in the session's own address book.
    pub name: Option<String>,
    pub short_name: Option<String>,
    /// The name that the person chose.
    pub push_name: Option<String>,
    pub in_address_book: bool,
    pub on_whatsapp: bool,
    #[serde(default)]
    pub business: bool,
    #[serde(default)]
    pub blocked: bool,
    pub picture: Option<Picture>,
}

/// A profile picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Picture {
    pub id: Option<String>,
    pub url: Option<String>,
    /// A small JPEG as a data URL.
    pub thumbnail: Option<String>,
}

impl Contact {
    /// The best known name; the number if none is known.
    pub fn display_name(&self) -> &str {
        let named = self.name.as_deref().or(self.push_name.as_deref());
        named.filter(|name| !name.is_empty()).unwrap_or_else(|| self.id.user())
    }
}
