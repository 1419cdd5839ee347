//! Work items: tickets and tasks, which people keep beside conversations until they are done.
//!
//! ```text
//!  caller, rule ──▶ record + lists + timeline entry + event, one commit ──▶ webhooks, notifications
//!                     └──▶ job at the time that it is due ──▶ event ──▶ notification of the assignee
//! ```
//!
//! A ticket is of a bot and has a number; a visitor of a web chat can open a few (`visitors`). A task is somebody's. This module does not know who sees which.

mod due_job;
mod event;
mod item;
mod rules;
mod service;
mod visitors;

pub use self::{
    due_job::DueJob,
    event::WorkItemEvent,
    item::{ItemKind, ItemStatus, Priority, WorkItem},
    rules::{ItemChange, ItemDraft, LONGEST_DESCRIPTION, LONGEST_REQUESTER, LONGEST_TITLE},
    service::{ItemFilter, ItemList, ItemPage, WorkItems},
    visitors::MOST_OF_VISITOR,
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<WorkItem>()];
