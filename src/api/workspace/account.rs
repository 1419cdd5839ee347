//! One's own account: who one is, codes by mail.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    accounts::{TeamRole, Who},
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Bucket, Call, Data, Guest, Message, Person, Public, Repeat, required_choice},
        workspace::{
            fields,
            sign_in::TAG,
            views::{UserView, WORKSPACE, plan, plan_schema},
        },
    },
    domain::{Error, ErrorCode},
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/auth/me", me)
            .named("getCurrentUser")
            .about(TAG, "Who is signed in, or whose key it is"),
        Endpoint::patch("/api/v1/auth/me", change_me)
            .named("updateCurrentUser")
            .about(TAG, "Change one's own name")
            .repeats(Repeat::Repeatable),
        Endpoint::put("/api/v1/auth/password", change_password)
            .named("changePassword")
            .about(TAG, "Change one's own password with the present one")
            .details(
                "All other sign-ins of the person end, and a mail says that the password was changed. A wrong present \
                 password counts as a failed sign-in. It needs a sign-in; a key is refused.",
            )
            .audited()
            .limited(Bucket::SignIn),
        Endpoint::get("/api/v1/auth/status", status)
            .named("getSignInStatus")
            .about(TAG, "Whether anybody has an account yet")
            .details("Where nobody has, the first account is to be made: `POST /api/v1/auth/register`."),
        Endpoint::post("/api/v1/auth/forgot-password", forgot)
            .named("requestPasswordReset")
            .about(TAG, "Ask for a code to choose a new password")
            .details(
                "The answer is the same whether there is such an account or not. Without mail, an administrator makes \
                 a code: `POST /api/v1/users/{id}/reset-code`.",
            )
            .limited(Bucket::SignIn)
            .repeats(Repeat::Unkeyed),
        Endpoint::post("/api/v1/auth/reset-password", reset)
            .named("resetPassword")
            .about(TAG, "Choose a new password with a code")
            .details("All sign-ins of the person end. A code has five tries.")
            .limited(Bucket::SignIn)
            .repeats(Repeat::Unkeyed),
        Endpoint::post("/api/v1/auth/verify-email", verify)
            .named("verifyEmail")
            .about(TAG, "Show with a code that an address is one's own")
            .limited(Bucket::SignIn)
            .repeats(Repeat::Unkeyed),
        Endpoint::post("/api/v1/auth/resend-verification", resend)
            .named("resendVerification")
            .about(TAG, "Have another code mailed, once a minute")
            .may_fail(&[ErrorCode::Unsupported])
            .limited(Bucket::SignIn),
    ]
}

/// Who is signed in, and where.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceMe)]
struct MeView {
    /// Who is signed in, or whose key it is.
    user: UserView,
    /// The workspace.
    org: OrgView,
    /// Teams of the person.
    teams: Vec<TeamView>,
}

/// The workspace; a gateway has one.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceOrganization)]
struct OrgView {
    /// Always the same.
    #[schema(example = "default")]
    id: &'static str,
    /// `business.name` of the settings.
    #[schema(example = "Analytical Engines")]
    name: String,
    #[schema(schema_with = plan_schema)]
    plan: &'static str,
}

/// A team of the person.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTeamOfMine)]
struct TeamView {
    /// UUID of the team.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the team.
    #[schema(example = "Support")]
    name: String,
    #[schema(schema_with = team_role_schema)]
    role: &'static str,
}

fn team_role_schema() -> Schema {
    required_choice("What the person is in the team.", &TeamRole::WORDS)
}

async fn me(call: Call<Person>) -> Result<Data<MeView>, ApiError> {
    let user = call.accounts.user(call.person()?).await?;
    let org = OrgView {
        id: WORKSPACE,
        name: call.settings.now().business.name.clone(),
        plan: plan(&call),
    };
    let teams = call.teams.of_person(user.id).await?;
    let teams = teams.into_iter().map(|(team, role)| TeamView {
        id: team.id.to_string(),
        name: team.name,
        role: role.as_str(),
    });
    Ok(Data::of(MeView { user: UserView::of(user, &call), org, teams: teams.collect() }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OwnAccountChange, example = json!({ "name": "Ada Lovelace" }))]
struct MeBody {
    /// Another name.
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    name: String,
}

async fn change_me(
    call: Call<Person>,
    Body(body): Body<MeBody>,
) -> Result<Data<VerifiedView>, ApiError> {
    let (user, _) = call.signed_in()?;
    let user = call.accounts.rename_oneself(user, &body.name).await?;
    Ok(Data::of(VerifiedView { user: UserView::of(user, &call) }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = OwnPasswordChange, example = json!({
    "current_password": "correct horse 7", "new_password": "another horse 8",
}))]
struct PasswordBody {
    /// The present password.
    #[schema(min_length = 1, max_length = 128, example = "correct horse 7")]
    current_password: String,
    /// 8 to 128 characters with a letter and a digit.
    #[schema(
        min_length = 1,
        max_length = 128,
        format = "new-password",
        example = "another horse 8"
    )]
    new_password: String,
}

