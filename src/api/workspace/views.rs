//! People as the workspace API shows them.

use serde::Serialize;
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    accounts::{ROLES, SignedIn, User},
    api::{kit::required_choice, sessions::wire::seconds},
    config::Plan,
    services::Services,
};

/// There is one workspace, which clients know as the organization.
pub const WORKSPACE: &str = "default";

/// Somebody, as they see themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceUser)]
pub struct UserView {
    /// UUID of the person.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    pub id: String,
    /// E-mail address, unique whatever its case.
    #[schema(example = "ada@example.com")]
    pub email: String,
    /// Name of the person.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    #[schema(schema_with = role_schema)]
    pub role: &'static str,
    /// The workspace; a gateway has one.
    #[schema(example = "default")]
    pub org_id: &'static str,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// Whether a sign-in asks for a code of their generator.
    pub totp_enabled: bool,
    #[schema(schema_with = plan_schema)]
    pub plan: &'static str,
    /// Address of their picture; null, since nobody has one yet.
    #[schema(example = json!(null))]
    pub avatar_url: Option<String>,
    /// When the account was made, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    pub created_at: String,
    /// When they last signed in, RFC 3339; null before the first time.
    #[schema(example = "2026-03-24T10:31:00Z")]
    pub last_login_at: Option<String>,
}

pub fn role_schema() -> Schema {
    required_choice("What the person may do; each role may do what those after it may.", &ROLES)
}

pub fn plan_schema() -> Schema {
    required_choice(
        "The plan of the workspace, `business.plan` of the settings.",
        &["starter", "pro"],
    )
}

pub fn plan(services: &Services) -> &'static str {
    match services.settings.now().business.plan {
        Plan::Starter => "starter",
        Plan::Pro => "pro",
    }
}

impl UserView {
    pub fn of(user: User, services: &Services) -> Self {
        Self {
            id: user.id.to_string(),
            totp_enabled: user.totp().is_some(),
            email: user.email,
            name: user.name,
            role: user.role.as_str(),
            org_id: WORKSPACE,
            email_verified: user.email_verified,
            plan: plan(services),
            avatar_url: None,
            created_at: seconds(user.created_at),
            last_login_at: user.last_login_at.map(seconds),
        }
    }
}

/// Somebody who is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceSession)]
pub struct SessionView {
    /// Credential for `Authorization: Bearer`.
    #[schema(example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl")]
    pub token: String,
    /// Who is signed in.
    pub user: UserView,
    /// Seconds for which the token is good, unless it is signed out.
    #[schema(example = 86_400)]
    pub expires_in: u64,
}

impl SessionView {
    pub fn of(signed_in: SignedIn, services: &Services) -> Self {
        let SignedIn { token, user, expires_in } = signed_in;
        Self { token, user: UserView::of(user, services), expires_in: expires_in.as_secs() }
    }
}

/// Somebody, as others see them.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceMember)]
pub struct MemberView {
    /// UUID of the person.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the person.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// E-mail address of the person.
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(schema_with = role_schema)]
    role: &'static str,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// Whether a sign-in asks for a code of their generator.
    totp_enabled: bool,
    /// When they last signed in, RFC 3339; null before the first time.
    #[schema(example = "2026-03-24T10:31:00Z")]
    last_login_at: Option<String>,
}

fn status_schema() -> Schema {
    required_choice("Whether the person may sign in.", &["active", "disabled"])
}

impl From<User> for MemberView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            totp_enabled: user.totp().is_some(),
            name: user.name,
            email: user.email,
            role: user.role.as_str(),
            status: if user.is_disabled { "disabled" } else { "active" },
            last_login_at: user.last_login_at.map(seconds),
        }
    }
}
