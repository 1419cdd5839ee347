//! The agent in the page, as the driver knows it: calls matched with their answers, reports turned into
//! events.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chromiumoxide::{Page, cdp::js_protocol::runtime::EvaluateParams};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    domain::{Clock, Error, ErrorCode, Subject},
    driver::{
        Capabilities, DriverEvent,
        browser::{
            launch::Chromium,
            wire::{Call, Failure, Report},
        },
    },
};

/// How long the page may take from its load to the agent's first word, and how often it is tried.
const HELLO_DEADLINE: Duration = Duration::from_secs(25);
const HELLO_TRIES: u32 = 2;
/// How long a QR code lives: the first of a linking, and each later one.
const FIRST_CODE: Duration = Duration::from_secs(60);
const LATER_CODE: Duration = Duration::from_secs(20);
const REPORTS: usize = 1_024;

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Result<Value, Failure>>>>>;

pub struct Agent {
    numbers: AtomicU64,
    waiting: Waiting,
    hello: watch::Receiver<Option<Capabilities>>,
    _listening: AbortOnDropHandle<()>,
}

impl Agent {
    /// The agent, and where the page's reports go in.
    pub fn new(events: mpsc::Sender<DriverEvent>, clock: Clock) -> (Self, mpsc::Sender<String>) {
        let (reports, receiver) = mpsc::channel(REPORTS);
        let (said, hello) = watch::channel(None);
        let waiting = Waiting::default();
        let ear = Ear { events, clock, waiting: waiting.clone(), said, codes: 0 };
        let listening = AbortOnDropHandle::new(tokio::spawn(ear.listen(receiver)));
        (Self { numbers: AtomicU64::new(1), waiting, hello, _listening: listening }, reports)
    }

    /// What the page can do, once it says so. A page that stays silent is loaded again: now and then
    /// the library loses a race with the page.
    pub async fn wait_for_hello(&self, chromium: &mut Chromium) -> Option<Capabilities> {
        for attempt in 1..=HELLO_TRIES {
            let mut hello = self.hello.clone();
            let said =
                async { hello.wait_for(Option::is_some).await.ok().and_then(|said| said.clone()) };
            if let Ok(Some(found)) = tokio::time::timeout(HELLO_DEADLINE, said).await {
                return Some(found);
            }
            if attempt < HELLO_TRIES {
                tracing::warn!("the page did not say anything; loading it again");
                chromium.reload().await;
            }
        }
        None
    }

    /// One call. The page answers through its reports, so that a slow answer holds up no other.
    pub async fn call(
        &self,
        page: &Page,
        call: Call,
        deadline: Duration,
        subject: Option<Subject>,
    ) -> Result<Value, Error> {
        let number = self.numbers.fetch_add(1, Ordering::SeqCst);
        let (sender, answer) = oneshot::channel();
        self.lock().insert(number, sender);
        let outcome = tokio::time::timeout(deadline, async {
            start(page, number, &call).await?;
            answer.await.map_err(|_| Error::new(ErrorCode::EngineFailed, "the browser is gone"))
        });
        let outcome = outcome.await;
        self.lock().remove(&number);
        match outcome {
            Ok(Ok(Ok(reply))) => Ok(reply),
            Ok(Ok(Err(failure))) => Err(failure.error(subject)),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let message = format!("the page did not answer within {} s", deadline.as_secs());
                Err(Error::new(ErrorCode::Timeout, message))
            }
        }
    }

    fn lock(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Result<Value, Failure>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn start(page: &Page, number: u64, call: &Call) -> Result<(), Error> {
    let failed = |reason: String| Error::new(ErrorCode::EngineFailed, reason);
    let text = serde_json::to_string(call).map_err(|error| failed(error.to_string()))?;
    // JSON within a JavaScript string: written as JSON once more.
    let literal = serde_json::to_string(&text).map_err(|error| failed(error.to_string()))?;
    let expression = format!("window.wagate.call({number}, {literal})");
    let answer = page.execute(EvaluateParams::new(expression)).await;
    let answer = answer.map_err(|error| failed(format!("the page cannot be reached: {error}")))?;
    match &answer.result.exception_details {
        Some(details) => Err(failed(format!("the page refused the call: {}", details.text))),
        None => Ok(()),
    }
}

/// Hears what the page reports.
struct Ear {
    events: mpsc::Sender<DriverEvent>,
    clock: Clock,
    waiting: Waiting,
    said: watch::Sender<Option<Capabilities>>,
    codes: u32,
}

impl Ear {
    async fn listen(mut self, mut reports: mpsc::Receiver<String>) {
        while let Some(text) = reports.recv().await {
            let report = match serde_json::from_str(&text) {
                Ok(report) => report,
                Err(error) => {
                    tracing::warn!(%error, "the page reported something that cannot be read");
                    continue;
                }
            };
            if let Some(event) = self.hear(report)
                && self.events.send(event).await.is_err()
            {
                return;
            }
        }
    }

    fn hear(&mut self, report: Report) -> Option<DriverEvent> {
        Some(match report {
            Report::Hello { version, missing } => {
                self.said.send_replace(Some(Capabilities { missing, version }));
                return None;
            }
            Report::Answer { number, reply } => return self.answer(number, Ok(reply)),
            Report::Failure { number, failure } => return self.answer(number, Err(failure)),
            Report::Qr { text } => {
                self.codes += 1;
                let life = if self.codes == 1 { FIRST_CODE } else { LATER_CODE };
                DriverEvent::Qr { text, attempt: self.codes, expires_at: self.clock.now() + life }
            }
            Report::QrIdle => {
                self.codes = 0;
                DriverEvent::QrExhausted
            }
            Report::Authenticated => DriverEvent::Authenticated,
            Report::Ready { me } => DriverEvent::Ready { me },
            Report::Line { state, connected } => DriverEvent::Line { state, connected },
            Report::LoggedOut => DriverEvent::LoggedOut,
            Report::Happened { event } => DriverEvent::Happened(event),
        })
    }

    fn answer(&self, number: u64, answer: Result<Value, Failure>) -> Option<DriverEvent> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        if let Some(waiting) = waiting {
            // Whoever asked may have given up meanwhile.
            let _ = waiting.send(answer);
        }
        None
    }
}
