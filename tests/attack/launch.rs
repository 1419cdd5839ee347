//! The launch of a session's browser: which program runs, and whether it has its sandbox.

use serde_json::{Value, json};

use crate::support::daemon::{Daemon, PROGRAM};

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_session_runs_no_program_of_its_own_once_that_is_not_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (program, marker) = (folder.path().join("program"), folder.path().join("it-ran"));
    let body = format!("#!/bin/sh\necho \"$@\" > {}\nexec chromium \"$@\"\n", marker.display());
    std::fs::write(&program, body).unwrap();
    let mode = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let allowed = [("WAGATE_OPENWA__ALLOW_BROWSER_OVERRIDES", "true")];
    let daemon = Daemon::start_with(folder.path(), 0, &allowed).await;
    let program = json!({ "engine": "browser", "executablePath": program });
    let arguments = json!({ "engine": "browser", "chromiumArgs": ["--lang=de"] });
    for (id, config) in [("program", program), ("arguments", arguments)] {
        daemon.post("/api/v1/sessions", json!({ "sessionId": id, "config": config })).await;
        daemon.get(&format!("/api/v1/sessions/{id}/qr?format=text&wait=true")).await;
    }
    assert!(std::fs::read_to_string(&marker).is_ok(), "it does not run where it may");
    daemon.stop().await;
    std::fs::remove_file(&marker).unwrap();
    // The same records, as a restored archive would bring them.
    let daemon = Daemon::start(folder.path()).await;
    for id in ["program", "arguments"] {
        let is_refused = |session: &Value| {
            let said = session["lastError"].as_str().unwrap_or_default();
            session["status"] == "failed" && said.contains("openwa.allow_browser_overrides")
        };
        let path = format!("/api/v1/sessions/{id}");
        daemon.wait_until(&path, "the refusal", is_refused).await;
        daemon.post(&format!("{path}/restart"), json!({})).await;
        daemon.wait_until(&path, "the refusal again", is_refused).await;
    }
    assert!(!marker.exists(), "a program named in a record ran");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_sandbox_is_said_by_the_doctor_and_health() {
    let folder = tempfile::tempdir().unwrap();
    // As root it is missing anyway.
    let settings = [("WAGATE_BROWSER__EXTRA_ARGS", "no-sandbox"), ("NO_COLOR", "1")];
    let doctor = tokio::process::Command::new(PROGRAM)
        .args(["doctor", "--network", "simulated", "--engine", "browser", "--port", "0", "--data"])
        .arg(folder.path().join("data"))
        .envs(settings)
        .output()
        .await
        .unwrap();
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    println!("{doctor}");
    let line = doctor.lines().find(|line| line.contains("sandbox ")).unwrap_or_default();
    assert!(line.starts_with("warn") && line.contains("without its sandbox"), "{doctor}");
    let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
    let config = json!({ "engine": "browser" });
    daemon.post("/api/v1/sessions", json!({ "sessionId": "s", "config": config })).await;
    let is_said = |health: &Value| {
        let warnings = health["warnings"].as_array().cloned().unwrap_or_default();
        warnings.iter().any(|text| text.as_str().unwrap().contains("without its sandbox"))
    };
    daemon.wait_until("/health", "the warning", is_said).await;
    daemon.stop().await;
}
