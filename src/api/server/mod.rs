//! The HTTP server: binding, serving, stopping.

mod connections;
mod cors;
mod headers;
mod incoming;
mod routing;
pub mod starting;

use std::{
    future::ready,
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use actix_http::{HttpServiceBuilder, KeepAlive, Protocol, error::DispatchError};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App, HttpServer,
    dev::{AppConfig, Extensions, ServerHandle},
    middleware::{NormalizePath, TrailingSlash, from_fn},
    rt::net::TcpStream,
    web,
};
use socket2::SockRef;
use tokio::task::JoinHandle;

use crate::{
    api::{
        gate::{
            caller::{connection::Connection, owner_socket, policy::Policy},
            limits::RateLimits,
        },
        kit::{event_stream::EndOfStreams, large_bodies::LargeBodies},
        mcp::streams::Streams,
        openapi,
        routes::endpoints,
        server::connections::{Connections, Paced, Pacing, Room, turn},
        streams::{
            frames::AllFrames,
            places::{MostStreams, Places},
        },
    },
    config,
    private::socket::{self, Bound},
    services::Services,
};

const WORKERS: usize = 2;
/// Streams of one session that may be open at once.
const MOST_LISTENERS: usize = 2_000;
const STOP_SECONDS: u64 = 5;
const FORGET_INTERVAL: Duration = Duration::from_secs(60);
/// Connections that the system holds for us until they are taken.
const BACKLOG: i32 = 1_024;
/// How long the head of a request may take, and how long a connection may rest between two.
const HEAD: Duration = Duration::from_secs(5);
const REST: Duration = Duration::from_secs(5);
/// How long what a client still sends is read after its answer, so that it sees the answer.
const LINGER: Duration = Duration::from_secs(5);
/// How long clients of a WebSocket have to close it too, once the gateway has.
const GOODBYE: Duration = Duration::from_millis(250);
/// How long a connection may last in a place of the reserve.
const SHORT: Duration = Duration::from_secs(20);

/// A listening server.
pub struct Server {
    address: SocketAddr,
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
    forgetting: JoinHandle<()>,
    owner: Option<Owner>,
    connections: Connections,
    streams: EndOfStreams,
}

/// The same API over the owner's Unix socket, on a worker of its own.
struct Owner {
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
    _socket: Bound,
}

impl Server {
    /// Binds and serves from now on, on worker threads of its own, with as many connections as the
    /// descriptors allow.
    pub fn bind(
        services: Services,
        frames: AllFrames,
        listen: SocketAddr,
        descriptors: u64,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen)?;
        SockRef::from(&listener).listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let settings = &services.config.server;
        let connections = Connections::new(room(settings, descriptors));
        let pacing = pacing(settings);
        let patience = Duration::from_secs(settings.body_timeout_seconds);
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
        let documents = web::Data::new(openapi::Documents::new(|| endpoints(true)));
        let bodies = web::Data::new(LargeBodies::default());
        let assistants = web::Data::new(Streams::default());
        let streams = EndOfStreams::default();
        let end = web::Data::new(streams.clone());
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
                .app_data(documents.clone())
                .app_data(bodies.clone())
                .app_data(assistants.clone())
                .app_data(end.clone())
                .wrap(NormalizePath::new(TrailingSlash::Trim))
                .wrap(from_fn(headers::around))
                // The last one comes first.
                .wrap(from_fn(move |request, next| turn::pass(request, next, patience)))
                .configure(|config| routing::lay_out(config, endpoints(with_simulator)))
        };
        let builder = actix_server::Server::build()
            .workers(WORKERS)
            .disable_signals()
            .shutdown_timeout(STOP_SECONDS);
        let (stopping, made) = (builder.graceful_shutdown_signal(), app.clone());
        let entered = connections.clone();
        let server = builder.listen("wagate", listener, move || {
            let app = made().into_factory();
            let app = app.map_err(|error: actix_web::Error| error.error_response());
            let (stopping, entered) = (stopping.clone(), entered.clone());
            let http = HttpServiceBuilder::default()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(KeepAlive::Timeout(REST))
                .client_request_timeout(HEAD)
                .client_disconnect_timeout(LINGER)
                .local_addr(address)
                .on_connect_ext(|stream: &Paced, data: &mut Extensions| {
                    Connection::note(stream.tcp(), data);
                    data.insert(stream.seat.connection.clone());
                })
                .finish(map_config(app, |()| AppConfig::default()));
            let enter = fn_service(move |stream: TcpStream| {
                ready(enter(&entered, stream, pacing).map_err(DispatchError::Io))
            });
            enter.and_then(http)
        })?;
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
        let running = tokio::spawn(server);
        Ok(Self { address, handle, running, forgetting, owner, connections, streams })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, and gives those under way a few seconds. Streams go on until `sessions` have ended, whose
    /// last events they carry.
    pub async fn stop(self, sessions: impl Future<Output = ()>) {
        self.forgetting.abort();
        let streams = async {
            sessions.await;
            self.streams.0.cancel();
            tokio::time::sleep(GOODBYE).await;
            self.connections.end_resting();
        };
        let owner = async {
            if let Some(owner) = self.owner {
                end(&owner.handle, &owner.running).await;
            }
        };
        tokio::join!(end(&self.handle, &self.running), owner, streams);
    }
}

async fn end(handle: &ServerHandle, running: &JoinHandle<io::Result<()>>) {
    let deadline = Duration::from_secs(STOP_SECONDS + 1);
    if tokio::time::timeout(deadline, handle.stop(true)).await.is_err() {
        handle.stop(false).await;
    }
    running.abort();
}

/// Gives a new connection its place, or closes it where there is none.
fn enter(
    connections: &Connections,
    stream: TcpStream,
    pacing: Pacing,
) -> io::Result<(Paced, Protocol, Option<SocketAddr>)> {
    let peer = stream.peer_addr().ok();
    let seat = connections.enter(peer.map(|peer| peer.ip()));
    let seat = seat.ok_or_else(|| io::Error::other("there are too many connections"))?;
    // Frames are small and many: held back for the answer to the one before, each comes 40 ms late.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    {
        // Also for what the system still holds when the stream has been closed here.
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(pacing.write));
    }
    Ok((Paced::new(stream, seat, pacing), Protocol::Http1, peer))
}

fn room(settings: &config::Server, descriptors: u64) -> Room {
    let (most, per_address) = (settings.max_connections, settings.connections_per_address);
    Room::new(descriptors, most, per_address, settings.trusted_proxies.clone())
}

fn pacing(settings: &config::Server) -> Pacing {
    let write = Duration::from_secs(settings.write_timeout_seconds);
    Pacing { idle: REST + HEAD, write, short: SHORT }
}
