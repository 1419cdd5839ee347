//! Debugging transport: connects chromiumoxide to the pipe of a browser.
//!
//! Every user of the machine could use a debugging port, so the browser has none. chromiumoxide supports WebSockets
//! only: it gets a port on loopback for one connection, which must present a secret of this process. The port
//! closes before the first message.

use std::{io, time::Duration};

use chromiumoxide::{Browser, error::CdpError, handler::Handler, handler::HandlerConfig};
use data_encoding::HEXLOWER;
use futures_util::{SinkExt, StreamExt};
use subtle::ConstantTimeEq;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufWriter},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
        protocol::WebSocketConfig,
    },
};
use tokio_util::task::AbortOnDropHandle;

use crate::driver::browser::process::{END_OF_MESSAGE, Pipe};

/// Deadline for the handshake of a connection without the secret.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Handshakes in flight while the port is open; further ones wait.
const HANDSHAKES: usize = 64;

type Socket = WebSocketStream<TcpStream>;

/// Forwards messages both ways. Dropping it closes the pipe, which ends the browser in order.
pub struct Transport {
    _carrying: AbortOnDropHandle<()>,
}

/// Connects chromiumoxide to a browser's pipe.
pub async fn connect(
    pipe: Pipe,
    settings: HandlerConfig,
) -> Result<(Browser, Handler, Transport), CdpError> {
    let (listener, secret, url) = listen().await?;
    let connecting = Browser::connect_with_config(url, settings);
    let accepting = async { Ok(accept(listener, secret).await?) };
    let ((browser, handler), socket) = tokio::try_join!(connecting, accepting)?;
    let carrying = tokio::spawn(async move {
        if let Err(error) = carry(pipe, socket).await {
            tracing::debug!(%error, "the debugging channel ended");
        }
    });
    Ok((browser, handler, Transport { _carrying: AbortOnDropHandle::new(carrying) }))
}

async fn listen() -> io::Result<(TcpListener, String, String)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let secret = format!("/{}", HEXLOWER.encode(&rand::random::<[u8; 32]>()));
    let url = format!("ws://{}{secret}", listener.local_addr()?);
    Ok((listener, secret, url))
}

/// Accepts the first connection that presents the secret, then closes the port.
async fn accept(listener: TcpListener, secret: String) -> io::Result<Socket> {
    let mut handshakes = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if handshakes.len() < HANDSHAKES => {
                let (stream, _) = accepted?;
                handshakes.spawn(timeout(HANDSHAKE, greet(stream, secret.clone())));
            }
            Some(greeted) = handshakes.join_next() => {
                if let Ok(Ok(Some(socket))) = greeted {
                    return Ok(socket);
                }
            }
        }
    }
}

async fn greet(stream: TcpStream, secret: String) -> Option<Socket> {
    // Messages are small, and their sender waits for the answer.
    stream.set_nodelay(true).ok()?;
    #[expect(clippy::result_large_err, reason = "the library's signature")]
    let check = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        if bool::from(request.uri().path().as_bytes().ct_eq(secret.as_bytes())) {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::NOT_FOUND;
        Err(refusal)
    };
    let limits = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let greeted =
        tokio_tungstenite::accept_hdr_async_with_config(stream, check, Some(limits)).await;
    greeted.ok()
}

/// Forwards until either side closes.
async fn carry(pipe: Pipe, socket: Socket) -> io::Result<()> {
    let Pipe { input, mut output } = pipe;
    let acknowledging = Acknowledging::of(socket.get_ref())?;
    let mut input = BufWriter::new(input);
    let (mut to_library, mut from_library) = socket.split();
    let commands = async {
        while let Some(message) = from_library.next().await {
            acknowledging.now();
            match message.map_err(io::Error::other)? {
                Message::Text(text) => {
                    input.write_all(text.as_bytes()).await?;
                    input.write_all(&[END_OF_MESSAGE]).await?;
                    input.flush().await?;
                }
                Message::Close(_) => break,
                _ => (),
            }
        }
        Ok(())
    };
    let events = async {
        loop {
            let mut text = Vec::new();
            if output.read_until(END_OF_MESSAGE, &mut text).await? == 0 {
                return Ok(());
            }
            text.pop();
            let text = String::from_utf8(text).map_err(io::Error::other)?;
            to_library.send(Message::text(text)).await.map_err(io::Error::other)?;
        }
    };
    tokio::select! {
        ended = commands => ended,
        ended = events => ended,
    }
}

/// chromiumoxide's socket delays a command until the one before is acknowledged (Nagle), and its option cannot be set
/// from outside. This end acknowledges at once instead.
struct Acknowledging(socket2::Socket);

impl Acknowledging {
    fn of(stream: &TcpStream) -> io::Result<Self> {
        Ok(Self(socket2::SockRef::from(stream).try_clone()?))
    }

    fn now(&self) {
        #[cfg(target_os = "linux")]
        {
            // Without the option commands are late, but arrive.
            let _ = self.0.set_tcp_quickack(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_port_is_open_for_one_connection_that_knows_the_secret() {
        let (listener, secret, url) = listen().await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(accept(listener, secret));
        // A silent connection blocks no other.
        let _silent = TcpStream::connect(address).await.unwrap();
        for path in ["/", "/json/version", "/devtools/browser/1"] {
            let stranger = tokio_tungstenite::connect_async(format!("ws://{address}{path}")).await;
            let text = stranger.unwrap_err().to_string();
            assert!(text.contains("404"), "{path}: {text}");
        }
        let (_known, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
        accepting.await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err(), "the port is still open");
    }
}
