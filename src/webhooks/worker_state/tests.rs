//! Tests of the worker's state.

use futures_util::FutureExt;

use crate::{
    domain::clock::from_seconds,
    webhooks::{
        attempt::PostOutcome, in_flight::new_delivery, results::AttemptResult, stored::Attempt,
        uncommitted::CURSOR_STEP, worker_state::*,
    },
};

fn worker_state() -> WorkerState {
    let mut state = WorkerState::new(10);
    state.start_reading(&WebhookCursor::up_to(0), 0);
    state
}

/// An event of this lane that was posted and answered so.
async fn answered(status: u16, fresh: NewDelivery) -> Result<FinishedAttempt, Error> {
    let (delivery, at) = (fresh.delivery, from_seconds(0));
    let attempt = Attempt {
        delivery: delivery.id,
        number: 1,
        at,
        duration_ms: 1,
        status: Some(status),
        error: None,
        response: None,
        is_public: false,
    };
    let result = AttemptResult::Posted(PostOutcome { attempt, retry_after: None, begun: at });
    Ok(FinishedAttempt { delivery, is_new: true, result })
}

/// The same for a delivery from the queue.
async fn answered_later(status: u16, fresh: NewDelivery) -> Result<FinishedAttempt, Error> {
    Ok(FinishedAttempt { is_new: false, ..answered(status, fresh).await? })
}

async fn let_one_end(state: &mut WorkerState) {
    let finished = state.attempts.next().await.unwrap();
    state.end(Uuid::nil(), finished);
}

#[tokio::test]
async fn a_lane_waits_for_the_disk_except_after_a_delivery_at_the_first_attempt() {
    let mut state = worker_state();
    for (lane, status) in [("well", 200), ("failing", 500)] {
        state.attempts.start(lane.to_owned(), answered(status, new_delivery(lane, 1)));
        let_one_end(&mut state).await;
    }
    state.attempts.start("line".to_owned(), answered_later(200, new_delivery("line", 1)));
    let_one_end(&mut state).await;
    assert!(!state.attempts.is_busy("well"), "it has no queue entry");
    assert_eq!(state.next_group().unwrap().finished.len(), 3);
    state.commits.spawn(std::future::pending());
    state.attempts.start("failing".to_owned(), answered(500, new_delivery("later", 1)));
    let_one_end(&mut state).await;
    assert!(state.next_group().is_none(), "one group at a time");
    assert!(state.attempts.is_busy("failing") && state.attempts.is_busy("line"));
    state.commits.shutdown().await;
    state.group_committed(Uuid::nil(), Ok(Ok(Vec::new())));
    assert!(!state.attempts.is_busy("failing") && !state.attempts.is_busy("line"));
    assert_eq!(state.next_group().unwrap().finished.len(), 1);
}

#[tokio::test]
async fn events_of_a_chat_that_go_well_follow_each_other_and_are_recorded_in_order() {
    let mut state = worker_state();
    (1..=3).for_each(|seq| place(&mut state, "a", seq, false));
    assert_eq!(try_next(&mut state, 200).await, 1);
    let group = state.next_group().unwrap();
    assert_eq!(group.cursor, WebhookCursor { read_to: 3, open: vec![2, 3] });
    assert_eq!((try_next(&mut state, 200).await, try_next(&mut state, 500).await), (2, 3));
    state.group_committed(Uuid::nil(), Ok(Ok(Vec::new())));
    assert!(state.is_taken("a"), "the failure is not recorded");
    let numbers: Vec<u64> =
        state.next_group().unwrap().finished.iter().map(|finished| finished.delivery.seq).collect();
    assert_eq!(numbers, [2, 3]);
}

