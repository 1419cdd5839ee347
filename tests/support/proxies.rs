//! Real nginx and HAProxy in front of a gateway, with a configuration of the test's and no privileges.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::support::PATIENCE;

/// Where `scripts/install-proxies` puts them.
const UNPACKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/proxies");

/// A proxy that runs until it is dropped.
pub struct Proxy {
    child: Child,
    /// Where it listens.
    pub base: String,
    _folder: TempDir,
}

/// Whether the tests run as root, and so can start programs of other users. Prints a word where not.
pub fn other_users() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        println!("skipped: only root can start programs of another user");
    }
    is_root
}

/// nginx with this `server { … }` block, in which PORT stands for its own port. Its workers are of another
/// user. None, with a printed word, where there is no nginx.
pub async fn nginx(server: &str) -> Option<Proxy> {
    let program = program("nginx")?;
    let (folder, port) = (folder(), free_port());
    let place = folder.path().display().to_string();
    let server = server.replace("PORT", &port.to_string());
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {place}/{kind};"))
        .join("\n");
    let configuration = format!(
        "user nobody nogroup;\nworker_processes 1;\ndaemon off;\npid {place}/pid;\n\
         error_log {place}/error.log;\nevents {{ worker_connections 256; }}\n\
         http {{ access_log off;\n{temporary}\n{server}\n}}\n"
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new(program);
    command.arg("-p").arg(folder.path()).arg("-c").arg(&file);
    Some(start(command, folder, port).await)
}

/// HAProxy with these lines among its defaults, in front of the gateway at this port; its processes are of
/// another user.
pub async fn haproxy(defaults: &str, target: u16) -> Option<Proxy> {
    let program = program("haproxy")?;
    let (folder, port) = (folder(), free_port());
    let configuration = format!(
        "global\n  user nobody\n  group nogroup\n  maxconn 256\n\
         defaults\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n  {defaults}\n\
         frontend front\n  bind 127.0.0.1:{port}\n  default_backend back\n\
         backend back\n  server gateway 127.0.0.1:{target}\n"
    );
    let file = folder.path().join("haproxy.cfg");
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new(program);
    command.arg("-db").arg("-f").arg(&file);
    Some(start(command, folder, port).await)
}

async fn start(mut command: Command, folder: TempDir, port: u16) -> Proxy {
    let libraries = format!("{UNPACKED}/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let child = command
        .env("LD_LIBRARY_PATH", libraries)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut proxy = Proxy { child, base: format!("http://127.0.0.1:{port}"), _folder: folder };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        let ended = proxy.child.try_wait().unwrap();
        assert!(ended.is_none(), "the proxy ended: {ended:?}");
        assert!(tokio::time::Instant::now() < deadline, "the proxy does not listen");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    proxy
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Asked to end, it ends its workers too; killed, it would leave them.
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok())
            && let Some(id) = rustix::process::Pid::from_raw(id)
        {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let deadline = std::time::Instant::now() + PATIENCE;
            while matches!(self.child.try_wait(), Ok(None)) && std::time::Instant::now() < deadline
            {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    }
}

/// A folder that the workers may enter.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let unpacked = [Path::new(UNPACKED).join("usr/sbin"), "/usr/sbin".into()];
    let found = std::env::split_paths(&path)
        .chain(unpacked)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        println!("skipped: there is no {name}; scripts/install-proxies gets one");
    }
    found
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
