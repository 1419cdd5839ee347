//! The agent in the page, as the driver knows it: calls matched with their answers, reports turned into
//! events.
//!
//! Knows nothing of the browser but how to say one line to its page.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chromiumoxide::{Page, cdp::js_protocol::runtime::EvaluateParams};
use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    domain::{Clock, Error, ErrorCode, Subject},
    driver::{
        Capabilities, DriverEvent,
        browser::{
            chromium::Chromium,
            wire::{Call, Failure, Report},
        },
    },
};

/// How long a page may stay silent before it is loaded again, for as long as the session's start may
/// take: now and then the library loses a race with the page.
const SILENCE: Duration = Duration::from_secs(20);
/// How long a QR code lives: the first of a linking, and each later one.
const FIRST_CODE: Duration = Duration::from_secs(60);
const LATER_CODE: Duration = Duration::from_secs(20);
const REPORTS: usize = 1_024;

type Answer = Result<Value, Error>;
type Waiting = Arc<Mutex<HashMap<u64, Caller>>>;

/// Who waits for an answer, and what the call is about.
struct Caller {
    answer: oneshot::Sender<Answer>,
    subject: Option<Subject>,
}

/// What the page has said of itself so far.
#[derive(Clone, Debug, Default)]
struct Seen {
    hello: bool,
    authenticated: bool,
    /// The account was left: unlinked here or on the phone.
    left: bool,
    /// How often it was ready.
    readies: u64,
    capabilities: Capabilities,
}

pub struct Agent {
    numbers: AtomicU64,
    waiting: Waiting,
    seen: watch::Receiver<Seen>,
    _listening: AbortOnDropHandle<()>,
}

impl Agent {
    /// The agent, and where the page's reports go in.
    pub fn new(
        events: mpsc::Sender<Box<DriverEvent>>,
        clock: Clock,
    ) -> (Self, mpsc::Sender<String>) {
        let (reports, receiver) = mpsc::channel(REPORTS);
        let (ear, waiting, seen) = Ear::new(clock);
        let listening = AbortOnDropHandle::new(tokio::spawn(ear.listen(receiver, events)));
        (Self { numbers: AtomicU64::new(1), waiting, seen, _listening: listening }, reports)
    }

    /// Waits for the page's first word, however long that takes.
    pub async fn wait_for_hello(&self, chromium: &Chromium) {
        while timeout(SILENCE, self.see(|seen| seen.hello)).await.is_err() {
            tracing::warn!("the page did not say anything; loading it again");
            let _ = timeout(SILENCE, chromium.page().reload()).await;
        }
    }

    /// Resolves when the page is ready once more than at the time of the call. Fails when it lacks
    /// functions that it had.
    pub fn ready_again(&self) -> impl Future<Output = Result<(), Error>> + use<'_> {
        let before = self.seen.borrow().clone();
        async move {
            self.see(|seen| before.readies < seen.readies).await;
            let mut lost = self.capabilities().missing;
            lost.retain(|name| !before.capabilities.missing.contains(name));
            if lost.is_empty() {
                return Ok(());
            }
            Err(failed(format!("the page came back without {}", lost.join(", "))))
        }
    }

    /// Whether the page has an account that could be left.
    pub fn is_linked(&self) -> bool {
        self.seen.borrow().authenticated
    }

    /// Waits until the page shows that the account was left.
    pub async fn left(&self) {
        self.see(|seen| seen.left).await;
    }

    pub fn capabilities(&self) -> Capabilities {
        self.seen.borrow().capabilities.clone()
    }

    async fn see(&self, what: impl Fn(&Seen) -> bool) {
        let mut seen = self.seen.clone();
        if seen.wait_for(|seen| what(seen)).await.is_err() {
            // Nobody listens to the page any more: it will never be seen.
            std::future::pending::<()>().await;
        }
    }

    /// One call. The page answers through its reports, so that a slow answer holds up no other.
    pub async fn call(&self, page: &Page, call: Call, subject: Option<Subject>) -> Answer {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        lock(&self.waiting).insert(number, Caller { answer: sender, subject });
        let _forget = Forget { number, waiting: &self.waiting };
        start(page, number, &call).await?;
        answer.await.unwrap_or_else(|_| Err(failed("the browser is gone".to_owned())))
    }
}

/// Forgets a call whose caller went away.
struct Forget<'agent> {
    number: u64,
    waiting: &'agent Waiting,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        lock(self.waiting).remove(&self.number);
    }
}

/// Has the page carry out a script, which reports what comes of it itself.
pub async fn evaluate(page: &Page, script: String) -> Result<(), Error> {
    let answer = page.execute(EvaluateParams::new(script)).await;
    let answer = answer.map_err(|error| failed(format!("the page cannot be reached: {error}")))?;
    match &answer.result.exception_details {
        Some(details) => Err(failed(format!("the page refused the call: {}", details.text))),
        None => Ok(()),
    }
}

async fn start(page: &Page, number: u64, call: &Call) -> Result<(), Error> {
    let text = serde_json::to_string(call).map_err(|error| failed(error.to_string()))?;
    // JSON within a JavaScript string: written as JSON once more.
    let literal = serde_json::to_string(&text).map_err(|error| failed(error.to_string()))?;
    evaluate(page, format!("window.wagate.call({number}, {literal})")).await
}

/// Hears what the page reports.
struct Ear {
    clock: Clock,
    waiting: Waiting,
    seen: watch::Sender<Seen>,
    codes: u32,
}

impl Ear {
    fn new(clock: Clock) -> (Self, Waiting, watch::Receiver<Seen>) {
        let waiting = Waiting::default();
        let (seen, receiver) = watch::channel(Seen::default());
        (Self { clock, waiting: waiting.clone(), seen, codes: 0 }, waiting, receiver)
    }

