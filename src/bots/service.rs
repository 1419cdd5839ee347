//! Bots: made, listed, changed, deleted. Each change is one commit, and durable when its function returns.

use std::sync::Arc;

use tokio::sync::{Mutex, RwLock};
use uuid::Uuid;

use crate::{
    bots::{
        bot::{Bot, BotStatus},
        change::BotChange,
        checks::{BotDraft, Checked, LONGEST_NAME},
        figures::Figures,
        profile_checks::new_token,
    },
    domain::{Clock, Error, ErrorCode, SessionId, Subject, fold::fold},
    session::SessionTables,
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
    /// All of them, for the inbox, which asks at each message; none before they are read, and after a change.
    read: Arc<RwLock<Option<Arc<Vec<Bot>>>>>,
}

impl Bots {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, changing: Arc::default(), read: Arc::default() }
    }

    /// All, in the order in which they were made.
    pub async fn all(&self) -> Result<Arc<Vec<Bot>>, StoreError> {
        if let Some(known) = &*self.read.read().await {
            return Ok(known.clone());
        }
        let mut read = self.read.write().await;
        let all = Arc::new(self.store.select(Bot::key().below(), MOST_BOTS).await?);
        *read = Some(all.clone());
        Ok(all)
    }

    pub async fn figures(&self, bots: &[Uuid]) -> Result<Vec<Figures>, Error> {
        let keys: Vec<_> = bots.iter().copied().map(Figures::at).collect();
        let found = self.store.get_many(&keys).await?;
        Ok(found.into_iter().map(Option::unwrap_or_default).collect())
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
        self.put_new(draft.bot(self.clock.now())?).await
    }

    /// Copies a bot: a draft with a public token of its own that answers in no session.
    pub async fn duplicate(
        &self,
        id: Uuid,
        name: Option<String>,
        (owner, created_by): (Option<Uuid>, Option<Uuid>),
    ) -> Result<Bot, Error> {
        let (found, now) = (self.get(id).await?, self.clock.now());
        let change = Checked::of(BotChange { name, ..BotChange::default() })?;
        let copy = change.applied(Bot { name: copied_name(&found.name), ..found }, now);
        let mut copy = Bot {
            id: Uuid::now_v7(),
            status: BotStatus::Draft,
            sessions: Vec::new(),
            owner,
            created_by,
            created_at: now,
            ..copy
        };
        copy.web.public_token = Some(new_token());
        self.put_new(copy).await
    }

    async fn put_new(&self, bot: Bot) -> Result<Bot, Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            check_sessions(&transaction, &bot.sessions).await?;
            transaction.next_number(CREATIONS).await?;
            let all = Bot::key().below();
            if MOST_BOTS <= transaction.store().keys(all, MOST_BOTS).await?.len() {
                return Err(Error::invalid("there are 200 already; delete one first"));
            }
            check_default(&transaction, &bot).await?;
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
            let bot = change.applied(found.clone(), self.clock.now());
            // Two that answered in one session before there was the rule can still be changed.
            let is_known = found.is_default() && found.sessions == bot.sessions;
            if !is_known {
                transaction.next_number(CREATIONS).await?;
                check_default(&transaction, &bot).await?;
            }
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
            transaction.delete(&Figures::at(id)).await?;
            if self.finish(&mut transaction).await? {
                return Ok(());
            }
        }
    }

    /// Takes a session that goes from all bots: another of its name may be another account.
    pub async fn forget_session(&self, session: &SessionId) -> Result<(), Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            let all = transaction.store().select(Bot::key().below(), MOST_BOTS).await?;
            for bot in all.into_iter().filter(|bot| bot.sessions.contains(session)) {
                let sessions = bot.sessions.iter().filter(|one| *one != session).cloned().collect();
                let at = Bot::at(bot.id);
                transaction.put(&at, &Bot { sessions, ..bot }).await?;
            }
            if self.finish(&mut transaction).await? {
                return Ok(());
            }
        }
    }

    /// Commits and waits for the disk; false when the work must run again.
    async fn finish(&self, transaction: &mut Transaction) -> Result<bool, StoreError> {
        let is_done = transaction.commit().await?;
        if is_done {
            *self.read.write().await = None;
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

/// That of a session one bot alone answers without a keyword.
async fn check_default(transaction: &Transaction, bot: &Bot) -> Result<(), Error> {
    if !bot.is_default() || bot.sessions.is_empty() {
        return Ok(());
    }
    let others = transaction.store().select(Bot::key().below(), MOST_BOTS).await?;
    let others = others.iter().filter(|other| other.id != bot.id && other.is_default());
    for other in others {
        if let Some(session) = other.sessions.iter().find(|one| bot.sessions.contains(one)) {
            let message = format!(
                "the bot '{}' answers in session '{session}' already; give one of them trigger keywords",
                other.name
            );
            return Err(Error::new(ErrorCode::Conflict, message).about(Subject::Bot));
        }
    }
    Ok(())
}

/// `<name> (copy)`, cut where it is too long.
fn copied_name(name: &str) -> String {
    const COPY: &str = " (copy)";
    let name: String = name.chars().take(LONGEST_NAME - COPY.len()).collect();
    format!("{}{COPY}", name.trim_end())
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Bot, format!("there is no AI agent {id}"))
}
