//! A gateway for one test: its own folder, its own port, and callers that know its address.

use std::{
    collections::BTreeMap,
    future::Future,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use wagate::{
    accounts::{Newcomer, Principal, Visit},
    config::{Config, Flags, NetworkKind},
    domain::{Clock, session::EngineKind},
    gateway::Gateway,
    store::{Conditions, MemoryEngine, disk::Disk},
};

pub use crate::support::{
    BUSINESS, ECHO, PATIENCE, PHONE, SILENT, is_workspace, needs_key, needs_token,
};
use crate::support::{document::events::check_frame, http};

/// How the engine in memory behaves: each call takes as long as across a network, and now and then somebody
/// else changes the same record.
const FAR: Conditions =
    Conditions { latency: Duration::from_micros(300), conflict_each: 5, fail_each: 0 };

/// With `TEST_STORE=memory` all tests run on the engine in memory. It outlives the gateway as its folder does.
fn engine_in(folder: &Path) -> Option<MemoryEngine> {
    static ENGINES: Mutex<BTreeMap<PathBuf, MemoryEngine>> = Mutex::new(BTreeMap::new());
    if std::env::var("TEST_STORE").as_deref() != Ok("memory") {
        return None;
    }
    let mut engines = ENGINES.lock().unwrap();
    let engine = engines.entry(folder.to_owned()).or_insert_with(|| MemoryEngine::new(FAR));
    Some(engine.clone())
}

pub struct TestApp {
    pub gateway: Gateway,
    pub folder: TempDir,
    pub http: http::Client,
    pub base: String,
    memory: Option<MemoryEngine>,
    key: OnceCell<String>,
    token: OnceCell<String>,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With settings as the environment gives them. There are no rate limits unless a test sets them.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings).await
    }

    pub async fn start_in(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        Self::start_on(folder, settings, Clock::system(), Disk::manual(0)).await
    }

    /// On the engine in memory, which counts its calls.
    pub async fn start_in_memory() -> Self {
        let engine = MemoryEngine::new(FAR);
        let (clock, disk) = (Clock::system(), Disk::manual(0));
        Self::start_over(tempfile::tempdir().unwrap(), &[], clock, disk, Some(engine)).await
    }

    /// On a clock and a disk that the test may set.
    pub async fn start_on(
        folder: TempDir,
        settings: &[(&str, &str)],
        clock: Clock,
        disk: Disk,
    ) -> Self {
        let engine = engine_in(folder.path());
        Self::start_over(folder, settings, clock, disk, engine).await
    }

    async fn start_over(
        folder: TempDir,
        settings: &[(&str, &str)],
        clock: Clock,
        disk: Disk,
        engine: Option<MemoryEngine>,
    ) -> Self {
        let free = [
            ("WAGATE_LIMITS__SESSION_CREATION", "0"),
            ("WAGATE_LIMITS__MESSAGING", "0"),
            ("WAGATE_LIMITS__GENERAL", "0"),
            ("WAGATE_LIMITS__CHAT", "0"),
            ("WAGATE_LIMITS__BUSINESS", "0"),
            ("WAGATE_LIMITS__WORKSPACE", "0"),
            ("WAGATE_LIMITS__SIGN_IN", "0"),
            ("WAGATE_LIMITS__ASSISTANT", "0"),
            ("WAGATE_LIMITS__DASHBOARD", "0"),
            ("WAGATE_LIMITS__REFUSED", "0"),
            ("WAGATE_LIMITS__PUBLIC", "0"),
        ];
        let all = free.iter().chain(settings);
        let environment: BTreeMap<String, String> =
            all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let flags = Flags {
            port: Some(0),
            data: Some(folder.path().to_owned()),
            network: Some(NetworkKind::Simulated),
            engine: Some(EngineKind::Simulated),
            ..Flags::default()
        };
        let config = Config::load(&flags, &environment).unwrap();
        let memory = engine.clone();
        let gateway = match engine {
            Some(engine) => Gateway::start_in_memory(config, clock, disk, engine).await.unwrap(),
            None => Gateway::start_on(config, clock, disk).await.unwrap(),
        };
        let base = format!("http://{}", gateway.address());
        let (http, key, token) = (http::Client::new(), OnceCell::new(), OnceCell::new());
        Self { gateway, folder, http, base, memory, key, token }
    }

    /// How many calls the engine in memory got.
    pub fn calls(&self) -> u64 {
        self.memory.as_ref().expect("the test is not on the engine in memory").calls()
    }

    /// Values that the engine in memory looked up or read so far.
    pub fn values(&self) -> u64 {
        self.memory.as_ref().expect("the test is not on the engine in memory").values()
    }

    pub async fn stop(self) -> TempDir {
        assert_eq!(self.gateway.stop().await, Vec::<String>::new(), "the stop was not clean");
        self.folder
    }

    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        self.call_with(method, path, &[], body).await
    }

    /// The same with these headers.
    pub async fn call_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if needs_key(path) {
            request = request.bearer_auth(self.key().await);
        }
        if needs_token(&method, path) {
            request = request.bearer_auth(self.token().await);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// A key for everything, made when it is first needed.
    pub async fn key(&self) -> &str {
        let make = || async { self.key_of(&["*"], None).await };
        self.key.get_or_init(make).await
    }

    /// The token of somebody who owns the workspace, made when it is first needed.
    pub async fn token(&self) -> &str {
        let make = || async {
            let newcomer = Newcomer {
                email: "owner@example.com".to_owned(),
                password: "correct horse 7".to_owned(),
                name: "Owner".to_owned(),
                company: None,
                invite_code: None,
            };
            let accounts = &self.gateway.services().accounts;
            let made = accounts.register(newcomer, &Principal::owner(), Visit::default()).await;
            made.unwrap().signed_in.token
        };
        self.token.get_or_init(make).await
    }

    pub async fn key_of(&self, scopes: &[&str], session: Option<&str>) -> String {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let session = session.map(|id| id.parse().unwrap());
        let keys = &self.gateway.services().api_keys;
        keys.create("test", scopes, session, None).await.unwrap().1
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, None).await
    }

    pub async fn text(&self, path: &str) -> (StatusCode, String) {
        let response = self.http.get(format!("{}{path}", self.base)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Creates a session and waits for its code.
    pub async fn create(&self, id: &str) -> Value {
        let (status, answer) = self.post("/api/v1/sessions", json!({ "sessionId": id })).await;
        assert_eq!(status, 201, "{answer}");
        answer
    }

    /// Scans a session's code with a phone and waits until it is ready.
    pub async fn link(&self, id: &str, phone: &str) {
        let (status, answer) = self.get(&format!("/api/v1/sessions/{id}/qr?format=text")).await;
        assert_eq!(status, 200, "{answer}");
        let body = json!({ "code": answer["data"]["qrText"], "name": format!("Owner of {id}") });
        let (status, answer) =
            self.post(&format!("/_simulator/v1/accounts/{phone}/scan"), body).await;
        assert_eq!(status, 200, "{answer}");
        self.wait_for_status(id, "ready").await;
    }

    /// A linked session.
    pub async fn ready(&self, id: &str, phone: &str) {
        self.create(id).await;
        self.link(id, phone).await;
    }

    pub async fn wait_for_status(&self, id: &str, wanted: &str) {
        self.wait_for(&format!("session {id} to be {wanted}"), || async {
            let (_, answer) = self.get(&format!("/api/v1/sessions/{id}/status")).await;
            (answer["data"]["status"] == wanted).then_some(())
        })
        .await;
    }

    /// Asks again and again until there is an answer.
    pub async fn wait_for<T, F: Future<Output = Option<T>>>(
        &self,
        what: &str,
        ask: impl Fn() -> F,
    ) -> T {
        let asked = async {
            loop {
                if let Some(answer) = ask().await {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asked)
            .await
            .unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }

    pub async fn listen(&self, path: &str) -> Listener {
        let url = format!("{}{path}", self.base.replacen("http", "ws", 1));
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Listener { socket }
    }
}

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

pub struct Listener {
    pub socket: Socket,
}

impl Listener {
    /// The next frame.
    pub async fn next(&mut self) -> Value {
        let frame = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.socket.next().await {
                    Some(Ok(tokio_tungstenite::tungstenite::Message::Text(text))) => break text,
                    Some(Ok(_)) => (),
                    other => panic!("the connection ended: {other:?}"),
                }
            }
        });
        let frame = serde_json::from_str(&frame.await.expect("no frame came")).unwrap();
        check_frame(&frame);
        frame
    }

    /// The next frame of this name; others are let pass.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["event"] == name {
                return frame;
            }
        }
    }

    /// The code that the connection closes with.
    pub async fn close_code(&mut self) -> u16 {
        let closed = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(tokio_tungstenite::tungstenite::Message::Close(Some(frame)))) => {
                        break frame.code.into();
                    }
                    Some(Ok(_)) => (),
                    other => panic!("the connection ended without a code: {other:?}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, closed).await.expect("it did not close")
    }
}

pub fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

/// A PNG of one pixel as a data URL.
pub const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
