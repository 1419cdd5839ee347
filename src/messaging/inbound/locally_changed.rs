//! Chats that callers change while a sync runs: what the engine reported of them before is older than the change.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::domain::{Chat, Jid, SessionId};

/// Clones are the same.
#[derive(Clone, Default)]
pub struct LocallyChanged {
    syncing: Arc<Mutex<HashMap<SessionId, HashSet<Jid>>>>,
}

impl LocallyChanged {
    /// Notes changes from now on, until the watch is dropped. Begin before the engine is asked.
    pub fn watch(&self, session: &SessionId) -> Watch {
        self.lock().insert(session.clone(), HashSet::new());
        Watch { changed: self.clone(), session: session.clone() }
    }

    /// Notes a change while a sync of the session runs.
    pub fn note(&self, session: &SessionId, chat: &Jid) {
        if let Some(chats) = self.lock().get_mut(session) {
            chats.insert(chat.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, HashSet<Jid>>> {
        self.syncing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The changes during one sync.
pub struct Watch {
    changed: LocallyChanged,
    session: SessionId,
}

impl Watch {
    /// The engine's chat, with what callers changed since in the mirror's.
    pub fn with_local(&self, reported: Chat, known: Option<&Chat>) -> Chat {
        let all = self.changed.lock();
        let is_changed = all.get(&self.session).is_some_and(|chats| chats.contains(&reported.id));
        match known.filter(|_| is_changed) {
            Some(known) => Chat { archived: known.archived, unread: known.unread, ..reported },
            None => reported,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.changed.lock().remove(&self.session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn chat(id: &str, archived: bool, unread: u32) -> Chat {
        Chat {
            id: id.parse().unwrap(),
            name: "Ada".to_owned(),
            unread,
            archived,
            pinned: false,
            muted_until: None,
            last_activity: from_seconds(100),
            last_message: None,
        }
    }

    #[test]
    fn what_a_caller_changed_during_a_sync_stays_and_all_else_is_the_engines() {
        let (changed, session) = (LocallyChanged::default(), "s".parse().unwrap());
        let (mine, other) = ("15550000001@c.us", "15550000002@c.us");
        let kept = |watch: &Watch, id| {
            let chat = watch.with_local(chat(id, false, 3), Some(&chat(id, true, 0)));
            (chat.archived, chat.unread)
        };
        // Before the engine was asked: its report has the change.
        changed.note(&session, &mine.parse().unwrap());
        let watch = changed.watch(&session);
        assert_eq!(kept(&watch, mine), (false, 3));
        changed.note(&session, &mine.parse().unwrap());
        assert_eq!((kept(&watch, mine), kept(&watch, other)), ((true, 0), (false, 3)));
        drop(watch);
        let next = changed.watch(&session);
        assert_eq!(kept(&next, mine), (false, 3));
    }
}
