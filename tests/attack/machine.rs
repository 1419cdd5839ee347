//! The machine: file modes, the owner's socket and key, what a restore may unpack.

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Output,
};

use reqwest::Method;
use serde_json::json;
use tokio::{io::AsyncReadExt, net::TcpListener, process::Command};
use wagate::{egress, private::socket};

use crate::support::{
    PHONE, SILENT,
    daemon::{Daemon, PROGRAM},
};

/// Somebody else, who is on every machine.
const NOBODY: u32 = 65_534;
const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const REQUIRED: (&str, &str) = ("OPENWA_AUTH", "required");

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs the program in a folder, on `data` in it.
async fn wagate(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).args(["--data", "data"]).current_dir(folder);
    command.env_remove("WAGATE_API_KEY").output().await.unwrap()
}

async fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = wagate(folder, arguments).await;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

async fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = wagate(folder, arguments).await;
    assert!(!output.status.success(), "{arguments:?} should have been refused");
    String::from_utf8(output.stderr).unwrap()
}

/// The program under a umask that leaves everything readable.
fn careless() -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$@\"", "sh", PROGRAM]);
    command
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Everything below a folder, with the folder itself; links are left out, for they have no modes.
fn everything(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(everything(&entry.path())),
            Ok(kind) if !kind.is_symlink() => found.push(entry.path()),
            _ => (),
        }
    }
    found
}

fn open_to_others(folder: &Path) -> Vec<String> {
    let open = |path: PathBuf| {
        // What is gone by now, as a browser's lock may be, is nobody's.
        let mode = fs::symlink_metadata(&path).ok()?.mode() & 0o777;
        (mode & 0o077 != 0).then(|| format!("{} {mode:04o}", path.display()))
    };
    everything(folder).into_iter().filter_map(open).collect()
}

fn first_key(folder: &Path) -> String {
    fs::read_to_string(folder.join("data/bootstrap.key")).unwrap().trim().to_owned()
}

async fn status_with(daemon: &Daemon, key: &str) -> u16 {
    let request = daemon.http.get(format!("{}/api/v1/sessions", daemon.base)).bearer_auth(key);
    request.send().await.unwrap().status().as_u16()
}

/// What a program of another user says to this; none where the test may not become one.
fn as_nobody(program: &str, arguments: &[&str]) -> Option<Output> {
    use std::os::unix::process::CommandExt;
    if !is_root() {
        println!("skipped as another user: the test does not run as root");
        return None;
    }
    let mut command = std::process::Command::new(program);
    match command.args(arguments).uid(NOBODY).gid(NOBODY).output() {
        Ok(output) => Some(output),
        Err(error) => {
            println!("skipped as another user: {program}: {error}");
            None
        }
    }
}

#[tokio::test]
async fn other_users_can_read_nothing_of_a_running_gateway() {
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o755);
    let data = folder.path().join("data");
    let daemon = Daemon::run(careless(), folder.path(), 0, &[]).await;
    daemon.link("a", PHONE).await;
    daemon.send("a", SILENT, "a secret").await;
    let picture = json!({ "chatId": SILENT, "data": PNG, "caption": "a pixel" });
    daemon.post("/api/v1/sessions/a/send-image", picture).await;
    assert_eq!(open_to_others(&data), Vec::<String>::new());
    assert!(data.join("store/db").exists() && data.join("simulator/log-1").exists());

    let file = folder.path().join("b.tar.zst");
    let output = careless()
        .args(["backup", "b.tar.zst", "--data", "data"])
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(mode(&file), 0o600);
    assert_eq!(open_to_others(&data), Vec::<String>::new());

    let db = data.join("store/db");
    if let Some(output) = as_nobody("cat", &[db.to_str().unwrap()]) {
        assert!(!output.status.success() && output.stdout.is_empty());
    }
    daemon.stop().await;
}

