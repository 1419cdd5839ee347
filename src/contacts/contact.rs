//! The record of a contact, and what it is found by.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `BusinessContacts` | id, which follows the order of creation | [`Contact`] |
//! | `ContactsByAddress` | address | the key of the one contact that has it |
//! | `ContactsByName` | folded name, id | the key of the contact |
//! | `ContactsByActivity` | time of the last message, id | the key of the contact |
//! | `ContactsByWord` | folded word of the name, id | the key of the contact |
//! | `ContactsByEmail` | folded e-mail address, id | the key of the contact |
//! | `ContactsByDigits` | an end of the number, id | the key of the contact |
//! | `ContactsByTag` | folded tag, id | the key of the contact |
//! | `ContactsByTrait` | trait, id | the key of the contact |
//! | `FormerContacts` | id | [`FormerContact`] |
//! | `FormerContactsByAddress` | address, id | the key of the former contact |

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    contacts::{
        consent::{Consent, Medium},
        tags::folded,
    },
    domain::{
        Error, ErrorCode, Jid, JidKind, SessionId, Timestamp, details::AdContext, fold::fold,
    },
    store::{Index, IndexKey, Key, Record, Scope, Table, Tree},
};

/// Words of a name by which it is found, and characters of each.
const MOST_WORDS: usize = 8;
const LONGEST_WORD: usize = 32;
/// Characters of a folded name in the index.
const LONGEST_SORTED: usize = 64;
/// Digits of the shortest end of a number in the index: a search for fewer digits finds beginnings.
const FEWEST_DIGITS: usize = 3;

/// Something by which one contact alone is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// The digits of a telephone number, which WhatsApp and SMS share.
    Phone(String),
    /// The digits of a hidden WhatsApp id.
    Lid(String),
    /// The e-mail address of somebody of whom no number is known, as it is compared.
    Email(String),
}

impl Address {
    pub fn phone(digits: &str) -> Self {
        Self::Phone(digits.to_owned())
    }

    pub fn lid(digits: &str) -> Self {
        Self::Lid(digits.to_owned())
    }

    pub fn email(email: &str) -> Self {
        Self::Email(fold(email))
    }

    /// The address of the person whom a chat is with; none for groups and the like.
    pub fn of_chat(chat: &Jid) -> Option<Self> {
        match chat.kind() {
            JidKind::Person => Some(Self::phone(chat.user())),
            JidKind::Lid => Some(Self::lid(chat.user())),
            JidKind::Group | JidKind::Broadcast | JidKind::Newsletter | JidKind::Web => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Phone(digits) => format!("tel:{digits}"),
            Self::Lid(digits) => format!("lid:{digits}"),
            Self::Email(email) => format!("mail:{email}"),
        }
    }
}

/// An advertisement that led a contact to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdTouch {
    pub ad: AdContext,
    pub captured_at: Timestamp,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Uuid>,
    /// None where it was not noted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    pub id: Uuid,
    /// Digits with the country code; none for somebody who is known by a hidden id alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Where the person works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// The bots that the person belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bots: Vec<Uuid>,
    /// Each once, whatever its case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(default, skip_serializing_if = "is_undecided")]
    pub whatsapp: Consent,
    #[serde(default, skip_serializing_if = "is_undecided")]
    pub sms: Consent,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub custom_fields: Map<String, Value>,
    /// What callers note, beside the advertisements.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
    /// The first advertisement that led the contact here, and the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_ad: Option<Box<AdTouch>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ad: Option<Box<AdTouch>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message_at: Option<Timestamp>,
    /// Contacts that turned out to be the same person. Their timelines are read as this one's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formerly: Vec<Uuid>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

fn is_undecided(consent: &Consent) -> bool {
    *consent == Consent::default()
}

