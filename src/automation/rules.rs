//! Rules of bots: made, listed, changed, deleted. Each change is one commit, and durable when its function returns.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    accounts::User,
    automation::{
        rule::{Action, Automation, TriggerKind},
        rule_checks::{AutomationChange, AutomationDraft},
        run::{self, Figures, Run},
    },
    bots::Bot,
    domain::{Clock, Error, ErrorCode, Subject},
    store::{Record, Store, StoreError, Transaction},
};

/// So many a bot may have, and so many all of them: the inbox holds them in memory.
pub const MOST_OF_BOT: usize = 50;
const MOST: usize = 1_000;
/// What every creation changes: so of two at the same time, one counts again.
const CREATIONS: &str = "automation creations";

/// Clones are the same service.
#[derive(Clone)]
pub struct Automations {
    store: Store,
    clock: Clock,
    /// Held while rules change, so that what is in memory is what was written last.
    changing: Arc<Mutex<()>>,
    all: Arc<RwLock<Arc<Vec<Automation>>>>,
}

impl Automations {
    pub async fn open(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let all = in_order(store.select(Automation::key().below(), MOST).await?);
        Ok(Self { store, clock, changing: Arc::default(), all: Arc::new(RwLock::new(all.into())) })
    }

    /// All; those of one bot in their order.
    pub fn all(&self) -> Arc<Vec<Automation>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there is one in use that this starts.
    pub fn has(&self, trigger: TriggerKind) -> bool {
        self.all().iter().any(|rule| rule.enabled && rule.trigger.kind == trigger)
    }

    /// Those of a bot in their order, with their figures.
    pub async fn of_bot(&self, bot: Uuid) -> Result<Vec<(Automation, Figures)>, Error> {
        let all = self.all();
        let own: Vec<Automation> = all.iter().filter(|rule| rule.bot == bot).cloned().collect();
        let keys: Vec<_> = own.iter().map(|rule| Figures::at(rule.id)).collect();
        let figures = self.store.get_many(&keys).await?.into_iter();
        Ok(own.into_iter().zip(figures.map(Option::unwrap_or_default)).collect())
    }

    pub async fn get(&self, id: Uuid) -> Result<Automation, Error> {
        self.store.get(&Automation::at(id)).await?.ok_or_else(|| unknown(id))
    }

    /// The place of a rule among those of its bot, from 1.
    pub fn position(&self, rule: &Automation) -> usize {
        let all = self.all();
        let mut own = all.iter().filter(|other| other.bot == rule.bot);
        own.position(|other| other.id == rule.id).map_or(0, |place| place + 1)
    }

    pub async fn figures(&self, id: Uuid) -> Result<Figures, Error> {
        Ok(self.store.get(&Figures::at(id)).await?.unwrap_or_default())
    }

    /// Its newest runs, newest first.
    pub async fn runs(&self, id: Uuid) -> Result<Vec<Run>, Error> {
        Ok(run::newest(&self.store, id).await?)
    }

