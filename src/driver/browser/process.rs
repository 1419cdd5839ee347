//! Processes of one browser: start, supervision, and an end that is certain.
//!
//! A browser is debugged over a pair of pipes and listens on no port. It ends in order when the gateway's end of
//! the pipe closes, so no browser outlives the gateway. A browser that hung is found by its profile folder at the
//! next use of the profile, or at boot.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

use crate::{
    domain::{Error, ErrorCode},
    memory,
};

/// The shell moves standard input and output to the file descriptors of Chromium's debugging pipe. A closed input
/// tells the browser that the gateway has ended.
const START: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#;
/// The first command, whose answer shows that the browser is up. Later commands count from 0.
const FIRST_QUESTION: &[u8] = b"{\"id\":-1,\"method\":\"Browser.getVersion\"}\0";
pub const END_OF_MESSAGE: u8 = 0;
/// Lines of standard error that the error of a failed start quotes.
const COMPLAINTS: usize = 5;

/// Deadline for reading the rest of standard error after the end of a browser.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Deadline of each stage of the end: closed pipe, SIGTERM, SIGKILL.
const IN_ORDER: Duration = Duration::from_secs(4);
const TERMINATED: Duration = Duration::from_secs(2);
const KILLED: Duration = Duration::from_secs(2);
/// Deadline for the end of a left-over browser after SIGKILL.
const EVICTION: Duration = Duration::from_secs(3);
const EVICTION_LOOK: Duration = Duration::from_millis(20);

type Complaints = Arc<Mutex<VecDeque<String>>>;

/// The gateway's ends of a browser's pipes. Messages are JSON, each followed by a zero byte. Dropping the pipes ends
/// the browser in order.
pub struct Pipe {
    pub input: ChildStdin,
    pub output: BufReader<ChildStdout>,
}

/// A running browser with all its processes. Dropping it ends the browser without waiting.
pub struct Process {
    id: u32,
    stop: Option<oneshot::Sender<()>>,
    ended: watch::Receiver<Option<String>>,
}

impl Process {
    /// Starts a browser that answers over its pipe.
    pub async fn start(
        executable: &Path,
        arguments: impl Iterator<Item = String>,
        deadline: Duration,
    ) -> Result<(Self, Pipe), Error> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", START]).arg(executable).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // The gateway's own settings, some of which are secret, are not passed on.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_own_setting(name)) {
            command.env_remove(name);
        }
        // A process group of its own: all processes can be ended, and Ctrl-C does not reach them.
        command.process_group(0).kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|error| failed(format!("{}: {error}", executable.display())))?;
        let (Some(input), Some(output), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("a browser without pipes".to_owned()));
        };
        let mut pipe = Pipe { input, output: BufReader::new(output) };
        let complaints = Complaints::default();
        let listening = tokio::spawn(listen(stderr, complaints.clone()));
        let is_up = timeout(deadline, answers(&mut pipe)).await.is_ok_and(|answers| answers);
        let Some(id) = child.id().filter(|_| is_up) else {
            return Err(failed(end_of_the_start(child, listening, &complaints).await));
        };
        let (stop, asked) = oneshot::channel();
        let (tell, ended) = watch::channel(None);
        tokio::spawn(keep(child, asked, tell, complaints));
        Ok((Self { id, stop: Some(stop), ended }, pipe))
    }

    /// Resolves with the reason when the browser has ended.
    pub fn ended(&self) -> impl Future<Output = String> + Send + 'static {
        let mut ended = self.ended.clone();
        async move {
            let reason = ended.wait_for(Option::is_some).await;
            reason.ok().and_then(|reason| reason.clone()).unwrap_or_default()
        }
    }

    /// Ends the browser: in order if its pipe is dropped before, so that the login is written, and by force after
    /// the deadlines.
    pub async fn end(mut self) {
        self.stop = None;
        self.ended().await;
    }

    /// Proportional set size of all processes, in bytes.
    pub fn memory(&self) -> Option<u64> {
        memory::of_tree(self.id)
    }
}

fn is_own_setting(name: &std::ffi::OsStr) -> bool {
    name.to_str().is_some_and(|name| ["WAGATE_", "OPENWA_"].iter().any(|own| name.starts_with(own)))
}

