//! The HTTP server: binding, routing from the table, stopping.

use std::{collections::BTreeMap, io, net::SocketAddr, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Resource, ResponseError,
    dev::ServerHandle,
    http::{
        StatusCode,
        header::{ALLOW, HeaderValue},
    },
    middleware::{NormalizePath, TrailingSlash, from_fn},
    web,
};
use tokio::task::JoinHandle;

use crate::{
    api::{
        endpoint::Endpoint,
        endpoints,
        error::{ApiError, envelope},
        frames::Frames,
        gate::{self, Rules},
        limits::RateLimits,
        openapi,
        places::Places,
    },
    domain::{Error, ErrorCode},
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
        let rules = web::Data::new(Rules::of(&endpoints(with_simulator)));
        let document = web::Data::new(openapi::Document::new(with_simulator));
        let (services, frames) = (web::Data::new(services), web::Data::new(frames));
        let forgotten = limits.clone();
        let server = HttpServer::new(move || {
            let mut app = App::new()
                .app_data(services.clone())
                .app_data(frames.clone())
                .app_data(limits.clone())
                .app_data(places.clone())
                .app_data(rules.clone())
                .app_data(document.clone())
                .wrap(from_fn(gate::pass))
                .wrap(NormalizePath::new(TrailingSlash::Trim))
                .default_service(web::to(not_found));
            for resource in resources(endpoints(with_simulator)) {
                app = app.service(resource);
            }
            app
        });
        let server = server
            .workers(WORKERS)
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

/// One resource for each path, with a route for each method and a 405 for the others.
fn resources(endpoints: Vec<Endpoint>) -> Vec<Resource> {
    let mut order: Vec<&'static str> = Vec::new();
    let mut by_path: BTreeMap<&'static str, Vec<Endpoint>> = BTreeMap::new();
    for endpoint in endpoints {
        if !by_path.contains_key(endpoint.path) {
            order.push(endpoint.path);
        }
        by_path.entry(endpoint.path).or_default().push(endpoint);
    }
    order
        .into_iter()
        .map(|path| {
            let endpoints = by_path.remove(path).unwrap_or_default();
            let methods: Vec<&str> =
                endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect();
            let allow = methods.join(", ");
            let resource = endpoints.into_iter().fold(web::resource(path), |r, e| r.route(e.route));
            resource.default_service(web::to(move || {
                let allow = allow.clone();
                async move { method_not_allowed(&allow) }
            }))
        })
        .collect()
}

fn method_not_allowed(allow: &str) -> HttpResponse {
    let message = format!("This path knows {allow}");
    let body = envelope("METHOD_NOT_ALLOWED", &message, &serde_json::json!({}));
    let mut response = HttpResponse::build(StatusCode::METHOD_NOT_ALLOWED).json(body);
    if let Ok(value) = HeaderValue::try_from(allow) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

async fn not_found(request: HttpRequest) -> HttpResponse {
    let message = format!("There is nothing at {}", request.path());
    ApiError::from(Error::new(ErrorCode::NotFound, message)).error_response()
}