    async fn listen(
        mut self,
        mut reports: mpsc::Receiver<String>,
        events: mpsc::Sender<Box<DriverEvent>>,
    ) {
        while let Some(text) = reports.recv().await {
            let report = match serde_json::from_str(&text) {
                Ok(report) => report,
                Err(error) => {
                    tracing::warn!(%error, "the page reported something that cannot be read");
                    continue;
                }
            };
            if let Some(event) = self.hear(report)
                && events.send(Box::new(event)).await.is_err()
            {
                return;
            }
        }
    }

    fn hear(&mut self, report: Report) -> Option<DriverEvent> {
        match report {
            Report::Hello { version, again } => {
                if !again {
                    self.page_is_new();
                }
                self.seen.send_modify(|seen| {
                    (seen.hello, seen.capabilities.version) = (true, version);
                });
                None
            }
            Report::Answer { number, reply } => self.answer(number, Ok(reply)),
            Report::Failure { number, failure } => self.answer(number, Err(failure)),
            Report::Qr { text } => self.code(text),
            Report::QrIdle => {
                self.codes = 0;
                Some(DriverEvent::QrExhausted)
            }
            Report::Authenticated => {
                self.seen.send_modify(|seen| (seen.authenticated, seen.left) = (true, false));
                Some(DriverEvent::Authenticated)
            }
            Report::Ready { me, missing } => {
                self.seen.send_modify(|seen| {
                    seen.readies += 1;
                    seen.capabilities.missing = missing;
                });
                Some(DriverEvent::Ready { me })
            }
            Report::Line { state, connected } => Some(DriverEvent::Line { state, connected }),
            Report::LoggedOut => self.left(),
            Report::Stuck { reason } => Some(DriverEvent::Crashed { reason }),
            Report::Happened { event } => Some(DriverEvent::Happened(event)),
        }
    }

    /// What was asked of the page before it was loaded again is never answered.
    fn page_is_new(&self) {
        let cut_off: Vec<_> = lock(&self.waiting).drain().collect();
        for (_, caller) in cut_off {
            let message = "the page was loaded again meanwhile; the outcome is unknown";
            let error = failed(message.to_owned()).detail("outcome", "unknown");
            let _ = caller.answer.send(Err(error));
        }
    }

    fn code(&mut self, text: String) -> Option<DriverEvent> {
        // A code where there was an account: it was left without a word, since the page went with it.
        if self.seen.borrow().authenticated {
            return self.left();
        }
        self.codes += 1;
        let life = if self.codes == 1 { FIRST_CODE } else { LATER_CODE };
        let expires_at = self.clock.now() + life;
        Some(DriverEvent::Qr { text, attempt: self.codes, expires_at })
    }

    fn left(&mut self) -> Option<DriverEvent> {
        let was_known = self.seen.borrow().left;
        self.seen.send_modify(|seen| (seen.authenticated, seen.left) = (false, true));
        (!was_known).then_some(DriverEvent::LoggedOut)
    }

    fn answer(&self, number: u64, answer: Result<Value, Failure>) -> Option<DriverEvent> {
        let caller = lock(&self.waiting).remove(&number);
        if let Some(Caller { answer: sender, subject }) = caller {
            // Whoever asked may have given up meanwhile.
            let _ = sender.send(answer.map_err(|failure| failure.error(subject)));
        }
        None
    }
}

fn lock(waiting: &Waiting) -> MutexGuard<'_, HashMap<u64, Caller>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(reason: String) -> Error {
    Error::new(ErrorCode::EngineFailed, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ear() -> Ear {
        Ear::new(Clock::system()).0
    }

    fn hear(ear: &mut Ear, report: Value) -> Option<DriverEvent> {
        ear.hear(serde_json::from_value(report).unwrap())
    }

    fn code() -> Value {
        serde_json::json!({ "report": "qr", "text": "2@code" })
    }

    #[test]
    fn codes_are_counted_until_they_run_out() {
        let mut ear = ear();
        let attempts = [code(), code(), serde_json::json!({ "report": "qrIdle" }), code()];
        let seen: Vec<_> = attempts
            .into_iter()
            .map(|report| match hear(&mut ear, report) {
                Some(DriverEvent::Qr { attempt, .. }) => attempt,
                _ => 0,
            })
            .collect();
        assert_eq!(seen, [1, 2, 0, 1]);
    }

    #[test]
    fn a_code_where_there_was_an_account_means_that_it_was_left_and_is_told_once() {
        let mut ear = ear();
        hear(&mut ear, serde_json::json!({ "report": "authenticated" }));
        assert_eq!(hear(&mut ear, code()), Some(DriverEvent::LoggedOut));
        assert_eq!(hear(&mut ear, serde_json::json!({ "report": "loggedOut" })), None);
        assert!(matches!(hear(&mut ear, code()), Some(DriverEvent::Qr { .. })));
    }

    #[tokio::test]
    async fn what_was_asked_of_a_page_that_is_loaded_again_fails_at_once() {
        let mut ear = ear();
        let (sender, answer) = oneshot::channel();
        lock(&ear.waiting).insert(1, Caller { answer: sender, subject: None });
        let hello =
            |again| serde_json::json!({ "report": "hello", "version": "2.3", "again": again });
        hear(&mut ear, hello(true));
        assert_eq!(lock(&ear.waiting).len(), 1, "the agent before goes on with it");
        hear(&mut ear, hello(false));
        let error = answer.await.unwrap().unwrap_err();
        assert!(error.message.contains("loaded again"), "{error}");
    }
}
