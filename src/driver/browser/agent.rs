//! Client of the agent in the page: matches calls with answers, and turns reports into driver events.
//!
//! Knows nothing of the browser except how to evaluate a script in its page.

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

/// How long a page may take for its first report before it is reloaded. wa-js sometimes loses a race with the page.
const HELLO_DEADLINE: Duration = Duration::from_secs(20);
/// Life of a QR code: the first of a linking, and each later one.
const FIRST_CODE: Duration = Duration::from_secs(60);
const LATER_CODE: Duration = Duration::from_secs(20);
const REPORTS: usize = 1_024;

type Answer = Result<Value, Error>;
type PendingCalls = Arc<Mutex<HashMap<u64, PendingCall>>>;

/// A call without an answer, and what it is about.
struct PendingCall {
    answer: oneshot::Sender<Answer>,
    subject: Option<Subject>,
}

/// What the page has reported so far.
#[derive(Clone, Debug, Default)]
struct PageState {
    hello: bool,
    authenticated: bool,
    /// The device was unlinked, here or on the phone.
    logged_out: bool,
    /// How often the page became ready.
    ready_count: u64,
    capabilities: Capabilities,
}

pub struct Agent {
    numbers: AtomicU64,
    pending: PendingCalls,
    seen: watch::Receiver<PageState>,
    _listening: AbortOnDropHandle<()>,
}

impl Agent {
    /// The client, and the sender for the page's reports.
    pub fn new(
        events: mpsc::Sender<Box<DriverEvent>>,
        clock: Clock,
    ) -> (Self, mpsc::Sender<String>) {
        let (reports, receiver) = mpsc::channel(REPORTS);
        let (handler, pending, seen) = ReportHandler::new(clock);
        let listening = AbortOnDropHandle::new(tokio::spawn(handler.run(receiver, events)));
        (Self { numbers: AtomicU64::new(1), pending, seen, _listening: listening }, reports)
    }

    /// Waits for the page's first report, without a deadline.
    pub async fn wait_for_hello(&self, chromium: &Chromium) {
        while timeout(HELLO_DEADLINE, self.wait_for(|seen| seen.hello)).await.is_err() {
            tracing::warn!("no report of the page in time; reloading it");
            let _ = timeout(HELLO_DEADLINE, chromium.page().reload()).await;
        }
    }

    /// Resolves when the page becomes ready after this call. Fails when the page lacks functions that it had.
    pub fn ready_again(&self) -> impl Future<Output = Result<(), Error>> + use<'_> {
        let before = self.seen.borrow().clone();
        async move {
            self.wait_for(|seen| before.ready_count < seen.ready_count).await;
            let mut lost = self.capabilities().missing;
            lost.retain(|name| !before.capabilities.missing.contains(name));
            if lost.is_empty() {
                return Ok(());
            }
            Err(failed(format!("the page came back without {}", lost.join(", "))))
        }
    }

    /// Whether the page is linked to an account.
    pub fn is_linked(&self) -> bool {
        self.seen.borrow().authenticated
    }

    /// Waits until the page reports that it was unlinked.
    pub async fn wait_for_logout(&self) {
        self.wait_for(|seen| seen.logged_out).await;
    }

    pub fn capabilities(&self) -> Capabilities {
        self.seen.borrow().capabilities.clone()
    }

    async fn wait_for(&self, what: impl Fn(&PageState) -> bool) {
        let mut seen = self.seen.clone();
        if seen.wait_for(|seen| what(seen)).await.is_err() {
            // The task that handles reports has ended: the state will not change.
            std::future::pending::<()>().await;
        }
    }

    /// Makes one call. The answer comes as a report, so a slow answer blocks no other call.
    pub async fn call(&self, page: &Page, call: Call, subject: Option<Subject>) -> Answer {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        lock(&self.pending).insert(number, PendingCall { answer: sender, subject });
        let _remove = RemoveOnDrop { number, pending: &self.pending };
        start(page, number, &call).await?;
        answer.await.unwrap_or_else(|_| Err(failed("the browser is gone".to_owned())))
    }
}

/// Removes a pending call when its caller drops it.
struct RemoveOnDrop<'agent> {
    number: u64,
    pending: &'agent PendingCalls,
}

impl Drop for RemoveOnDrop<'_> {
    fn drop(&mut self) {
        lock(self.pending).remove(&self.number);
    }
}

/// Evaluates a script in the page. The script sends its result as a report.
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
    // A string literal of JavaScript: the JSON text is encoded as JSON again.
    let literal = serde_json::to_string(&text).map_err(|error| failed(error.to_string()))?;
    evaluate(page, format!("window.wagate.call({number}, {literal})")).await
}

/// Handles the page's reports.
struct ReportHandler {
    clock: Clock,
    pending: PendingCalls,
    seen: watch::Sender<PageState>,
    codes: u32,
}

impl ReportHandler {
    fn new(clock: Clock) -> (Self, PendingCalls, watch::Receiver<PageState>) {
        let pending = PendingCalls::default();
        let (seen, receiver) = watch::channel(PageState::default());
        (Self { clock, pending: pending.clone(), seen, codes: 0 }, pending, receiver)
    }

