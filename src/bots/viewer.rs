//! Viewer: whose bots a caller sees. Pure.

use uuid::Uuid;

use crate::{
    accounts::{Principal, Who},
    bots::bot::Bot,
};

/// Who looks at bots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Somebody who administers the workspace.
    Everything,
    /// A person, or the holder of an API key without one.
    Own { person: Option<Uuid>, key: Option<Uuid> },
}

impl Viewer {
    pub fn of(caller: &Principal) -> Self {
        if caller.administers() {
            return Self::Everything;
        }
        let key = match caller.who {
            Who::Key { id, .. } => Some(id),
            Who::User { .. } | Who::Nobody | Who::Local => None,
        };
        Self::Own { person: caller.person(), key }
    }

    pub fn sees(self, bot: &Bot) -> bool {
        match self {
            Self::Everything => true,
            Self::Own { person, key } => {
                let is_same = |own: Option<Uuid>, of: Option<Uuid>| own.is_some() && own == of;
                is_same(person, bot.owner) || (bot.owner.is_none() && is_same(key, bot.created_by))
            }
        }
    }
}
