//! The real program in a process of its own, and callers that know its address.

use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::OnceCell,
};

use crate::support::{PATIENCE, http, needs_key, needs_token};

/// How often a test kills the program: a few times, or as often as `make faults` wants.
pub fn kills(usual: usize) -> usize {
    std::env::var("FAULT_KILLS").map_or(usual, |text| text.parse().unwrap())
}

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_wagate");

/// The time in which each planned death comes, on a slow machine.
const LONGEST_LIFE: Duration = Duration::from_secs(120);

/// The real program in a process of its own.
pub struct Daemon {
    child: Child,
    pub http: http::Client,
    pub base: String,
    /// What it printed before it listened.
    pub printed: String,
    folder: PathBuf,
    token: OnceCell<String>,
}

impl Daemon {
    /// In `data` below a folder, on a port of its own.
    pub async fn start(folder: &Path) -> Self {
        Self::start_on(folder, 0).await
    }

    pub async fn start_on(folder: &Path, port: u16) -> Self {
        Self::start_with(folder, port, &[]).await
    }

    /// With settings as the environment gives them.
    pub async fn start_with(folder: &Path, port: u16, settings: &[(&str, &str)]) -> Self {
        Self::run(Command::new(PROGRAM), folder, port, settings).await
    }

    /// Started by another program, which gets it as the beginning of what it is to run.
    pub async fn run(
        command: Command,
        folder: &Path,
        port: u16,
        settings: &[(&str, &str)],
    ) -> Self {
        Self::try_run(command, folder, port, settings).await.expect("the program ended")
    }

    /// None when it ends before it listens.
    pub async fn try_start(folder: &Path, port: u16, settings: &[(&str, &str)]) -> Option<Self> {
        Self::try_run(Command::new(PROGRAM), folder, port, settings).await
    }

    async fn try_run(
        mut command: Command,
        folder: &Path,
        port: u16,
        settings: &[(&str, &str)],
    ) -> Option<Self> {
        // What is given as an argument comes before what is given as a setting.
        let sets_sessions = settings.iter().any(|(name, _)| *name == "WAGATE_SESSIONS__MAX");
        let most: &[&str] = if sets_sessions { &[] } else { &["--max-sessions", "60"] };
        command
            .args(["serve", "--network", "simulated", "--engine", "simulated", "--port"])
            .arg(port.to_string())
            .args(most)
            .arg("--data")
            .arg(folder.join("data"))
            .current_dir(folder)
            .envs([
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
            ])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        let listening = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, base)) = line.split_once(" is listening on ") {
                    return Some(base.to_owned());
                }
                printed.extend([&line, "\n"]);
            }
            None
        };
        let base = tokio::time::timeout(PATIENCE, listening).await.expect("it does not listen")?;
        // What else it prints must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let folder = folder.to_owned();
        Some(Self {
            child,
            http: http::Client::new(),
            base,
            printed,
            folder,
            token: OnceCell::new(),
        })
    }

    /// Ends it as a lack of memory would: nothing of it runs any more after this.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits until it has died as by `kill -9`, after whatever a scenario does until then.
    pub async fn died(mut self) {
        let ended = tokio::time::timeout(LONGEST_LIFE, self.child.wait()).await;
        let status = ended.expect("it lives on").unwrap();
        assert_eq!(status.signal(), Some(9), "{status}");
    }

    /// Ends it as a service manager would.
    pub async fn stop(mut self) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").arg(id).status().await.unwrap().success());
        assert!(self.child.wait().await.unwrap().success(), "the stop was not clean");
    }

    pub fn process(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Any answer, also an error; none when nobody answers.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if needs_key(path) {
            request = request.bearer_auth(self.key());
        }
        if needs_token(&method, path) {
            request = request.bearer_auth(self.token().await);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.json().await.ok()?))
    }

    /// The first key, which may do everything.
    pub fn key(&self) -> String {
        let key = std::fs::read_to_string(self.folder.join("data/bootstrap.key"));
        key.unwrap().trim().to_owned()
    }

    /// The token of somebody who owns the workspace, made when it is first needed.
    pub async fn token(&self) -> &str {
        let make = || async {
            let owner = json!({ "email": "owner@example.com", "password": "correct horse 7", "name": "Owner" });
            let url = format!("{}/api/v1/auth/register", self.base);
            let registered = self.http.post(url).bearer_auth(self.key()).json(&owner).send().await;
            let answer: Value = registered.unwrap().json().await.unwrap();
            answer["token"].as_str().expect("an account").to_owned()
        };
        self.token.get_or_init(make).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer["data"].clone()
    }

    pub async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn wait_until(&self, path: &str, what: &str, is_so: impl Fn(&Value) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path).await;
            if is_so(&answer) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}: {answer}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn wait_until_ready(&self, id: &str) {
        let path = format!("/api/v1/sessions/{id}/status");
        self.wait_until(&path, &format!("{id} to be ready"), |status| status["status"] == "ready")
            .await;
    }

    pub async fn link(&self, id: &str, phone: &str) {
        self.link_on("simulated", id, phone).await;
    }

    pub async fn link_on(&self, engine: &str, id: &str, phone: &str) {
        let body = json!({ "sessionId": id, "config": { "engine": engine } });
        self.post("/api/v1/sessions", body).await;
        self.scan(id, phone).await;
    }

    /// Scans a session's code with a phone and waits until it is ready.
    pub async fn scan(&self, id: &str, phone: &str) {
        let qr = self.get(&format!("/api/v1/sessions/{id}/qr?format=text&wait=true")).await;
        let scan = json!({ "code": qr["qrText"], "name": format!("Owner of {id}") });
        self.post(&format!("/_simulator/v1/accounts/{phone}/scan"), scan).await;
        self.wait_until_ready(id).await;
    }

    pub async fn send(&self, id: &str, chat: &str, text: &str) {
        let body = json!({ "chatId": chat, "content": text });
        self.post(&format!("/api/v1/sessions/{id}/send-text"), body).await;
    }

    /// The texts of a chat on a phone of the network.
    pub async fn on_phone(&self, phone: &str, chat: &str) -> Vec<String> {
        let path = format!("/_simulator/v1/accounts/{phone}/chats/{chat}/messages");
        let answer = self.get(&path).await;
        let messages = answer["messages"].as_array().unwrap();
        messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
    }

    /// Where it listens.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Waits until a session knows this as the newest message of one of its chats.
    pub async fn wait_for_newest(&self, id: &str, text: &str) {
        let path = format!("/api/v1/sessions/{id}/chats");
        let is_newest = |chats: &Value| {
            chats.as_array().unwrap().iter().any(|chat| chat["lastMessage"]["body"] == text)
        };
        self.wait_until(&path, text, is_newest).await;
    }
}
