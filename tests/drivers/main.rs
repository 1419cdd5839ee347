//! One contract, run against every engine: on the simulated network in process, and in Chromium on its
//! page. What only a browser can go through stands in `chromium`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod chromium;
mod contract;
mod reinjection;
mod login;
mod people;
mod planned;
#[path = "../support/processes.rs"]
mod processes;
mod recovery;
mod refused;
mod rules;
mod stage;
mod phone_events;

/// Runs each sentence of the contract on each engine.
macro_rules! on_every_engine {
    ($($sentence:ident)*) => {
        mod on_the_simulated_engine {
            $(#[tokio::test]
            async fn $sentence() {
                super::contract::$sentence(super::stage::Stage::in_process()).await;
            })*
        }

        mod in_chromium {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $sentence() {
                super::contract::$sentence(super::stage::Stage::chromium()).await;
            })*
        }
    };
}

on_every_engine! {
    a_phone_links_it_and_the_login_outlives_the_engine
    a_pairing_code_links_it
    logging_out_and_being_unlinked_end_the_login
    words_travel_both_ways_and_are_acknowledged
    a_message_can_be_changed_by_either_side
    a_message_deleted_for_oneself_stays_with_the_other
    every_kind_of_content_arrives
    files_travel_both_ways
    chats_and_their_history_can_be_read
    groups_are_made_and_changed
    what_cannot_be_done_is_refused_by_name
    a_lost_connection_is_reported_and_restored
    codes_run_out_and_new_ones_can_be_had
    actions_of_the_owner_on_the_phone_are_reported
    typing_and_its_end_are_reported
    a_reaction_can_be_taken_back
    the_history_has_reactions_with_their_senders
    votes_are_reported_and_stay_with_their_poll
    the_same_key_twice_is_one_message
    each_person_of_a_group_has_an_outcome
    nothing_is_done_to_a_deleted_message
    captions_are_edited_and_admins_delete_what_others_wrote
    a_refused_send_is_a_failure_and_nothing_of_it_is_listed
    a_refused_message_can_be_deleted_where_the_engine_keeps_it
    a_cut_connection_delays_everything_and_delivers_it_once
    a_slow_answer_is_one_message
    a_send_that_is_never_answered_can_be_sent_again_by_a_new_engine
    an_engine_that_ends_in_the_middle_of_a_send_has_sent_it_once_or_not_at_all
    a_temporary_refusal_is_reported_with_its_code
    an_agent_without_events_fails_its_probe_and_is_restored_by_a_reinjection
    a_reinjection_of_a_healthy_agent_repeats_no_event
    an_emptied_page_recovers_by_a_reload_alone
    a_hung_page_does_not_recover_and_can_be_closed
    both_ids_of_a_person_are_reported_once_they_are_known
    a_person_is_reached_by_either_id_in_one_chat
}
