//! Admission control: which command is accepted in which state. Pure.

use crate::domain::{Command, Error, ErrorCode, SessionState, Subject};

/// Whether a session accepts a command now; a refusal names the state.
pub fn admit(state: SessionState, has_engine: bool, command: &Command) -> Result<(), Error> {
    let accepted = match command {
        // For a session that waits to be linked.
        Command::PairingCode { .. } | Command::RefreshQr => match state {
            SessionState::QrReady => true,
            SessionState::Initializing => has_engine,
            SessionState::Ready | SessionState::Degraded | SessionState::Authenticated => {
                let message = "the session is linked already";
                return Err(with_state(Error::new(ErrorCode::Conflict, message), state));
            }
            SessionState::Failed | SessionState::Terminated => false,
        },
        // Of a session that cannot be linked, too: one looks to see why.
        Command::Ping | Command::Screenshot => has_engine,
        Command::Send(_)
        | Command::Edit { .. }
        | Command::Revoke { .. }
        | Command::React { .. }
        | Command::MarkRead { .. }
        | Command::Archive { .. }
        | Command::Typing { .. }
        | Command::Chats { .. }
        | Command::Messages { .. }
        | Command::Contacts { .. }
        | Command::Contact { .. }
        | Command::Group { .. }
        | Command::CreateGroup { .. }
        | Command::AddParticipants { .. }
        | Command::RemoveParticipants { .. }
        | Command::Find { .. }
        | Command::Receipts { .. }
        | Command::DownloadMedia { .. } => state == SessionState::Ready && has_engine,
    };
    if accepted { Ok(()) } else { Err(not_ready(state)) }
}

/// Whether a command needs WhatsApp, and not only the engine.
pub fn needs_connection(command: &Command) -> bool {
    let without = matches!(
        command,
        Command::Ping | Command::Screenshot | Command::PairingCode { .. } | Command::RefreshQr
    );
    !without
}

/// The session is ready, and its engine has no connection to WhatsApp.
pub fn not_connected() -> Error {
    let message = "The session has no connection to WhatsApp at the moment";
    with_state(Error::new(ErrorCode::NotReady, message), SessionState::Ready)
        .detail("connected", false)
}

/// The session cannot do this in the state it is in.
pub fn not_ready(state: SessionState) -> Error {
    let advice = match state {
        SessionState::Initializing | SessionState::Authenticated => "Wait until it is ready",
        SessionState::QrReady => "Scan its QR code",
        SessionState::Degraded => "It is being recovered: try again soon",
        SessionState::Failed => "Its details say why: restart it",
        SessionState::Terminated => "Create it again to link it",
        SessionState::Ready => "Try again",
    };
    let status = state.as_str();
    let message = format!(
        "The session is not ready: its status is '{status}'. {advice}. A send with \"queue\": true waits for it"
    );
    with_state(Error::new(ErrorCode::NotReady, message), state)
}

fn with_state(error: Error, state: SessionState) -> Error {
    error.about(Subject::Session).detail("status", state.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [SessionState; 7] = [
        SessionState::Initializing,
        SessionState::QrReady,
        SessionState::Authenticated,
        SessionState::Ready,
        SessionState::Degraded,
        SessionState::Failed,
        SessionState::Terminated,
    ];

    #[test]
    fn messages_go_out_of_a_ready_session_only() {
        let command = Command::MarkRead { chat: "1234567890@c.us".parse().unwrap() };
        for state in STATES {
            let admitted = admit(state, true, &command);
            assert_eq!(admitted.is_ok(), state == SessionState::Ready, "{state:?}");
            if let Err(error) = admitted {
                assert_eq!(error.code, ErrorCode::NotReady);
                assert_eq!(error.details["status"], state.as_str());
            }
        }
    }

    #[test]
    fn a_pairing_code_is_for_a_session_that_waits_to_be_linked() {
        let command = Command::PairingCode { phone: "15551234567".to_owned() };
        assert!(admit(SessionState::QrReady, true, &command).is_ok());
        for state in [SessionState::Ready, SessionState::Degraded] {
            let linked = admit(state, true, &command);
            assert_eq!(linked.map_err(|error| error.code), Err(ErrorCode::Conflict));
        }
        let no_engine = admit(SessionState::Initializing, false, &command);
        assert_eq!(no_engine.map_err(|error| error.code), Err(ErrorCode::NotReady));
    }
}