#[tokio::test]
async fn results_that_hold_up_no_lane_wait_for_others_while_attempts_are_in_flight() {
    let mut state = worker_state();
    state.attempts.start("slow".to_owned(), std::future::pending());
    state.attempts.start("a".to_owned(), answered(200, new_delivery("a", 1)));
    let_one_end(&mut state).await;
    assert!(state.next_group().is_none() && state.group_delay().is_some());
    state.attempts.start("b".to_owned(), answered(500, new_delivery("b", 2)));
    let_one_end(&mut state).await;
    assert_eq!(state.group_delay(), None, "its lane waits");
    assert_eq!(state.next_group().unwrap().finished.len(), 2);
    state.group_committed(Uuid::nil(), Ok(Ok(Vec::new())));
    state.attempts.start("c".to_owned(), answered(200, new_delivery("c", 3)));
    let_one_end(&mut state).await;
    assert!(state.next_group().is_none());
    state.attempts.shutdown().await;
    assert_eq!(state.next_group().unwrap().finished.len(), 1, "nothing else will come");
}

#[tokio::test]
async fn results_that_are_not_committed_are_bounded() {
    let mut state = worker_state();
    let mut started = 0;
    while 0 < state.free_slots() {
        let lane = started.to_string();
        state.attempts.start(lane.clone(), answered(200, new_delivery(&lane, 1)));
        let_one_end(&mut state).await;
        started += 1;
    }
    assert_eq!((started, state.results.attempts()), (MOST_UNCOMMITTED, MOST_UNCOMMITTED));
    let group = state.next_group().unwrap();
    assert_eq!(
        (group.finished.len(), state.free_slots()),
        (MOST_UNCOMMITTED, 0),
        "until it is on the disk"
    );
    state.group_committed(Uuid::nil(), Ok(Ok(Vec::new())));
    assert_eq!((state.free_slots(), state.attempts.busy_lanes()), (10, 0));
}

#[tokio::test]
async fn a_small_group_waits_for_no_flush_by_others_once_much_waits_behind_it() {
    let mut state = worker_state();
    let mut end = async |status, lane: String| {
        state.attempts.start(lane.clone(), answered(status, new_delivery(&lane, 1)));
        let_one_end(&mut state).await;
        state.next_group()
    };
    let group = end(200, "first".to_owned()).await.unwrap();
    for number in 0..MOST_UNCOMMITTED / 10 {
        assert!(end(200, number.to_string()).await.is_none());
    }
    assert_eq!(group.hurry.notified().now_or_never(), None, "a few can wait");
    for number in MOST_UNCOMMITTED / 10..MOST_UNCOMMITTED / 2 {
        assert!(end(200, number.to_string()).await.is_none());
    }
    assert_eq!(group.hurry.notified().now_or_never(), Some(()));
}

#[tokio::test]
async fn a_small_group_waits_for_no_flush_by_others_once_a_lane_waits_behind_it() {
    let mut state = worker_state();
    let mut end = async |status, lane: &str| {
        state.attempts.start(lane.to_owned(), answered(status, new_delivery(lane, 1)));
        let_one_end(&mut state).await;
        state.next_group()
    };
    let group = end(200, "well").await.unwrap();
    assert!(end(500, "failing").await.is_none());
    assert_eq!(group.hurry.notified().now_or_never(), Some(()));
}

#[tokio::test]
async fn an_attempt_that_breaks_off_frees_its_lane_and_the_endpoint_rests() {
    let mut state = worker_state();
    state.attempts.start("a".to_owned(), async { Err(Error::internal("no disk")) });
    state.attempts.start("b".to_owned(), async { panic!("a fault") });
    while !state.attempts.is_empty() {
        let_one_end(&mut state).await;
    }
    assert!(state.attempts.busy_lanes() == 0 && state.results.is_empty());
    assert!(state.backoff().is_some());
}

/// An event of a lane, as it comes from the log.
fn place(state: &mut WorkerState, lane: &str, seq: u64, is_queued: bool) {
    state.route(new_delivery(lane, seq), is_queued);
    state.in_flight.iter_mut().for_each(|in_flight| in_flight.advance(seq));
}

