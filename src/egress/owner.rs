//! Client of the command line for the gateway that uses a data folder. It asks through the owner's socket, which
//! needs no key.

use std::{path::Path, time::Duration};

use reqwest::{Client, Method};
use serde_json::Value;

use crate::{
    egress::request_clients::owner_client,
    private::socket::{self, Address},
};

/// A gateway that runs in a data folder.
pub struct OwnGateway {
    client: Client,
    _socket: Address,
}

impl OwnGateway {
    /// Finds the gateway of a folder; none when no process holds the folder. An error says what to do.
    pub async fn find(data: &Path, is_held: impl Fn() -> bool) -> Result<Option<Self>, String> {
        let unreachable = |error: std::io::Error| {
            let (data, name) = (data.display(), socket::NAME);
            format!(
                "the store in {data} is in use, and no gateway answers at {data}/{name}: {error}\n\
                 Try again in a moment"
            )
        };
        let Some(socket) = socket::find(data, is_held).await.map_err(unreachable)? else {
            return Ok(None);
        };
        let client = owner_client(socket.path()).map_err(|error| error.to_string())?;
        Ok(Some(Self { client, _socket: socket }))
    }

    /// What the answer holds, without the envelope where it has one; or an error message.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        deadline: Duration,
    ) -> Result<Value, String> {
        // The host is not looked up: every connection goes to the socket.
        let request = self.client.request(method, format!("http://localhost{path}"));
        let mut request = request.timeout(deadline);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(|error| error.to_string())?;
        let status = response.status();
        let mut answer: Value = response.json().await.unwrap_or(Value::Null);
        if status.is_success() {
            let has_envelope = answer["success"].is_boolean();
            return Ok(if has_envelope { answer["data"].take() } else { answer });
        }
        // Of a surface without an envelope the error is a sentence.
        let message = answer.pointer("/error/message").or_else(|| answer.get("error"));
        let message = message.and_then(Value::as_str);
        let message = message.unwrap_or("no reason given");
        Err(format!("the gateway answered {status}: {message}"))
    }

    pub async fn get(&self, path: &str, deadline: Duration) -> Result<Value, String> {
        self.ask(Method::GET, path, None, deadline).await
    }

    pub async fn post(
        &self,
        path: &str,
        body: Option<Value>,
        deadline: Duration,
    ) -> Result<Value, String> {
        self.ask(Method::POST, path, body, deadline).await
    }

    pub async fn patch(
        &self,
        path: &str,
        body: Value,
        deadline: Duration,
    ) -> Result<Value, String> {
        self.ask(Method::PATCH, path, Some(body), deadline).await
    }

    pub async fn delete(&self, path: &str, deadline: Duration) -> Result<Value, String> {
        self.ask(Method::DELETE, path, None, deadline).await
    }
}
