//! Checks of Chromium: whether it is installed, its version, and whether it starts.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{process::Command, time::timeout};

use crate::{
    config,
    doctor::check::{Check, Verdict},
    driver::browser::{find, install_hint, not_found, sandbox},
    private,
};

const CHROMIUM: &str = "chromium";
const START: &str = "browser";
const VERSION_DEADLINE: Duration = Duration::from_secs(5);
const START_DEADLINE: Duration = Duration::from_secs(10);
const SANDBOX: &str = "sandbox";
/// What decides whether a browser starts here, of the switches that sessions give it; those that keep
/// it from asking anybody; and those that make it show an empty page and end.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--dump-dom",
    "about:blank",
];
/// What the empty page looks like.
const SIGN_OF_LIFE: &str = "<html";
/// How much of what a failed browser says is shown.
const LINES_SHOWN: usize = 3;

/// Why no browser can be started with these settings, and what to do; none where one is there.
pub fn missing(settings: &config::Browser) -> Option<String> {
    let configured = configured(settings);
    find(configured).is_none().then(|| not_found(configured))
}

fn configured(settings: &config::Browser) -> Option<&Path> {
    let path = settings.executable.as_path();
    (!path.as_os_str().is_empty()).then_some(path)
}

pub async fn examine(settings: &config::Browser) -> Vec<Check> {
    let configured = configured(settings);
    let Some(executable) = find(configured) else {
        let (found, remedy) = if let Some(configured) = configured {
            let found = format!("{}, as configured, is not there", configured.display());
            (found, "correct browser.executable (CHROME_PATH), or leave it empty".to_owned())
        } else {
            ("not found".to_owned(), install_hint().to_owned())
        };
        return vec![Check::wrong(CHROMIUM, Verdict::Broken, found, remedy)];
    };
    let version = version(&executable).await;
    if version.verdict == Verdict::Broken {
        return vec![version];
    }
    let start = start(&executable, &settings.extra_args, START_DEADLINE).await;
    vec![version, start, sandbox(&settings.extra_args)]
}

fn sandbox(extra: &[String]) -> Check {
    match sandbox::warning(extra) {
        None => Check::well(SANDBOX, "pages run in Chromium's sandbox"),
        Some(warning) => {
            let (found, remedy) = warning.rsplit_once(". ").unwrap_or((warning, ""));
            Check::wrong(SANDBOX, Verdict::Doubtful, found, remedy)
        }
    }
}

async fn version(executable: &Path) -> Check {
    let mut command = Command::new(executable);
    command.arg("--version");
    let ended = run(command, VERSION_DEADLINE).await;
    let path = executable.display();
    match ended {
        Ok(output) if output.success => {
            Check::well(CHROMIUM, format!("{path}: {}", output.said.trim()))
        }
        Ok(output) => {
            let found = format!("{path} does not run: {}", output.complaint());
            Check::wrong(CHROMIUM, Verdict::Broken, found, remedy(&output))
        }
        Err(reason) => {
            let found = format!("{path} does not run: {reason}");
            Check::wrong(CHROMIUM, Verdict::Broken, found, reinstall())
        }
    }
}

async fn start(executable: &Path, extra: &[String], deadline: Duration) -> Check {
    let profile = match Profile::new() {
        Ok(profile) => profile,
        Err(error) => {
            let found = format!("no folder for temporary files: {error}");
            return Check::wrong(START, Verdict::Broken, found, "name another folder in TMPDIR");
        }
    };
    let mut command = Command::new(executable);
    command.arg(format!("--user-data-dir={}", profile.0.display())).args(ARGUMENTS);
    if sandbox::warning(extra).is_some() {
        command.arg(format!("--{}", sandbox::SWITCH));
    }
    command.args(extra.iter().map(|text| format!("--{}", text.trim_start_matches('-'))));
    let since = Instant::now();
    match run(command, deadline).await {
        Ok(output) if output.said.contains(SIGN_OF_LIFE) => {
            let seconds = since.elapsed().as_secs_f64();
            Check::well(START, format!("started and ended within {seconds:.1} s"))
        }
        Ok(output) => {
            let found = format!("does not start: {}", output.complaint());
            Check::wrong(START, Verdict::Broken, found, remedy(&output))
        }
        Err(reason) => {
            let found = format!("does not start: {reason}");
            let remedy = "see whether the machine is overloaded or short of memory";
            Check::wrong(START, Verdict::Broken, found, remedy)
        }
    }
}

struct Output {
    success: bool,
    said: String,
    complaints: String,
}

impl Output {
    /// The last things that it complained of, without what every browser on a server misses.
    fn complaint(&self) -> String {
        let lines = self.complaints.lines().map(str::trim);
        let lines: Vec<_> =
            lines.filter(|line| !line.is_empty() && !line.contains("dbus")).collect();
        match lines.len() {
            0 => "it ended without a word".to_owned(),
            count => lines[count.saturating_sub(LINES_SHOWN)..].join("; "),
        }
    }
}