/// Whether the browser answers before it ends.
async fn answers(pipe: &mut Pipe) -> bool {
    let mut answer = Vec::new();
    pipe.input.write_all(FIRST_QUESTION).await.is_ok()
        && pipe.output.read_until(END_OF_MESSAGE, &mut answer).await.is_ok()
        && answer.ends_with(&[END_OF_MESSAGE])
}

/// The reason of a failed start, once all processes have ended.
async fn end_of_the_start(
    mut child: Child,
    listening: JoinHandle<()>,
    complaints: &Complaints,
) -> String {
    // A browser that ended by itself has an exit status.
    let by_itself = timeout(LAST_WORDS, child.wait()).await.ok().and_then(Result::ok);
    kill_group(child.id());
    let _ = timeout(KILLED, child.wait()).await;
    let _ = timeout(LAST_WORDS, listening).await;
    did_not_start(by_itself, complaints)
}

/// Reads standard error to its end: a full pipe would block the browser.
async fn listen(stderr: ChildStderr, complaints: Complaints) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        note(&complaints, line);
    }
}

fn note(complaints: &Complaints, line: String) {
    tracing::trace!(line, "the browser says");
    let mut complaints = complaints.lock().unwrap_or_else(PoisonError::into_inner);
    // Repeated on every server: there is no desktop message bus.
    if line.trim().is_empty() || line.contains("dbus") {
        return;
    }
    if COMPLAINTS <= complaints.len() {
        complaints.pop_front();
    }
    complaints.push_back(line);
}

fn did_not_start(status: Option<ExitStatus>, complaints: &Complaints) -> String {
    let said = said(complaints);
    let status = status.map_or_else(|| "no answer in time".to_owned(), |status| status.to_string());
    let hint = if said.contains("No usable sandbox") {
        "; allow user namespaces, or give up the sandbox with browser.extra_args = [\"--no-sandbox\"]"
    } else {
        ""
    };
    format!("Chromium did not start ({status}){said}{hint}")
}

fn said(complaints: &Complaints) -> String {
    let complaints = complaints.lock().unwrap_or_else(PoisonError::into_inner);
    complaints.iter().map(|line| format!("\n{line}")).collect()
}

/// Owns the child process from start to end.
async fn keep(
    mut child: Child,
    asked: oneshot::Receiver<()>,
    tell: watch::Sender<Option<String>>,
    complaints: Complaints,
) {
    let group = child.id();
    let by_itself = tokio::select! {
        status = child.wait() => Some(status),
        // A request and a dropped handle have the same effect.
        _ = asked => None,
    };
    let reason = match by_itself {
        Some(status) => {
            let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
            format!("the browser ended by itself ({status}){}", said(&complaints))
        }
        None => {
            end(&mut child, group).await;
            "the browser was closed".to_owned()
        }
    };
    // Children of a main process that was killed.
    kill_group(group);
    tell.send_replace(Some(reason));
}

async fn end(child: &mut Child, group: Option<u32>) {
    if timeout(IN_ORDER, child.wait()).await.is_ok() {
        return;
    }
    tracing::warn!("a browser does not close in order; telling it to end");
    signal_group(group, Signal::TERM);
    if timeout(TERMINATED, child.wait()).await.is_ok() {
        return;
    }
    tracing::warn!("a browser does not end; killing it");
    kill_group(group);
    let _ = timeout(KILLED, child.wait()).await;
}

fn kill_group(group: Option<u32>) {
    signal_group(group, Signal::KILL);
}

fn signal_group(group: Option<u32>, signal: Signal) {
    if let Some(group) = group.and_then(pid) {
        // The group may be empty already.
        let _ = kill_process_group(group, signal);
    }
}

fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}

/// Frees a profile: ends every browser that still uses it, and removes its lock.
///
/// The gateway has the lock of the data folder, so such a browser was left behind by an earlier gateway, perhaps on
/// another machine or in another container.
pub async fn evict(profile: &Path) {
    end_where(|folder| folder == profile).await;
    for name in ["SingletonLock", "SingletonCookie", "SingletonSocket"] {
        if std::fs::remove_file(profile.join(name)).is_ok() {
            tracing::info!(profile = %profile.display(), name, "removed a left-over lock");
        }
    }
}

