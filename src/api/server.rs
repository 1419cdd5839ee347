//! The HTTP server: binding, serving, stopping.

use std::{io, net::SocketAddr, time::Duration};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::{NormalizePath, TrailingSlash, from_fn},
    web,
};
use tokio::task::JoinHandle;

use crate::{
    api::{
        caller::policy::Policy,
        connection::Connection,
        endpoints,
        frames::Frames,
        headers,
        limits::RateLimits,
        openapi, owner_socket,
        places::{MostStreams, Places},
        routing,
    },
    private::socket::{self, Bound},
    services::Services,
};

const WORKERS: usize = 2;
/// Streams of one session that may be open at once.
const MOST_LISTENERS: usize = 2_000;
const STOP_SECONDS: u64 = 5;
const FORGET_INTERVAL: Duration = Duration::from_secs(60);

/// A listening server.
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
    forgetting: JoinHandle<()>,
    owner: Option<Owner>,
}

/// The same API over the owner's Unix socket, on a worker of its own.
struct Owner {
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
    _socket: Bound,
}

impl Server {
    /// Binds and serves from now on, on worker threads of its own.
    pub fn bind(services: Services, frames: Frames, listen: SocketAddr) -> io::Result<Self> {
        let with_simulator = services.network.is_some();
        let limits =
            web::Data::new(RateLimits::new(&services.config.limits, services.clock.clone()));
        let most = MostStreams {
            session: MOST_LISTENERS,
            key: services.config.limits.streams_per_key,
            address: services.config.limits.streams_per_address,
        };
        let places = web::Data::new(Places::new(most));
        let policy = web::Data::new(Policy::of(&services.config));
        let document = web::Data::new(openapi::Document::new(with_simulator));
        let data = services.config.data.dir.clone();
        let (services, frames) = (web::Data::new(services), web::Data::new(frames));
        let forgotten = limits.clone();
        let app = move || {
            App::new()
                .app_data(services.clone())
                .app_data(frames.clone())
                .app_data(limits.clone())
                .app_data(policy.clone())
                .app_data(places.clone())
                .app_data(document.clone())
                .wrap(NormalizePath::new(TrailingSlash::Trim))
                .wrap(from_fn(headers::around))
                .configure(|config| routing::lay_out(config, endpoints(with_simulator)))
        };
        let server = HttpServer::new(app.clone())
            .on_connect(Connection::note)
            .workers(WORKERS)
            // Frames are small and many: held back for the answer to the one before, each comes 40 ms late.
            .tcp_nodelay(true)
            .disable_signals()
            .shutdown_timeout(STOP_SECONDS)
            .bind(listen)?;
        let address = server.addrs().first().copied().unwrap_or(listen);
        let server = server.run();
        let handle = server.handle();
        let serve_owner = |(listener, socket): (std::os::unix::net::UnixListener, Bound)| {
            let server = HttpServer::new(app)
                .workers(1)
                .on_connect(owner_socket::note)
                .disable_signals()
                .shutdown_timeout(STOP_SECONDS)
                .listen_uds(listener)?
                .run();
            Ok(Owner { handle: server.handle(), running: tokio::spawn(server), _socket: socket })
        };
        let owner = match socket::bind(&data).and_then(serve_owner) {
            Ok(owner) => Some(owner),
            Err(error) => {
                tracing::warn!(
                    "no Unix socket in {}: {error}; `wagate key` and `wagate backup` cannot reach \
                     this gateway",
                    data.display()
                );
                None
            }
        };
        let forgetting = tokio::spawn(async move {
            loop {
                tokio::time::sleep(FORGET_INTERVAL).await;
                forgotten.forget_idle();
            }
        });
        Ok(Self { address, handle, running: tokio::spawn(server), forgetting, owner })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, and gives those under way a few seconds.
    pub async fn stop(self) {
        self.forgetting.abort();
        let owner = async {
            if let Some(owner) = self.owner {
                end(&owner.handle, &owner.running).await;
            }
        };
        tokio::join!(end(&self.handle, &self.running), owner);
    }
}

async fn end(handle: &ServerHandle, running: &JoinHandle<io::Result<()>>) {
    let deadline = Duration::from_secs(STOP_SECONDS + 1);
    if tokio::time::timeout(deadline, handle.stop(true)).await.is_err() {
        handle.stop(false).await;
    }
    running.abort();
}