/// Runs a program to its end, or ends it, with all that it started, at the deadline.
async fn run(mut command: Command, deadline: Duration) -> Result<Output, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    let child = command.spawn().map_err(|error| error.to_string())?;
    let group = Group(child.id());
    let ended = timeout(deadline, child.wait_with_output()).await;
    drop(group);
    let output = ended
        .map_err(|_| format!("no answer within {} s", deadline.as_secs()))?
        .map_err(|error| error.to_string())?;
    Ok(Output {
        success: output.status.success(),
        said: String::from_utf8_lossy(&output.stdout).into_owned(),
        complaints: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Ends the processes of a group when dropped; an empty one is what is hoped for.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

/// A profile folder for one start; removed when dropped.
struct Profile(PathBuf);

impl Profile {
    fn new() -> std::io::Result<Self> {
        private::temporary_folder("doctor").map(Self)
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // What is left of a temporary folder is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn remedy(output: &Output) -> String {
    let said = &output.complaints;
    if said.contains("No usable sandbox") || said.contains("amespace") {
        "allow unprivileged user namespaces, or, where something else shuts the gateway in, go \
         without the sandbox: WAGATE_BROWSER__EXTRA_ARGS=no-sandbox"
            .to_owned()
    } else if said.contains("shared libraries") {
        format!("install the library that it names, or the browser again: {}", install_hint())
    } else {
        reinstall()
    }
}

fn reinstall() -> String {
    format!("install it again: {}", install_hint())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn settings(executable: PathBuf) -> config::Browser {
        let mut settings = config::Config::shipped().unwrap().browser;
        settings.executable = executable;
        settings
    }

    /// A scripted program in place of a browser.
    fn stand_in(folder: &Path, body: &str) -> PathBuf {
        let (text, path) = (folder.join("text"), folder.join("browser"));
        std::fs::write(&text, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&text, std::fs::Permissions::from_mode(0o755)).unwrap();
        // Were it written by this process, the child that another test starts at this moment could
        // hold it open, and a file that is open for writing cannot be run.
        let mut copy = std::process::Command::new("cp");
        assert!(copy.arg("-p").args([&text, &path]).status().unwrap().success());
        path
    }

    #[tokio::test]
    async fn this_machines_browser_starts_or_a_way_to_install_one_is_shown() {
        let checks = examine(&settings(PathBuf::new())).await;
        if find(None).is_some() {
            let verdicts: Vec<_> = checks.iter().map(|check| check.verdict).collect();
            let sandbox = match rustix::process::geteuid().is_root() {
                true => Verdict::Doubtful,
                false => Verdict::Well,
            };
            assert_eq!(verdicts, [Verdict::Well, Verdict::Well, sandbox], "{checks:?}");
        } else {
            assert_eq!(checks[0].remedy.as_deref(), Some(install_hint()));
        }
    }

    #[tokio::test]
    async fn a_browser_that_is_not_there_or_does_not_run_is_not_started() {
        let folder = tempfile::tempdir().unwrap();
        let missing = examine(&settings(folder.path().join("none"))).await;
        assert!(missing[0].to_string().contains("browser.executable"), "{}", missing[0]);
        let body = "echo 'error while loading shared libraries' >&2; exit 1";
        let broken = stand_in(folder.path(), body);
        let checks = examine(&settings(broken)).await;
        assert_eq!(checks.len(), 1, "{checks:?}");
        assert!(checks[0].to_string().contains("install the library"), "{}", checks[0]);
    }

    #[tokio::test]
    async fn a_browser_without_a_sandbox_gets_a_remedy_that_goes_without() {
        let folder = tempfile::tempdir().unwrap();
        let body =
            "[ $1 = --version ] && exec echo Stand-in 1; echo No usable sandbox! >&2; exit 1";
        let checks = examine(&settings(stand_in(folder.path(), body))).await;
        assert!(checks[0].found.ends_with("browser: Stand-in 1"), "{}", checks[0]);
        assert!(checks[1].to_string().contains("EXTRA_ARGS=no-sandbox"), "{}", checks[1]);
    }

    #[tokio::test]
    async fn the_settings_own_switches_are_tried() {
        let folder = tempfile::tempdir().unwrap();
        let body = "case \"$*\" in *' --single-process'*) echo '<html></html>';; esac";
        let browser = stand_in(folder.path(), body);
        let deadline = Duration::from_secs(5);
        let with = start(&browser, &["single-process".to_owned()], deadline).await;
        assert_eq!(with.verdict, Verdict::Well, "{with}");
        assert_eq!(start(&browser, &[], deadline).await.verdict, Verdict::Broken);
    }

    #[tokio::test]
    async fn a_browser_that_hangs_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("child");
        let body = format!("sh -c 'echo $$ > {}; exec sleep 60'", marker.display());
        let browser = stand_in(folder.path(), &body);
        let check = start(&browser, &[], Duration::from_secs(1)).await;
        assert!(check.found.contains("no answer within 1 s"), "{check}");
        let child = std::fs::read_to_string(marker).unwrap();
        let command = format!("/proc/{}/cmdline", child.trim());
        let is_alive = || std::fs::read(&command).is_ok_and(|command| !command.is_empty());
        while is_alive() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
