//! Asking a running gateway for a backup, as anybody could.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::{
    backup::{BackupError, Profiles},
    egress,
};

/// How long the gateway may be silent: it may be waiting for a session that opens, and for the
/// next.
const SILENCE: Duration = Duration::from_secs(300);

/// An archive that a gateway sends.
pub struct Remote {
    response: Response,
}

impl Remote {
    /// Asks the gateway at this address; says in its words why not.
    pub async fn ask(
        url: &str,
        key: Option<&str>,
        profiles: Profiles,
    ) -> Result<Self, BackupError> {
        let failed = |error: reqwest::Error| {
            BackupError::Refused(format!(
                "the gateway at {url} does not answer ({error}); name its address with --url"
            ))
        };
        let client = egress::local_client().map_err(failed)?;
        let address = format!("{}/api/v1/backup", url.trim_end_matches('/'));
        let mut request = client.post(address).query(&[("profiles", profiles.as_str())]);
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let response = request.send().await.map_err(failed)?;
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
        let why = format!("the gateway at {url} refuses ({status}): {message}{hint}");
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