    pub async fn create(&self, draft: AutomationDraft) -> Result<Automation, Error> {
        let mut made = draft.automation(self.clock.now())?;
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            transaction.next_number(CREATIONS).await?;
            let unknown =
                || Error::not_found(Subject::Bot, format!("there is no bot {}", made.bot));
            transaction.get(&Bot::at(made.bot)).await?.ok_or_else(unknown)?;
            check_people(&transaction, &made.actions).await?;
            let all = transaction.store().select(Automation::key().below(), MOST).await?;
            let own = all.iter().filter(|rule| rule.bot == made.bot).count();
            for (count, most, whose) in
                [(own, MOST_OF_BOT, "A bot"), (all.len(), MOST, "A gateway")]
            {
                if most <= count {
                    let message = format!("{whose} has at most {most} automations");
                    return Err(Error::new(ErrorCode::Conflict, message).detail("limit", most));
                }
            }
            let last = all.iter().filter(|rule| rule.bot == made.bot).map(|rule| rule.place).max();
            // None was moved yet: all are in the order of their ids.
            made.place = last.filter(|last| 0 < *last).map_or(0, |last| last.saturating_add(1));
            transaction.put(&Automation::at(made.id), &made).await?;
            if self.finish(&mut transaction).await? {
                return Ok(made);
            }
        }
    }

    pub async fn change(&self, id: Uuid, change: AutomationChange) -> Result<Automation, Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&Automation::at(id)).await?.ok_or_else(|| unknown(id))?;
            let rule = change.applied(found, self.clock.now())?;
            if change.actions.is_some() {
                check_people(&transaction, &rule.actions).await?;
            }
            let rule = match change.position {
                Some(position) => moved(&transaction, rule, position).await?,
                None => rule,
            };
            transaction.put(&Automation::at(id), &rule).await?;
            if self.finish(&mut transaction).await? {
                return Ok(rule);
            }
        }
    }

    pub async fn delete(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            transaction.get(&Automation::at(id)).await?.ok_or_else(|| unknown(id))?;
            transaction.delete(&Automation::at(id)).await?;
            run::forget(transaction.store(), id).await?;
            if self.finish(&mut transaction).await? {
                return Ok(());
            }
        }
    }

    /// Removes the rules of a bot that goes.
    pub async fn forget_bot(&self, bot: Uuid) -> Result<(), Error> {
        let all = self.all();
        for rule in all.iter().filter(|rule| rule.bot == bot) {
            match self.delete(rule.id).await {
                Ok(()) | Err(Error { code: ErrorCode::NotFound, .. }) => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Copies the rules of a bot to another.
    pub async fn copy(&self, from: Uuid, to: Uuid) -> Result<(), Error> {
        let all = self.all();
        for rule in all.iter().filter(|rule| rule.bot == from).cloned() {
            let Automation { name, enabled, trigger, conditions, matching, actions, .. } = rule;
            self.create(AutomationDraft {
                bot: to,
                name,
                enabled,
                trigger,
                conditions,
                matching,
                actions,
            })
            .await?;
        }
        Ok(())
    }

    /// Commits, waits for the disk and reads again; false when the work must run again.
    async fn finish(&self, transaction: &mut Transaction) -> Result<bool, Error> {
        if !transaction.commit().await? {
            return Ok(false);
        }
        let all = self.store.select(Automation::key().below(), MOST).await?;
        let all = Arc::new(in_order(all));
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = all;
        self.store.durable().await?;
        Ok(true)
    }
}

/// The order in which rules are tried.
fn in_order(mut all: Vec<Automation>) -> Vec<Automation> {
    all.sort_by_key(|rule| (rule.place, rule.id));
    all
}

/// A rule at another place among those of its bot, which make room.
async fn moved(
    transaction: &Transaction,
    rule: Automation,
    position: usize,
) -> Result<Automation, StoreError> {
    let all = transaction.store().select(Automation::key().below(), MOST).await?;
    let is_other = |other: &Automation| other.bot == rule.bot && other.id != rule.id;
    let mut own = in_order(all.into_iter().filter(is_other).collect());
    let at = position.saturating_sub(1).min(own.len());
    let id = rule.id;
    own.insert(at, rule.clone());
    let mut moved = rule;
    for (place, mut other) in (1_u32..).zip(own) {
        if other.id == id {
            moved.place = place;
        } else if other.place != place {
            other.place = place;
            transaction.put(&Automation::at(other.id), &other).await?;
        }
    }
    Ok(moved)
}

/// That the people whom actions name have accounts.
async fn check_people(transaction: &Transaction, actions: &[Action]) -> Result<(), Error> {
    for (place, action) in actions.iter().enumerate() {
        let (user, name) = match action {
            Action::Assign { user } => (*user, "user_id"),
            Action::CreateTask { assignee, .. } => (*assignee, "assignee_id"),
            _ => continue,
        };
        let known = transaction.get(&User::at(user)).await?;
        if !known.is_some_and(|user| user.may_work()) {
            let field = format!("actions[{place}].{name}");
            let fault = "must be a person with an account, who may write";
            return Err(Error::invalid_field(&field, fault));
        }
    }
    Ok(())
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Automation, format!("there is no automation {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        automation::rule::{Match, Trigger},
        domain::clock::from_seconds,
    };

    #[tokio::test]
    async fn a_bot_that_is_gone_gets_no_rule() {
        let store = Store::temporary().await.unwrap();
        let rules = Automations::open(store, Clock::manual(from_seconds(1))).await.unwrap();
        let draft = AutomationDraft {
            bot: Uuid::from_u128(7),
            name: "Refunds".to_owned(),
            enabled: true,
            trigger: Trigger { kind: TriggerKind::MessageReceived, minutes: None },
            conditions: Vec::new(),
            matching: Match::All,
            actions: vec![Action::Handoff],
        };
        let refused = rules.create(draft).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::NotFound);
        assert!(rules.all().is_empty());
    }
}