    async fn run(
        mut self,
        mut reports: mpsc::Receiver<String>,
        events: mpsc::Sender<Box<DriverEvent>>,
    ) {
        while let Some(text) = reports.recv().await {
            let report = match serde_json::from_str(&text) {
                Ok(report) => report,
                Err(error) => {
                    tracing::warn!(%error, "a report of the page cannot be read");
                    continue;
                }
            };
            if let Some(event) = self.handle(report)
                && events.send(Box::new(event)).await.is_err()
            {
                return;
            }
        }
    }

    fn handle(&mut self, report: Report) -> Option<DriverEvent> {
        match report {
            Report::Hello { version, again } => {
                if !again {
                    self.page_reloaded();
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
                self.seen.send_modify(|seen| (seen.authenticated, seen.logged_out) = (true, false));
                Some(DriverEvent::Authenticated)
            }
            Report::Ready { me, missing } => {
                self.seen.send_modify(|seen| {
                    seen.ready_count += 1;
                    seen.capabilities.missing = missing;
                });
                Some(DriverEvent::Ready { me })
            }
            Report::Line { state, connected } => Some(DriverEvent::Connection { state, connected }),
            Report::LoggedOut => self.logged_out(),
            Report::Stuck { reason } => Some(DriverEvent::Crashed { reason }),
            Report::Happened { event } => Some(DriverEvent::Event(event)),
        }
    }

    /// Fails the calls of the page before a reload: they are never answered.
    fn page_reloaded(&self) {
        let cut_off: Vec<_> = lock(&self.pending).drain().collect();
        for (_, caller) in cut_off {
            let message = "the page was reloaded during the call; the outcome is unknown";
            let error = failed(message.to_owned()).detail("outcome", "unknown");
            let _ = caller.answer.send(Err(error));
        }
    }

    fn code(&mut self, text: String) -> Option<DriverEvent> {
        // A code after a login: the page was unlinked and reloaded before it could report that.
        if self.seen.borrow().authenticated {
            return self.logged_out();
        }
        self.codes += 1;
        let life = if self.codes == 1 { FIRST_CODE } else { LATER_CODE };
        let expires_at = self.clock.now() + life;
        Some(DriverEvent::Qr { text, attempt: self.codes, expires_at })
    }

    fn logged_out(&mut self) -> Option<DriverEvent> {
        let was_known = self.seen.borrow().logged_out;
        self.seen.send_modify(|seen| (seen.authenticated, seen.logged_out) = (false, true));
        (!was_known).then_some(DriverEvent::LoggedOut)
    }

    fn answer(&self, number: u64, answer: Result<Value, Failure>) -> Option<DriverEvent> {
        let caller = lock(&self.pending).remove(&number);
        if let Some(PendingCall { answer: sender, subject }) = caller {
            // The caller may have dropped the call.
            let _ = sender.send(answer.map_err(|failure| failure.error(subject)));
        }
        None
    }
}

fn lock(pending: &PendingCalls) -> MutexGuard<'_, HashMap<u64, PendingCall>> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(reason: String) -> Error {
    Error::new(ErrorCode::EngineFailed, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler() -> ReportHandler {
        ReportHandler::new(Clock::system()).0
    }

    fn handle(handler: &mut ReportHandler, report: Value) -> Option<DriverEvent> {
        handler.handle(serde_json::from_value(report).unwrap())
    }

    fn code() -> Value {
        serde_json::json!({ "report": "qr", "text": "2@code" })
    }

    #[test]
    fn codes_are_counted_until_they_run_out() {
        let mut handler = handler();
        let attempts = [code(), code(), serde_json::json!({ "report": "qrIdle" }), code()];
        let seen: Vec<_> = attempts
            .into_iter()
            .map(|report| match handle(&mut handler, report) {
                Some(DriverEvent::Qr { attempt, .. }) => attempt,
                _ => 0,
            })
            .collect();
        assert_eq!(seen, [1, 2, 0, 1]);
    }

    #[test]
    fn a_code_after_a_login_is_one_logout() {
        let mut handler = handler();
        handle(&mut handler, serde_json::json!({ "report": "authenticated" }));
        assert_eq!(handle(&mut handler, code()), Some(DriverEvent::LoggedOut));
        assert_eq!(handle(&mut handler, serde_json::json!({ "report": "loggedOut" })), None);
        assert!(matches!(handle(&mut handler, code()), Some(DriverEvent::Qr { .. })));
    }

    #[tokio::test]
    async fn calls_of_a_page_that_is_reloaded_fail_at_once() {
        let mut handler = handler();
        let (sender, answer) = oneshot::channel();
        lock(&handler.pending).insert(1, PendingCall { answer: sender, subject: None });
        let hello =
            |again| serde_json::json!({ "report": "hello", "version": "2.3", "again": again });
        handle(&mut handler, hello(true));
        assert_eq!(lock(&handler.pending).len(), 1, "the agent before still answers it");
        handle(&mut handler, hello(false));
        let error = answer.await.unwrap().unwrap_err();
        assert!(error.message.contains("reloaded"), "{error}");
    }
}