/// Starts the first event that may be, which is answered so.
async fn try_next(state: &mut WorkerState, status: u16) -> u64 {
    let next = state.in_flight.as_mut().and_then(InFlight::start).unwrap();
    let seq = next.delivery.seq;
    state.attempts.start(next.delivery.lane.clone(), answered(status, next));
    let_one_end(state).await;
    seq
}

fn to_queue(group: &ResultGroup) -> Vec<u64> {
    group.to_queue.iter().map(|delivery| delivery.seq).collect()
}

#[tokio::test]
async fn events_behind_a_failure_follow_it_into_the_queue_and_other_lanes_go_on() {
    let mut state = worker_state();
    for (seq, lane) in (1..).zip(["a", "a", "b", "a"]) {
        place(&mut state, lane, seq, false);
    }
    assert_eq!(try_next(&mut state, 500).await, 1);
    let group = state.next_group().unwrap();
    assert_eq!(group.cursor, WebhookCursor { read_to: 4, open: vec![2, 3, 4] });
    // The lane waits in the queue now.
    state.group_committed(Uuid::nil(), Ok(Ok(vec!["a".to_owned()])));
    place(&mut state, "a", 5, true);
    place(&mut state, "c", 6, true);
    assert_eq!(try_next(&mut state, 200).await, 3);
    assert!(state.in_flight.as_ref().unwrap().first().is_none());
    let group = state.next_group().unwrap();
    assert_eq!(to_queue(&group), [2, 4, 5, 6]);
    assert_eq!(group.cursor, WebhookCursor::up_to(6));
    assert!(!state.is_taken("a"), "the queued head comes first");
    place(&mut state, "c", 7, false);
    state.group_committed(Uuid::nil(), Ok(Ok(Vec::new())));
    assert_eq!(to_queue(&state.next_group().unwrap()), [7], "behind one that was on its way");
}

#[tokio::test]
async fn an_event_that_belongs_before_the_queue_holds_up_its_lane_there() {
    let mut state = worker_state();
    place(&mut state, "a", 1, false);
    assert!(state.is_taken("a") && !state.is_taken("b"));
    state.queue_all();
    assert!(state.is_taken("a"));
    assert_eq!(to_queue(&state.next_group().unwrap()), [1]);
    assert!(state.is_taken("a"), "until it is recorded");
    state.group_committed(Uuid::nil(), Ok(Ok(Vec::new())));
    assert!(!state.is_taken("a"));
}

#[tokio::test]
async fn after_a_failed_commit_reading_starts_again_once_all_attempts_have_ended() {
    let mut state = worker_state();
    place(&mut state, "a", 1, false);
    place(&mut state, "b", 2, false);
    try_next(&mut state, 200).await;
    state.next_group().unwrap();
    let second = state.in_flight.as_mut().and_then(InFlight::start).unwrap();
    state.attempts.start("b".to_owned(), answered(200, second));
    state.group_committed(Uuid::nil(), Ok(Err(Error::internal("no disk"))));
    assert!(!state.is_drained() && state.backoff().is_some());
    assert_eq!((state.free_slots(), state.is_taken("a"), state.is_taken("b")), (0, false, true));
    let_one_end(&mut state).await;
    assert!(state.is_drained() && state.results.is_empty() && state.next_group().is_none());
    assert!(!state.is_taken("b"));
}

#[tokio::test]
async fn a_cursor_without_results_is_committed_now_and_then() {
    let mut state = worker_state();
    state.in_flight.iter_mut().for_each(|in_flight| in_flight.advance(CURSOR_STEP - 1));
    assert!(state.next_group().is_none());
    state.in_flight.iter_mut().for_each(|in_flight| in_flight.advance(CURSOR_STEP));
    assert_eq!(state.next_group().unwrap().cursor, WebhookCursor::up_to(CURSOR_STEP));
}
