//! The session's page and its browser: which hosts they contact, and who can get at them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::mpsc,
    time::timeout,
};
use wagate::{
    config::Config,
    domain::{Clock, Proxy, SessionConfig, proxy::ProxyProtocol},
    driver::{
        EngineFactory, OpenRequest,
        browser::{BrowserEngine, BrowserSettings},
    },
};

use crate::support::{
    PATIENCE, PHONE, SILENT,
    daemon::Daemon,
    processes::{group, listening_ports, main_process, processes_of},
};

const LINK: &str = "https://example.org/reset/with-a-secret";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_contacts_whatsapp_and_the_gateway_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("net-log.json");
    let arguments = format!("log-net-log={},net-log-capture-mode=Everything", log.display());
    let settings = [("WAGATE_BROWSER__EXTRA_ARGS", arguments.as_str())];
    let daemon = Daemon::start_with(folder.path(), 0, &settings).await;
    daemon.link_on("browser", "s", PHONE).await;
    daemon.send("s", SILENT, &format!("look: {LINK}")).await;
    daemon.stop().await;
    let log = NetLog::read(&log);
    let hosts = log.hosts();
    println!("hosts that the browser asked for: {hosts:?}");
    assert!(hosts.contains("web.whatsapp.com"), "nothing was logged");
    let known = ["web.whatsapp.com", "127.0.0.1"];
    let strangers: Vec<_> = hosts.iter().filter(|host| !known.contains(&host.as_str())).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
    let addresses = log.addresses();
    assert!(!addresses.is_empty());
    assert!(addresses.iter().all(|address| address.starts_with("127.0.0.1:")), "{addresses:?}");
}

/// What Chromium writes down of its connections.
struct NetLog {
    names: serde_json::Map<String, Value>,
    events: Vec<Value>,
}

impl NetLog {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("no log");
        let log: Value = serde_json::from_str(&text).expect("the log was cut off");
        Self {
            names: log["constants"]["logEventTypes"].as_object().unwrap().clone(),
            events: log["events"].as_array().unwrap().clone(),
        }
    }

    fn of<'log>(&'log self, name: &str, field: &'log str) -> impl Iterator<Item = &'log str> {
        let number = self.names.get(name).unwrap_or_else(|| panic!("no event {name}")).clone();
        let events = self.events.iter().filter(move |event| event["type"] == number);
        events.filter_map(move |event| event["params"][field].as_str())
    }

    /// Of all requests of the page and of the browser itself, found or not.
    fn hosts(&self) -> BTreeSet<String> {
        let urls = self.of("URL_REQUEST_START_JOB", "url").chain(self.of("CORS_REQUEST", "url"));
        let urls = urls.filter_map(|text| url::Url::parse(text).ok());
        let remote = urls.filter(|url| ["http", "https", "ws", "wss"].contains(&url.scheme()));
        remote.filter_map(|url| Some(url.host_str()?.to_owned())).collect()
    }

    fn addresses(&self) -> BTreeSet<String> {
        self.of("TCP_CONNECT_ATTEMPT", "address").map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_gets_at_nothing_on_this_machine_but_its_own_port() {
    let bystander = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let udp = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    let (port, udp_port) =
        (bystander.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
    let mut site = Site::open(&[
        &format!("http://127.0.0.1:{port}/"),
        &format!("http://localhost:{port}/"),
        &format!("https://2130706433:{port}/"),
        &format!("https://[::ffff:127.0.0.1]:{port}/"),
        &format!("wss://127.0.0.1:{port}/"),
        &format!("stun:127.0.0.1:{udp_port}"),
        &format!("turn:127.0.0.1:{port}?transport=tcp"),
        "https://169.254.169.254/",
        LINK,
    ])
    .await;
    let settings = BrowserSettings { resolve_to: Some(site.address.clone()), ..site.settings() };
    let (_folder, browser) = open(settings, SessionConfig::default());
    let reached = site.done().await;
    assert_eq!(reached, "", "the page reached others");
    let contact = timeout(Duration::ZERO, bystander.accept()).await;
    assert!(contact.is_err(), "the page got at another port of this machine");
    let contact = timeout(Duration::ZERO, udp.recv(&mut [0; 64])).await;
    assert!(contact.is_err(), "the page got at another port of this machine over UDP");
    browser.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_proxy_the_page_gets_at_whatsapps_hosts_alone_and_by_websocket_too() {
    let bystander = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = bystander.local_addr().unwrap().port();
    let mut site = Site::open(&[
        LINK,
        "https://evilwhatsapp.com/",
        "https://169.254.169.254/",
        &format!("http://127.0.0.1:{port}/"),
        &format!("https://127.0.0.1:{port}/"),
        "https://static.whatsapp.net/file",
        "wss://web.whatsapp.com/socket",
    ])
    .await;
    let proxy = ProxyServer::open(Some(site.address.clone())).await;
    let config = SessionConfig { proxy: Some(proxy.proxy.clone()), ..SessionConfig::default() };
    let (_folder, browser) = open(site.settings(), config);
    let reached = site.done().await;
    assert_eq!(reached, "wss://web.whatsapp.com/socket", "the socket came through, others did not");
    let mut asked = proxy.targets();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked, ["static.whatsapp.net:443", "web.whatsapp.com:443"]);
    let contact = timeout(Duration::ZERO, bystander.accept()).await;
    assert!(contact.is_err(), "the page got at another port of this machine");
    browser.abort();
}

/// A page that tries to contact others, and then says that it is done.
struct Site {
    address: String,
    key: String,
    reports: mpsc::UnboundedReceiver<String>,
}

impl Site {
    async fn open(others: &[&str]) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["web.whatsapp.com".to_owned()]).unwrap();
        let public = rcgen::PublicKeyData::subject_public_key_info(&made.signing_key);
        let digest = <sha2::Sha256 as sha2::Digest>::digest(public);
        let key = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
        let private = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], private.into())
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (done, reports) = mpsc::unbounded_channel();
        let page = PAGE.replace("OTHERS", &json!(others).to_string());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (acceptor, done, page) = (acceptor.clone(), done.clone(), page.clone());
                tokio::spawn(async move {
                    let Ok(socket) = acceptor.accept(socket).await else { return };
                    serve(socket, &page, &done).await;
                });
            }
        });
        Self { address, key, reports }
    }

    /// As for the real site, with the hosts of the shipped settings.
    fn settings(&self) -> BrowserSettings {
        BrowserSettings {
            url: "https://web.whatsapp.com/".to_owned(),
            resolve_to: None,
            trusted_key: Some(self.key.clone()),
            executable: None,
            extra_args: Vec::new(),
            allow_overrides: false,
            allowed_hosts: Config::shipped().unwrap().browser.allowed_hosts,
            clock: Clock::system(),
            own_ports: wagate::egress::OwnPorts::default(),
        }
    }

    /// Waits for the page; what it reached comes with its word.
    async fn done(&mut self) -> String {
        timeout(PATIENCE * 3, self.reports.recv()).await.expect("the page did not end").unwrap()
    }
}