#[tokio::test]
async fn other_users_can_read_nothing_of_a_browsers_profile() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::run(careless(), folder.path(), 0, &[]).await;
    daemon.link_on("browser", "a", PHONE).await;
    let data = folder.path().join("data");
    assert!(100 < everything(&data.join("sessions/a/profile")).len(), "there is no profile");
    assert_eq!(open_to_others(&data), Vec::<String>::new());
    daemon.stop().await;
    assert_eq!(open_to_others(&data), Vec::<String>::new());
}

#[tokio::test]
async fn a_folder_that_others_could_read_is_closed_at_the_start_and_named_by_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("a", PHONE).await;
    daemon.stop().await;
    for path in everything(&data) {
        set_mode(&path, if path.is_dir() { 0o755 } else { 0o644 });
    }
    let doctor = ["doctor", "--network", "simulated", "--engine", "simulated", "--port", "0"];
    let said = done(folder.path(), &doctor).await;
    assert!(said.contains("other users may reach data (mode 0755)"), "{said}");
    assert!(said.contains("bootstrap.key (mode 0644)"), "{said}");
    let daemon = Daemon::start(folder.path()).await;
    daemon.wait_until_ready("a").await;
    assert_eq!(open_to_others(&data), Vec::<String>::new());
    let said = done(folder.path(), &doctor).await;
    assert!(said.contains("no other user but root can reach data"), "{said}");
    daemon.stop().await;
}

#[tokio::test]
async fn the_first_key_goes_to_no_log_and_through_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let (data, target) = (folder.path().join("data"), folder.path().join("target"));
    fs::create_dir(&data).unwrap();
    fs::write(&target, "untouched").unwrap();
    symlink(&target, data.join("bootstrap.key")).unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, &[REQUIRED]).await;
    assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
    let key = first_key(folder.path());
    assert!(!daemon.printed.contains(&key), "{}", daemon.printed);
    assert!(daemon.printed.contains("bootstrap.key"), "{}", daemon.printed);
    assert_eq!(mode(&data.join("bootstrap.key")), 0o600);
    assert_eq!(status_with(&daemon, &key).await, 200);
    daemon.stop().await;
}

#[tokio::test]
async fn the_first_key_does_not_outlive_its_revocation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/bootstrap.key");
    let daemon = Daemon::start_with(folder.path(), 0, &[REQUIRED]).await;
    let key = first_key(folder.path());
    let list = done(folder.path(), &["key", "list"]).await;
    let id = list.lines().find(|line| line.ends_with("bootstrap")).unwrap();
    let id = id.split_whitespace().next().unwrap().to_owned();
    let url = format!("{}/api/v1/api-keys/{id}", daemon.base);
    let answer = daemon.http.request(Method::DELETE, url).bearer_auth(&key).send().await.unwrap();
    assert!(answer.status().is_success());
    assert!(!file.exists(), "the file outlives the key");
    assert_eq!(status_with(&daemon, &key).await, 401);
    daemon.stop().await;
    // From an old copy of the folder, as it were.
    fs::write(&file, format!("{key}\n")).unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, &[REQUIRED]).await;
    assert!(!file.exists(), "a dead key is back");
    assert!(!daemon.printed.contains("bootstrap.key"), "{}", daemon.printed);
    daemon.stop().await;
}

