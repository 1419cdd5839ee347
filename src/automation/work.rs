//! What rules and flows do in the handling of an event: the rules that it starts, then the flow of the conversation.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    automation::{
        actions::{self, Means, is_automatic},
        conditions::hold,
        event::{AutomationEvent, FLOW_DUE, IDLE},
        facts,
        flow_runner::FlowRunner,
        idle_job,
        rule::{Automation, TriggerKind},
        rules::Automations,
        run::{self, Run},
    },
    domain::{LogEvent, Message, MessageKind, ModuleEvent},
    events::{Failure, NewEvent},
    inbox::{Automatic, InboxEvent, Then, Turn},
    messaging::ChatEvent,
    settings::Settings,
};

/// Rules that one event starts at most; what they do starts none.
const MOST_STARTED: usize = 5;

/// Rules and flows, as the inbox calls them.
pub struct AutomaticWork {
    pub rules: Automations,
    pub flows: FlowRunner,
    pub means: Means,
    pub settings: Settings,
}

#[async_trait]
impl Automatic for AutomaticWork {
    fn follows(&self, event: &ModuleEvent) -> bool {
        let kind = match (event.family.as_str(), event.kind.as_str()) {
            (AutomationEvent::FAMILY, FLOW_DUE) => return true,
            (AutomationEvent::FAMILY, IDLE) => TriggerKind::SessionIdle,
            (
                InboxEvent::FAMILY,
                "conversation.assigned" | "conversation.given_up" | "conversation.resolved",
            ) => TriggerKind::StatusChanged,
            (InboxEvent::FAMILY, "handoff.requested") => {
                return self.rules.has(TriggerKind::HandoffRequested)
                    || self.rules.has(TriggerKind::StatusChanged);
            }
            (InboxEvent::FAMILY, "csat.received") => TriggerKind::CsatReceived,
            (ChatEvent::FAMILY, "conversation_tagged") => TriggerKind::TagAdded,
            _ => return false,
        };
        self.rules.has(kind)
    }

    async fn received(&self, turn: &mut Turn<'_, '_>, message: &Message) -> Result<Then, Failure> {
        if turn.is_paused {
            return Ok(Then::GoOn);
        }
        let (now, store) = (turn.now(), turn.work.store());
        idle_job::watch(&self.rules, store, turn.state, now).await?;
        let text = (message.kind == MessageKind::Text).then_some(message.body.as_str());
        let mut started = vec![TriggerKind::MessageReceived];
        if turn.is_new {
            started.insert(0, TriggerKind::SessionCreated);
        }
        let cause = Cause { text, ..Cause::default() };
        if let Then::Later(pause) = self.start(turn, &started, cause).await? {
            return Ok(Then::Later(pause));
        }
        self.flows.received(turn, text).await
    }

    async fn happened(&self, turn: &mut Turn<'_, '_>) -> Result<Then, Failure> {
        let body = &turn.event.body;
        let happened = body.read::<AutomationEvent>();
        // In a pause, too: a flow that cannot go on then ends, since nothing leads to it again.
        if let Some(AutomationEvent::FlowDue { run, stop, .. }) = happened {
            return self.flows.due(turn, (run, stop)).await;
        }
        if turn.is_paused {
            return Ok(Then::GoOn);
        }
        if let Some(happened) = happened {
            return match happened {
                // Somebody may have written meanwhile.
                AutomationEvent::Idle { since, minutes, .. }
                    if turn.state.listed.last_activity <= since =>
                {
                    let cause = Cause { minutes: Some(minutes), ..Cause::default() };
                    self.start(turn, &[TriggerKind::SessionIdle], cause).await
                }
                AutomationEvent::Idle { .. }
                | AutomationEvent::Triggered { .. }
                | AutomationEvent::WebhookCalled { .. }
                | AutomationEvent::FlowDue { .. } => Ok(Then::GoOn),
            };
        }
        let (started, cause): (&[TriggerKind], Cause<'_>) = match body.read::<InboxEvent>() {
            Some(event) if is_automatic(&event) => return Ok(Then::GoOn),
            Some(InboxEvent::HandoffRequested { .. }) => {
                (&[TriggerKind::HandoffRequested, TriggerKind::StatusChanged], Cause::default())
            }
            Some(InboxEvent::Rated { rating, .. }) => {
                let cause = Cause { rating: Some(rating.into()), ..Cause::default() };
                (&[TriggerKind::CsatReceived], cause)
            }
            Some(
                InboxEvent::Assigned { .. }
                | InboxEvent::GivenUp { .. }
                | InboxEvent::Resolved { .. },
            ) => (&[TriggerKind::StatusChanged], Cause::default()),
            _ => match body.read::<ChatEvent>() {
                Some(ChatEvent::ConversationTagged { added, automatic: false, .. })
                    if !added.is_empty() =>
                {
                    (&[TriggerKind::TagAdded], Cause::default())
                }
                _ => return Ok(Then::GoOn),
            },
        };
        self.start(turn, started, cause).await
    }
}

/// What an event brings along for the conditions of rules.
#[derive(Clone, Copy, Debug, Default)]
struct Cause<'a> {
    text: Option<&'a str>,
    rating: Option<i64>,
    /// How long the conversation has been idle.
    minutes: Option<u32>,
}

impl AutomaticWork {
    /// Runs the rules of the conversation's bot that these start and whose conditions hold.
    async fn start(
        &self,
        turn: &mut Turn<'_, '_>,
        started: &[TriggerKind],
        cause: Cause<'_>,
    ) -> Result<Then, Failure> {
        let Some(bot) = turn.state.bot else { return Ok(Then::GoOn) };
        let all: Arc<Vec<Automation>> = self.rules.all();
        let fits = |rule: &&Automation| {
            rule.bot == bot
                && rule.enabled
                && started.contains(&rule.trigger.kind)
                && (rule.trigger.minutes.is_none() || rule.trigger.minutes == cause.minutes)
        };
        let mut fitting = all.iter().filter(fits).peekable();
        if fitting.peek().is_none() {
            return Ok(Then::GoOn);
        }
        // As it was before the first rule.
        let facts = facts::read(turn, &self.settings, (cause.text, cause.rating)).await?;
        let held = fitting.filter(|rule| hold(&rule.conditions, rule.matching, &facts));
        for rule in held.take(MOST_STARTED) {
            let actions = match actions::carry_out(&self.means, turn, rule).await? {
                Ok(actions) => actions,
                Err(pause) => return Ok(Then::Later(pause)),
            };
            let (at, conversation) = (turn.now(), turn.state.conversation);
            let ran = Run { at, conversation, actions: actions.clone() };
            run::note(turn.work.store(), rule.id, &ran).await?;
            let of = turn.state.about();
            let (automation, name) = (rule.id, rule.name.clone());
            let event = AutomationEvent::Triggered { of, automation, name, bot, actions };
            turn.work.append(NewEvent::of_module(Some((&turn.state.session).into()), &event)?);
        }
        Ok(Then::GoOn)
    }
}
