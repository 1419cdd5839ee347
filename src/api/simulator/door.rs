//! The door of the simulated network for pages: its own server on loopback, with the page's files, a
//! WebSocket to the network and a place for files.
//!
//! It speaks TLS under a certificate of its own making, so that a browser can be shown it under the
//! real page's address: the browser is configured to trust this one key.

use std::{io, net::SocketAddr};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use actix_ws::AggregatedMessage;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use futures_util::StreamExt;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tokio::{io::AsyncWriteExt, task::JoinHandle};

use crate::simulator::{
    Device, Network, Pushes,
    protocol::{NumberedAnswer, NumberedRequest},
};

const LARGEST_FRAME: usize = 4 * 1024 * 1024;
const POLICY: &str = "default-src 'self' data: blob:; script-src 'self' 'unsafe-eval' blob:; \
style-src 'self' 'unsafe-inline'; connect-src 'self' wss: data: blob:";

/// The page's files, built by `make web`.
#[derive(RustEmbed)]
#[folder = "web/simulator/dist"]
#[allow_missing = true]
pub struct Files;

/// A listening door.
pub struct Door {
    pub address: SocketAddr,
    /// SHA-256 of the certificate's key in base64: what a browser is configured to trust.
    pub key: String,
    handle: ServerHandle,
    running: JoinHandle<io::Result<()>>,
}

impl Door {
    pub fn open(network: Network) -> io::Result<Self> {
        let (tls, key) = certificate().map_err(io::Error::other)?;
        let network = web::Data::new(network);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(network.clone())
                .route("/", web::get().to(page))
                .route("/page.js", web::get().to(script))
                .route("/_network", web::get().to(connect))
                .route("/_network/media", web::post().to(take))
                .route("/_network/media/{id}", web::get().to(give))
        });
        // Frames are small and many: held back for the answer to the one before, each comes 40 ms late.
        let server = server.tcp_nodelay(true);
        let server = server.workers(1).disable_signals().shutdown_timeout(1);
        let server = server.bind_rustls_0_23(("127.0.0.1", 0), tls)?;
        let address =
            server.addrs().first().copied().ok_or_else(|| io::Error::other("no address"))?;
        let server = server.run();
        Ok(Self { address, key, handle: server.handle(), running: tokio::spawn(server) })
    }

    pub async fn close(&self) {
        self.handle.stop(false).await;
        self.running.abort();
    }
}

/// A certificate that nobody signed, and the mark of its key.
fn certificate() -> Result<(rustls::ServerConfig, String), Box<dyn std::error::Error + Send + Sync>>
{
    let made = rcgen::generate_simple_self_signed(vec!["web.whatsapp.com".to_owned()])?;
    let key = BASE64
        .encode(Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&made.signing_key)));
    let private = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], private.into())?;
    Ok((config, key))
}

async fn page() -> HttpResponse {
    file("index.html", "text/html; charset=utf-8")
}

/// The page's code, after the variant of the client that it is to be.
async fn script(network: web::Data<Network>) -> HttpResponse {
    let variant = serde_json::to_string(&network.web_client()).unwrap_or_default();
    let before = format!("window.simulatedClient={variant};\n");
    file_after(before, "page.js", "text/javascript; charset=utf-8")
}

fn file(name: &str, content_type: &str) -> HttpResponse {
    file_after(String::new(), name, content_type)
}

fn file_after(before: String, name: &str, content_type: &str) -> HttpResponse {
    match Files::get(name) {
        Some(file) => HttpResponse::Ok()
            .content_type(content_type)
            .insert_header(("content-security-policy", POLICY))
            .insert_header(("cache-control", "no-store"))
            .body([before.into_bytes(), file.data.into_owned()].concat()),
        None => {
            HttpResponse::NotFound().body("this build has no page: build it with 'make web' first")
        }
    }
}

async fn connect(
    network: web::Data<Network>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    let (response, session, stream) = actix_ws::handle(&request, payload)?;
    let stream = stream.max_frame_size(LARGEST_FRAME).aggregate_continuations();
    let stream = stream.max_continuation_size(LARGEST_FRAME);
    let (device, pushes) = network.connect();
    actix_web::rt::spawn(serve(device, pushes, session, stream));
    Ok(response)
}

/// Serves one page until either side ends.
async fn serve(
    device: Device,
    mut pushes: Pushes,
    mut session: actix_ws::Session,
    mut stream: actix_ws::AggregatedMessageStream,
) {
    let device = std::rc::Rc::new(device);
    loop {
        tokio::select! {
            push = pushes.recv() => {
                let Some(push) = push else { break };
                let Ok(text) = serde_json::to_string(&push) else { continue };
                if session.text(text).await.is_err() {
                    return;
                }
            }
            said = stream.next() => match said {
                Some(Ok(AggregatedMessage::Text(text))) => {
                    let Ok(NumberedRequest { number, request }) = serde_json::from_str(&text) else { break };
                    let (device, mut session) = (device.clone(), session.clone());
                    // A request that a planned fault delays holds up no other.
                    actix_web::rt::spawn(async move {
                        let answer = NumberedAnswer { number, answer: device.request(request).await };
                        if let Ok(text) = serde_json::to_string(&answer) {
                            // The page may have gone meanwhile.
                            let _ = session.text(text).await;
                        }
                    });
                }
                Some(Ok(AggregatedMessage::Ping(data))) => {
                    if session.pong(&data).await.is_err() {
                        return;
                    }
                }
                Some(Ok(AggregatedMessage::Pong(_) | AggregatedMessage::Binary(_))) => (),
                Some(Ok(AggregatedMessage::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    let _ = session.close(None).await;
}

/// What a page says of a file.
#[derive(serde::Deserialize)]
struct TakenQuery {
    mime: Option<String>,
}

async fn take(
    network: web::Data<Network>,
    query: web::Query<TakenQuery>,
    mut body: web::Payload,
) -> HttpResponse {
    let mime = query.into_inner().mime.filter(|mime| !mime.trim().is_empty());
    let mime = mime.unwrap_or_else(|| "application/octet-stream".to_owned());
    let (id, path) = network.media().place();
    let written = async {
        let mut file = tokio::fs::File::create(&path).await?;
        while let Some(chunk) = body.next().await {
            file.write_all(&chunk.map_err(io::Error::other)?).await?;
        }
        file.flush().await?;
        network.media().keep(&id, &mime)
    };
    match written.await {
        Ok(_) => HttpResponse::Ok().json(serde_json::json!({ "media": id })),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

async fn give(network: web::Data<Network>, id: web::Path<String>) -> HttpResponse {
    let Some(media) = network.media().get(&id) else { return HttpResponse::NotFound().finish() };
    match tokio::fs::File::open(&media.path).await {
        Ok(file) => HttpResponse::Ok()
            .content_type(crate::domain::media_type::tidy(&media.mime))
            .no_chunking(media.size)
            .streaming(tokio_util::io::ReaderStream::new(file)),
        Err(_) => HttpResponse::NotFound().finish(),
    }
}
