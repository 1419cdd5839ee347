//! Contacts: the people whom a business writes with, their consent, tags and timeline.
//!
//! A contact is found by its addresses: a telephone number, which WhatsApp and SMS share, and a hidden WhatsApp id
//! (LID). No two contacts share an address. The address book of a phone is something else (`messaging/directory`).
//! Each change is one commit with its events ([`ContactEvent`]), its timeline entries and the counters. This module
//! knows no HTTP, no session and no conversation.
//!
//! # What a consumer of the log calls, on its own transaction
//!
//! ```ignore
//! // A message came in: the contact is found or made, opted in, tagged; STOP and START are obeyed.
//! let received = intake.receive(&mut work, &Inbound { .. }).await?;      // Received { contact, is_new, keyword, .. }
//! // A message went out to a contact, or something else happened with it.
//! contacts::note(&work, contact.id, at, vec![NewEntry::new(EntryKind::MessageSent, Actor::GATEWAY, data)]).await?;
//! contacts::message_sent(&mut work, contact.id, at, entry).await?;       // the same, and the last activity
//! // The event `identity_learned`.
//! let merged = contacts::identity_learned(&mut work, &lid, &phone, at).await?; // Some(Merged { kept, gone })
//! // What a policy asks.
//! let contact = contacts::find_in(work.store(), &Address::phone("15550000001")).await?;
//! let contact = contacts::get_in(work.store(), id).await?;                // follows a merge
//! ```
//!
//! `Address::of_chat(&jid)` is the address of a chat with one person. Nothing here commits: the caller does.

mod actor;
mod audience;
mod auto_tags;
mod changes;
mod checks;
mod consent;
mod contact;
mod event;
mod import;
mod inbound;
mod keyword;
mod ledger;
mod list;
mod merge;
mod rule_changes;
mod rules;
mod service;
mod tag_counts;
mod tags;
#[cfg(test)]
mod tests;
mod timeline;
mod within;

pub use self::{
    actor::{Actor, ActorKind},
    auto_tags::Tagged,
    changes::{ContactChange, ContactDraft, OptInChange, READ_ONLY},
    checks::{MOST_TAGS, email, email as checked_email, phone as checked_phone, tag as check_tag},
    consent::{Consent, Medium, OptInSource, OptOutCause},
    contact::{AdTouch, Address, Contact},
    event::ContactEvent,
    import::{
        ContactImports, Duplicates, ImportOptions, Imported, MOST_ROWS, Mapping, Preview, RowError,
        SAMPLE,
    },
    inbound::{ContactIntake, Inbound, Received},
    keyword::Keyword,
    ledger::{Counts, find as find_in, get as get_in},
    list::{ContactFilter, ContactPage, Order, SortBy},
    merge::{Merged, identity_learned},
    rule_changes::{RuleChange, RuleDraft, Rules},
    rules::{MOST_RULES, Rule, RuleKind},
    service::Contacts,
    tag_counts::TagCount,
    timeline::{Entry, EntryKind, NewEntry, TimelinePage},
    within::{message_sent, note, note_known, opted_out_by_provider},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<Contact>(),
    Declaration::of::<contact::FormerContact>(),
    Declaration::of::<Entry>(),
    Declaration::of::<Rule>(),
    Declaration::of::<TagCount>(),
];
