//! Tools for the sessions themselves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        error::ApiError,
        gate::near_session,
        kit::{Admin, Call, Data, OwnSessions, Read},
        mcp::{
            outcome::Pictured,
            tool::{Effect, Tool, Words},
        },
        sessions::{self, SessionView, linking_code, wire::seconds},
    },
    domain::{Error, SessionId, Subject},
    session::not_found,
};

pub fn list() -> Tool {
    let words = Words {
        name: "list_sessions",
        title: "List WhatsApp sessions",
        about: "The numbers that are linked, each with its state.",
    };
    Tool::new(words, Effect::Reads, listed)
}

pub fn qr_code() -> Tool {
    let words = Words {
        name: "get_qr_code",
        title: "Show a QR code",
        about: "The code that links a session, as a picture to scan with the phone. It changes within a minute.",
    };
    Tool::new(words, Effect::Reads, code)
}

/// Without fields of its own, the check of a schema would let any pass.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Serialize, ToSchema)]
struct SessionsView {
    /// The sessions that the key reaches.
    sessions: Vec<SessionView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GetQrCode {
    /// The name of the session.
    #[schema(max_length = 64, example = "shop")]
    session_id: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QrCodeView {
    /// The name of the session.
    session_id: String,
    /// When the code is another one.
    expires_at: String,
    /// Counts the codes of one linking from 1.
    attempt: u32,
}

async fn listed(call: Call<Read, OwnSessions>, _: Nothing) -> Result<Data<SessionsView>, ApiError> {
    let sessions = sessions::views(&call, |_| true).await;
    Ok(Data::of(SessionsView { sessions }))
}

async fn code(
    call: Call<Admin, OwnSessions>,
    input: GetQrCode,
) -> Result<Pictured<QrCodeView>, ApiError> {
    let near = |error| near_session::near(&call, &call.principal(), error, &input.session_id);
    let unknown = || Error::not_found(Subject::Session, "There is no session with this name");
    let id: SessionId = input.session_id.parse().map_err(|_| near(unknown()))?;
    if call.own_session().is_some_and(|own| own != id) {
        return Err(near(not_found(&id)).into());
    }
    let status = call.supervisor.get(&id).map_err(near)?.status();
    let code = sessions::shown_code(&status, call.clock.now())?;
    let png = linking_code::png(&code.text, linking_code::USUAL_SIZE)?;
    let view = QrCodeView {
        session_id: id.to_string(),
        expires_at: seconds(code.expires_at),
        attempt: code.attempt,
    };
    Ok(Pictured { data: Data::of(view), png })
}
