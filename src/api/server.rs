//! The HTTP server: binding, serving, stopping.

use std::{io, net::SocketAddr, time::Duration};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    middleware::{NormalizePath, TrailingSlash},
    web,
};
use tokio::task::JoinHandle;

use crate::{
    api::{endpoints, frames::Frames, limits::RateLimits, openapi, places::Places, routing},
    services::Services,
};

const WORKERS: usize = 2;
/// Clients that may listen to one session at once.
const MOST_LISTENERS: usize = 2_000;
const STOP_SECONDS: u64 = 5;
const FORGET_INTERVAL: Duration = Duration::from_secs(60);

/// A listening server.
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
    forgetting: JoinHandle<()>,
}

impl Server {
    /// Binds and serves from now on, on worker threads of its own.
    pub fn bind(services: Services, frames: Frames, listen: SocketAddr) -> io::Result<Self> {
        let with_simulator = services.network.is_some();
        let limits = web::Data::new(RateLimits::new(&services.config.limits));
        let places = web::Data::new(Places::new(MOST_LISTENERS));
        let document = web::Data::new(openapi::Document::new(with_simulator));
        let (services, frames) = (web::Data::new(services), web::Data::new(frames));
        let forgotten = limits.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(services.clone())
                .app_data(frames.clone())
                .app_data(limits.clone())
                .app_data(places.clone())
                .app_data(document.clone())
                .wrap(NormalizePath::new(TrailingSlash::Trim))
                .configure(|config| routing::lay_out(config, endpoints(with_simulator)))
        });
        let server = server
            .workers(WORKERS)
            // Frames are small and many: held back for the answer to the one before, each comes 40 ms late.
            .tcp_nodelay(true)
            .disable_signals()
            .shutdown_timeout(STOP_SECONDS)
            .bind(listen)?;
        let address = server.addrs().first().copied().unwrap_or(listen);
        let server = server.run();
        let handle = server.handle();
        let forgetting = tokio::spawn(async move {
            loop {
                tokio::time::sleep(FORGET_INTERVAL).await;
                forgotten.forget_idle();
            }
        });
        Ok(Self { address, handle, running: tokio::spawn(server), forgetting })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, and gives those under way a few seconds.
    pub async fn stop(self) {
        self.forgetting.abort();
        let deadline = Duration::from_secs(STOP_SECONDS + 1);
        if tokio::time::timeout(deadline, self.handle.stop(true)).await.is_err() {
            self.handle.stop(false).await;
        }
        self.running.abort();
    }
}
