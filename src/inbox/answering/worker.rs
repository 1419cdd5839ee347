//! What the steps of an answer work with.

use crate::{
    answers::Assistant,
    bots::Bots,
    domain::Clock,
    events::EventLog,
    inbox::{answering::queue::AnswerQueue, bot_rules::BotRules, post::Post},
    store::Store,
};

pub struct Worker {
    pub store: Store,
    pub log: EventLog,
    pub clock: Clock,
    pub bots: Bots,
    pub assistant: Assistant,
    pub queue: AnswerQueue,
    pub post: Post,
    pub rules: BotRules,
}