impl Contact {
    /// A contact that nothing is known of yet.
    pub fn new(at: Timestamp) -> Self {
        Self {
            id: Uuid::now_v7(),
            phone: None,
            lid: None,
            name: None,
            email: None,
            company: None,
            bots: Vec::new(),
            tags: Vec::new(),
            whatsapp: Consent::default(),
            sms: Consent::default(),
            custom_fields: Map::new(),
            attributes: Map::new(),
            first_ad: None,
            last_ad: None,
            notes: None,
            last_message_at: None,
            formerly: Vec::new(),
            created_at: at,
            updated_at: at,
        }
    }

    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }

    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        let phone = self.phone.as_deref().map(Address::phone);
        let lid = self.lid.as_deref().map(Address::lid);
        let is_unnumbered = phone.is_none() && lid.is_none();
        let email = self.email.as_deref().filter(|_| is_unnumbered).map(Address::email);
        [phone, lid, email].into_iter().flatten()
    }

    /// The chats that the contact may have in a session of WhatsApp or SMS, one for each of its ids.
    pub fn chats(&self) -> Vec<Jid> {
        let phone = self.phone.as_ref().map(|digits| format!("{digits}@c.us"));
        let lid = self.lid.as_ref().map(|digits| format!("{digits}@lid"));
        [phone, lid].into_iter().flatten().filter_map(|id| id.parse().ok()).collect()
    }

    /// The chat that a message to the contact goes to.
    pub fn chat(&self) -> Result<Jid, Error> {
        self.chats().into_iter().next().ok_or_else(|| {
            Error::new(ErrorCode::Conflict, "this contact has no number that can be written to")
        })
    }

    pub fn consent(&self, medium: Medium) -> &Consent {
        match medium {
            Medium::WhatsApp => &self.whatsapp,
            Medium::Sms => &self.sms,
        }
    }

    pub fn consent_mut(&mut self, medium: Medium) -> &mut Consent {
        match medium {
            Medium::WhatsApp => &mut self.whatsapp,
            Medium::Sms => &mut self.sms,
        }
    }

    /// The first word of the name.
    pub fn first_name(&self) -> Option<&str> {
        self.name.as_deref()?.split_whitespace().next()
    }

    /// Media by which the contact is written to.
    pub fn media(&self) -> Vec<Medium> {
        let by_sms = self.phone.is_some() && self.sms.opted_in;
        [Some(Medium::WhatsApp), by_sms.then_some(Medium::Sms)].into_iter().flatten().collect()
    }

    pub fn traits(&self) -> Vec<Trait> {
        let opted_in = |medium| Trait::OptedIn(medium, self.consent(medium).opted_in);
        let media = self.media().into_iter().map(Trait::Medium);
        let bots = self.bots.iter().copied().map(Trait::Bot);
        media.chain([opted_in(Medium::WhatsApp)]).chain(bots).collect()
    }

    /// The place of a contact by its name, by its last message.
    pub fn sorted_by_name(&self) -> IndexKey<Self> {
        let name = fold(self.name.as_deref().unwrap_or_default());
        let name: String = name.chars().take(LONGEST_SORTED).collect();
        BY_NAME.key().text(&name).uuid(self.id)
    }

    pub fn sorted_by_activity(&self) -> IndexKey<Self> {
        BY_ACTIVITY.key().time(self.last_message_at.unwrap_or(Timestamp::UNIX_EPOCH)).uuid(self.id)
    }
}

/// What contacts are filtered by, beside tags and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trait {
    OptedIn(Medium, bool),
    Medium(Medium),
    Bot(Uuid),
}

impl Trait {
    fn text(self) -> Cow<'static, str> {
        let text = match self {
            Self::OptedIn(Medium::WhatsApp, true) => "opted in",
            Self::OptedIn(Medium::WhatsApp, false) => "not opted in",
            Self::OptedIn(Medium::Sms, true) => "opted in by sms",
            Self::OptedIn(Medium::Sms, false) => "not opted in by sms",
            Self::Medium(Medium::WhatsApp) => "whatsapp",
            Self::Medium(Medium::Sms) => "sms",
            Self::Bot(bot) => return Cow::Owned(format!("bot {bot}")),
        };
        Cow::Borrowed(text)
    }
}

const CONTACTS: Tree = Tree::new(120, "BusinessContacts");
const CONTACTS_BY_ADDRESS: Tree = Tree::new(121, "ContactsByAddress");
const CONTACTS_BY_NAME: Tree = Tree::new(122, "ContactsByName");
const CONTACTS_BY_ACTIVITY: Tree = Tree::new(123, "ContactsByActivity");
const CONTACTS_BY_WORD: Tree = Tree::new(124, "ContactsByWord");
const CONTACTS_BY_DIGITS: Tree = Tree::new(125, "ContactsByDigits");
const CONTACTS_BY_TAG: Tree = Tree::new(126, "ContactsByTag");
const CONTACTS_BY_TRAIT: Tree = Tree::new(127, "ContactsByTrait");
const CONTACTS_BY_EMAIL: Tree = Tree::new(218, "ContactsByEmail");
const FORMER_CONTACTS: Tree = Tree::new(128, "FormerContacts");
const FORMER_CONTACTS_BY_ADDRESS: Tree = Tree::new(129, "FormerContactsByAddress");

