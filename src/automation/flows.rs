//! Flows: made, listed, changed, deleted. Each change is one commit, and durable when its function returns.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    accounts::User,
    automation::{
        flow::{Flow, StepKind},
        flow_checks::{FlowChange, FlowDraft},
        run::{self, Run},
    },
    bots::Bot,
    domain::{Clock, Error, ErrorCode, SessionId, Subject},
    messaging::Hold,
    session::SessionTables,
    store::{Record, Store, StoreError, Transaction},
};

/// So many there may be: the inbox holds them in memory.
pub const MOST_FLOWS: usize = 100;
/// What every creation changes: so of two at the same time, one counts again.
const CREATIONS: &str = "flow creations";

/// Clones are the same service.
#[derive(Clone)]
pub struct Flows {
    store: Store,
    clock: Clock,
    /// Held while flows change, so that what is in memory is what was written last.
    changing: Arc<Mutex<()>>,
    all: Arc<RwLock<Arc<Vec<Flow>>>>,
}

impl Flows {
    pub async fn open(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let all = store.select(Flow::key().below(), MOST_FLOWS).await?;
        Ok(Self { store, clock, changing: Arc::default(), all: Arc::new(RwLock::new(all.into())) })
    }

    /// All, in the order in which they were made, in which they are tried, too.
    pub fn all(&self) -> Arc<Vec<Flow>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// None for one that is gone or switched off.
    pub fn in_use(&self, id: Uuid) -> Option<Flow> {
        self.all().iter().find(|flow| flow.id == id && flow.enabled).cloned()
    }

    pub async fn get(&self, id: Uuid) -> Result<Flow, Error> {
        self.store.get(&Flow::at(id)).await?.ok_or_else(|| unknown(id))
    }

    pub async fn create(&self, draft: FlowDraft) -> Result<Flow, Error> {
        let flow = draft.flow(self.clock.now())?;
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            transaction.next_number(CREATIONS).await?;
            check_named(&transaction, &flow).await?;
            hold(&transaction, (None, Some(&flow))).await?;
            let all = transaction.store().keys(Flow::key().below(), MOST_FLOWS).await?.len();
            if MOST_FLOWS <= all {
                let message = format!("There are {MOST_FLOWS} flows already; delete one first");
                return Err(Error::new(ErrorCode::Conflict, message).detail("limit", MOST_FLOWS));
            }
            transaction.put(&Flow::at(flow.id), &flow).await?;
            if self.finish(&mut transaction).await? {
                return Ok(flow);
            }
        }
    }

    pub async fn change(&self, id: Uuid, change: FlowChange) -> Result<Flow, Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&Flow::at(id)).await?.ok_or_else(|| unknown(id))?;
            let flow = change.applied(found.clone(), self.clock.now())?;
            if change.steps.is_some() || change.session.is_some() || change.bot.is_some() {
                check_named(&transaction, &flow).await?;
            }
            if change.steps.is_some() {
                hold(&transaction, (Some(&found), Some(&flow))).await?;
            }
            transaction.put(&Flow::at(id), &flow).await?;
            if self.finish(&mut transaction).await? {
                return Ok(flow);
            }
        }
    }

    pub async fn delete(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            let flow = transaction.get(&Flow::at(id)).await?.ok_or_else(|| unknown(id))?;
            hold(&transaction, (Some(&flow), None)).await?;
            run::forget(transaction.store(), id).await?;
            transaction.delete(&Flow::at(id)).await?;
            if self.finish(&mut transaction).await? {
                return Ok(());
            }
        }
    }

    /// Its newest runs, newest first.
    pub async fn runs(&self, id: Uuid) -> Result<Vec<Run>, Error> {
        Ok(run::newest(&self.store, id).await?)
    }

    /// Removes the flows of a bot that goes.
    pub async fn forget_bot(&self, bot: Uuid) -> Result<(), Error> {
        let all = self.all();
        for flow in all.iter().filter(|flow| flow.bot == Some(bot)) {
            match self.delete(flow.id).await {
                Ok(()) | Err(Error { code: ErrorCode::NotFound, .. }) => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes the flows of a session that goes: another of its name may be another account.
    pub async fn forget_session(&self, session: &SessionId) -> Result<(), Error> {
        let all = self.all();
        for flow in all.iter().filter(|flow| flow.session.as_ref() == Some(session)) {
            match self.delete(flow.id).await {
                Ok(()) | Err(Error { code: ErrorCode::NotFound, .. }) => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Commits, waits for the disk and reads again; false when the work must run again.
    async fn finish(&self, transaction: &mut Transaction) -> Result<bool, Error> {
        if !transaction.commit().await? {
            return Ok(false);
        }
        let all = Arc::new(self.store.select(Flow::key().below(), MOST_FLOWS).await?);
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = all;
        self.store.durable().await?;
        Ok(true)
    }
}

/// That the session, the bot and the people whom a flow names are there.
async fn check_named(transaction: &Transaction, flow: &Flow) -> Result<(), Error> {
    if let Some(session) = &flow.session
        && transaction.store().sessions().living(session).await?.is_none()
    {
        let fault = format!("there is no session '{session}'");
        return Err(Error::invalid_field("sessionId", fault));
    }
    if let Some(bot) = flow.bot
        && transaction.get(&Bot::at(bot)).await?.is_none()
    {
        return Err(Error::invalid_field("agentId", "names no AI agent"));
    }
    for (place, step) in flow.steps.iter().enumerate() {
        let StepKind::Assign { user } = step.does else { continue };
        let known = transaction.get(&User::at(user)).await?;
        if !known.is_some_and(|user| user.may_work()) {
            let field = format!("steps[{place}].userId");
            let fault = "must be a person with an account, who may write";
            return Err(Error::invalid_field(&field, fault));
        }
    }
    Ok(())
}

/// Keeps the files of a flow in the library for as long as a step names them.
async fn hold(
    transaction: &Transaction,
    (before, after): (Option<&Flow>, Option<&Flow>),
) -> Result<(), Error> {
    let Some(flow) = after.or(before) else { return Ok(()) };
    let files = |flow: Option<&Flow>| flow.map(Flow::files).unwrap_or_default();
    let ids = |files: &[(usize, Uuid)]| files.iter().map(|(_, file)| *file).collect::<Vec<_>>();
    let named = files(after);
    let (before, after) = (ids(&files(before)), ids(&named));
    let lists = (before.as_slice(), after.as_slice());
    let held = Hold::change(transaction, flow.id, lists, flow.updated_at).await?;
    held.map_err(|at| {
        let place = named.get(at).map_or(0, |(place, _)| *place);
        Error::invalid_field(&format!("steps[{place}].mediaId"), "names no uploaded file")
    })
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Flow, format!("there is no flow {id}"))
}
