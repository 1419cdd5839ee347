//! Requests as they go over the wire, also from a process of another user.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    time::Duration,
};

use std::os::unix::process::CommandExt;

use crate::support::PATIENCE;

/// A user that is neither root nor the gateway's own.
pub const STRANGER: u32 = 65_534;

/// The head and the body of the answer to a request that closes its connection.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// All values of a header, joined.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter_map(|(known, value)| (known == name).then_some(value.trim()))
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// A request with these header lines; one without a body. `base` is `http://address:port`.
pub fn request(method: &str, base: &str, path: &str, lines: &[&str]) -> String {
    let own_host = lines.iter().any(|line| line.to_lowercase().starts_with("host:"));
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !own_host {
        text += &format!("Host: {}\r\n", address(base));
    }
    for line in lines {
        text += &format!("{line}\r\n");
    }
    if method != "GET" && method != "OPTIONS" {
        text += "Content-Length: 0\r\n";
    }
    text + "Connection: close\r\n\r\n"
}

pub fn address(base: &str) -> &str {
    base.trim_start_matches("http://").trim_end_matches('/')
}

/// Sends a request from this process.
pub fn send(base: &str, text: &str) -> Answer {
    send_bytes(base, text.as_bytes())
}

pub fn send_bytes(base: &str, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address(base)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 16 * 1024]);
    // A connection that is cut ends the answer as well.
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..read]);
        if is_whole(&answer) {
            break;
        }
    }
    Answer::of(&answer)
}

/// Whether an answer of a declared length has come. The connection may stay open a while longer.
fn is_whole(answer: &[u8]) -> bool {
    let Answer { head, body, .. } = Answer::of(answer);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.trim().parse::<usize>().ok());
    length == Some(body.len())
}

/// Sends a request from a process of another user, which root alone can start.
pub fn send_as(user: u32, base: &str, text: &str) -> Answer {
    Answer::of(&run_as(user, base, text, "cat <&3"))
}

/// The same, but the process is gone before there is an answer.
pub fn send_and_leave(user: u32, base: &str, text: &str) {
    run_as(user, base, text, "exit");
}

fn run_as(user: u32, base: &str, text: &str, then: &str) -> Vec<u8> {
    let (host, port) = address(base).rsplit_once(':').unwrap();
    let host = host.trim_matches(['[', ']']);
    let script = format!("exec 3<>/dev/tcp/{host}/{port}; cat >&3; {then}");
    let mut child = Command::new("bash")
        .args(["-c", &script])
        .current_dir("/")
        .uid(user)
        .gid(user)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

/// Asks again until an answer satisfies; for what takes a moment.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
