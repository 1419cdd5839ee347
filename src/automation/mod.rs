//! Automation: rules of bots and flows, which act by themselves in conversations before a bot answers.
//!
//! ```text
//!  event ──▶ inbox ──▶ rules that it starts ──▶ conditions ──▶ actions ─┐
//!                 └──▶ flow of the conversation ──▶ steps ──────────────┴──▶ the commit of the event
//!  jobs  ──▶ events: a conversation is idle, a flow has waited
//! ```
//!
//! What acts is in the commit of the event that leads to it, under names made of event, rule and step: a replay does
//! nothing twice. What rules and flows do starts no rule. A call of a webhook is an event for that endpoint alone, so that
//! webhooks sign, retry and list it as any other.

mod actions;
mod conditions;
mod endpoints;
mod event;
mod file_messages;
mod facts;
mod flow;
mod flow_checks;
mod flow_job;
mod flow_runner;
mod flow_steps;
mod flows;
mod idle_job;
mod pattern;
mod rule;
mod rule_checks;
mod rules;
mod run;
mod work;

pub use self::{
    actions::Means,
    conditions::{Facts, hold, holds},
    endpoints::Endpoints,
    event::AutomationEvent,
    file_messages::FileMessages,
    flow::{Choice, Flow, FlowTrigger, KeywordMatch, SaveTo, Step, StepKind, Validate},
    flow_checks::{FlowChange, FlowDraft, check_head, check_step},
    flow_job::FlowJob,
    flow_runner::FlowRunner,
    flows::Flows,
    idle_job::IdleJob,
    pattern::Pattern,
    rule::{
        Action, Automation, Condition, Field, Match, NewStatus, Op, Trigger, TriggerKind, Wanted,
    },
    rule_checks::{
        AutomationChange, AutomationDraft, check_action, check_condition, check_name,
        checked_trigger,
    },
    rules::Automations,
    run::{Done, Figures, Run},
    work::AutomaticWork,
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<Automation>(),
    Declaration::of::<Run>(),
    Declaration::of::<Figures>(),
    Declaration::of::<Flow>(),
    Declaration::of::<flow::FlowRun>(),
];
