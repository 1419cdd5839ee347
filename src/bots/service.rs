//! Bots: made, listed, changed, deleted. Each change is one commit, and durable when its function returns.

use std::sync::Arc;

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    bots::{
        bot::{Bot, BotStatus},
        checks::{BotChange, BotDraft, Checked},
    },
    domain::{Clock, Error, SessionId, Subject, fold::fold},
    store::{Record, Store, StoreError, Transaction},
};

/// So many there may be, so that a list of all is one page.
pub const MOST_BOTS: usize = 200;
/// What every creation changes: so of two at the same time, one counts again.
const CREATIONS: &str = "bot creations";

/// Clones are the same service.
#[derive(Clone)]
pub struct Bots {
    store: Store,
    clock: Clock,
    /// Held while bots change. It saves conflicts, no more.
    changing: Arc<Mutex<()>>,
}

impl Bots {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, changing: Arc::default() }
    }

    /// All in the order in which they were made; of this status, and with these words in the name.
    pub async fn list(&self, status: Option<BotStatus>, search: &str) -> Result<Vec<Bot>, Error> {
        let words = fold(search.trim());
        let mut all = self.store.select(Bot::key().below(), MOST_BOTS).await?;
        all.retain(|bot| {
            status.is_none_or(|status| status == bot.status) && fold(&bot.name).contains(&words)
        });
        Ok(all)
    }

    pub async fn get(&self, id: Uuid) -> Result<Bot, Error> {
        self.store.get(&Bot::at(id)).await?.ok_or_else(|| unknown(id))
    }

    pub async fn create(&self, draft: BotDraft) -> Result<Bot, Error> {
        let bot = draft.bot(self.clock.now())?;
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            check_sessions(&transaction, &bot.sessions).await?;
            transaction.next_number(CREATIONS).await?;
            let all = Bot::key().below();
            if MOST_BOTS <= transaction.store().keys(all, MOST_BOTS).await?.len() {
                return Err(Error::invalid("there are 200 already; delete one first"));
            }
            transaction.put(&Bot::at(bot.id), &bot).await?;
            if self.finish(&mut transaction).await? {
                return Ok(bot);
            }
        }
    }

    pub async fn change(&self, id: Uuid, change: BotChange) -> Result<Bot, Error> {
        let change = Checked::of(change)?;
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&Bot::at(id)).await?.ok_or_else(|| unknown(id))?;
            check_sessions(&transaction, change.sessions()).await?;
            let bot = change.applied(found, self.clock.now());
            transaction.put(&Bot::at(id), &bot).await?;
            if self.finish(&mut transaction).await? {
                return Ok(bot);
            }
        }
    }

    pub async fn delete(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            transaction.get(&Bot::at(id)).await?.ok_or_else(|| unknown(id))?;
            transaction.delete(&Bot::at(id)).await?;
            if self.finish(&mut transaction).await? {
                return Ok(());
            }
        }
    }

    /// Commits and waits for the disk; false when the work must run again.
    async fn finish(&self, transaction: &mut Transaction) -> Result<bool, StoreError> {
        let is_done = transaction.commit().await?;
        if is_done {
            self.store.durable().await?;
        }
        Ok(is_done)
    }
}

/// That the sessions are there. They are read, so that a removal which begins meanwhile makes the work run again.
async fn check_sessions(transaction: &Transaction, sessions: &[SessionId]) -> Result<(), Error> {
    for session in sessions {
        if transaction.store().sessions().living(session).await?.is_none() {
            let fault = format!("there is no session '{session}'");
            return Err(Error::invalid_field("sessions", fault));
        }
    }
    Ok(())
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Bot, format!("there is no AI agent {id}"))
}
