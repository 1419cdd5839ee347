//! What the program says on the command line, and what it leaves behind.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{STARTED, STOP_DEADLINE, wait};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wagate"));
    command.args(arguments).args(["--data", "missing"]).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
}

#[test]
fn asking_makes_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let id = "01928b1c-6f5e-7cc0-9d5a-0d3a5b0c7a11";
    for arguments in [
        ["key", "list"].as_slice(),
        &["key", "revoke", id],
        &["user", "list"],
        &["user", "role", "ada@example.com", "admin"],
        &["user", "reset-password", "ada@example.com"],
        &["vault", "status"],
        &["backup", "a.tar.zst"],
        &["reindex"],
    ] {
        let output = run(folder.path(), arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said(&output).contains("missing"), "{arguments:?}: {}", said(&output));
    }
    let simulated = ["doctor", "--network", "simulated", "--engine", "simulated", "--port", "0"];
    let output = run(folder.path(), &simulated);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("missing can be made"), "{}", said(&output));
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "something was left behind");
    let output = run(folder.path(), &["key", "create", "first", "--scope", "read"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(folder.path().join("missing/store").is_dir(), "the first key makes the folder");
}

/// Starts a gateway whose output goes to files, stops it, and gives what it said.
fn started(more: &[&str], environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("said");
    let log = fs::File::create(&file).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_wagate"))
        .args(["serve", "--network", "simulated", "--port", "0"])
        .args(more)
        .arg("--data")
        .arg(folder.path().join("data"))
        .envs(environment.iter().copied())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let text = || fs::read_to_string(&file).unwrap();
    while !text().contains(STARTED) {
        assert!(child.try_wait().unwrap().is_none(), "it ended: {}", text());
        std::thread::sleep(crate::LOOK_INTERVAL);
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(wait(&mut child, STOP_DEADLINE).is_some_and(|status| status.success()), "{}", text());
    text()
}

#[test]
fn a_log_in_a_file_has_no_colours_and_the_start_is_in_words() {
    let said = started(&["--engine", "simulated"], &[]);
    assert!(!said.contains('\u{1b}'), "{said}");
    assert!(said.contains("INFO"), "nothing was logged: {said}");
    assert!(said.contains("network    simulated, engine simulated, "), "{said}");
    assert!(said.contains(", auth auto\n"), "{said}");
}

#[test]
fn the_start_warns_where_no_session_can_have_a_browser() {
    let nowhere = ("WAGATE_BROWSER__EXECUTABLE", "/nowhere/chromium");
    let said = started(&["--engine", "browser"], &[nowhere]);
    assert!(said.contains("/nowhere/chromium, as configured, is not there"), "{said}");
    let said = started(&["--engine", "simulated"], &[nowhere]);
    assert!(!said.contains("/nowhere"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_named_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let simulated = ["serve", "--network", "simulated", "--engine", "simulated", "--port", &port];
    let output = run(folder.path(), &simulated);
    assert!(!output.status.success());
    assert!(said(&output).contains("choose another port with --port"), "{}", said(&output));
}