const PAGE: &str = r#"<!doctype html><title>A page</title><script>
const attempt = (url) => {
  if (/^(stun|turn):/.test(url)) return call(url);
  if (url.startsWith("wss:")) return new Promise((open, failed) => {
    const socket = new WebSocket(url);
    socket.onopen = open;
    socket.onerror = failed;
  });
  return fetch(url, { mode: "no-cors" });
};
const call = async (urls) => {
  const iceServers = [{ urls, username: "a", credential: "b" }];
  const connection = new RTCPeerConnection({ iceServers });
  connection.createDataChannel("x");
  const gathered = new Promise((done) => {
    connection.onicegatheringstatechange = () =>
      connection.iceGatheringState === "complete" && done();
    setTimeout(done, 2000);
  });
  await connection.setLocalDescription(await connection.createOffer());
  await gathered;
  throw new Error("whoever was called says so");
};
(async () => {
  const tries = OTHERS.map((url) => attempt(url).then(() => url, () => null));
  const reached = (await Promise.all(tries)).filter(Boolean);
  await fetch("/done?" + reached.join(","));
})();
</script>"#;

async fn serve(
    socket: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    page: &str,
    done: &mpsc::UnboundedSender<String>,
) {
    let mut socket = BufReader::new(socket);
    let head = head(&mut socket).await;
    let path = head.split(' ').nth(1).unwrap_or_default();
    let answer = if path == "/" {
        let length = page.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
        )
    } else if let Some(reached) = path.strip_prefix("/done?") {
        let _ = done.send(reached.to_owned());
        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_owned()
    } else if path == "/socket" {
        let key = header(&head, "sec-websocket-key").unwrap();
        let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )
    } else {
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
    };
    let _ = socket.write_all(answer.as_bytes()).await;
    let _ = socket.flush().await;
    if path == "/socket" {
        let _ = socket.read(&mut [0; 16]).await;
    }
    let _ = socket.shutdown().await;
}

async fn head(socket: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match socket.read_line(&mut head).await {
            Ok(0) | Err(_) => break,
            Ok(_) => (),
        }
    }
    head
}

fn header(head: &str, name: &str) -> Option<String> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = fields.filter(|(given, _)| given.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().to_owned())
}

/// A session's browser, on its way until it is aborted.
fn open(
    settings: BrowserSettings,
    config: SessionConfig,
) -> (tempfile::TempDir, tokio::task::JoinHandle<()>) {
    let folder = tempfile::tempdir().unwrap();
    let order = OpenRequest {
        session: "s".parse().unwrap(),
        config,
        profile: folder.path().join("profile"),
        deadline: PATIENCE * 3,
    };
    let opening = tokio::spawn(async move {
        // The page is not WhatsApp's: the engine waits for its first word.
        if let Err(error) = BrowserEngine::new(settings).open(order).await {
            println!("the browser did not open: {error}");
        }
    });
    (folder, opening)
}

