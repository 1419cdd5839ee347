//! Opening of the store at the start. It runs on a thread of its own, since an engine may read its file for minutes;
//! meanwhile callers at the gateway's address learn how far it has come.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::{
    api::{StartProgress, StartingServer},
    config::Config,
    gateway::start_error::{STORE_LOOK, STORE_WAIT},
    store::{Opener, Opening, Store, StoreError, disk::Disk},
    tables::CATALOGUE,
    vault::Keyring,
};

/// A shorter opening answers nobody.
const QUIET: Duration = Duration::from_secs(2);

pub async fn open_store(
    config: &Config,
    folder: &Path,
    disk: Disk,
    opening: Opening,
) -> Result<Store, StoreError> {
    let keyring = Keyring::at(&config.data.dir, &config.vault);
    let opened = open_aside(folder, disk, keyring, opening.clone());
    answering(config.server.listen, QUIET, opening, opened).await
}

/// Waits for the opening. After the quiet time, callers at the address are answered until it is over.
async fn answering<T>(
    listen: SocketAddr,
    quiet: Duration,
    opening: Opening,
    opened: impl Future<Output = T>,
) -> T {
    tokio::pin!(opened);
    if let Ok(opened) = tokio::time::timeout(quiet, &mut opened).await {
        return opened;
    }
    let progress = move || match opening.stage() {
        Some(stage) => StartProgress { percent: stage.percent(), step: stage.to_string() },
        None => StartProgress { percent: None, step: "opening the store".to_owned() },
    };
    let server = StartingServer::bind(listen, progress);
    if let Err(error) = &server {
        tracing::debug!("nobody is answered while the store is opened: {error}");
    }
    let opened = opened.await;
    if let Ok(server) = server {
        server.stop().await;
    }
    opened
}

/// Opens the store on a thread that the runtime does not wait for: what is cut off there goes on at the next start.
async fn open_aside(
    folder: &Path,
    disk: Disk,
    keyring: Keyring,
    opening: Opening,
) -> Result<Store, StoreError> {
    let (folder, runtime) = (folder.to_owned(), tokio::runtime::Handle::current());
    let (done, opened) = oneshot::channel();
    let open = move || {
        let opened = runtime.block_on(open_when_free(&folder, &disk, &keyring, &opening));
        // Nobody waits any more where the gateway is stopped meanwhile.
        let _ = done.send(opened);
    };
    let failed = |error: io::Error| StoreError::Disk(format!("the store needs a thread: {error}"));
    std::thread::Builder::new().name("store-open".to_owned()).spawn(open).map_err(failed)?;
    let lost = |_| StoreError::Disk("the opening of the store ended early".to_owned());
    opened.await.map_err(lost)?
}

/// A gateway that is just stopping may hold the folder a little longer. The thread itself sleeps: timers of the runtime
/// panic once it shuts down, as when this gateway is stopped meanwhile.
async fn open_when_free(
    folder: &Path,
    disk: &Disk,
    keyring: &Keyring,
    opening: &Opening,
) -> Result<Store, StoreError> {
    let deadline = Instant::now() + STORE_WAIT;
    loop {
        let (disk, opening) = (disk.clone(), opening.clone());
        let opener = Opener { catalogue: CATALOGUE, disk, opening };
        match opener.open(folder, keyring).await {
            Err(StoreError::InUse) if Instant::now() < deadline => {
                std::thread::sleep(STORE_LOOK);
            }
            opened => return opened,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    async fn asked(address: SocketAddr) -> Option<String> {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn callers_learn_that_the_store_is_opened_and_the_address_is_free_afterwards() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (open, opened) = oneshot::channel::<u8>();
        let opening = answering(address, Duration::ZERO, Opening::default(), opened);
        let opening = tokio::spawn(opening);
        let answer = loop {
            match asked(address).await {
                Some(answer) => break answer,
                None => tokio::task::yield_now().await,
            }
        };
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        let answer = answer.to_lowercase();
        assert!(
            answer.contains("retry-after: 5") && answer.contains("opening the store"),
            "{answer}"
        );
        open.send(7).unwrap();
        assert_eq!(opening.await.unwrap(), Ok(7));
        TcpListener::bind(address).unwrap();
    }

    #[tokio::test]
    async fn a_short_opening_takes_no_address() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let opened = answering(address, QUIET, Opening::default(), async { 7 }).await;
        assert_eq!(opened, 7);
    }
}
