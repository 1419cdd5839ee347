//! Roles of people, and what each may do. Pure.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What somebody is in the workspace; each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Reads conversations and contacts.
    Viewer,
    /// Works with them.
    Agent,
    /// Everything but owners.
    Admin,
    Owner,
}

/// Names of the roles, highest first.
pub const ROLES: [&str; 4] = ["OWNER", "ADMIN", "AGENT", "VIEWER"];

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "VIEWER",
            Self::Agent => "AGENT",
            Self::Admin => "ADMIN",
            Self::Owner => "OWNER",
        }
    }

    /// The scopes of an API key that may do as much.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Owner | Self::Admin => &["*"],
            Self::Agent => &["read", "conversations", "send", "contacts", "bots"],
            Self::Viewer => &["read", "conversations", "contacts"],
        }
    }

    /// Whether its scopes are for reading alone.
    pub fn only_reads(self) -> bool {
        self == Self::Viewer
    }

    /// Whether somebody in this role may make, change and remove people in the other.
    pub fn governs(self, other: Self) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => other != Self::Owner,
            Self::Agent | Self::Viewer => false,
        }
    }

    /// What is left of the scopes of a key whose owner is in this role.
    pub fn cap(self, scopes: Vec<String>) -> Vec<String> {
        let own = self.scopes();
        let has_all = |scopes: &[&str]| scopes.contains(&"*");
        if has_all(own) {
            return scopes;
        }
        let is_open = scopes.iter().any(|scope| scope == "*");
        let is_left = |scope: &&&str| is_open || scopes.iter().any(|given| given == **scope);
        own.iter().filter(is_left).map(|scope| (*scope).to_owned()).collect()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Why a text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be OWNER, ADMIN, AGENT or VIEWER")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    /// Whatever its case.
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        match text.to_uppercase().as_str() {
            "OWNER" => Ok(Self::Owner),
            "ADMIN" => Ok(Self::Admin),
            "AGENT" => Ok(Self::Agent),
            "VIEWER" => Ok(Self::Viewer),
            _ => Err(UnknownRole),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Role; 4] = [Role::Viewer, Role::Agent, Role::Admin, Role::Owner];

    #[test]
    fn a_role_is_named_in_any_case_and_nobody_governs_those_above() {
        for role in ALL {
            assert_eq!(role.as_str().to_lowercase().parse(), Ok(role));
            assert!(ROLES.contains(&role.as_str()));
            for other in ALL {
                let may_ever = Role::Admin <= role && other <= role;
                assert_eq!(role.governs(other), may_ever, "{role} {other}");
            }
        }
        assert_eq!("".parse::<Role>(), Err(UnknownRole));
    }

    proptest! {
        #[test]
        fn a_key_never_reaches_further_than_its_owner_nor_than_itself(
            role in prop::sample::select(ALL.to_vec()),
            given in prop::sample::subsequence(crate::accounts::SCOPES.to_vec(), 1..9),
        ) {
            let given: Vec<String> = given.into_iter().map(str::to_owned).collect();
            let left = role.cap(given.clone());
            let has = |scopes: &[String], one: &str| {
                scopes.iter().any(|scope| scope == "*" || scope == one)
            };
            let own: Vec<String> = role.scopes().iter().map(|one| (*one).to_owned()).collect();
            for scope in crate::accounts::SCOPES.into_iter().filter(|scope| *scope != "*") {
                prop_assert_eq!(has(&left, scope), has(&given, scope) && has(&own, scope));
            }
        }
    }
}
