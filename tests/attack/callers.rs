//! Callers with different credentials, and the streams that they open.

use std::path::Path;

use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

use crate::support::{PATIENCE, daemon::Daemon, http};

/// Everybody needs a key.
pub const REQUIRED: (&str, &str) = ("OPENWA_AUTH", "required");

/// A caller of one gateway.
#[derive(Clone)]
pub struct Caller {
    http: http::Client,
    base: String,
    key: Option<String>,
    /// A header besides the key.
    header: Option<(&'static str, String)>,
}

impl Caller {
    pub fn without_key(daemon: &Daemon) -> Self {
        Self { http: daemon.http.clone(), base: daemon.base.clone(), key: None, header: None }
    }

    pub fn with_key(daemon: &Daemon, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..Self::without_key(daemon) }
    }

    /// The same caller with a header.
    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        Self { header: Some((name, value.to_owned())), ..self.clone() }
    }

    /// The holder of the first key, which may do everything.
    pub fn owner(daemon: &Daemon, folder: &Path) -> Self {
        let key = std::fs::read_to_string(folder.join("data/bootstrap.key")).unwrap();
        Self::with_key(daemon, key.trim())
    }

    /// The status and the answer; null for one that is no JSON.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let response = self.request(method, path, body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub fn request(&self, method: Method, path: &str, body: Option<Value>) -> http::Request {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        if let Some((name, value)) = &self.header {
            request = request.header(*name, value.as_str());
        }
        match body {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// What must be answered with success; its data.
    pub async fn done(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, mut answer) = self.ask(method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer["data"].take()
    }

    /// Makes a key; its id and its secret.
    pub async fn make_key(&self, draft: Value) -> (String, String) {
        let made = self.done(Method::POST, "/api/v1/api-keys", Some(draft)).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("id"), text("key"))
    }

    pub async fn revoke(&self, id: &str) {
        self.done(Method::DELETE, &format!("/api/v1/api-keys/{id}"), None).await;
    }

    /// Creates a session and links it to a phone; it is ready then.
    pub async fn link(&self, id: &str, phone: &str) {
        let body = json!({ "sessionId": id, "config": { "engine": "simulated" } });
        self.done(Method::POST, "/api/v1/sessions", Some(body)).await;
        let code = self.code(id).await;
        let scan = json!({ "code": code, "name": format!("Owner of {id}") });
        let path = format!("/_simulator/v1/accounts/{phone}/scan");
        let (status, answer) = self.post(&path, scan).await;
        assert_eq!(status, 200, "{answer}");
        self.wait_until(&format!("/api/v1/sessions/{id}/status"), |data| data["status"] == "ready")
            .await;
    }

    /// The code by which a phone is linked to a session at the moment.
    pub async fn code(&self, id: &str) -> String {
        let path = format!("/api/v1/sessions/{id}/qr?format=text&wait=true");
        let qr = self.done(Method::GET, &path, None).await;
        qr["qrText"].as_str().unwrap().to_owned()
    }

    pub async fn wait_until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let asked = async {
            loop {
                let (_, mut answer) = self.get(path).await;
                if is_so(&answer["data"]) {
                    return answer["data"].take();
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("waited for {path}"))
    }

    /// Opens an event stream.
    pub async fn stream(&self, path: &str) -> EventStream {
        let response = self.request(Method::GET, path, None).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "{path}");
        EventStream { response, text: String::new() }
    }

    /// Opens a WebSocket with the key in a header; else the status and the body of the refusal.
    pub async fn socket(&self, path: &str) -> Result<Socket, (u16, Value)> {
        let url = format!("{}{path}", self.base.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        if let Some(key) = &self.key {
            let value = format!("Bearer {key}").parse().unwrap();
            request.headers_mut().insert("authorization", value);
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tungstenite::Error::Http(answer)) => {
                let body = answer.body().as_deref().unwrap_or_default();
                Err((answer.status().as_u16(), serde_json::from_slice(body).unwrap_or_default()))
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// A stream of server-sent events.
pub struct EventStream {
    response: reqwest::Response,
    pub text: String,
}

impl EventStream {
    /// Reads until the text holds this.
    pub async fn reach(&mut self, wanted: &str) -> &str {
        let read = async {
            while !self.text.contains(wanted) {
                let chunk = self.response.chunk().await.unwrap();
                let chunk = chunk.unwrap_or_else(|| panic!("it ended before {wanted}"));
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        let reached = tokio::time::timeout(PATIENCE, read).await.is_ok();
        assert!(reached, "no {wanted} in {}", self.text);
        &self.text
    }

    /// Reads to its end; all of it.
    pub async fn end(mut self) -> String {
        let read = async {
            while let Ok(Some(chunk)) = self.response.chunk().await {
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        let ended = tokio::time::timeout(PATIENCE, read).await.is_ok();
        assert!(ended, "it goes on: {}", self.text);
        self.text
    }
}

pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// The next frame of text; an error with code and reason when the server closes.
    pub async fn next(&mut self) -> Result<Value, (u16, String)> {
        let read = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Ok(serde_json::from_str(&text).unwrap());
                    }
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return Err((frame.code.into(), frame.reason.to_string()));
                    }
                    Some(Ok(Message::Close(None))) | None => return Err((1005, String::new())),
                    Some(Ok(_)) => (),
                    Some(Err(error)) => return Err((1006, error.to_string())),
                }
            }
        };
        tokio::time::timeout(PATIENCE, read).await.expect("no frame came")
    }

    /// The next frame of this name.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap();
            if frame["event"] == name {
                return frame;
            }
        }
    }

    /// The code and the reason that the server closes with; frames before that are let pass.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Err(closed) = self.next().await {
                return closed;
            }
        }
    }
}
