//! Principal: who calls, and what they may do.

use std::fmt;

use uuid::Uuid;

use crate::{accounts::role::Role, domain::SessionId};

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Somebody without a credential, on a route for everybody.
    Nobody,
    /// The owner of the gateway, who needs no credential of ours.
    Local,
    /// The holder of an API key, and the person whose key it is.
    Key { id: Uuid, owner: Option<(Uuid, Role)> },
    /// A person who is signed in.
    User { id: Uuid, login: Uuid, role: Role },
}

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub who: Who,
    pub scopes: Vec<String>,
    /// The only session that the caller may touch; none for all.
    pub session: Option<SessionId>,
}

impl Principal {
    /// A caller who may do everything.
    pub fn owner() -> Self {
        Self { who: Who::Local, scopes: vec!["*".to_owned()], session: None }
    }

    pub fn nobody() -> Self {
        Self { who: Who::Nobody, scopes: Vec::new(), session: None }
    }

    /// A person, with what their role lets them do.
    pub fn user(id: Uuid, login: Uuid, role: Role) -> Self {
        let scopes = role.scopes().iter().map(|scope| (*scope).to_owned()).collect();
        Self { who: Who::User { id, login, role }, scopes, session: None }
    }

    /// The holder of a key, who may do what its owner may too.
    pub fn key(
        id: Uuid,
        owner: Option<(Uuid, Role)>,
        scopes: Vec<String>,
        session: Option<SessionId>,
    ) -> Self {
        let scopes = match owner {
            Some((_, role)) => role.cap(scopes),
            None => scopes,
        };
        Self { who: Who::Key { id, owner }, scopes, session }
    }

    pub fn may(&self, scope: &str) -> bool {
        self.scopes.iter().any(|given| given == "*" || given == scope)
    }

    /// Whether the caller administers the whole workspace: sees and manages what is others'.
    pub fn administers(&self) -> bool {
        self.may("admin") && self.session.is_none()
    }

    /// Whether the caller may read with its scopes and nothing else.
    pub fn only_reads(&self) -> bool {
        self.role().is_some_and(Role::only_reads)
    }

    /// The role of the person who calls, or whose key it is.
    pub fn role(&self) -> Option<Role> {
        match self.who {
            Who::User { role, .. } => Some(role),
            Who::Key { owner, .. } => owner.map(|(_, role)| role),
            Who::Nobody | Who::Local => None,
        }
    }

    /// The person who calls, or whose key it is.
    pub fn person(&self) -> Option<Uuid> {
        match self.who {
            Who::User { id, .. } => Some(id),
            Who::Key { owner, .. } => owner.map(|(id, _)| id),
            Who::Nobody | Who::Local => None,
        }
    }

    /// What tells one caller from another: the id of the key, or of the person. None for callers without either.
    pub fn id(&self) -> Option<Uuid> {
        match self.who {
            Who::User { id, .. } | Who::Key { id, .. } => Some(id),
            Who::Nobody | Who::Local => None,
        }
    }

    /// The rank in which the caller changes accounts; none for one who may not.
    pub fn rank(&self) -> Option<Role> {
        if !self.may("admin") || self.session.is_some() {
            return None;
        }
        Some(self.role().unwrap_or(Role::Owner))
    }
}

/// For the log.
impl fmt::Display for Principal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.who {
            Who::Nobody => out.write_str("nobody"),
            Who::Local => out.write_str("the owner of the gateway"),
            Who::Key { id, .. } => write!(out, "key {id}"),
            Who::User { id, .. } => write!(out, "user {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_changed_in_the_rank_of_the_caller_and_by_no_key_of_one_session() {
        let (id, all) = (Uuid::nil(), || vec!["*".to_owned()]);
        let of = |role| Principal::user(id, id, role).rank();
        assert_eq!((of(Role::Owner), of(Role::Admin)), (Some(Role::Owner), Some(Role::Admin)));
        assert_eq!((of(Role::Agent), of(Role::Viewer)), (None, None));
        assert_eq!(Principal::owner().rank(), Some(Role::Owner));
        assert_eq!(Principal::nobody().rank(), None);
        let key = |owner, session| Principal::key(id, owner, all(), session).rank();
        assert_eq!(key(None, None), Some(Role::Owner));
        assert_eq!(key(Some((id, Role::Admin)), None), Some(Role::Admin));
        assert_eq!(key(Some((id, Role::Agent)), None), None);
        assert_eq!(key(None, Some("shop".parse().unwrap())), None);
    }
}
