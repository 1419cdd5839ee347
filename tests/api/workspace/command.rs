//! `wagate user`, while the gateway runs and while it does not.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    daemon::{Daemon, PROGRAM},
    workspace::text,
};

async fn try_run(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(PROGRAM);
    let output = command.args(arguments).arg("--data").arg(folder.join("data"));
    let output = output.output().await.unwrap();
    let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(said(output.stdout)) } else { Err(said(output.stderr)) }
}

async fn run(folder: &Path, arguments: &[&str]) -> String {
    try_run(folder, arguments).await.unwrap_or_else(|said| panic!("{arguments:?}: {said}"))
}

/// The second line of an output: a password.
fn second_line(said: &str) -> String {
    said.lines().nth(1).unwrap_or_else(|| panic!("{said}")).to_owned()
}

async fn sign_in(daemon: &Daemon, email: &str, password: &str) -> (u16, Value) {
    let body = json!({ "email": email, "password": password });
    daemon.try_call(Method::POST, "/api/v1/auth/login", Some(body)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_made_and_changed_with_and_without_a_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let said = try_run(folder, &["user", "create", "ada@example.com"]).await.unwrap_err();
    assert!(said.contains("must be OWNER"), "{said}");
    let made = ["user", "create", "ada@example.com", "--name", "Ada", "--role", "owner"];
    let first = second_line(&run(folder, &made).await);
    assert!(try_run(folder, &made).await.unwrap_err().contains("already registered"));

    let daemon = Daemon::start(folder).await;
    assert_eq!(sign_in(&daemon, "ada@example.com", &first).await.0, 200);
    let made = ["user", "create", "grace@example.com", "--role", "viewer"];
    let second = second_line(&run(folder, &made).await);
    assert_eq!(sign_in(&daemon, "grace@example.com", &second).await.0, 200);
    run(folder, &["user", "role", "Grace@example.com", "admin"]).await;
    let listed = run(folder, &["user", "list"]).await;
    assert!(listed.contains("OWNER  active") && listed.contains("ADMIN  active"), "{listed}");
    let said = try_run(folder, &["user", "role", "ada@example.com", "agent"]).await.unwrap_err();
    assert!(said.contains("needs an OWNER"), "{said}");
    let said = try_run(folder, &["user", "role", "nobody@example.com", "agent"]).await.unwrap_err();
    assert!(said.contains("nobody has"), "{said}");

    let said = run(folder, &["user", "reset-password", "grace@example.com"]).await;
    let code = said.split_whitespace().next().unwrap();
    let body =
        json!({ "email": "grace@example.com", "code": code, "new_password": "a new horse 9" });
    let path = "/api/v1/auth/reset-password";
    let (status, answer) = daemon.try_call(Method::POST, path, Some(body)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = sign_in(&daemon, "grace@example.com", "a new horse 9").await;
    assert_eq!((status, text(&answer["user"]["role"]).as_str()), (200, "ADMIN"));
    run(folder, &["user", "disable-totp", "grace@example.com"]).await;
    daemon.stop().await;
    assert_eq!(run(folder, &["user", "list"]).await, listed);
}
