//! A client written in JavaScript, and the commands of the README, against the program itself, once
//! with each engine: what is tested is what is installed, from its arguments to its end.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper that fails is a test that fails"
)]

mod command_line;

use std::{
    io::{BufRead, BufReader, Seek},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use wagate::driver::browser::{find, install_hint};

/// Longer than the client's own patience for any one step.
const CLIENT_DEADLINE: Duration = Duration::from_secs(180);
const STOP_DEADLINE: Duration = Duration::from_secs(30);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
const STARTED: &str = "is listening on ";

/// The program, running; killed if a test ends without stopping it.
struct Gateway {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Gateway {
    fn start(engine: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_wagate"))
            .args(["serve", "--network", "simulated", "--port", "0", "--engine", engine])
            .arg("--data")
            .arg(folder.path())
            .env("WAGATE_LOG__FILTER", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| Some(line.unwrap().split_once(STARTED)?.1.to_owned()));
        let url = url.expect("the gateway did not start");
        thread::spawn(move || lines.for_each(drop));
        Self { child, url, _folder: folder }
    }

    fn stop(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let status = wait(&mut self.child, STOP_DEADLINE).expect("the gateway did not stop");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait(child: &mut Child, deadline: Duration) -> Option<std::process::ExitStatus> {
    let since = Instant::now();
    while since.elapsed() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        thread::sleep(LOOK_INTERVAL);
    }
    child.kill().unwrap();
    None
}

/// The commands of the README's part "Use", with the address of this gateway.
fn commands_of_the_readme(url: &str) -> String {
    let readme = include_str!("../../README.md");
    let (_, part) = readme.split_once("\n## Use\n").expect("README.md has a part called Use");
    let part = part.split("\n## ").next().unwrap();
    let pieces: Vec<&str> = part.split("```sh\n").collect();
    // A comment before a block says why it is not run: here it starts the gateway.
    let run = pieces.windows(2).filter(|pair| !pair[0].trim_end().ends_with("-->"));
    let commands: String = run.map(|pair| pair[1].split("```").next().unwrap()).collect();
    assert!(commands.contains("send-text"), "{commands}");
    commands.replace("http://127.0.0.1:8080", url)
}

/// Pasted into a shell they all succeed, one after the other, and come to an end.
fn runs_the_readme(engine: &str) {
    let gateway = Gateway::start(engine);
    let folder = tempfile::tempdir().unwrap();
    let mut said = tempfile::tempfile().unwrap();
    let mut shell = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", &commands_of_the_readme(&gateway.url)])
        .current_dir(folder.path())
        .stdout(said.try_clone().unwrap())
        .stderr(Stdio::null())
        .spawn()
        .expect("bash is needed for this test");
    let status = wait(&mut shell, CLIENT_DEADLINE);
    said.rewind().unwrap();
    let said = std::io::read_to_string(said).unwrap();
    assert!(status.is_some_and(|status| status.success()), "it failed, or had no end:\n{said}");
    assert!(!said.contains("\"success\":false"), "{said}");
    for expected in ["\"content\":\"Hello\"", "event: ", "http://127.0.0.1:9000/hook"] {
        assert!(said.contains(expected), "{expected} is not in\n{said}");
    }
    let picture = std::fs::read(folder.path().join("qr.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    gateway.stop();
}

#[test]
fn the_simulated_engine_does_what_the_readme_says() {
    runs_the_readme("simulated");
}

#[test]
fn the_browser_engine_does_what_the_readme_says() {
    if find(None).is_none() {
        panic!("this test needs Chromium: {}", install_hint());
    }
    runs_the_readme("browser");
}

fn serves_the_client(engine: &str) {
    let gateway = Gateway::start(engine);
    let mut said = tempfile::tempfile().unwrap();
    let mut client = Command::new("node")
        // Without it Node 20 has no WebSocket of its own.
        .args(["--experimental-websocket", "--no-warnings", "--test-reporter=spec", "--test"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/journey.test.mjs"))
        .env("WAGATE_URL", &gateway.url)
        // A file and not a pipe, which could be full before anybody reads it.
        .stderr(said.try_clone().unwrap())
        .stdout(said.try_clone().unwrap())
        .spawn()
        .expect("node is needed for this test");
    let status = wait(&mut client, CLIENT_DEADLINE);
    said.rewind().unwrap();
    let said = std::io::read_to_string(said).unwrap();
    assert!(status.is_some_and(|status| status.success()), "the client failed:\n{said}");
    gateway.stop();
}

#[test]
fn the_simulated_engine_serves_a_client() {
    serves_the_client("simulated");
}

#[test]
fn the_browser_engine_serves_a_client() {
    if find(None).is_none() {
        panic!("this test needs Chromium: {}", install_hint());
    }
    serves_the_client("browser");
}
