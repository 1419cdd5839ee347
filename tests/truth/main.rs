//! What the gateway says is true: one file of scenarios for each rule, over HTTP, on both engines. The
//! browser engine runs in real Chromium.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails"
)]

/// Runs each scenario of a file on the engine in process and on the one in Chromium.
macro_rules! on_both_engines {
    ($($scenario:ident)*) => {
        mod simulated {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                super::$scenario(crate::stage::Stage::start("simulated").await).await;
            })*
        }
        mod browser {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                super::$scenario(crate::stage::Stage::start("browser").await).await;
            })*
        }
    };
}

mod addresses;
mod channels;
mod contact_cards;
mod chat_rules;
mod cut_line;
mod deleted_messages;
mod earlier_lives;
mod empty_parameters;
mod failed_sends;
mod files;
mod flushes;
mod group_receipts;
mod last_messages;
mod late_listeners;
mod lid_accounts;
mod locations;
mod lost_login;
mod mentions;
mod not_now;
mod notices;
mod old_group_ids;
mod own_chat;
mod pairing;
mod polls;
mod posted_back;
mod refused_sends;
mod retries;
mod rules;
mod slow_pages;
mod small_truths;
mod stage;
mod stories;
#[path = "../support/mod.rs"]
mod support;
mod unknown;
mod unloaded_groups;
mod voice_notes;
