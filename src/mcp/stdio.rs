//! Standard input and output as a transport: each line goes to a running gateway, and its answer comes back as a line.
//!
//! The gateway may have one process for each store, so an assistant that starts a program of its own starts this one.
//! Standard output has JSON-RPC alone.

use std::{
    io::{BufRead, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

use crate::{
    egress,
    mcp::message::{self, Envelope, MOST_BYTES},
    private,
};

const PATH: &str = "/api/mcp";
/// How long the gateway may take for an answer: a tool may send a large file.
const DEADLINE: Duration = Duration::from_secs(300);
/// How long is waited for what is under way at the end of the input.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// Messages that are under way at once.
const MOST_IN_FLIGHT: usize = 16;
const UNREACHABLE: i32 = -32_000;
const TOO_LONG: i32 = -32_600;
const LONG_LINE: &str = "The line is longer than 1 MiB";

/// Which gateway, and as whom.
pub struct Target {
    url: String,
    key: Option<String>,
}

impl Target {
    /// The gateway with this URL, or the one that listens here; with this key, or the first one of its folder.
    pub fn new(url: Option<String>, key: Option<String>, listen: SocketAddr, data: &Path) -> Self {
        let url = url.unwrap_or_else(|| format!("http://{}", reachable(listen)));
        let first = || std::fs::read_to_string(data.join(private::BOOTSTRAP)).ok();
        let key = key.or_else(first).map(|key| key.trim().to_owned());
        Self { url: url.trim_end_matches('/').to_owned(), key: key.filter(|key| !key.is_empty()) }
    }
}

/// An address that leads to a listener: one on all addresses is reached by loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// What was read of the input.
enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// Passes messages on until the input ends. An error where nothing can be passed on at all.
pub async fn pass_on<R, W>(
    target: Target,
    input: impl FnOnce() -> R + Send + 'static,
    output: W,
) -> Result<(), String>
where
    R: BufRead,
    W: Write + Send + 'static,
{
    let client = egress::local_client().map_err(|error| error.to_string())?;
    let (lines, mut incoming) = mpsc::channel(MOST_IN_FLIGHT);
    // A read of standard input cannot be given up, so it has a thread that ends with the process.
    std::thread::spawn(move || read_lines(input(), &lines));
    let passing =
        Arc::new(Passing { target, output: Mutex::new(output), negotiated: Mutex::new(None) });
    let (places, mut under_way) = (Arc::new(Semaphore::new(MOST_IN_FLIGHT)), JoinSet::new());
    while let Some(line) = incoming.recv().await {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let (passing, client) = (passing.clone(), client.clone());
        under_way.spawn(async move {
            let _place = place;
            let answer = match line {
                Line::TooLong => Some(message::error(&Value::Null, TOO_LONG, LONG_LINE)),
                Line::Whole(line) => match message::read(&line) {
                    Err(fault) => Some(fault.answer()),
                    Ok(envelope) => {
                        let mut request = client.post(format!("{}{PATH}", passing.target.url));
                        for (name, value) in passing.headers(&envelope) {
                            request = request.header(name, value);
                        }
                        let answered = async {
                            let response =
                                request.timeout(DEADLINE).body(line).send().await.ok()?;
                            let status = response.status().as_u16();
                            Some((status, response.bytes().await.ok()?))
                        };
                        passing.answer(&envelope, answered.await)
                    }
                },
            };
            answer.iter().for_each(|answer| passing.say(answer));
        });
        while under_way.try_join_next().is_some() {}
    }
    let all = async { while under_way.join_next().await.is_some() {} };
    // What takes longer is answered to nobody.
    let _ = tokio::time::timeout(LAST_ANSWERS, all).await;
    Ok(())
}

/// What all messages of one client share.
struct Passing<W> {
    target: Target,
    output: Mutex<W>,
    /// The version that `initialize` came to.
    negotiated: Mutex<Option<String>>,
}

impl<W: Write> Passing<W> {
    fn headers(&self, envelope: &Envelope) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json, text/event-stream".to_owned()),
        ];
        headers
            .extend(self.target.key.iter().map(|key| ("authorization", format!("Bearer {key}"))));
        let own = envelope.headers();
        if own.is_empty() && envelope.method.as_deref() != Some("initialize") {
            let negotiated = self.negotiated.lock().unwrap_or_else(PoisonError::into_inner);
            let version =
                negotiated.iter().map(|version| ("mcp-protocol-version", version.clone()));
            headers.extend(version);
        }
        headers.extend(own);
        headers
    }

    /// What the client gets for the gateway's answer; nothing for what is not answered.
    fn answer(
        &self,
        envelope: &Envelope,
        answered: Option<(u16, impl AsRef<[u8]>)>,
    ) -> Option<Value> {
        let Some((status, body)) = answered else {
            let url = &self.target.url;
            let message = format!("No gateway answers at {url}. Start it with: wagate serve");
            return Some(message::error(envelope.id.as_ref()?, UNREACHABLE, &message));
        };
        let body: Value = serde_json::from_slice(body.as_ref()).unwrap_or_default();
        if body.get("jsonrpc").is_none() {
            let id = envelope.id.as_ref()?;
            let message = match body["error"].as_str() {
                Some(message) => message.to_owned(),
                None => format!("The gateway answered {status}"),
            };
            let mut answer = message::error(id, UNREACHABLE, &message);
            let data =
                json!({ "status": status, "code": body["code"], "retryAfter": body["retryAfter"] });
            answer["error"]["data"] = data;
            return Some(answer);
        }
        if envelope.method.as_deref() == Some("initialize")
            && let Some(version) = body["result"]["protocolVersion"].as_str()
        {
            let mut negotiated = self.negotiated.lock().unwrap_or_else(PoisonError::into_inner);
            *negotiated = Some(version.to_owned());
        }
        Some(body)
    }

    fn say(&self, message: &Value) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody is left to read it when this fails, and the input ends then too.
        let _ = writeln!(output, "{message}").and_then(|()| output.flush());
    }
}

