//! Invitations into the workspace.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    accounts::{Invitation, Role},
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, Body, Call, Created, Data, Message, Path, Query, Repeat, path::uuid, path_value,
            required_choice,
        },
        sessions::wire::seconds,
        workspace::{
            pages::{PageView, ShortPageQuery},
            users::{TAG, role_choice},
            views::role_schema,
        },
    },
    domain::Subject,
};

const ALL: &str = "/api/v1/users/invitations";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listInvitations")
            .about(TAG, "Invitations that are open, newest first"),
        Endpoint::post(ALL, invite)
            .named("createInvitation")
            .about(TAG, "Invite somebody by their e-mail address")
            .details(
                "The link and its code stand in this answer alone, and go by mail where mail is sent. An earlier \
                 invitation of the address is good no more.",
            )
            .repeats(Repeat::Secret),
        Endpoint::delete("/api/v1/users/invitations/{id}", withdraw)
            .named("deleteInvitation")
            .about(TAG, "Withdraw an invitation"),
    ]
}

path_value! {
    /// An invitation, by its UUID.
    enum InvitationId = "id" as Uuid;
    about: "The UUID of the invitation", example: "550e8400-e29b-41d4-a716-446655440052",
    read: |text| uuid(text, Subject::Invitation)
}

/// Invitations that are open.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceInvitations)]
struct InvitationsView {
    /// Newest first.
    invites: Vec<InvitationView>,
    #[serde(flatten)]
    page: PageView,
}

/// An invitation.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceInvitation)]
struct InvitationView {
    /// UUID of the invitation.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// The address that is invited.
    #[schema(example = "grace@example.com")]
    email: String,
    #[schema(schema_with = role_schema)]
    role: &'static str,
    #[schema(schema_with = status_schema)]
    status: &'static str,
    /// When it was made, RFC 3339.
    created_at: String,
    /// When it ends, RFC 3339.
    expires_at: String,
    /// The link, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "https://gateway.example.com/#/join?code=inv_1a2b3c4d5e6f")]
    url: Option<String>,
    /// What `POST /api/v1/auth/register` takes as `invite_code`, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "inv_1a2b3c4d5e6f")]
    code: Option<String>,
}

fn status_schema() -> Schema {
    required_choice("What became of it; one that was accepted is listed no more.", &["pending"])
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email,
            role: invitation.role.as_str(),
            status: "pending",
            created_at: seconds(invitation.created_at),
            expires_at: seconds(invitation.expires_at),
            url: None,
            code: None,
        }
    }
}

/// A new invitation.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceNewInvitation)]
struct NewInvitationView {
    /// The invitation.
    invite: InvitationView,
}

async fn list(
    call: Call<Admin>,
    Query(query): Query<ShortPageQuery>,
) -> Result<Data<InvitationsView>, ApiError> {
    let all = call.accounts.invitations.open().await?;
    let page = query.view(all.len());
    let invites = query.of(all).into_iter().map(InvitationView::from).collect();
    Ok(Data::of(InvitationsView { invites, page }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = InvitationBody, example = json!({ "email": "joan@example.com", "role": "AGENT" }))]
struct Draft {
    /// The address that is invited.
    #[schema(min_length = 1, max_length = 254, format = "email")]
    email: String,
    /// AGENT when it is not given.
    #[schema(schema_with = role_choice)]
    role: Option<Role>,
}

async fn invite(
    call: Call<Admin>,
    Body(body): Body<Draft>,
) -> Result<Created<NewInvitationView>, ApiError> {
    let role = body.role.unwrap_or(Role::Agent);
    let (invitation, code) =
        call.accounts.invitations.invite(&body.email, role, &call.principal()).await?;
    let url = Some(call.accounts.invitations.link(&code));
    let invite = InvitationView { url, code: Some(code), ..invitation.into() };
    Ok(Created::of(NewInvitationView { invite }))
}

async fn withdraw(call: Call<Admin>, Path(id): Path<InvitationId>) -> Result<Message, ApiError> {
    call.accounts.invitations.withdraw(id, &call.principal()).await?;
    Ok(Message::of("The invitation was withdrawn"))
}
