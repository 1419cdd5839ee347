//! Live answers: what a model has said so far, for those who wait for it. In memory alone; what is said for good is in the
//! store.
//!
//! An answer has a place for each message that it answers. A place has all of the text, so that who comes late, or reads
//! slowly, misses nothing and holds up nobody.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{Notify, watch},
    time::{Duration, Instant},
};

use crate::domain::{Jid, SessionId};

/// Places of followers who left before an answer was begun are kept this long,
const KEPT: Duration = Duration::from_secs(900);
/// and so many of them.
const MOST_KEPT: usize = 10_000;

/// A message: its session, its chat and its key.
type Name = (SessionId, Jid, String);

/// Clones are the same.
#[derive(Clone, Default)]
pub struct LiveAnswers {
    places: Arc<Mutex<HashMap<Name, Arc<Place>>>>,
    /// Somebody left.
    left: Arc<Notify>,
}

struct Place {
    said: Mutex<Said>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Said {
    text: String,
    followers: usize,
    /// Whether somebody reads the pieces as they come.
    is_read: bool,
    left_at: Option<Instant>,
    is_worded: bool,
}

impl LiveAnswers {
    /// Waits for the answer to a message, by its key. A reader gets its pieces, and when all who wait have left and a
    /// reader was among them, the answer is given up.
    pub fn follow(
        &self,
        (session, chat): (&SessionId, &Jid),
        message: &str,
        reads: bool,
    ) -> Follower {
        let name = (session.clone(), chat.clone(), message.to_owned());
        let mut places = held(&self.places);
        if MOST_KEPT <= places.len() {
            places.retain(|_, place| !place.is_old());
        }
        let place = places.entry(name.clone()).or_default().clone();
        let mut said = held(&place.said);
        said.followers += 1;
        said.is_read |= reads;
        drop(said);
        let changed = place.changed.subscribe();
        Follower { live: self.clone(), name, place, changed, reads, read: 0, is_done: false }
    }

    /// Begins an answer to messages.
    pub fn begin(&self, (session, chat): (&SessionId, &Jid), messages: &[String]) -> Live {
        let mut places = held(&self.places);
        let name = |message: &String| (session.clone(), chat.clone(), message.clone());
        let names: Vec<Name> = messages.iter().map(name).collect();
        let of_answer = names.iter().map(|name| places.entry(name.clone()).or_default().clone());
        let of_answer: Vec<Arc<Place>> = of_answer.collect();
        for place in &of_answer {
            held(&place.said).is_worded = true;
        }
        Live { live: self.clone(), names, places: of_answer }
    }

    /// Returns when somebody leaves.
    pub async fn left(&self) {
        self.left.notified().await;
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        held(&self.places).len()
    }
}

impl Default for Place {
    fn default() -> Self {
        Self { said: Mutex::default(), changed: watch::Sender::new(()) }
    }
}

impl Place {
    /// Whether nobody needs it any more.
    fn is_old(&self) -> bool {
        let said = held(&self.said);
        said.followers == 0
            && !said.is_worded
            && said.left_at.is_none_or(|left| KEPT < left.elapsed())
    }
}

/// An answer that is being worded. Dropped, it is over.
pub struct Live {
    live: LiveAnswers,
    names: Vec<Name>,
    places: Vec<Arc<Place>>,
}

impl Live {
    /// Adds a piece.
    pub fn say(&self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        for place in &self.places {
            held(&place.said).text.push_str(piece);
            place.changed.send_replace(());
        }
    }

    /// Whether somebody has read of what was said, so that it stays said.
    pub fn is_read(&self) -> bool {
        let is_read = |place: &Arc<Place>| {
            let said = held(&place.said);
            said.is_read && !said.text.is_empty()
        };
        self.places.iter().any(is_read)
    }

    /// Takes back what was said, unless somebody has read it. Whether it was taken back.
    pub fn take_back(&self) -> bool {
        if self.is_read() {
            return false;
        }
        self.places.iter().for_each(|place| held(&place.said).text.clear());
        true
    }

    /// Whether a reader was there, and nobody waits any more.
    pub fn is_left(&self) -> bool {
        let left = self.places.iter().map(|place| {
            let said = held(&place.said);
            (said.followers, said.left_at.is_some())
        });
        let (followers, has_left) = left.fold((0, false), |(all, any), (followers, has_left)| {
            (all + followers, any | has_left)
        });
        followers == 0 && has_left
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Who comes from now on gets the words of the answer that follows, or all of it from the store.
        self.take_back();
        let mut places = held(&self.live.places);
        for (name, place) in self.names.iter().zip(&self.places) {
            let followers = {
                let mut said = held(&place.said);
                said.is_worded = false;
                said.followers
            };
            if followers == 0 {
                places.remove(name);
            }
            place.changed.send_replace(());
        }
    }
}

/// Somebody who waits for an answer.
pub struct Follower {
    live: LiveAnswers,
    name: Name,
    place: Arc<Place>,
    changed: watch::Receiver<()>,
    reads: bool,
    /// Bytes that were read.
    read: usize,
    is_done: bool,
}

impl Follower {
    /// The next words of the answer. Waits for them, and never ends by itself.
    pub async fn next(&mut self) -> String {
        loop {
            let unread = {
                let said = held(&self.place.said);
                said.text.get(self.read..).unwrap_or_default().to_owned()
            };
            if !unread.is_empty() {
                self.read += unread.len();
                return unread;
            }
            self.changed().await;
        }
    }