/// Reads lines up to the end of the input. A line that is too long is read over.
fn read_lines(mut input: impl BufRead, lines: &mpsc::Sender<Line>) {
    let (mut line, mut is_too_long) = (Vec::new(), false);
    loop {
        let Ok(read) = input.fill_buf() else { return };
        let end = read.iter().position(|byte| *byte == b'\n');
        let part = &read[..end.unwrap_or(read.len())];
        if MOST_BYTES < line.len() + part.len() {
            is_too_long = true;
            line.clear();
        }
        if !is_too_long {
            line.extend_from_slice(part);
        }
        let (used, is_over) = (end.map_or(read.len(), |end| end + 1), read.is_empty());
        input.consume(used);
        if end.is_none() && !is_over {
            continue;
        }
        let whole = std::mem::take(&mut line);
        let is_blank = whole.trim_ascii().is_empty() && !is_too_long;
        let read = if is_too_long { Line::TooLong } else { Line::Whole(whole) };
        is_too_long = false;
        if !is_blank && lines.blocking_send(read).is_err() || is_over {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Option<String>> {
        let (sender, mut receiver) = mpsc::channel(10);
        read_lines(text, &sender);
        drop(sender);
        let mut all = Vec::new();
        while let Ok(line) = receiver.try_recv() {
            all.push(match line {
                Line::Whole(line) => Some(String::from_utf8(line).unwrap()),
                Line::TooLong => None,
            });
        }
        all
    }

    #[test]
    fn lines_are_told_apart_and_one_too_long_spoils_no_other() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(lines(b"a\n\n b\r\nhalf"), [some("a"), some(" b\r"), some("half")]);
        assert_eq!(lines(b""), []);
        let mut long = vec![b'x'; MOST_BYTES + 1];
        long.extend_from_slice(b"\nafter\n");
        assert_eq!(lines(&long), [None, some("after")]);
        assert_eq!(lines(&vec![b'x'; MOST_BYTES + 1]), [None]);
    }

    #[test]
    fn a_gateway_on_all_addresses_is_reached_by_loopback() {
        let folder = tempfile::tempdir().unwrap();
        let url = |url: Option<&str>, listen: &str| {
            let url = url.map(str::to_owned);
            Target::new(url, None, listen.parse().unwrap(), folder.path()).url
        };
        assert_eq!(url(None, "0.0.0.0:8080"), "http://127.0.0.1:8080");
        assert_eq!(url(None, "[::]:1"), "http://[::1]:1");
        assert_eq!(url(Some("https://a.example/"), "0.0.0.0:1"), "https://a.example");
    }
}
