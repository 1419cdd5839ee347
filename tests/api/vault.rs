//! Secrets at rest: every file of the data folder and a backup are searched for what callers gave and got.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Output,
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{net::TcpListener, process::Command};

use crate::{
    app::{BUSINESS, PHONE, SILENT},
    daemon::{Daemon, PROGRAM},
    receiver::{Answer, Receiver},
    support::kept::Kept,
};

const OWN_SECRET: &str = "whsec_YS1zZWNyZXQtb2YtdGhlLWNhbGxlci00NzIxLWFuZC1tb3Jl";
const HEADER: &str = "Bearer a-header-of-the-receivers-4722";
const IN_URL: &str = "a-token-in-an-address-4723";
const PROVIDER_SECRET: &str = "4711-secret-of-a-provider";
const PROXY_PASSWORD: &str = "a-proxy-password-4724";
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const OTHER_KEY: &str = "YWJjZGVmZ2hpamFiY2RlZmdoaWphYmNkZWZnaGlqMDE=";

async fn wagate(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).args(["--data", "data"]).current_dir(folder);
    command.env_remove("WAGATE_API_KEY").envs(settings.iter().copied()).output().await.unwrap()
}

async fn done(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let output = wagate(folder, arguments, settings).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

async fn refused(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let output = wagate(folder, arguments, settings).await;
    assert!(!output.status.success(), "{arguments:?} should have been refused");
    String::from_utf8(output.stderr).unwrap()
}

/// Why the gateway does not start.
async fn no_start(folder: &Path, settings: &[(&str, &str)]) -> String {
    let arguments = ["serve", "--network", "simulated", "--engine", "simulated", "--port", "0"];
    refused(folder, &arguments, settings).await
}

/// Gives a gateway every kind of secret that it keeps; all that must not be found.
async fn plant(daemon: &Daemon) -> Vec<String> {
    daemon.link("s", PHONE).await;
    // It answers with the header that it got, as receivers that are being tried out do.
    let receiver = Receiver::choosing(|got, _| {
        let status = if got.body["event"] == "ack" { "500 Oops" } else { "200 OK" };
        Answer::Says(status.to_owned(), got.header("authorization").to_owned())
    })
    .await;
    let headers = json!({ "authorization": HEADER });
    let url = format!("{}?token={IN_URL}", receiver.url);
    let body = json!({ "url": url, "events": ["*"], "headers": headers, "secret": OWN_SECRET });
    daemon.post("/api/v1/sessions/s/webhooks", body).await;
    let body = json!({ "url": receiver.url, "events": ["*"], "headers": headers });
    let hook = keyed(daemon, "hook", "/api/v1/sessions/s/webhooks", body).await;
    let key = keyed(daemon, "key", "/api/v1/api-keys", json!({ "name": "k", "scopes": ["read"] }));
    let key = key.await["key"].as_str().unwrap().to_owned();
    let proxy = json!({ "protocol": "socks5", "address": open_proxy().await, "username": "u", "password": PROXY_PASSWORD });
    let config = json!({ "engine": "simulated", "proxyServerCredentials": proxy });
    keyed(daemon, "session", "/api/v1/sessions", json!({ "sessionId": "p", "config": config }))
        .await;
    for text in ["one", "two"] {
        daemon.send("s", SILENT, text).await;
    }
    let hook_id = hook["id"].as_str().unwrap();
    let deliveries = format!("/api/v1/sessions/s/webhooks/{hook_id}/deliveries");
    let is_over = |list: &Value| list.to_string().contains("delivered");
    daemon.wait_until(&deliveries, "deliveries", is_over).await;
    let secret = hook["secret"].as_str().unwrap().to_owned();
    let change = json!({ "sms": { "authToken": PROVIDER_SECRET } });
    let path = format!("{BUSINESS}/settings");
    let (status, answer) = daemon.try_call(Method::PATCH, &path, Some(change)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    [OWN_SECRET, HEADER, IN_URL, PROXY_PASSWORD, PROVIDER_SECRET]
        .map(str::to_owned)
        .into_iter()
        .chain([key, secret])
        .collect()
}

/// Where a proxy can be reached until the test ends. Nothing goes through that of a simulated session.
async fn open_proxy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    address.to_string()
}

async fn keyed(daemon: &Daemon, key: &str, path: &str, body: Value) -> Value {
    let request = daemon.http.post(format!("{}{path}", daemon.base)).json(&body);
    let answer = request.header("Idempotency-Key", key).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json::<Value>().await.unwrap()["data"].take()
}

/// Every file below a folder but the simulated network, which is not the gateway's, and files of keys.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        match path.is_dir() {
            true if name != "simulator" => found.extend(files(&path)),
            false if !["master.key", "bootstrap.key", "gateway.sock"].contains(&name) => {
                found.push(path)
            }
            _ => (),
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

fn assert_sealed(folder: &Path, secrets: &[String]) {
    let files = files(folder);
    assert!(files.iter().any(|path| path.ends_with("store/db") || path.ends_with("store.pairs")));
    for path in files {
        // What the gateway removed meanwhile, as a part of its index, holds nothing.
        let Ok(bytes) = fs::read(&path) else { continue };
        for secret in secrets {
            assert!(!holds(&bytes, secret), "{secret} lies in {}", path.display());
        }
    }
}

fn unpack(archive: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let decoder = zstd::Decoder::new(fs::File::open(archive).unwrap()).unwrap();
    tar::Archive::new(decoder).unpack(folder.path()).unwrap();
    folder
}

fn master_key(folder: &Path) -> String {
    fs::read_to_string(folder.join("data/master.key")).unwrap().trim().to_owned()
}

async fn assert_in_use(daemon: &Daemon) {
    daemon.wait_until_ready("s").await;
    let hooks = daemon.get("/api/v1/sessions/s/webhooks").await;
    assert_eq!(hooks.as_array().unwrap().len(), 2, "{hooks}");
    let body = json!({ "name": "k", "scopes": ["read"] });
    let request = daemon.http.post(format!("{}/api/v1/api-keys", daemon.base)).json(&body);
    let again = request.header("Idempotency-Key", "key").send().await.unwrap();
    assert_eq!(again.status(), 409, "what was answered to a keyed write is no longer known");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_and_no_backup_holds_a_secret_before_and_after_the_key_is_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let daemon = Daemon::start(folder).await;
    let secrets = plant(&daemon).await;
    let data = folder.join("data");
    assert_sealed(&data, &secrets);
    let first = master_key(folder);
    let mode = fs::metadata(data.join("master.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    done(folder, &["backup", "a.tar.zst"], &[]).await;
    // By the gateway that runs.
    let status = done(folder, &["vault", "status"], &[]).await;
    assert!(status.contains("in master.key of the data folder: "), "{status}");
    assert!(!status.contains(&first) && !status.contains("yet to be"), "{status}");
    let rotated = done(folder, &["vault", "rotate"], &[]).await;
    let second = master_key(folder);
    assert_ne!((&first, &status), (&second, &rotated));
    let shown = daemon.get("/api/v1/vault").await;
    assert!(rotated.contains(shown["keyId"].as_str().unwrap()), "{rotated} {shown}");
    // What is in no secret's place is found, so a secret would be.
    let id = shown["keyId"].as_str().unwrap();
    assert!(
        files(&data).iter().any(|path| fs::read(path).is_ok_and(|bytes| holds(&bytes, id))),
        "{id}"
    );
    assert_eq!((&shown["source"], &shown["valuesToSeal"]), (&json!("file"), &json!(0)));
    assert_in_use(&daemon).await;
    assert_sealed(&data, &secrets);
    done(folder, &["backup", "b.tar.zst"], &[]).await;
    daemon.stop().await;
    // By itself.
    let third = done(folder, &["vault", "rotate"], &[]).await;
    assert!(!third.contains(shown["keyId"].as_str().unwrap()), "{third}");
    assert_ne!(second, master_key(folder));
    assert_sealed(&data, &secrets);
    // In the files it is compressed, where it is not sealed.
    for entry in Kept::open(&data).await.as_it_lies() {
        let found = secrets.iter().find(|secret| entry.holds(secret));
        assert_eq!(found, None, "in tree {}", entry.tree);
    }
    let daemon = Daemon::start(folder).await;
    assert_in_use(&daemon).await;
    let keys = [first, second, master_key(folder)];
    assert_sealed(&data, &keys);
    daemon.stop().await;

    for (name, key) in [("a.tar.zst", &keys[0]), ("b.tar.zst", &keys[1])] {
        let unpacked = unpack(&folder.join(name));
        assert_sealed(unpacked.path(), &secrets);
        assert_sealed(unpacked.path(), &keys);
        let held = fs::read_to_string(unpacked.path().join("master.key")).unwrap();
        assert_eq!(held.trim(), key);
        let elsewhere = tempfile::tempdir().unwrap();
        fs::copy(folder.join(name), elsewhere.path().join(name)).unwrap();
        done(elsewhere.path(), &["restore", name], &[]).await;
        let mode = fs::metadata(elsewhere.path().join("data/master.key")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        let daemon = Daemon::start(elsewhere.path()).await;
        assert_in_use(&daemon).await;
        assert_sealed(&elsewhere.path().join("data"), &secrets);
        daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_wrong_key_ends_the_start_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let daemon = Daemon::start(folder).await;
    let body = json!({ "sessionId": "s", "config": { "engine": "simulated" } });
    daemon.post("/api/v1/sessions", body).await;
    daemon.stop().await;
    let (file, aside) = (folder.join("data/master.key"), folder.join("aside"));
    let key = master_key(folder);
    fs::rename(&file, &aside).unwrap();
    for arguments in [&["vault", "status"], &["key", "list"]] {
        let said = refused(folder, arguments, &[]).await;
        assert!(said.contains("sealed with key") && said.contains("none here"), "{said}");
    }
    let said = no_start(folder, &[]).await;
    assert!(said.contains("data/master.key back") && said.contains("WAGATE_VAULT__KEY"), "{said}");
    assert!(!file.exists(), "a new key was made");
    let said = no_start(folder, &[("WAGATE_VAULT__KEY", KEY)]).await;
    assert!(said.contains("in vault.key (WAGATE_VAULT__KEY)") && !said.contains(KEY), "{said}");
    let said = no_start(folder, &[("WAGATE_VAULT__KEY", "a-password")]).await;
    assert!(said.contains("openssl rand -base64 32") && !said.contains("a-password"), "{said}");
    symlink(&aside, &file).unwrap();
    assert!(no_start(folder, &[]).await.contains("it is a link"));
    fs::remove_file(&file).unwrap();
    // The same key from the environment opens it, and so it does in its file.
    let daemon = Daemon::start_with(folder, 0, &[("WAGATE_VAULT__KEY", &key)]).await;
    daemon.get("/api/v1/sessions/s").await;
    daemon.stop().await;
    assert!(!file.exists());
    fs::rename(&aside, &file).unwrap();
    Daemon::start(folder).await.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_settings_is_in_no_file_and_in_no_backup() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let set = [("WAGATE_VAULT__KEY", KEY)];
    let daemon = Daemon::start_with(folder, 0, &set).await;
    let mut secrets = plant(&daemon).await;
    secrets.push(KEY.to_owned());
    assert_sealed(&folder.join("data"), &secrets);
    assert!(!folder.join("data/master.key").exists());
    let status = done(folder, &["vault", "status"], &[]).await;
    assert!(status.contains("set by vault.key: ") && !status.contains(KEY), "{status}");
    let (code, answer) = daemon.try_call(Method::POST, "/api/v1/vault/rotate", None).await.unwrap();
    assert_eq!((code, &answer["error"]["details"]["reason"]), (409, &json!("key_in_settings")));
    let said = refused(folder, &["vault", "rotate"], &[]).await;
    assert!(said.contains("WAGATE_VAULT__FORMER_KEY"), "{said}");
    let said = done(folder, &["backup", "b.tar.zst"], &[]).await;
    assert!(said.contains("is NOT in: it is set by vault.key (WAGATE_VAULT__KEY)"), "{said}");
    daemon.stop().await;

    assert_sealed(unpack(&folder.join("b.tar.zst")).path(), &secrets);
    fs::copy(folder.join("b.tar.zst"), elsewhere.path().join("b.tar.zst")).unwrap();
    for settings in [&[][..], &[("WAGATE_VAULT__KEY", OTHER_KEY)]] {
        let said = refused(elsewhere.path(), &["restore", "b.tar.zst"], settings).await;
        assert!(said.contains("not in it: set vault.key (WAGATE_VAULT__KEY)"), "{said}");
    }
    assert!(!elsewhere.path().join("data/store").exists());
    // Another key from the beginning, where the former one is reported.
    let moved = [("WAGATE_VAULT__KEY", OTHER_KEY), ("WAGATE_VAULT__FORMER_KEY", KEY)];
    done(elsewhere.path(), &["restore", "b.tar.zst"], &moved).await;
    let daemon = Daemon::start_with(elsewhere.path(), 0, &moved[..1]).await;
    assert_in_use(&daemon).await;
    daemon.stop().await;
    // And from the settings into a file.
    let daemon = Daemon::start_with(folder, 0, &[("WAGATE_VAULT__FORMER_KEY", KEY)]).await;
    assert_in_use(&daemon).await;
    daemon.stop().await;
    let daemon = Daemon::start(folder).await;
    assert_in_use(&daemon).await;
    assert_eq!(daemon.get("/api/v1/vault").await["source"], "file");
    daemon.stop().await;
}
