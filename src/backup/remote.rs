//! Client of a running gateway's backup endpoint.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::{
    backup::{BackupError, Profiles},
    egress,
    private::socket::Address,
};

/// How long the gateway may be silent: it may be waiting for a session that opens, and for the
/// next.
const SILENCE: Duration = Duration::from_secs(300);

/// A gateway to ask.
#[derive(Debug)]
pub enum Target {
    /// The one that uses the data folder, by its socket, where no key is needed.
    Behind(Address),
    /// Any other, with the key that was given for it.
    At { url: String, key: Option<String> },
}

/// An archive that a gateway sends.
pub struct Remote {
    response: Response,
}

impl Remote {
    /// Asks the gateway; says in its words why not.
    pub async fn ask(target: &Target, profiles: Profiles) -> Result<Self, BackupError> {
        let (client, base, name, key) = match target {
            Target::Behind(socket) => {
                let client = egress::owner_client(socket.path());
                // The host is not looked up: every connection goes to the socket.
                (client, "http://localhost", "of this folder".to_owned(), None)
            }
            Target::At { url, key } => {
                let base = url.trim_end_matches('/');
                (egress::local_client(), base, format!("at {url}"), key.as_deref())
            }
        };
        let failed = |error: reqwest::Error| {
            BackupError::Refused(format!(
                "the gateway {name} does not answer ({error}); name its address with --url"
            ))
        };
        let client = client.map_err(failed)?;
        let address = format!("{base}/api/v1/backup");
        let mut request = client.post(address).query(&[("profiles", profiles.as_str())]);
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let response = match tokio::time::timeout(SILENCE, request.send()).await {
            Ok(response) => response.map_err(failed)?,
            Err(_) => {
                let why = format!("the gateway {name} does not answer in time");
                return Err(BackupError::Refused(why));
            }
        };
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(Self { response });
        }
        let answer: Value = response.json().await.unwrap_or(Value::Null);
        let message = answer.pointer("/error/message").and_then(Value::as_str);
        let hint = match status {
            StatusCode::UNAUTHORIZED => "; give a key of scope `admin` with --key",
            StatusCode::FORBIDDEN => "; it needs a key of scope `admin` for all sessions",
            _ => "",
        };
        let message = message.unwrap_or("no reason given");
        let why = format!("the gateway {name} refuses ({status}): {message}{hint}");
        Err(BackupError::Refused(why))
    }

    /// The next bytes; none at the end.
    pub async fn next(&mut self) -> Result<Option<bytes::Bytes>, BackupError> {
        let broken = |why: &str| {
            let why = format!("the gateway broke off: {why}; its log may say why");
            BackupError::Refused(why)
        };
        match tokio::time::timeout(SILENCE, self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| broken(&error.to_string())),
            Err(_) => Err(broken("it was silent for too long")),
        }
    }
}
