//! What answers at the gateway's address while the store is still being opened: 503 to every request, with how far the
//! opening has come. It knows nothing of sessions, keys or routes.

use std::{future::ready, io, net::SocketAddr, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::{KeepAlive, header::RETRY_AFTER},
    middleware::from_fn,
    rt::net::TcpStream,
    web,
};
use tokio::task::JoinHandle;

use crate::{
    api::{dialects, kit::dialect::Failed, server::headers},
    domain::{Error, ErrorCode},
};

/// Each request is answered at once, so few are open together.
const MOST_CONNECTIONS: usize = 64;
const HEAD: Duration = Duration::from_secs(5);
const STOP_SECONDS: u64 = 1;
/// When a caller may look again, in seconds.
const RETRY: u64 = 5;

/// How far the start has come.
pub struct Progress {
    /// In words for a person.
    pub step: String,
    pub percent: Option<u64>,
}

pub struct StartingServer {
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
}

impl StartingServer {
    /// Binds and answers from now on. `progress` is asked at each request.
    pub fn bind(
        listen: SocketAddr,
        progress: impl Fn() -> Progress + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let app = move || {
            let progress = progress.clone();
            let refuse = move |request: HttpRequest| ready(refusal(request.path(), progress()));
            App::new().wrap(from_fn(headers::around)).default_service(web::to(refuse))
        };
        let server = HttpServer::new(app)
            .workers(1)
            .max_connections(MOST_CONNECTIONS)
            .client_request_timeout(HEAD)
            .keep_alive(KeepAlive::Disabled)
            .on_connect(|stream, _| {
                if let Some(stream) = stream.downcast_ref::<TcpStream>() {
                    let _ = stream.set_nodelay(true);
                }
            })
            .disable_signals()
            .shutdown_timeout(STOP_SECONDS)
            .bind(listen)?
            .run();
        Ok(Self { handle: server.handle(), running: tokio::spawn(server) })
    }

    /// Lets go of the address.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        self.running.abort();
    }
}

fn refusal(path: &str, Progress { step, percent }: Progress) -> HttpResponse {
    let message = format!("the gateway is starting ({step}); try again in {RETRY} seconds");
    let error = Error::new(ErrorCode::Unavailable, message)
        .detail("status", "starting")
        .detail("step", step)
        .detail("percent", percent)
        .detail("retryAfter", RETRY);
    // No route is looked up, so the path alone says whose envelope it is.
    let Failed { status, body, .. } = dialects::at(path).failure(&error);
    HttpResponse::build(status).insert_header((RETRY_AFTER, RETRY)).json(body)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn every_surface_says_in_its_own_form_how_far_the_start_has_come() {
        for path in ["/health", "/api/v1/sessions", "/api/whatsapp-api/chats", "/api/v1/bots"] {
            let step = "migrating the store: 33 %, 1 of 3".to_owned();
            let answer = refusal(path, Progress { step, percent: Some(33) });
            assert_eq!((path, answer.status().as_u16()), (path, 503));
            assert_eq!(answer.headers().get(RETRY_AFTER).unwrap(), "5");
            let body = to_bytes(answer.into_body()).await.unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert!(body.to_string().contains("33 %, 1 of 3"), "{body}");
        }
        let answer = refusal("/health", Progress { step: "reading".to_owned(), percent: Some(7) });
        let body = to_bytes(answer.into_body()).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let details = &body["error"]["details"];
        assert_eq!((&details["status"], &details["percent"]), (&"starting".into(), &7.into()));
    }
}
