//! Merge of lists by last activity, newest first, read in steps: each step is one call to the store.

use std::{cmp::Reverse, collections::VecDeque};

use crate::{
    domain::SessionId,
    inbox::state::{InboxState, in_list},
    store::{Found, IndexKey, Store, StoreError},
};

/// Conversations of each list in the first step; each further step reads twice as many.
const FIRST_STEP: usize = 32;
const LONGEST_STEP: usize = 1_024;

pub struct Merge<'a> {
    store: &'a Store,
    streams: Vec<Stream>,
    step: usize,
}

/// The position in one list of one session.
struct Stream {
    list: IndexKey<InboxState>,
    after: Option<IndexKey<InboxState>>,
    /// Read and not returned yet.
    ahead: VecDeque<InboxState>,
    is_over: bool,
}

impl Stream {
    fn head(&self) -> Option<Order<'_>> {
        self.ahead.front().map(order)
    }
}

/// The order of a merged list: newest activity first, in milliseconds as in the index, then by session and chat.
pub type Order<'a> = (Reverse<i64>, &'a str, &'a str);

pub fn order(state: &InboxState) -> Order<'_> {
    let at = state.listed.last_activity.as_millisecond();
    (Reverse(at), state.session.as_str(), state.chat.as_str())
}

impl<'a> Merge<'a> {
    /// Merges disjoint lists of these sessions. Only what comes behind `before`, if that is given. Where the caller
    /// wants so many of them and no more, a single list is read no further in the first step.
    pub fn new(
        store: &'a Store,
        sessions: &[SessionId],
        lists: &[String],
        (before, wanted): (Option<&InboxState>, Option<usize>),
    ) -> Self {
        let stream = |session: &SessionId, list: &str| Stream {
            list: in_list(session, list),
            after: before.map(|before| behind(session, list, before)),
            ahead: VecDeque::new(),
            is_over: false,
        };
        let streams: Vec<Stream> = sessions
            .iter()
            .flat_map(|session| lists.iter().map(move |list| stream(session, list)))
            .collect();
        let step = match wanted {
            Some(wanted) if streams.len() == 1 => wanted.clamp(1, LONGEST_STEP),
            _ => FIRST_STEP,
        };
        Self { store, streams, step }
    }

    /// The next conversations; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<InboxState>>, StoreError> {
        self.read_ahead().await?;
        let mut next = Vec::new();
        // The next one is known as long as each list that has more has one in its buffer.
        while self.streams.iter().all(|one| one.is_over || !one.ahead.is_empty()) {
            let heads = self.streams.iter_mut().filter(|one| !one.ahead.is_empty());
            let newest = heads.min_by(|a, b| a.head().cmp(&b.head()));
            match newest.and_then(|one| one.ahead.pop_front()) {
                Some(state) => next.push(state),
                None => break,
            }
        }
        Ok(Some(next).filter(|next| !next.is_empty()))
    }

    /// Reads the next step of the lists whose buffer is empty.
    async fn read_ahead(&mut self) -> Result<(), StoreError> {
        let mut empty: Vec<&mut Stream> =
            self.streams.iter_mut().filter(|one| one.ahead.is_empty() && !one.is_over).collect();
        if empty.is_empty() {
            return Ok(());
        }
        // The store may never wait, so yield to other tasks between two steps.
        tokio::task::yield_now().await;
        let part = |one: &&mut Stream| {
            let part = one.list.clone().below();
            match &one.after {
                Some(key) => part.after(key),
                None => part,
            }
        };
        let parts = empty.iter().map(part).collect();
        let pages: Vec<Vec<Found<InboxState>>> = self.store.follow_many(parts, self.step).await?;
        for (one, page) in empty.iter_mut().zip(pages) {
            one.is_over = page.len() < self.step;
            one.after = page.last().map(|last| last.entry.clone()).or(one.after.take());
            one.ahead = page.into_iter().map(|found| found.record).collect();
        }
        self.step = (self.step * 2).min(LONGEST_STEP);
        Ok(())
    }
}

/// The last key of a list that does not come behind a conversation in the merged order.
fn behind(session: &SessionId, list: &str, before: &InboxState) -> IndexKey<InboxState> {
    let at = in_list(session, list).time_descending(before.listed.last_activity);
    match session.as_str().cmp(before.session.as_str()) {
        std::cmp::Ordering::Less => at.text(&char::MAX.to_string()),
        std::cmp::Ordering::Equal => at.text(before.chat.as_str()),
        std::cmp::Ordering::Greater => at,
    }
}