    /// Returns when there are more words, or when it is over.
    async fn changed(&mut self) {
        if self.changed.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Returns when an answer that was worded is over.
    pub async fn over(&mut self) {
        loop {
            self.changed().await;
            if !held(&self.place.said).is_worded {
                return;
            }
        }
    }

    /// The answer is there: who leaves now leaves nothing behind.
    pub fn done(&mut self) {
        self.is_done = true;
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut places = held(&self.live.places);
        let is_needed = {
            let mut said = held(&self.place.said);
            said.followers = said.followers.saturating_sub(1);
            if self.reads && !self.is_done {
                said.left_at = Some(Instant::now());
            }
            0 < said.followers || said.is_worded || said.left_at.is_some() && !self.is_done
        };
        if !is_needed || MOST_KEPT <= places.len() {
            let is_own = places.get(&self.name).is_some_and(|own| Arc::ptr_eq(own, &self.place));
            let is_idle = {
                let said = held(&self.place.said);
                said.followers == 0 && !said.is_worded
            };
            if is_own && is_idle {
                places.remove(&self.name);
            }
        }
        drop(places);
        self.live.left.notify_waiters();
    }
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use futures_util::FutureExt;

    use super::*;

    static PLACES: LazyLock<[(SessionId, Jid); 2]> = LazyLock::new(|| {
        let of = |chat: &str| ("s".parse().unwrap(), chat.parse().unwrap());
        [of("15550000001@c.us"), of("15550000002@c.us")]
    });

    fn ada() -> (&'static SessionId, &'static Jid) {
        (&PLACES[0].0, &PLACES[0].1)
    }

    fn bob() -> (&'static SessionId, &'static Jid) {
        (&PLACES[1].0, &PLACES[1].1)
    }

    #[tokio::test]
    async fn who_follows_gets_every_word_however_late() {
        let live = LiveAnswers::default();
        let mut early = live.follow(ada(), "one", true);
        assert_eq!(early.next().now_or_never(), None);
        let answer = live.begin(ada(), &["one".to_owned(), "two".to_owned()]);
        answer.say("Hel");
        assert_eq!(early.next().await, "Hel");
        let mut late = live.follow(ada(), "two", true);
        answer.say("lo");
        assert_eq!((early.next().await, late.next().await), ("lo".to_owned(), "Hello".to_owned()));
        assert!(answer.is_read() && !answer.take_back() && !answer.is_left());
        drop(answer);
        early.done();
        late.done();
        drop((early, late));
        assert_eq!(live.count(), 0);
    }

    #[tokio::test]
    async fn an_answer_is_left_when_its_last_reader_goes() {
        let live = LiveAnswers::default();
        let answer = live.begin(ada(), &["one".to_owned()]);
        assert!(!answer.is_left(), "nobody was there");
        let (one, other) = (live.follow(ada(), "one", true), live.follow(ada(), "one", false));
        drop(one);
        assert!(!answer.is_left(), "somebody still waits");
        drop(other);
        assert!(answer.is_left());
        drop(answer);
        assert_eq!(live.count(), 0);
        // Who waits for the whole and leaves stops nothing.
        let answer = live.begin(ada(), &["two".to_owned()]);
        drop(live.follow(ada(), "two", false));
        answer.say("x");
        assert!(!answer.is_left() && answer.take_back());
    }

    #[tokio::test]
    async fn who_leaves_before_the_answer_begins_is_known_then() {
        let live = LiveAnswers::default();
        drop(live.follow(ada(), "one", true));
        assert_eq!(live.count(), 1);
        let answer = live.begin(ada(), &["one".to_owned()]);
        assert!(answer.is_left());
        drop(answer);
        assert_eq!(live.count(), 0);
    }

    #[tokio::test]
    async fn a_key_of_another_chat_is_another_message() {
        let live = LiveAnswers::default();
        let answer = live.begin(ada(), &["one".to_owned()]);
        answer.say("For Ada");
        assert_eq!(live.follow(bob(), "one", true).next().now_or_never(), None);
        assert_eq!(live.follow(ada(), "one", true).next().await, "For Ada");
    }

    #[tokio::test]
    async fn an_answer_that_begins_again_has_no_words_of_the_one_before() {
        let live = LiveAnswers::default();
        let _waits = live.follow(ada(), "one", false);
        let answer = live.begin(ada(), &["one".to_owned()]);
        answer.say("Hel");
        drop(answer);
        let answer = live.begin(ada(), &["one".to_owned()]);
        answer.say("Hello");
        assert_eq!(live.follow(ada(), "one", true).next().await, "Hello");
    }
}
