//! The key of the secrets is rotated while the process is killed: at each step, and at random. Whatever was
//! sealed opens afterwards, and both keys are there until none is needed but the new one.

use std::{fs, path::Path, time::Duration};

use serde_json::json;
use wagate::breakpoint::{Breakpoint, VARIABLE};

use crate::support::daemon::{Daemon, kills};

/// Values in several commits of a rotation.
const WEBHOOKS: usize = 80;
const SESSIONS: usize = 2;
const SETTINGS: (&str, &str) = ("WAGATE_WEBHOOKS__MAX_PER_SESSION", "100");

async fn fill(daemon: &Daemon) {
    for number in 0..SESSIONS {
        let config = json!({ "engine": "simulated" });
        let body = json!({ "sessionId": format!("s{number}"), "config": config });
        daemon.post("/api/v1/sessions", body).await;
        for hook in 0..WEBHOOKS {
            let url = format!("http://127.0.0.1:9/{number}/{hook}");
            let body = json!({ "url": url, "events": ["message"] });
            daemon.post(&format!("/api/v1/sessions/s{number}/webhooks"), body).await;
        }
    }
}

async fn assert_whole(daemon: &Daemon) {
    for number in 0..SESSIONS {
        daemon.get(&format!("/api/v1/sessions/s{number}")).await;
        let hooks = daemon.get(&format!("/api/v1/sessions/s{number}/webhooks")).await;
        assert_eq!(hooks.as_array().unwrap().len(), WEBHOOKS);
    }
    let vault = daemon.get("/api/v1/vault").await;
    assert_eq!(vault["valuesToSeal"], 0, "{vault}");
    assert!((SESSIONS * (WEBHOOKS + 1)) as u64 <= vault["sealedValues"].as_u64().unwrap());
}

fn keys(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("data/master.key")).unwrap();
    text.lines().map(str::to_owned).collect()
}

async fn rotate(daemon: &Daemon) -> bool {
    let url = format!("{}/api/v1/vault/rotate", daemon.base);
    daemon.http.post(url).send().await.is_ok_and(|answer| answer.status().is_success())
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_a_rotation_is_killed_every_secret_opens_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let daemon = Daemon::start_with(folder, 0, &[SETTINGS]).await;
    fill(&daemon).await;
    daemon.stop().await;
    let points = Breakpoint::ALL.into_iter().filter(|point| point.is_of_rotation());
    // The third time is within a page that comes later.
    let plans = points.map(|point| (point.name().to_owned(), true)).chain([
        (format!("{}:3", Breakpoint::SecretsResealed.name()), true),
        (format!("{}:1000", Breakpoint::SecretsResealed.name()), false),
    ]);
    for (plan, dies) in plans {
        let before = keys(folder);
        assert_eq!(before.len(), 1, "{plan}");
        let daemon = Daemon::start_with(folder, 0, &[(VARIABLE, &plan)]).await;
        assert_eq!(rotate(&daemon).await, !dies, "{plan}");
        if dies {
            daemon.died().await;
            assert!(keys(folder).contains(&before[0]) && keys(folder).len() == 2, "{plan}");
            // Killed while the start goes on with it, too.
            let at_start = [(VARIABLE, "secrets-sealed")];
            if let Some(daemon) = Daemon::try_start(folder, 0, &at_start).await {
                daemon.kill().await;
            }
        } else {
            daemon.kill().await;
        }
        let daemon = Daemon::start(folder).await;
        assert_whole(&daemon).await;
        assert!(
            keys(folder).len() == 1 && keys(folder) != before,
            "{plan}: {}",
            keys(folder).len()
        );
        daemon.kill().await;
        println!("{plan}: every secret opens");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rotations_that_are_killed_at_random_lose_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut daemon = Daemon::start_with(folder, 0, &[SETTINGS]).await;
    fill(&daemon).await;
    let (kills, mut whole) = (kills(4), 0);
    for _ in 0..kills {
        let (http, base) = (daemon.http.clone(), daemon.base.clone());
        let rotating = tokio::spawn(async move {
            let mut done = 0;
            while http.post(format!("{base}/api/v1/vault/rotate")).send().await.is_ok() {
                done += 1;
            }
            done
        });
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..600))).await;
        daemon.kill().await;
        whole += rotating.await.unwrap();
        daemon = Daemon::start(folder).await;
        assert_whole(&daemon).await;
        assert_eq!(keys(folder).len(), 1);
    }
    println!("{kills} kills during rotations, {whole} of which were whole: every secret opens");
    daemon.kill().await;
}