/// Ends the browsers of all profiles below a folder.
pub async fn end_left_over(folder: &Path) {
    end_where(|profile| profile.starts_with(folder)).await;
}

async fn end_where(matches: impl Fn(&Path) -> bool) {
    let find = || browsers().filter(|(_, profile)| matches(profile));
    let gone = async {
        while let found = find().collect::<Vec<_>>()
            && !found.is_empty()
        {
            for (id, profile) in found {
                tracing::warn!(process = id, profile = %profile.display(), "ending a left-over browser");
                if let Some(pid) = pid(id) {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
            tokio::time::sleep(EVICTION_LOOK).await;
        }
    };
    if timeout(EVICTION, gone).await.is_err() {
        tracing::error!("a left-over browser cannot be ended");
    }
}

/// Processes with a profile folder in their command line. Empty on systems without `/proc`.
fn browsers() -> impl Iterator<Item = (u32, PathBuf)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse::<u32>().ok()?;
        // A zombie has no command line.
        let command = std::fs::read(entry.path().join("cmdline")).ok()?;
        Some((id, profile_in(&command)?))
    })
}

/// The profile folder in a command line as `/proc` shows it: with a zero byte after each argument. Chromium's children
/// have a rewritten command line; they end with their parent.
fn profile_in(command: &[u8]) -> Option<PathBuf> {
    const SWITCH: &str = "--user-data-dir=";
    let text = String::from_utf8_lossy(command);
    let value = text.split('\0').find_map(|argument| argument.strip_prefix(SWITCH))?;
    Some(PathBuf::from(value))
}

fn failed(reason: String) -> Error {
    Error::new(ErrorCode::EngineFailed, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stand-in that answers like a browser and runs until its pipe closes; it may ignore SIGTERM.
    fn stand_in(folder: &Path, body: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("browser");
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    const DEADLINE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_browser_is_told_by_its_pipe_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("in-order");
        let body = format!("printf '{{}}\\0' >&4; cat <&3; touch {}", marker.display());
        let browser = stand_in(folder.path(), &body);
        let started = Process::start(&browser, std::iter::empty(), DEADLINE).await;
        let (process, pipe) = started.unwrap();
        drop(pipe);
        process.end().await;
        assert!(marker.exists());
    }

    #[tokio::test]
    async fn a_browser_that_ends_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let body = "head -c 9 <&3 >&2; printf '{}\\0' >&4; echo broken >&2; exit 7";
        let browser = stand_in(folder.path(), body);
        let started = Process::start(&browser, std::iter::empty(), DEADLINE).await;
        let reason = started.unwrap().0.ended().await;
        assert!(reason.contains('7'), "{reason}");
    }

    #[tokio::test]
    async fn a_browser_that_does_not_start_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let browser = stand_in(folder.path(), "echo 'No usable sandbox!' >&2; exit 1");
        let Err(error) = Process::start(&browser, std::iter::empty(), DEADLINE).await else {
            panic!("it started");
        };
        assert!(error.message.contains("--no-sandbox"), "{}", error.message);
    }

    #[tokio::test]
    async fn who_still_runs_on_a_profile_is_ended_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let start = |profile: &Path| {
            let argument = format!("--user-data-dir={}", profile.display());
            std::process::Command::new("sh")
                .args(["-c", "while :; do sleep 0.1; done", "browser"])
                .arg(argument)
                .process_group(0)
                .spawn()
                .unwrap()
        };
        use std::os::unix::process::CommandExt;
        let (mine, other) = (folder.path().join("a"), folder.path().join("ab"));
        std::fs::create_dir_all(&mine).unwrap();
        std::os::unix::fs::symlink("elsewhere-1", mine.join("SingletonLock")).unwrap();
        let (mut left_over, mut stranger) = (start(&mine), start(&other));
        // The command line is that of the new program only after exec.
        while browsers().filter(|(_, profile)| profile.starts_with(folder.path())).count() < 2 {
            tokio::time::sleep(EVICTION_LOOK).await;
        }
        evict(&mine).await;
        assert!(!left_over.wait().unwrap().success());
        assert!(std::fs::symlink_metadata(mine.join("SingletonLock")).is_err());
        assert!(stranger.try_wait().unwrap().is_none());
        end_left_over(folder.path()).await;
        stranger.wait().unwrap();
    }
}
