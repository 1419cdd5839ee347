//! Story of the demonstration: what its steps share.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::Value;

use crate::demo::{
    client::{Client, Listener},
    narrator::Narrator,
};

pub const SESSION: &str = "demo";
/// The account whose phone scans the code.
pub const PHONE: &str = "15551234567";
/// Deadline for one event, or for one state.
const PATIENCE: Duration = Duration::from_secs(30);
const ASKED_EVERY: Duration = Duration::from_millis(200);

/// A failed step of the script.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {reason}")]
pub struct DemoError {
    pub step: String,
    pub reason: String,
}

pub struct Story<'a, W> {
    pub narrator: &'a mut Narrator<W>,
    pub client: Client,
    steps: usize,
}

impl<'a, W: Write> Story<'a, W> {
    pub fn new(narrator: &'a mut Narrator<W>, client: Client) -> Self {
        Self { narrator, client, steps: 0 }
    }

    /// How many steps were begun.
    pub fn steps(&self) -> usize {
        self.steps
    }

    pub fn open(&mut self, title: &str) -> Instant {
        self.steps += 1;
        self.narrator.step(title)
    }

    pub async fn request(
        &mut self,
        step: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, DemoError> {
        let credential = self.client.credential(path);
        self.narrator.curl(method.as_str(), &self.client.url(path), credential, body);
        self.client.call(method, path, body).await.map_err(|reason| failed(step, &reason))
    }

    pub async fn event(
        &mut self,
        listener: &mut Listener,
        step: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, DemoError> {
        listener.wait_for(PATIENCE, wanted).await.map_err(|reason| failed(step, &reason))
    }

    /// Reads a path, which is printed once, until the answer is as wanted.
    pub async fn until(
        &mut self,
        step: &str,
        path: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, DemoError> {
        let begun = Instant::now();
        let mut answer = self.request(step, Method::GET, path, None).await?;
        while !wanted(&answer) {
            if PATIENCE < begun.elapsed() {
                return Err(failed(step, "it did not come about in time"));
            }
            tokio::time::sleep(ASKED_EVERY).await;
            let again = self.client.call(Method::GET, path, None).await;
            answer = again.map_err(|reason| failed(step, &reason))?;
        }
        Ok(answer)
    }
}

/// A text in an answer; empty where there is none.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub fn failed(step: &str, reason: &str) -> DemoError {
    DemoError { step: step.to_owned(), reason: reason.to_owned() }
}
