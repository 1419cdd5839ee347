//! Campaigns: broadcasts of a template to the contacts with some tags.
//!
//! ```text
//! service ──▶ Broadcast ──(now, or by a job)──▶ runner: recipients noted ─▶ fed to the outbox, at most 20 ahead
//!                                                                                      │
//!               stats, recipients ◀── consumer of the log: sent, failed, delivered, read ◀─┘
//! ```
//!
//! One broadcast is sent at a time. Its record says how far it has come and is changed by the runner alone; what became of
//! its messages is another record, which the consumer alone changes: so the two never wait for each other. `pacing`
//! decides the next step, purely. A message has a key of broadcast and contact, and its entry of the outbox is in the
//! commit that moves its recipient on: everybody gets it once, wherever the gateway is killed.

mod broadcast;
mod consumer;
mod event;
mod feeding;
mod gathering;
mod material;
mod pacing;
mod preview;
mod recipient;
mod recipient_state;
mod runner;
mod service;
mod settings;
mod start_job;
mod status;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    broadcast::{Broadcast, TemplateUse},
    consumer::BroadcastConsumer,
    event::{CampaignEvent, Stats},
    pacing::Waiting,
    preview::Preview,
    recipient::Recipient,
    recipient_state::State,
    service::{
        BroadcastChange, BroadcastDraft, CampaignParts, Campaigns, EVERYBODY, RecipientPage, Shown,
    },
    start_job::StartJob,
    status::Status,
};
use crate::{events::Consumers, store::Declaration};

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<Broadcast>(),
    Declaration::of::<Recipient>(),
    Declaration::of::<recipient::Outcome>(),
    Declaration::of::<recipient::Day>(),
];

/// Starts the consumer of the log and the runner.
pub fn start(
    campaigns: &Campaigns,
    consumers: &Consumers,
    tasks: &TaskTracker,
    stop: CancellationToken,
) {
    consumers.start(BroadcastConsumer::of(campaigns), tasks, stop.clone());
    tasks.spawn(runner::Runner::new(campaigns.clone()).run(stop));
}
