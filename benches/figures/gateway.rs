//! The program as released in a process of its own, on a simulated network, without rate limits.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};
use wagate::egress;

use crate::Outcome;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_wagate");
/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);
const LISTENING: &str = "is listening on ";

pub struct Gateway {
    child: Child,
    pub base: String,
    pub data: PathBuf,
    pub http: reqwest::Client,
    /// From the start of the process to its word that it listens.
    pub start: Duration,
}

impl Gateway {
    pub async fn start(data: &Path, engine: &str) -> Outcome<Self> {
        Self::start_with(data, engine, &[]).await
    }

    /// With settings as the environment gives them.
    pub async fn start_with(data: &Path, engine: &str, settings: &[(&str, &str)]) -> Outcome<Self> {
        Self::start_program(Path::new(PROGRAM), data, engine, settings).await
    }

    /// Another build of the program.
    pub async fn start_program(
        program: &Path,
        data: &Path,
        engine: &str,
        settings: &[(&str, &str)],
    ) -> Outcome<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--network", "simulated", "--port", "0", "--max-sessions", "200"]);
        command.args(["--engine", engine]).arg("--data").arg(data);
        for bucket in
            ["SESSION_CREATION", "MESSAGING", "GENERAL", "CHAT", "DASHBOARD", "REFUSED", "PUBLIC"]
        {
            command.env(format!("WAGATE_LIMITS__{bucket}"), "0");
        }
        command.env("WAGATE_LOG__FILTER", "error").envs(settings.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let begun = Instant::now();
        let mut child = command.spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(output).lines();
        let base = loop {
            let line = timeout(PATIENCE, lines.next_line()).await??;
            let line = line.ok_or("the gateway did not start; its complaint is above")?;
            if let Some((_, base)) = line.split_once(LISTENING) {
                break base.trim().to_owned();
            }
        };
        let start = begun.elapsed();
        let http = egress::local_client()?;
        Ok(Self { child, base, data: data.to_owned(), http, start })
    }

    pub fn process(&self) -> Outcome<u32> {
        Ok(self.child.id().ok_or("the gateway has ended")?)
    }

    pub async fn stop(mut self) -> Outcome<()> {
        let process = i32::try_from(self.process()?)?;
        kill_process(Pid::from_raw(process).ok_or("no process")?, Signal::TERM)?;
        timeout(PATIENCE, self.child.wait()).await??;
        Ok(())
    }

    pub fn profile(&self, session: &str) -> PathBuf {
        self.data.join("sessions").join(session).join("profile")
    }

    pub async fn get(&self, path: &str) -> Outcome<Value> {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Outcome<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.timeout(PATIENCE).send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        if status.is_success() { Ok(answer) } else { Err(format!("{path}: {answer}").into()) }
    }

    /// Creates a session, links it to a phone and waits until it is ready.
    pub async fn link(&self, session: &str, phone: &str) -> Outcome<()> {
        self.post("/api/v1/sessions", &json!({ "sessionId": session })).await?;
        let path = format!("/api/v1/sessions/{session}/qr?format=text&wait=true");
        let answer = self.get(&path).await?;
        self.scan(phone, answer["data"]["qrText"].as_str().unwrap_or_default()).await?;
        let path = format!("/api/v1/sessions/{session}/status");
        let begun = Instant::now();
        while self.get(&path).await?["data"]["status"] != "ready" {
            if PATIENCE < begun.elapsed() {
                return Err(format!("session {session} does not become ready").into());
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    pub async fn scan(&self, phone: &str, code: &str) -> Outcome<()> {
        let body = json!({ "code": code, "name": "Bench" });
        self.post(&format!("/_simulator/v1/accounts/{phone}/scan"), &body).await?;
        Ok(())
    }

    /// Lets one phone write to another.
    pub async fn write(&self, from: &str, to: &str, text: &str) -> Outcome<()> {
        let body = json!({ "chat": format!("{to}@c.us"), "text": text });
        self.post(&format!("/_simulator/v1/accounts/{from}/messages"), &body).await?;
        Ok(())
    }

    /// Waits until every consumer has handled all events of the log.
    pub async fn await_consumers(&self) -> Outcome<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE * 3 {
            let answer = self.get("/api/v1/info/consumers").await?;
            let all = answer["data"].as_array().ok_or("no consumers")?;
            if !all.is_empty() && all.iter().all(|one| one["lag"] == 0) {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        Err("the consumers do not catch up".into())
    }
}