/// A proxy that wants a password, writes down what it is asked for and knows one site.
struct ProxyServer {
    proxy: Proxy,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ProxyServer {
    /// With a site, that one is WhatsApp's host and no other is there; without, loopback alone is.
    async fn open(site: Option<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = Proxy {
            protocol: ProxyProtocol::Http,
            host: "127.0.0.1".to_owned(),
            port: listener.local_addr().unwrap().port(),
            username: Some("me".to_owned()),
            password: Some("secret".to_owned()),
        };
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                tokio::spawn(tunnel(socket, site.clone(), noted.clone()));
            }
        });
        Self { proxy, asked }
    }

    fn targets(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn tunnel(socket: TcpStream, site: Option<String>, asked: Arc<Mutex<Vec<String>>>) {
    let mut socket = BufReader::new(socket);
    let head = head(&mut socket).await;
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().unwrap().push(target.clone());
    assert!(header(&head, "proxy-authorization").is_some(), "the proxy's password is missing");
    let address = match site {
        Some(site) if target == "web.whatsapp.com:443" => Some(site),
        Some(_) => None,
        None => target.starts_with("127.0.0.1:").then_some(target),
    };
    let onward = match address {
        Some(address) => TcpStream::connect(address).await.ok(),
        None => None,
    };
    let Some(mut onward) = onward else {
        let _ = socket.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await;
        return;
    };
    socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ = copy_bidirectional(&mut socket, &mut onward).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_of_a_session_serves_nobody_but_its_browser() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    let before = listening_ports(daemon.process());
    let server = ProxyServer::open(None).await;
    let proxy = json!({
        "protocol": "http",
        "address": format!("127.0.0.1:{}", server.proxy.port),
        "username": "me",
        "password": "secret",
    });
    let config = json!({ "engine": "browser", "proxyServerCredentials": proxy });
    daemon.post("/api/v1/sessions", json!({ "sessionId": "s", "config": config })).await;
    daemon.scan("s", PHONE).await;
    let tunnels = server.targets().len();
    assert_ne!(tunnels, 0, "the session does not use its proxy");
    let ports = listening_ports(daemon.process());
    let own: Vec<u16> = ports.into_iter().filter(|port| !before.contains(port)).collect();
    let mut refusals = 0;
    for port in &own {
        for target in ["web.whatsapp.com:443", "127.0.0.1:22", "example.org:443"] {
            let answer = said(*port, &format!("CONNECT {target} HTTP/1.1\r\n\r\n")).await;
            assert!(!answer.starts_with("HTTP/1.1 2"), "{port}: {answer}");
            refusals += usize::from(answer.starts_with("HTTP/1.1 407 "));
        }
    }
    println!("ports of the session: {own:?}, refused by the relay: {refusals}");
    assert_eq!(refusals, 3, "there is one relay");
    assert_eq!(server.targets().len(), tunnels, "the proxy was asked for a stranger");
    daemon.send("s", SILENT, "the session's own way is open").await;
    daemon.stop().await;
}

/// The first line that a port answers, empty when there is none.
async fn said(port: u16, words: &str) -> String {
    let saying = async {
        let mut socket = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.ok()?);
        socket.write_all(words.as_bytes()).await.ok()?;
        let mut line = String::new();
        socket.read_line(&mut line).await.ok()?;
        Some(line)
    };
    timeout(Duration::from_secs(5), saying).await.ok().flatten().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_has_no_port_for_debugging_and_does_not_outlive_the_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    daemon.link_on("browser", "s", PHONE).await;
    let profile = profile(folder.path());
    let main = main_process(&profile).expect("there is no browser");
    let processes = group(main);
    let ports: Vec<u16> = processes.iter().flat_map(|id| listening_ports(*id)).collect();
    assert!(ports.is_empty(), "processes {processes:?} of the browser listen on {ports:?}");
    let command = std::fs::read(format!("/proc/{main}/cmdline")).unwrap();
    let command = String::from_utf8_lossy(&command).into_owned();
    assert!(!command.contains("remote-debugging-port"), "{command}");
    // Nor is there one of the gateway that leads to it.
    for port in listening_ports(daemon.process()) {
        for path in ["/json/version", "/json/list"] {
            let words = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            let answer = said(port, &words).await;
            assert!(!answer.starts_with("HTTP/1.1 2"), "{port}{path}: {answer}");
        }
    }
    daemon.send("s", SILENT, "over the pipe").await;
    daemon.kill().await;
    let gone = async {
        while !processes_of(&profile).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("the browser outlives the gateway");
}

fn profile(folder: &Path) -> PathBuf {
    folder.join("data/sessions/s/profile")
}