#[tokio::test]
async fn keys_are_made_listed_and_revoked_while_the_gateway_runs() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, &[REQUIRED]).await;
    let made = done(folder.path(), &["key", "create", "dashboard", "--scope", "*"]).await;
    let (first, secret) = made.trim().split_once('\n').unwrap();
    assert_eq!(status_with(&daemon, secret).await, 200);
    let id = first.split_whitespace().next().unwrap();
    let list = done(folder.path(), &["key", "list"]).await;
    assert!(list.contains(id) && list.contains("active"), "{list}");
    done(folder.path(), &["key", "revoke", id]).await;
    assert_eq!(status_with(&daemon, secret).await, 401);
    let no_scope = refused(folder.path(), &["key", "create", "x", "--scope", "nonsense"]).await;
    let known = format!("scopes: must be one of: {}", wagate::accounts::SCOPES.join(", "));
    assert!(no_scope.contains(&known), "{no_scope}");
    daemon.stop().await;
    // The same while it does not run.
    let made = done(folder.path(), &["key", "create", "later", "--scope", "read"]).await;
    let secret = made.trim().lines().last().unwrap();
    let list = done(folder.path(), &["key", "list"]).await;
    assert!(list.contains(id) && list.contains("revoked") && list.contains("later"), "{list}");
    let daemon = Daemon::start_with(folder.path(), 0, &[REQUIRED]).await;
    assert_eq!(status_with(&daemon, secret).await, 200);
    daemon.kill().await;
    // What a killed gateway leaves of its socket stands in nobody's way.
    assert!(folder.path().join("data").join(socket::NAME).exists());
    done(folder.path(), &["key", "list"]).await;
    let daemon = Daemon::start_with(folder.path(), 0, &[REQUIRED]).await;
    done(folder.path(), &["key", "list"]).await;
    daemon.stop().await;
    assert!(!folder.path().join("data").join(socket::NAME).exists());
}

/// A stranger on a port, and what the first who comes says to it.
async fn stranger() -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 4_096];
        let length = stream.read(&mut bytes).await.unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    });
    (port, received)
}

#[tokio::test]
async fn no_key_goes_to_a_stranger_on_the_port_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, &[REQUIRED]).await;
    let (port, received) = stranger().await;
    let port_text = port.to_string();
    done(folder.path(), &["backup", "a.tar.zst", "--port", &port_text]).await;
    done(folder.path(), &["key", "list", "--port", &port_text]).await;
    assert!(!received.is_finished(), "the stranger was asked: {}", received.await.unwrap());
    // Named by its address it is asked, and gets no key of this folder.
    let url = format!("http://127.0.0.1:{port}");
    refused(folder.path(), &["backup", "b.tar.zst", "--url", &url]).await;
    let received = received.await.unwrap().to_lowercase();
    assert!(received.starts_with("post /api/v1/backup"), "{received}");
    assert!(!received.contains("authorization") && !received.contains("wag_"), "{received}");
    daemon.stop().await;
}

#[tokio::test]
async fn the_owners_socket_is_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start_with(folder.path(), 0, &[REQUIRED]).await;
    let path = folder.path().join("data").join(socket::NAME);
    assert_eq!(mode(&path), 0o600);
    let client = egress::owner_client(&path).unwrap();
    let url = "http://localhost/api/v1/sessions";
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
    // A bad key is no better for the way that it came.
    let bad = client.get(url).bearer_auth("wag_nonsense").send().await.unwrap();
    assert_eq!(bad.status(), 401);
    // A proxy that was put before it, and pages, open nothing.
    for name in ["X-Forwarded-For", "Via", "Forwarded", "CF-Ray", "Origin", "Sec-Fetch-Site"] {
        let answer = client.get(url).header(name, "somebody").send().await.unwrap();
        assert_eq!(answer.status(), 401, "{name}");
    }
    // Even where its modes are opened up by hand.
    set_mode(folder.path(), 0o755);
    set_mode(&folder.path().join("data"), 0o755);
    set_mode(&path, 0o666);
    let arguments = ["-s", "-w", "%{http_code}", "-o", "/dev/null", "--unix-socket"];
    let arguments = [arguments.as_slice(), &[path.to_str().unwrap(), url]].concat();
    if let Some(output) = as_nobody("curl", &arguments) {
        assert_eq!(String::from_utf8_lossy(&output.stdout), "401");
    }
    daemon.stop().await;
}

