//! Registration and sign-in.

use actix_web::{HttpRequest, http::header::USER_AGENT};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::{Newcomer, SignIn, Visit},
    api::{
        endpoint::Endpoint,
        error::ApiError,
        gate::auth::client_of,
        kit::{Body, Bucket, Call, Created, Data, Guest, Repeat},
        workspace::views::{SessionView, UserView},
    },
    domain::ErrorCode,
};

pub const TAG: &str = "Sign-in";
/// Characters of a program's name that are kept.
const LONGEST_AGENT: usize = 200;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/auth/register", register)
            .named("registerUser")
            .about(TAG, "Make an account for oneself")
            .details(
                "The first account is made on the machine of the gateway without a credential, or with a key for \
                 everything, and owns the workspace. After that `accounts.registration` says who may: people with \
                 an `invite_code`, anybody, or nobody. With mail a code is sent to show that the address is theirs.",
            )
            .may_fail(&[ErrorCode::Forbidden])
            .limited(Bucket::SignIn)
            .repeats(Repeat::Unkeyed),
        Endpoint::post("/api/v1/auth/login", sign_in)
            .named("signIn")
            .about(TAG, "Sign in with e-mail address and password")
            .details(
                "With two-factor authentication and no `totp_code` the answer has a `temp_token` for \
                 `POST /api/v1/auth/totp/verify` instead of a token. After ten failures of an account in fifteen \
                 minutes its sign-ins are refused with 429, from wherever they come.",
            )
            .may_fail(&[ErrorCode::Forbidden])
            .limited(Bucket::SignIn)
            .repeats(Repeat::Unkeyed),
    ]
}

/// From where a request comes.
pub fn visit(request: &HttpRequest) -> Visit {
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let agent = agent.map(|agent| agent.chars().take(LONGEST_AGENT).collect());
    Visit { address: client_of(request).to_string(), agent }
}

#[derive(Deserialize, ToSchema)]
#[schema(as = RegistrationBody, example = json!({
    "email": "ada@example.com", "password": "correct horse 7", "name": "Ada Lovelace",
}))]
struct Registration {
    /// E-mail address, unique whatever its case.
    #[schema(min_length = 1, max_length = 254, format = "email")]
    email: String,
    /// 8 to 128 characters with a letter and a digit.
    #[schema(min_length = 1, max_length = 128, format = "new-password")]
    password: String,
    /// Name of the person.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Where the person works.
    #[schema(max_length = 100)]
    company: Option<String>,
    /// What an invitation says.
    #[schema(max_length = 100)]
    invite_code: Option<String>,
}

/// A new account, whose owner is signed in.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceRegistration)]
struct RegistrationView {
    /// Credential for `Authorization: Bearer`.
    #[schema(example = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl")]
    token: String,
    /// The new account.
    user: UserView,
    /// Seconds for which the token is good, unless it is signed out.
    #[schema(example = 86_400)]
    expires_in: u64,
    /// Whether a code was mailed to show that the address is theirs.
    verification_required: bool,
}

async fn register(
    call: Call<Guest>,
    Body(body): Body<Registration>,
) -> Result<Created<RegistrationView>, ApiError> {
    let newcomer = Newcomer {
        email: body.email,
        password: body.password,
        name: body.name,
        company: body.company,
        invite_code: body.invite_code,
    };
    let from = visit(call.request());
    let made = call.accounts.register(newcomer, &call.principal(), from).await?;
    let verification_required = made.verification_required;
    let SessionView { token, user, expires_in } = SessionView::of(made.signed_in, &call);
    Ok(Created::of(RegistrationView { token, user, expires_in, verification_required }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SignInBody, example = json!({ "email": "ada@example.com", "password": "correct horse 7" }))]
struct SignInBody {
    /// E-mail address, whatever its case.
    #[schema(min_length = 1, max_length = 254)]
    email: String,
    /// The password.
    #[schema(min_length = 1, max_length = 128)]
    password: String,
    /// A code of the generator or a recovery code, to sign in with one request.
    #[schema(max_length = 20)]
    totp_code: Option<String>,
}

/// Where a second step follows.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceSecondStep)]
pub struct SecondStepView {
    /// A code of the generator is needed.
    requires_totp: bool,
    /// What the second step is begun with.
    #[schema(example = "wsi_1a2b3c4d5e6f")]
    temp_token: String,
    /// Seconds for which it is good.
    #[schema(example = 300)]
    expires_in: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = WorkspaceSignIn)]
enum SignInView {
    Done(Box<SessionView>),
    NeedsCode(SecondStepView),
}

async fn sign_in(
    call: Call<Guest>,
    Body(body): Body<SignInBody>,
) -> Result<Data<SignInView>, ApiError> {
    let SignInBody { email, password, totp_code } = body;
    let from = visit(call.request());
    let signed_in =
        call.accounts.sign_ins.sign_in(&email, &password, totp_code.as_deref(), from).await?;
    Ok(Data::of(match signed_in {
        SignIn::Done(done) => SignInView::Done(Box::new(SessionView::of(*done, &call))),
        SignIn::NeedsCode { temp_token, expires_in } => SignInView::NeedsCode(SecondStepView {
            requires_totp: true,
            temp_token,
            expires_in: expires_in.as_secs(),
        }),
    }))
}
