//! Chat widget: which bot a public token stands for, which pages may show it, and whose conversation a visitor's token
//! opens.
//!
//! ```text
//! page ── public token ──▶ bot ── begin ──▶ visitor's token ── visit ──▶ one chat of `web:<bot>`
//! ```
//!
//! What is said there is a web chat as any other (`web_chat`). A visit that nobody has written in is kept nowhere.

mod key;
mod origins;
mod visit;

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use self::key::WidgetKey;
pub use self::{origins::allows, visit::Visit};
use crate::{
    bots::{Bot, BotStatus, Bots},
    domain::{Clock, Error, ErrorCode, Subject},
    store::{Declaration, Store, StoreError},
};

/// The tables of this module.
pub const TABLES: &[Declaration] = &[Declaration::of::<WidgetKey>()];

/// How long a visitor's token is good.
const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Clones are the same service.
#[derive(Clone)]
pub struct Widgets {
    bots: Bots,
    clock: Clock,
    key: Arc<WidgetKey>,
}

impl Widgets {
    pub async fn open(store: &Store, bots: Bots, clock: Clock) -> Result<Self, StoreError> {
        Ok(Self { bots, clock, key: Arc::new(WidgetKey::open(store).await?) })
    }

    /// The bot of a public token, whatever its status.
    pub async fn bot(&self, token: &str) -> Result<Bot, Error> {
        let bots = self.bots.all().await?;
        let is_its = |bot: &&Bot| bot.web.public_token.as_deref() == Some(token);
        let unknown = || Error::not_found(Subject::Bot, "there is no widget with this token");
        bots.iter().find(is_its).cloned().ok_or_else(unknown)
    }

    /// Refuses a bot that visitors cannot write to now.
    pub fn check_open(bot: &Bot) -> Result<(), Error> {
        if bot.status == BotStatus::Active && bot.web.is_on {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Forbidden, "Bot is not active"))
    }

    /// A visit that begins, and its token.
    pub fn begin(&self, bot: &Bot) -> Result<(Visit, String), Error> {
        let now = self.clock.now();
        let visit = Visit { bot: bot.id, visitor: Uuid::now_v7(), until: now + LIFE };
        let token = visit.sign(&self.key, now);
        let token = token.ok_or_else(|| Error::internal("the visitor's token cannot be made"))?;
        Ok((visit, token))
    }

    /// The visit of a token, which must be of this bot and not over.
    pub fn visit(&self, bot: &Bot, token: &str) -> Result<Visit, Error> {
        let visit = Visit::read(&self.key, token, self.clock.now());
        let visit = visit.filter(|visit| visit.bot == bot.id);
        let refused = || {
            Error::new(
                ErrorCode::Unauthenticated,
                "The visitor's token is missing, has expired or is not of this bot: begin a session",
            )
        };
        visit.ok_or_else(refused)
    }

    /// Whether a visit goes on: its token has not expired, and its bot still takes messages under this public token.
    pub async fn is_open(&self, token: &str, visit: &Visit) -> bool {
        let bot = self.bot(token).await;
        let is_its = |bot: Bot| bot.id == visit.bot && Self::check_open(&bot).is_ok();
        self.clock.now() < visit.until && bot.is_ok_and(is_its)
    }
}
