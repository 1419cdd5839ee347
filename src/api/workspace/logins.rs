//! One's own sign-ins.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Data, Message, Path, Person, Query, path::uuid, path_value},
        sessions::wire::seconds,
        workspace::{
            pages::{PageView, ShortPageQuery},
            sign_in::TAG,
        },
    },
    domain::Subject,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/v1/auth/logout", sign_out)
            .named("signOut")
            .about(TAG, "Sign out")
            .details("The token opens nothing more, and the streams that it opened end."),
        Endpoint::get("/api/v1/auth/logins", list)
            .named("listLogins")
            .about(TAG, "One's own sign-ins that last, newest first"),
        Endpoint::delete("/api/v1/auth/logins/{id}", remove)
            .named("removeLogin")
            .about(TAG, "End a sign-in of one's own")
            .audited(),
    ]
}

path_value! {
    /// A sign-in, by its UUID.
    enum LoginId = "id" as Uuid;
    about: "The UUID of the sign-in", example: "550e8400-e29b-41d4-a716-446655440050",
    read: |text| uuid(text, Subject::Login)
}

/// Sign-ins of a person.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceLogins)]
struct LoginsView {
    /// Newest first.
    logins: Vec<LoginView>,
    #[serde(flatten)]
    page: PageView,
}

/// A sign-in.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceLogin)]
struct LoginView {
    /// UUID of the sign-in.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// When it began, RFC 3339.
    created_at: String,
    /// When its token was last used, to the minute, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    last_seen_at: String,
    /// When it ends by itself, RFC 3339.
    expires_at: String,
    /// Address that it was made from.
    #[schema(example = "203.0.113.7")]
    address: String,
    /// The program that it was made with, as that calls itself; null where it does not.
    #[schema(example = "curl/8.5.0")]
    user_agent: Option<String>,
    /// Whether it is the one of this request.
    current: bool,
}

async fn sign_out(call: Call<Person>) -> Result<Message, ApiError> {
    let (user, login) = call.signed_in()?;
    call.accounts.sign_ins.sign_out(user, login).await?;
    Ok(Message::of("Signed out"))
}

async fn list(
    call: Call<Person>,
    Query(query): Query<ShortPageQuery>,
) -> Result<Data<LoginsView>, ApiError> {
    let (user, own) = call.signed_in()?;
    let all = call.accounts.sign_ins.logins(user).await?;
    let page = query.view(all.len());
    let logins = query.of(all).into_iter().map(|login| LoginView {
        id: login.id.to_string(),
        created_at: seconds(login.created_at),
        last_seen_at: seconds(login.last_seen_at),
        expires_at: seconds(login.expires_at),
        address: login.address,
        user_agent: login.agent,
        current: login.id == own,
    });
    Ok(Data::of(LoginsView { logins: logins.collect(), page }))
}

async fn remove(call: Call<Person>, Path(id): Path<LoginId>) -> Result<Message, ApiError> {
    let (user, _) = call.signed_in()?;
    call.accounts.sign_ins.sign_out(user, id).await?;
    Ok(Message::of("The sign-in was ended"))
}
