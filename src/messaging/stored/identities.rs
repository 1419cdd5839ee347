//! Who is who in each session: hidden identities and the telephone numbers that belong to them.

use crate::{
    domain::{Identities, Identity, Jid, JidKind, SessionId, Timestamp, identity::LearnedPair},
    messaging::stored::trees,
    store::{
        Batch, Index, IndexKey, Key, Record, Scope, StoreError, Table,
        raw::{self, Direction, Engine, Range},
    },
};

const BY_PHONE: Index<Identity> = Index::new(trees::IDENTITIES_BY_PHONE);
/// From so many ids on it is looked first whether there is anything to find.
const WORTH_A_LOOK: usize = 8;

impl Record for Identity {
    const TABLE: Table = Table {
        tree: trees::IDENTITIES,
        owner: "messaging",
        indexes: &[trees::IDENTITIES_BY_PHONE],
        scope: Scope::Account,
    };

    fn entries(&self, key: &Key<Self>) -> Vec<IndexKey<Self>> {
        key.first_text().map(|session| by_phone(&session, self.pair.phone())).into_iter().collect()
    }
}

pub struct StoredIdentities<'a> {
    engine: &'a dyn Engine,
}

impl<'a> StoredIdentities<'a> {
    pub fn new(engine: &'a dyn Engine) -> Self {
        Self { engine }
    }

    /// The pair that an id belongs to, whichever of the two it is.
    pub async fn get(&self, session: &SessionId, id: &Jid) -> Result<Option<Identity>, StoreError> {
        match id.kind() {
            JidKind::Lid => raw::get(self.engine, &by_lid(session, id)).await,
            JidKind::Person => {
                let found =
                    raw::follow(self.engine, by_phone(session.as_str(), id).below(), 1).await?;
                Ok(found.into_iter().next().map(|found| found.record))
            }
            JidKind::Group | JidKind::Broadcast | JidKind::Newsletter | JidKind::Web => Ok(None),
        }
    }

    /// The pairs that several ids belong to, in their order, in three calls at most.
    pub async fn get_many(
        &self,
        ids: &[(&SessionId, &Jid)],
    ) -> Result<Vec<Option<Identity>>, StoreError> {
        let places = |kind: JidKind| {
            let is_of = move |(_, (_, id)): &(usize, &(&SessionId, &Jid))| id.kind() == kind;
            ids.iter()
                .enumerate()
                .filter(is_of)
                .map(|(place, (session, id))| (place, *session, *id))
        };
        let mut found = vec![None; ids.len()];
        let lids: Vec<_> = places(JidKind::Lid).collect();
        if !lids.is_empty() {
            let keys: Vec<_> = lids.iter().map(|(_, session, id)| by_lid(session, id)).collect();
            let read = raw::get_many(self.engine, &keys).await?;
            put_at(&mut found, lids.iter().map(|(place, ..)| *place).zip(read));
        }
        let phones: Vec<_> = places(JidKind::Person).collect();
        if !phones.is_empty() {
            let entry =
                |(_, session, id): &(usize, &SessionId, &Jid)| by_phone(session.as_str(), id);
            let entries = phones.iter().map(entry).collect();
            let read = raw::behind(self.engine, entries).await?;
            put_at(&mut found, phones.iter().map(|(place, ..)| *place).zip(read));
        }
        Ok(found)
    }

    /// The part of the map that concerns these people.
    pub async fn of<'b>(
        &self,
        session: &SessionId,
        people: impl IntoIterator<Item = &'b Jid>,
    ) -> Result<Identities, StoreError> {
        let mut known = Identities::default();
        let mut asked: Vec<&Jid> = people.into_iter().collect();
        asked.sort_unstable();
        asked.dedup();
        if !self.knows_any_number(session, &asked).await? {
            asked.retain(|id| id.kind() != JidKind::Person);
        }
        let asked: Vec<_> = asked.into_iter().map(|id| (session, id)).collect();
        for found in self.get_many(&asked).await?.into_iter().flatten() {
            known.learn(&found.pair);
        }
        Ok(known)
    }

    /// False where none of the numbers in a sorted list is known, nor any between them: many sessions have learned few.
    /// For a short list that is not worth a call.
    async fn knows_any_number(
        &self,
        session: &SessionId,
        sorted: &[&Jid],
    ) -> Result<bool, StoreError> {
        let mut numbers = sorted.iter().filter(|id| id.kind() == JidKind::Person);
        let (Some(first), Some(last)) = (numbers.next(), numbers.next_back()) else {
            return Ok(true);
        };
        if sorted.len() < WORTH_A_LOOK {
            return Ok(true);
        }
        let end = by_phone(session.as_str(), last).all().end;
        let range = Range { start: by_phone(session.as_str(), first).done(), end };
        Ok(!self.engine.scan(range, Direction::Forward, 1).await?.is_empty())
    }

    /// Adds what was learned to a batch. The callers of one session do so one after the other.
    pub fn put_in(
        &self,
        batch: &mut Batch,
        session: &SessionId,
        learned: &LearnedPair,
        since: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(phone) = &learned.former_phone {
            batch.remove(by_phone(session.as_str(), phone).done());
        }
        if let Some(lid) = &learned.former_lid {
            batch.remove(by_lid(session, lid).done());
        }
        let pair = learned.pair.clone();
        raw::put_in(batch, &by_lid(session, pair.lid()), &Identity { pair, since })
    }
}

