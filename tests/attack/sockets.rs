//! WebSocket clients that break the protocol: each is closed with the code that RFC 6455 names.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{PATIENCE, PHONE, daemon::Daemon};

/// A WebSocket of which every byte is chosen.
struct Raw(TcpStream);

impl Raw {
    async fn open(daemon: &Daemon, path: &str) -> Self {
        let address = daemon.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        Self(stream)
    }

    /// The next frame: its opcode and what it holds.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let [first, second] = self.0.read_u16().await.unwrap().to_be_bytes();
            let length = match second & 0x7F {
                126 => usize::from(self.0.read_u16().await.unwrap()),
                127 => usize::try_from(self.0.read_u64().await.unwrap()).unwrap(),
                length => usize::from(length),
            };
            let mut bytes = vec![0; length];
            self.0.read_exact(&mut bytes).await.unwrap();
            (first & 0x0F, bytes)
        };
        tokio::time::timeout(PATIENCE, read).await.expect("no frame came")
    }

    /// The code that the server closes with.
    async fn close_code(&mut self) -> u16 {
        loop {
            if let (8, bytes) = self.frame().await {
                return u16::from_be_bytes([bytes[0], bytes[1]]);
            }
        }
    }
}

/// A masked frame, with a mask that changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => bytes.push(0x80 | length),
        _ => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_the_protocol_closes_with_its_own_code() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    let endless = [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0].to_vec();
    let gigabyte = [0x82, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0].to_vec();
    let parts = |count: usize| {
        let mut bytes = frame(0x02, &[b'x'; 40_000]);
        (1..count).for_each(|_| bytes.extend(frame(0x00, &[b'x'; 40_000])));
        bytes
    };
    let split_text = [frame(0x01, b"ok \xE2\x82"), frame(0x80, b"\xFF")].concat();
    for (what, bytes, code) in [
        ("a frame without a mask", vec![0x81, 0x02, b'h', b'i'], 1002),
        ("an unknown opcode", frame(0x83, b""), 1002),
        ("an unknown control opcode", frame(0x8B, b""), 1002),
        ("a reserved bit", frame(0xC1, b"{}"), 1002),
        ("a control frame in parts", frame(0x09, b"x"), 1002),
        ("a control frame that is too long", frame(0x89, &[b'x'; 126]), 1002),
        ("a continuation of nothing", frame(0x80, b"x"), 1002),
        ("a message within a message", [frame(0x01, b"x"), frame(0x81, b"y")].concat(), 1002),
        ("a close frame of one byte", frame(0x88, &[3]), 1002),
        ("a close code that is none", frame(0x88, &[0x03, 0xEC]), 1002),
        ("text that is no UTF-8", frame(0x81, b"\xFF\xFE"), 1007),
        ("text that is no UTF-8 once it is whole", split_text, 1007),
        ("a frame of 1 GiB, announced", gigabyte, 1009),
        ("a frame without end, announced", endless, 1009),
        ("a message in parts that is too large", parts(3), 1009),
        ("a farewell", frame(0x88, &[0x03, 0xE8]), 1000),
    ] {
        let mut socket = Raw::open(&daemon, "/ws/s").await;
        socket.0.write_all(&bytes).await.unwrap();
        assert_eq!(socket.close_code().await, code, "{what}");
    }
    // As large as allowed: it goes on.
    let mut socket = Raw::open(&daemon, "/ws/s").await;
    let ping = frame(0x81, br#"{"action":"ping"}"#);
    socket.0.write_all(&[frame(0x82, &[0; 65_535]), ping].concat()).await.unwrap();
    while !String::from_utf8_lossy(&socket.frame().await.1).contains("pong") {}
    daemon.wait_until_ready("s").await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_from_the_future_is_answered_with_a_reset() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link("s", PHONE).await;
    for since in [1_000_000, u64::MAX - 1] {
        let mut socket = Raw::open(&daemon, &format!("/ws/s?since={since}")).await;
        let frame: Value = serde_json::from_slice(&socket.frame().await.1).unwrap();
        assert_eq!((&frame["event"], &frame["oldest"]), (&"reset".into(), &1.into()));
        let frame: Value = serde_json::from_slice(&socket.frame().await.1).unwrap();
        assert_eq!(frame["seq"], 1, "all that the log has follows");
        let url = format!("{}/api/v1/events", daemon.base);
        let request = daemon.http.get(url).header("last-event-id", since);
        let mut stream = request.send().await.unwrap();
        let chunk = stream.chunk().await.unwrap().unwrap();
        assert_eq!(chunk, "event: reset\ndata: {\"oldest\":1}\n\n");
    }
    daemon.stop().await;
}