const BY_ADDRESS: Index<Contact> = Index::new(CONTACTS_BY_ADDRESS);
pub const BY_NAME: Index<Contact> = Index::new(CONTACTS_BY_NAME);
pub const BY_ACTIVITY: Index<Contact> = Index::new(CONTACTS_BY_ACTIVITY);
pub const BY_WORD: Index<Contact> = Index::new(CONTACTS_BY_WORD);
pub const BY_EMAIL: Index<Contact> = Index::new(CONTACTS_BY_EMAIL);
pub const BY_DIGITS: Index<Contact> = Index::new(CONTACTS_BY_DIGITS);
const BY_TAG: Index<Contact> = Index::new(CONTACTS_BY_TAG);
const BY_TRAIT: Index<Contact> = Index::new(CONTACTS_BY_TRAIT);
const FORMER_BY_ADDRESS: Index<FormerContact> = Index::new(FORMER_CONTACTS_BY_ADDRESS);

/// The entry of an address, which no two contacts have.
pub fn by_address(address: &Address) -> IndexKey<Contact> {
    BY_ADDRESS.key().text(&address.text())
}

pub fn by_tag(tag: &str) -> IndexKey<Contact> {
    BY_TAG.key().text(&folded(tag))
}

pub fn by_trait(one: Trait) -> IndexKey<Contact> {
    BY_TRAIT.key().text(&one.text())
}

/// The folded words of a text by which names are found.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words: Vec<String> = Vec::new();
    let all = folded.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in all.map(|word| word.chars().take(LONGEST_WORD).collect::<String>()) {
        if words.len() < MOST_WORDS && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// The ends of a number, the whole of it first.
fn ends(digits: &str) -> impl Iterator<Item = &str> {
    let last = digits.len().saturating_sub(FEWEST_DIGITS);
    (0..=last).filter_map(|start| digits.get(start..))
}

impl Record for Contact {
    const TABLE: Table = Table {
        tree: CONTACTS,
        owner: "contacts",
        indexes: &[
            CONTACTS_BY_ADDRESS,
            CONTACTS_BY_NAME,
            CONTACTS_BY_ACTIVITY,
            CONTACTS_BY_WORD,
            CONTACTS_BY_DIGITS,
            CONTACTS_BY_TAG,
            CONTACTS_BY_TRAIT,
            CONTACTS_BY_EMAIL,
        ],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let mut entries: Vec<IndexKey<Self>> =
            self.addresses().map(|address| by_address(&address)).collect();
        entries.extend([self.sorted_by_name(), self.sorted_by_activity()]);
        let words = self.name.as_deref().map(words).unwrap_or_default();
        entries.extend(words.iter().map(|word| BY_WORD.key().text(word).uuid(self.id)));
        let email = self.email.as_deref();
        entries.extend(email.map(|email| BY_EMAIL.key().text(&fold(email)).uuid(self.id)));
        let digits = self.phone.as_deref().into_iter().flat_map(ends);
        entries.extend(digits.map(|end| BY_DIGITS.key().text(end).uuid(self.id)));
        entries.extend(self.tags.iter().map(|tag| by_tag(tag).uuid(self.id)));
        entries.extend(self.traits().into_iter().map(|one| by_trait(one).uuid(self.id)));
        entries
    }
}

/// A contact that was deleted, or merged into another. It has no address any more; who opted out is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FormerContact {
    pub contact: Contact,
    pub deleted_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Uuid>,
}

impl FormerContact {
    pub fn at(id: Uuid) -> Key<Self> {
        Self::key().uuid(id)
    }
}

/// The former contacts that had an address.
pub fn formerly_at(address: &Address) -> IndexKey<FormerContact> {
    FORMER_BY_ADDRESS.key().text(&address.text())
}

impl Record for FormerContact {
    const TABLE: Table = Table {
        tree: FORMER_CONTACTS,
        owner: "contacts",
        indexes: &[FORMER_CONTACTS_BY_ADDRESS],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let id = self.contact.id;
        self.contact.addresses().map(|address| formerly_at(&address).uuid(id)).collect()
    }
}
