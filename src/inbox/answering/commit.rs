//! Commit of an answer: the reply, the state of the conversation, the turns of its messages, and the end of the record
//! that it was due by, all or nothing.

use std::time::Duration;

use crate::{
    bots::{Bot, Figures},
    breakpoint::Breakpoint,
    domain::Error,
    events::{Failure, NewEvent, Work},
    inbox::{
        answering::{due::AnswerDue, wording::Said, worker::Worker},
        bot_turn::{BotTurn, RULE},
        counts::put_state,
        facts,
        keeping::keep_state,
        post::{Cause, Outcome},
        sent_note::{Author, AuthorKind, SentNote},
        state::InboxState,
    },
    knowledge::AnswerKind,
    store::{Store, StoreError},
};

/// The pause after the store failed.
const DISK_PAUSE: Duration = Duration::from_secs(2);

enum Committed {
    Done,
    /// The disk is full.
    Later(Duration),
}

impl Worker {
    /// Gives an answer. While the store fails, the answer waits for it.
    pub(in crate::inbox::answering) async fn commit(
        &self,
        due: &AnswerDue,
        bot: &Bot,
        said: &Said,
    ) -> Result<(), Error> {
        loop {
            let pause = match self.try_commit(due, bot, said).await {
                Ok(Committed::Done) => return Ok(()),
                Ok(Committed::Later(pause)) => pause,
                Err(Failure::Store(error)) if error.is_of_the_disk() => DISK_PAUSE,
                Err(Failure::Store(error)) => return Err(error.into()),
                Err(Failure::Event(error)) => return Err(Error::internal(error)),
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn try_commit(
        &self,
        due: &AnswerDue,
        bot: &Bot,
        said: &Said,
    ) -> Result<Committed, Failure> {
        let Some(first) = due.messages.first() else { return Ok(Committed::Done) };
        let cause = Cause { event: first.event, at: first.at };
        let mut work = self.log.work();
        let events = loop {
            self.post.forget(first.event);
            let key = AnswerDue::at(&due.session, &due.chat);
            let Some(found) = work.get(&key).await? else { return Ok(Committed::Done) };
            if !due.messages.iter().all(|message| found.messages.contains(message)) {
                return Ok(Committed::Done);
            }
            let rest = found.without(&due.messages, self.clock.now());
            match &rest {
                Some(rest) => work.put(&key, rest).await?,
                None => work.delete(&key).await?,
            }
            let mut is_answered = false;
            let answerable = self.answerable(work.store(), due, bot).await?;
            let may_answer = answerable.is_some();
            let state = match answerable {
                Some(state) => Some(state),
                // What a visitor has read is among the messages, no matter who has taken over since.
                None if said.is_read => self.known(work.store(), due).await?,
                None => None,
            };
            if let Some(mut state) = state {
                let author = Author {
                    kind: AuthorKind::Bot,
                    id: Some(bot.id),
                    name: Some(bot.name.clone()),
                };
                let note = SentNote {
                    sources: said.sources.clone(),
                    is_truncated: said.is_truncated,
                    ..SentNote::by(author)
                };
                let place = (&due.session, &due.chat);
                let sent =
                    self.post.send_for(&work, place, (cause, RULE), (&said.text, note)).await?;
                let reply = match sent {
                    (Outcome::Posted, key) => Some(key),
                    (Outcome::Dropped, _) => None,
                    (Outcome::Later(pause), _) => return Ok(Committed::Later(pause)),
                };
                if let Some(reply) = reply {
                    is_answered = true;
                    if may_answer {
                        if let Some(event) = self.note(&mut state, bot, said) {
                            work.append(event?);
                        }
                        keep_state(&mut work, &state).await?;
                    }
                    self.note_turns(&work, due, bot, (reply, said)).await?;
                }
            }
            if rest.is_none() && !is_answered {
                self.give_up(&mut work, due).await?;
            }
            Breakpoint::AnswerWorded.pass();
            if let Some(events) = work.commit().await? {
                break events;
            }
        };
        match events.last() {
            Some(last) => self.log.publish(last.seq).await?,
            None => self.store.durable().await?,
        }
        Breakpoint::AnswerCommitted.pass();
        self.post.hand_over(first.event).await;
        Ok(Committed::Done)
    }

    /// Leaves a conversation to people in which nothing is due any more and its bot has said nothing, within a
    /// transaction.
    pub(in crate::inbox::answering) async fn give_up(
        &self,
        work: &mut Work<'_>,
        due: &AnswerDue,
    ) -> Result<(), StoreError> {
        let Some(mut state) = self.state(work.store(), due).await? else { return Ok(()) };
        if state.run.turns == 0
            && let Some(event) = state.give_up()
        {
            work.append(NewEvent::of_module(Some((&state.session).into()), &event)?);
            put_state(work.store(), &state).await?;
        }
        Ok(())
    }

    async fn known(
        &self,
        store: &Store,
        due: &AnswerDue,
    ) -> Result<Option<InboxState>, StoreError> {
        let is_there = facts::read(store, &due.session, &due.chat).await?.is_some();
        Ok(self.state(store, due).await?.filter(|_| is_there))
    }

    /// Notes an answer in the state of its conversation. The event of a hand-over.
    fn note(
        &self,
        state: &mut InboxState,
        bot: &Bot,
        said: &Said,
    ) -> Option<Result<NewEvent, StoreError>> {
        let now = self.clock.now();
        let Some(reason) = said.handoff else {
            state.note_answer_of_bot(said.kind == AnswerKind::Fallback, now);
            return None;
        };
        let event = state.hand_off(bot.id, reason, now);
        Some(NewEvent::of_module(Some((&state.session).into()), &event))
    }

    async fn note_turns(
        &self,
        work: &Work<'_>,
        due: &AnswerDue,
        bot: &Bot,
        (reply, said): (String, &Said),
    ) -> Result<(), StoreError> {
        let turn = BotTurn {
            bot: bot.id,
            reply,
            text: said.text.clone(),
            kind: said.handoff.is_none().then_some(said.kind),
            handoff: said.handoff,
            sources: said.sources.clone(),
            is_degraded: said.is_degraded,
            is_truncated: said.is_truncated,
        };
        for message in &due.messages {
            let of = (&due.session, message.chat.as_ref().unwrap_or(&due.chat));
            work.put(&BotTurn::at(of, &message.key), &turn).await?;
        }
        let answered = u64::try_from(due.messages.len()).unwrap_or(u64::MAX);
        Figures::count(work.store(), bot.id, 0, answered.saturating_add(1)).await
    }
}
