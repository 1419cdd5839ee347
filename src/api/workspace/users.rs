//! The people of the workspace, for those who administer it and those who assign work.

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, Schema, Type},
};
use uuid::Uuid;

use crate::{
    accounts::{ROLES, Role, UserChange, UserDraft},
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, Body, Call, Conversations, Created, Data, Message, Path, Query, Repeat, choice,
            path::uuid, path_value,
        },
        sessions::wire::seconds,
        workspace::{
            inbox::caller,
            pages::{PageView, ShortPageQuery},
            people_names::all_sessions,
            views::MemberView,
        },
    },
    assignment,
    domain::{Error, ErrorCode, Subject},
    inbox::Agent,
};

pub const TAG: &str = "People";
const ALL: &str = "/api/v1/users";
const ONE: &str = "/api/v1/users/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list).named("listUsers").about(TAG, "The people of the workspace"),
        Endpoint::post(ALL, create)
            .named("createUser")
            .about(TAG, "Make an account for somebody")
            .details(
                "Their address counts as theirs. Where no `password` is given, one is made and stands in this answer \
                 alone. An OWNER is made and changed by an OWNER alone.",
            )
            .repeats(Repeat::Secret),
        Endpoint::patch(ONE, change)
            .named("updateUser")
            .about(TAG, "Change the role or the name of somebody, or disable their account")
            .details(
                "A disabled account opens nothing, nor do its keys, until it is enabled again. There is always an OWNER \
                 left: else 400.",
            )
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteUser")
            .about(TAG, "Remove an account with its sign-ins and keys")
            .details("Conversations and tickets that were assigned to it are nobody's then.")
            .may_fail(&[ErrorCode::Invalid]),
        Endpoint::post("/api/v1/users/{id}/reset-code", make_reset_code)
            .named("createResetCode")
            .about(TAG, "Make a code with which somebody chooses a new password")
            .details("It stands in this answer alone; an earlier code is good no more.")
            .repeats(Repeat::Secret),
        Endpoint::delete("/api/v1/users/{id}/totp", take_totp)
            .named("disableUserTotp")
            .about(TAG, "Disable the two-factor authentication of somebody who lost their phone"),
    ]
}

path_value! {
    /// A person, by their UUID.
    pub enum UserId = "id" as Uuid;
    about: "The UUID of the person", example: "550e8400-e29b-41d4-a716-446655440051",
    read: |text| uuid(text, Subject::User)
}

/// The people of the workspace.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceMembers)]
struct MembersView {
    /// In the order in which they came.
    users: Vec<MemberView>,
    #[serde(flatten)]
    page: PageView,
}

#[derive(Deserialize, ToSchema)]
struct UsersQuery {
    #[serde(flatten)]
    page: ShortPageQuery,
}

async fn list(
    call: Call<Conversations>,
    Query(query): Query<UsersQuery>,
) -> Result<Data<MembersView>, ApiError> {
    let users = call.accounts.users().await?;
    let page = query.page.view(users.len());
    let users = query.page.of(users).into_iter().map(MemberView::from).collect();
    Ok(Data::of(MembersView { users, page }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = UserDraftBody, example = json!({
    "email": "grace@example.com", "name": "Grace Hopper", "role": "AGENT",
}))]
struct Draft {
    /// E-mail address, unique whatever its case.
    #[schema(min_length = 1, max_length = 254, format = "email")]
    email: String,
    /// Name of the person.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// AGENT when it is not given.
    #[schema(schema_with = role_choice)]
    role: Option<Role>,
    /// 8 to 128 characters with a letter and a digit.
    #[schema(max_length = 128, format = "new-password")]
    password: Option<String>,
}

pub fn role_choice() -> Schema {
    choice("What the person may do.", &ROLES)
}

/// A new account.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceNewMember)]
struct NewMemberView {
    /// The account.
    user: MemberView,
    /// The password that was made, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    #[schema(example = "pX3-kq7LmN2vRt5wYz8a")]
    password: Option<String>,
}

async fn create(
    call: Call<Admin>,
    Body(body): Body<Draft>,
) -> Result<Created<NewMemberView>, ApiError> {
    let draft = UserDraft {
        email: body.email,
        name: body.name,
        role: body.role.unwrap_or(Role::Agent),
        password: body.password,
    };
    let (user, password) = call.accounts.create_user(draft, &call.principal()).await?;
    Ok(Created::of(NewMemberView { user: user.into(), password }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = UserChangeBody, example = json!({ "role": "AGENT" }))]
struct Change {
    #[schema(schema_with = role_choice)]
    role: Option<Role>,
    /// Name of the person.
    #[schema(max_length = 100)]
    name: Option<String>,
    #[schema(schema_with = disabled_schema)]
    disabled: Option<bool>,
}

fn disabled_schema() -> Schema {
    let about = "Whether the account opens nothing.";
    let kinds =
        [Type::Boolean, Type::Null].into_iter().collect::<utoipa::openapi::schema::SchemaType>();
    Schema::Object(ObjectBuilder::new().schema_type(kinds).description(Some(about)).build())
}

async fn change(
    call: Call<Admin>,
    Path(id): Path<UserId>,
    Body(body): Body<Change>,
) -> Result<Data<MemberView>, ApiError> {
    let Change { role, name, disabled } = body;
    let change = UserChange { role, name, is_disabled: disabled };
    let user = call.accounts.change_account(id, change, &call.principal()).await?;
    if !user.may_work() {
        // A contact does not wait for somebody who cannot answer.
        let by = caller(&call).ok();
        call.assignments.release(&all_sessions(&call), (Agent::User(id), by)).await?;
    }
    Ok(Data::of(user.into()))
}

async fn remove(call: Call<Admin>, Path(id): Path<UserId>) -> Result<Message, ApiError> {
    call.accounts.remove_user(id, &call.principal()).await?;
    call.presence.forget(id).await.map_err(Error::from)?;
    call.notifications.forget(id).await?;
    let by = caller(&call).ok();
    call.assignments.release(&all_sessions(&call), (Agent::User(id), by)).await?;
    assignment::forget_person(&call.inbox, id).await?;
    call.work_items.forget_person(id, by).await?;
    Ok(Message::of("The account was removed"))
}

/// A code to choose a new password with.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceResetCode)]
struct ResetCodeView {
    /// Six digits.
    #[schema(example = "123456")]
    code: String,
    /// When it ends, RFC 3339.
    expires_at: String,
}

async fn make_reset_code(
    call: Call<Admin>,
    Path(id): Path<UserId>,
) -> Result<Data<ResetCodeView>, ApiError> {
    let (code, end) = call.accounts.make_reset_code(id, &call.principal()).await?;
    Ok(Data::of(ResetCodeView { code, expires_at: seconds(end) }))
}

async fn take_totp(call: Call<Admin>, Path(id): Path<UserId>) -> Result<Message, ApiError> {
    call.accounts.take_totp(id, &call.principal()).await?;
    Ok(Message::of("Two-factor authentication is disabled"))
}
