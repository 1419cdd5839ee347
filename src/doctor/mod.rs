//! Self-diagnosis: checks of the machine and the settings, each with a remedy.

mod browser;
mod callers;
mod check;
mod model;
mod modes;

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    time::Duration,
};

pub use self::{
    browser::missing as missing_browser,
    callers::callers,
    check::{Check, Verdict},
};
use crate::{
    config::{Config, NetworkKind},
    descriptors,
    domain::{Clock, Error, session::EngineKind},
    egress, private,
};

const MEBIBYTE: u64 = 1024 * 1024;
/// Free bytes below which the store is in danger.
const LEAST_SPACE: u64 = 1024 * MEBIBYTE;
/// The same for temporary files, where browsers keep the memory that their processes share.
const LEAST_TEMPORARY_SPACE: u64 = 256 * MEBIBYTE;
/// A clock before this was never set: the day this check was written.
const LEAST_TIME: i64 = 1_763_683_200;
const REACH_DEADLINE: Duration = Duration::from_secs(5);

/// All checks for these settings, before a gateway is started.
pub async fn examine(config: &Config, clock: &Clock) -> Vec<Check> {
    let mut checks = examine_running(config, clock).await;
    checks.push(port(config.server.listen));
    checks.extend(model::examine(config).await);
    checks
}

/// The same but for the port, which a running gateway has.
pub async fn examine_running(config: &Config, clock: &Clock) -> Vec<Check> {
    let mut checks = vec![
        folder("data folder", &config.data.dir),
        folder("sessions", &config.sessions_dir()),
        space(
            "disk",
            &config.data.dir,
            LEAST_SPACE,
            "free some space, or choose another --data folder",
        ),
        time(clock),
        open_files(),
        callers(config).await,
    ];
    checks.extend(modes::examine(config));
    if config.engine == EngineKind::Browser {
        let folder = std::env::temp_dir();
        let remedy = "make it larger, or name a larger folder in TMPDIR";
        checks.push(space("temporary", &folder, LEAST_TEMPORARY_SPACE, remedy));
        checks.extend(browser::examine(&config.browser).await);
    }
    if config.network == NetworkKind::Whatsapp {
        checks.push(reach(&config.whatsapp.url).await);
    }
    checks
}

fn folder(name: &'static str, path: &Path) -> Check {
    // Somebody who asks finds no new folder afterwards.
    let there = nearest_there(path);
    match private::probe(there) {
        Ok(()) if there == path => Check::well(name, format!("{} can be written", path.display())),
        Ok(()) => Check::well(name, format!("{} can be made", path.display())),
        Err(error) => {
            let found = format!("{} cannot be written: {error}", path.display());
            Check::wrong(
                name,
                Verdict::Broken,
                found,
                "choose another with --data, or change its owner",
            )
        }
    }
}

/// The folder itself, or the nearest one above it that is there.
fn nearest_there(path: &Path) -> &Path {
    let there = path.ancestors().find(|each| each.exists());
    there.unwrap_or(if path.is_absolute() { Path::new("/") } else { Path::new(".") })
}

fn space(name: &'static str, path: &Path, least: u64, remedy: &str) -> Check {
    match rustix::fs::statvfs(nearest_there(path)) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let words = format!("{} MiB free in {}", free / MEBIBYTE, path.display());
            if free < least {
                Check::wrong(name, Verdict::Doubtful, words, remedy)
            } else {
                Check::well(name, words)
            }
        }
        Err(error) => {
            let found = format!("{} cannot be measured: {error}", path.display());
            Check::wrong(name, Verdict::Doubtful, found, "make the folder, or choose another")
        }
    }
}

fn port(listen: SocketAddr) -> Check {
    const NAME: &str = "port";
    match TcpListener::bind(listen) {
        Ok(_) => Check::well(NAME, format!("{listen} is free")),
        Err(error) => {
            let found = format!("{listen} cannot be listened on: {error}");
            let remedy =
                "stop what uses it (perhaps another wagate), or choose another with --listen";
            Check::wrong(NAME, Verdict::Broken, found, remedy)
        }
    }
}

fn time(clock: &Clock) -> Check {
    const NAME: &str = "clock";
    let now = clock.now();
    if now.as_second() < LEAST_TIME {
        let remedy = "set the clock; certificates and signatures need the right time";
        return Check::wrong(NAME, Verdict::Broken, format!("it says {now}"), remedy);
    }
    Check::well(NAME, now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn open_files() -> Check {
    const NAME: &str = "open files";
    let most = descriptors::most();
    let found = match most {
        u64::MAX => "no limit".to_owned(),
        most => format!("{most} at most"),
    };
    if descriptors::COMFORTABLE <= most {
        return Check::well(NAME, found);
    }
    let remedy = "raise it: LimitNOFILE=65536 in a systemd unit, ulimits in compose, or ulimit -Hn";
    Check::wrong(NAME, Verdict::Doubtful, found, remedy)
}

async fn reach(url: &str) -> Check {
    const NAME: &str = "network";
    let parsed = url::Url::parse(url).ok();
    let place =
        parsed.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
    let found = match place {
        Some((host, port)) => egress::look_up(host, port).await,
        None => Err(Error::invalid("whatsapp.url is not a URL")),
    };
    let connected = match &found {
        Ok(addresses) => {
            let connect = tokio::net::TcpStream::connect(&addresses[..]);
            match tokio::time::timeout(REACH_DEADLINE, connect).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("no answer in time".to_owned()),
            }
        }
        Err(error) => Err(error.message.clone()),
    };
    match connected {
        Ok(()) => Check::well(NAME, format!("{url} can be reached")),
        Err(reason) => {
            let remedy = "check the connection and its firewall, or try --network simulated";
            Check::wrong(
                NAME,
                Verdict::Broken,
                format!("{url} cannot be reached: {reason}"),
                remedy,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn what_is_wrong_comes_with_its_remedy() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let check = port(taken.local_addr().unwrap());
        assert_eq!(check.verdict, Verdict::Broken);
        assert!(check.to_string().contains("--listen"), "{check}");
        assert_eq!(time(&Clock::manual(from_seconds(0))).verdict, Verdict::Broken);
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(folder("data folder", &file.path().join("x")).verdict, Verdict::Broken);
    }

    #[test]
    fn a_fit_machine_passes_every_check() {
        let folder_of_mine = tempfile::tempdir().unwrap();
        assert_eq!(folder("data folder", folder_of_mine.path()).verdict, Verdict::Well);
        assert_eq!(time(&Clock::system()).verdict, Verdict::Well);
    }

    #[test]
    fn too_little_space_is_doubtful_and_says_where() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(space("disk", folder.path(), 0, "").verdict, Verdict::Well);
        let check = space("disk", folder.path(), u64::MAX, "free some");
        assert_eq!(check.verdict, Verdict::Doubtful);
        assert!(check.found.contains(&folder.path().display().to_string()), "{check}");
    }

    #[tokio::test]
    async fn the_browser_is_looked_at_only_where_one_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let names = async |engine| {
            let mut config = Config::shipped().unwrap();
            (config.network, config.engine) = (NetworkKind::Simulated, engine);
            config.browser.executable = "/no/such/browser".into();
            folder.path().clone_into(&mut config.data.dir);
            let checks = examine(&config, &Clock::system()).await;
            checks.into_iter().map(|check| check.name).collect::<Vec<_>>()
        };
        assert!(names(EngineKind::Browser).await.contains(&"chromium"));
        assert!(!names(EngineKind::Simulated).await.contains(&"chromium"));
    }
}