#[tokio::test]
async fn the_socket_works_in_a_folder_with_a_long_name() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("long".repeat(30));
    fs::create_dir(&deep).unwrap();
    let daemon = Daemon::start_with(&deep, 0, &[REQUIRED]).await;
    done(&deep, &["key", "create", "x", "--scope", "*"]).await;
    let data = deep.join("data");
    let mut command = Command::new(PROGRAM);
    let output = command.args(["key", "list", "--data"]).arg(&data).output().await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("  x\n"), "{output:?}");
    daemon.stop().await;
}

/// An archive with one file of zeros in it, as long as one likes.
fn archive(path: &Path, name: &str, zeros: u64) {
    let mut tar =
        tar::Builder::new(zstd::Encoder::new(fs::File::create(path).unwrap(), 1).unwrap());
    let head = json!({
        "format": "wagate backup", "version": 1, "wagate": "0.1.0", "schema": 1,
        "createdAt": "2026-11-28T00:00:00Z",
    });
    let head = head.to_string();
    let head = (String::from("wagate-backup.json"), u64::try_from(head.len()).unwrap(), head);
    let mut add = |name: &str, size: u64, from: &mut dyn Read| {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        tar.append_data(&mut header, name, from).unwrap();
    };
    add(&head.0, head.1, &mut head.2.as_bytes());
    add(name, zeros, &mut io::repeat(0).take(zeros));
    tar.into_inner().unwrap().finish().unwrap();
}

#[tokio::test]
async fn a_small_archive_does_not_fill_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["media/a/x", "store.pairs", "sessions/a/profile/x"] {
        let file = folder.path().join("bomb.tar.zst");
        archive(&file, name, 1 << 30);
        let (small, large) = (fs::metadata(&file).unwrap().len(), 1_u64 << 30);
        assert!(small * 500 < large, "{small}");
        let said = refused(folder.path(), &["restore", "bomb.tar.zst"]).await;
        assert!(said.contains("hundreds of times its own size"), "{name}: {said}");
        let left = everything(&folder.path().join("data"));
        assert!(left.iter().all(|path| path.is_dir()), "{name}: {left:?}");
        assert!(left.iter().all(|path| !path.to_string_lossy().contains(".restore-")), "{left:?}");
    }
}

#[tokio::test]
async fn a_restore_leaves_free_what_is_to_stay_free() {
    let folder = tempfile::tempdir().unwrap();
    archive(&folder.path().join("a.tar.zst"), "media/a/x", 1 << 20);
    let mut command = Command::new(PROGRAM);
    command.args(["restore", "a.tar.zst", "--data", "data"]).current_dir(folder.path());
    // More than any disk has.
    let output = command.env("WAGATE_DATA__MIN_FREE_MIB", "1000000000000").output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("the disk has no room"), "{said}");
    assert!(said.contains("data.min_free_mib"), "{said}");
    let left = everything(&folder.path().join("data"));
    assert!(left.iter().all(|path| path.is_dir()), "{left:?}");
}

#[test]
fn http_2_is_not_built_in() {
    let lock = fs::read_to_string("Cargo.lock").unwrap();
    assert!(!lock.contains("name = \"h2\""), "see RUSTSEC-2026-0258");
}

/// The snapshot of advisories that `make check` looks up is one that it can read.
#[test]
fn each_advisory_of_the_snapshot_names_a_crate_and_what_mends_it() {
    let text = fs::read_to_string("scripts/advisories.toml").unwrap();
    let snapshot: toml::Table = text.parse().unwrap();
    let snapshot = serde_json::to_value(snapshot).unwrap();
    let all = snapshot["advisory"].as_array().unwrap();
    assert!(80 < all.len());
    for one in all {
        let id = one["id"].as_str().unwrap();
        assert!(id.starts_with("RUSTSEC-") && one["package"].is_string(), "{one}");
        let is_mended = one["patched"].as_array().is_some_and(|patched| !patched.is_empty());
        assert!(is_mended || one["informational"] == "unmaintained", "{one}");
    }
}
