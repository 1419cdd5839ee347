//! Answering through a model, which takes seconds: apart from the consumer, so that it holds up no other message.
//!
//! ```text
//! bot's step ──one commit with the event──▶ answer due ──quiet──▶ runner ─▶ model ─▶ reply + state + turns, and the
//!     ▲                                        │ a further message joins it         record is gone: one commit
//!     └─ hands over, greets                    └ a person takes over, a pause, a resolve: it is dropped
//! ```
//!
//! A conversation has one record at most. A kill before the commit leaves it, and the model is asked again; nothing was
//! sent by then.

mod commit;
mod due;
mod queue;
mod runner;
mod scene;
mod worker;
mod wording;

pub use self::{
    due::{AnswerDue, AnswerLeft},
    queue::AnswerQueue,
    runner::{Answering, AnsweringParts},
};