async fn change_password(
    call: Call<Person>,
    Body(body): Body<PasswordBody>,
) -> Result<Message, ApiError> {
    let own = call.signed_in()?;
    call.accounts.change_password(own, &body.current_password, &body.new_password).await?;
    Ok(Message::of("Password changed. Your other sign-ins have ended"))
}

/// Whether somebody can sign in.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceSignInStatus)]
struct StatusView {
    /// False until the first account is made.
    #[schema(example = true)]
    has_accounts: bool,
}

async fn status(call: Call<Public>) -> Result<Data<StatusView>, ApiError> {
    Ok(Data::of(StatusView { has_accounts: call.accounts.has_any().await? }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ForgottenPasswordBody, example = json!({ "email": "ada@example.com" }))]
struct ForgottenBody {
    /// E-mail address of the account.
    #[schema(min_length = 1, max_length = 254)]
    email: String,
}

async fn forgot(call: Call<Guest>, Body(body): Body<ForgottenBody>) -> Result<Message, ApiError> {
    call.accounts.recovery.forgot_password(&body.email);
    Ok(Message::of("If the account exists, a reset code was sent"))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = NewPasswordBody, example = json!({
    "email": "ada@example.com", "code": "123456", "new_password": "another horse 8",
}))]
struct ResetBody {
    /// E-mail address of the account.
    #[schema(min_length = 1, max_length = 254)]
    email: String,
    #[schema(schema_with = code_schema)]
    code: String,
    /// 8 to 128 characters with a letter and a digit.
    #[schema(max_length = 128, format = "new-password")]
    new_password: Option<String>,
    /// Another name of `new_password`.
    #[schema(max_length = 128, format = "new-password")]
    password: Option<String>,
}

fn code_schema() -> Schema {
    let about = "The six digits of the code.";
    let schema = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::String);
    Schema::Object(schema.min_length(Some(1)).max_length(Some(20)).description(Some(about)).build())
}

async fn reset(call: Call<Guest>, Body(body): Body<ResetBody>) -> Result<Message, ApiError> {
    let missing = || Error::invalid_field("new_password", "is required");
    let password = fields::same(("new_password", body.new_password), ("password", body.password))?;
    let password = password.ok_or_else(missing)?;
    call.accounts.recovery.reset_password(&body.email, &body.code, &password).await?;
    Ok(Message::of("Password changed. Sign in with the new one"))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = VerificationBody, example = json!({ "code": "123456", "email": "ada@example.com" }))]
struct VerifyBody {
    #[schema(schema_with = code_schema)]
    code: String,
    /// E-mail address of the account; needed where nobody is signed in.
    #[schema(max_length = 254)]
    email: Option<String>,
}

/// An account.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceUserAlone)]
struct VerifiedView {
    /// The account.
    user: UserView,
}

async fn verify(
    call: Call<Guest>,
    Body(body): Body<VerifyBody>,
) -> Result<Data<VerifiedView>, ApiError> {
    let user = match call.principal().who {
        Who::User { id, .. } => Some(id),
        Who::Nobody | Who::Local | Who::Key { .. } => None,
    };
    let user = call.accounts.recovery.verify_email(user, body.email.as_deref(), &body.code).await?;
    Ok(Data::of(VerifiedView { user: UserView::of(user, &call) }))
}

async fn resend(call: Call<Person>) -> Result<Message, ApiError> {
    let (user, _) = call.signed_in()?;
    Ok(Message::of(match call.accounts.recovery.resend_verification(user).await? {
        true => "A code was sent",
        false => "The address is known to be yours already",
    }))
}