fn put_at<T>(list: &mut [Option<T>], values: impl Iterator<Item = (usize, Option<T>)>) {
    for (place, value) in values {
        if let Some(slot) = list.get_mut(place) {
            *slot = value;
        }
    }
}

fn by_lid(session: &SessionId, lid: &Jid) -> Key<Identity> {
    Identity::key().text(session.as_str()).text(lid.as_str())
}

fn by_phone(session: &str, phone: &Jid) -> IndexKey<Identity> {
    BY_PHONE.key().text(session).text(phone.as_str())
}

#[cfg(test)]
mod tests {
    use crate::{
        domain::{Identities, Jid, SessionId, clock::from_seconds, identity::Pair},
        messaging::stored::MessagingTables,
        store::{Batch, Store},
    };

    #[tokio::test]
    async fn of_many_people_those_who_are_known_are_found_however_few_they_are() {
        let store = Store::temporary().await.unwrap();
        let [session, other]: [SessionId; 2] = ["s", "other"].map(|name| name.parse().unwrap());
        let phones: Vec<Jid> =
            (10..40).map(|n| format!("155500{n}@c.us").parse().unwrap()).collect();
        let lid: Jid = "100001@lid".parse().unwrap();
        for place in [0, 7, phones.len() - 1] {
            let pair = Pair::of(&lid, &phones[place]).unwrap();
            let elsewhere = store.identities().of(&other, &phones).await.unwrap();
            assert_eq!(elsewhere, Identities::default());
            let mut known =
                store.identities().of(&session, [pair.lid(), pair.phone()]).await.unwrap();
            let learned = known.learn(&pair).unwrap();
            let mut batch = Batch::new();
            store.identities().put_in(&mut batch, &session, &learned, from_seconds(7)).unwrap();
            store.commit(batch).await.unwrap();
            let found = store.identities().of(&session, &phones).await.unwrap();
            assert_eq!(found.other(&phones[place]), Some(&lid));
        }
    }

    #[tokio::test]
    async fn what_is_read_back_is_what_was_learned() {
        let store = Store::temporary().await.unwrap();
        let session = "s".parse().unwrap();
        let lids: Vec<Jid> = (1..=3).map(|n| format!("10000{n}@lid").parse().unwrap()).collect();
        let phones: Vec<Jid> = (1..=3).map(|n| format!("15550{n}@c.us").parse().unwrap()).collect();
        let all: Vec<&Jid> = lids.iter().chain(&phones).collect();
        let mut known = Identities::default();
        // New pairs, one again, a number that moves, a person who changes the number, two who swap.
        for (lid, phone) in [(0, 0), (1, 1), (0, 0), (2, 0), (1, 2), (0, 1), (2, 2), (1, 0)] {
            let pair = Pair::of(&lids[lid], &phones[phone]).unwrap();
            let ids = [pair.lid(), pair.phone()];
            let learned = store.identities().of(&session, ids).await.unwrap().learn(&pair);
            assert_eq!(learned, known.learn(&pair));
            if let Some(learned) = learned {
                let mut batch = Batch::new();
                let identities = store.identities();
                identities.put_in(&mut batch, &session, &learned, from_seconds(7)).unwrap();
                store.commit(batch).await.unwrap();
            }
            assert_eq!(store.identities().of(&session, all.clone()).await.unwrap(), known);
        }
        let found = store.identities().get(&session, &phones[0]).await.unwrap().unwrap();
        assert_eq!((found.pair.lid(), found.since), (&lids[1], from_seconds(7)));
        let elsewhere = "other".parse().unwrap();
        assert_eq!(store.identities().get(&elsewhere, &lids[1]).await.unwrap(), None);
    }
}
