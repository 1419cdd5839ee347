//! Two-factor authentication: a generator of codes on one's phone.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Bucket, Call, Data, Guest, Message, Person, Repeat},
        sessions::linking_code,
        workspace::{
            sign_in::{TAG, visit},
            views::SessionView,
        },
    },
    domain::ErrorCode,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/auth/totp/setup", set_up)
            .named("setUpTotp")
            .about(TAG, "Set a generator of codes up")
            .details(
                "It is asked for at no sign-in before `POST /api/v1/auth/totp/verify` has seen a code of it. 409 where \
                 one is enabled.",
            )
            .audited()
            .limited(Bucket::SignIn)
            .repeats(Repeat::Secret),
        Endpoint::post("/api/v1/auth/totp/verify", verify)
            .named("verifyTotp")
            .about(TAG, "Enable the generator, or take the second step of a sign-in")
            .details(
                "Signed in, with a `code`: the generator is enabled, and the recovery codes are shown this once. Without, \
                 with the `temp_token` of a sign-in and a `code` or a recovery code: the answer is that of a sign-in. A \
                 code is taken once, and a `temp_token` has five tries in five minutes.",
            )
            .may_fail(&[ErrorCode::Forbidden])
            .audited()
            .limited(Bucket::SignIn)
            .repeats(Repeat::Unkeyed),
        Endpoint::delete("/api/v1/auth/totp", disable)
            .named("disableTotp")
            .about(TAG, "Disable two-factor authentication")
            .audited()
            .limited(Bucket::SignIn),
    ]
}

/// What a generator is set up with.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTotpSetup)]
struct SetupView {
    /// The secret in base32, to be typed.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// What the QR code says.
    #[schema(
        example = "otpauth://totp/wagate:ada@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
                        &issuer=wagate&algorithm=SHA1&digits=6&period=30"
    )]
    otpauth_url: String,
    /// The QR code as a picture.
    #[schema(example = "data:image/png;base64,iVBORw0KGgo=")]
    qr_code: String,
}

async fn set_up(call: Call<Person>) -> Result<Data<SetupView>, ApiError> {
    let (user, _) = call.signed_in()?;
    let setup = call.accounts.factors.set_up(user).await?;
    let qr_code = linking_code::data_url(&setup.address)?;
    Ok(Data::of(SetupView { secret: setup.secret, otpauth_url: setup.address, qr_code }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = TotpCodeBody, example = json!({ "code": "123456" }))]
struct CodeBody {
    /// A code of the generator; for a sign-in, also a recovery code.
    #[schema(min_length = 1, max_length = 20)]
    code: String,
    /// What a sign-in answered that needs a code.
    #[schema(max_length = 100)]
    temp_token: Option<String>,
}

/// Codes are asked for from now on.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTotpEnabled)]
struct EnabledView {
    /// Codes are asked for.
    enabled: bool,
    /// Each stands in for a code once. They are shown this once.
    #[schema(example = json!(["k3fq-7zpa"]))]
    recovery_codes: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = WorkspaceTotpVerified)]
enum VerifiedView {
    Enabled(EnabledView),
    SignedIn(Box<SessionView>),
}

async fn verify(
    call: Call<Guest>,
    Body(body): Body<CodeBody>,
) -> Result<Data<VerifiedView>, ApiError> {
    if let Some(temp_token) = body.temp_token {
        let from = visit(call.request());
        let done = call.accounts.sign_ins.sign_in_with_code(&temp_token, &body.code, from).await?;
        return Ok(Data::of(VerifiedView::SignedIn(Box::new(SessionView::of(done, &call)))));
    }
    let (user, _) = call.signed_in()?;
    let recovery_codes = call.accounts.factors.enable(user, &body.code).await?;
    Ok(Data::of(VerifiedView::Enabled(EnabledView { enabled: true, recovery_codes })))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = TotpRemovalBody, example = json!({ "password": "correct horse 7", "code": "123456" }))]
struct DisableBody {
    /// The password of the account.
    #[schema(min_length = 1, max_length = 128)]
    password: String,
    /// A code of the generator or a recovery code.
    #[schema(min_length = 1, max_length = 20)]
    code: String,
}

async fn disable(call: Call<Person>, Body(body): Body<DisableBody>) -> Result<Message, ApiError> {
    let (user, _) = call.signed_in()?;
    call.accounts.factors.disable(user, &body.password, &body.code).await?;
    Ok(Message::of("Two-factor authentication is disabled"))
}
