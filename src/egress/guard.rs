//! Guard of outgoing requests (SSRF): which URLs of callers may be connected to.
//!
//! A value made from the settings, one for each purpose. It checks the form of a URL when it is given, and the
//! addresses of its host before each connection.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpStream;
use url::{Host, Url};

use crate::{
    config::AllowedTarget,
    domain::Error,
    egress::{
        own::OwnPorts,
        reach::Reach,
        request_clients::RequestClients,
        target::{Target, look_up},
    },
};

const LONGEST_URL: usize = 2_048;
const FIELD: &str = "url";
/// Deadline for DNS at a registration. A name that is not found by then is checked at its use.
const FIRST_LOOK: Duration = Duration::from_secs(2);

/// Which addresses that are not public may be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Private {
    No,
    /// Loopback alone.
    Loopback,
    /// Loopback, and networks of somebody's own.
    Yes,
}

/// The purpose of a URL, so that a refusal names the right settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Webhook,
    Media,
    Service,
}

/// Clones share their rules, and the clients of requests to what the guard let pass.
#[derive(Clone, Debug)]
pub struct Guard {
    purpose: Purpose,
    /// Whether the caller has access to one session only. Refusals then reveal nothing of names and addresses.
    is_narrow: bool,
    private: Private,
    allowed: Arc<[AllowedTarget]>,
    own: OwnPorts,
    clients: RequestClients,
}

/// Why an address must not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The gateway listens there.
    Own,
    Address(Reach),
}

impl Guard {
    /// For webhooks of callers who may touch all sessions.
    pub fn for_webhooks(own: OwnPorts, private: Private, allowed: &[AllowedTarget]) -> Self {
        Self::new(Purpose::Webhook, private, allowed.into(), own)
    }

    /// The same for callers with access to one session: never loopback.
    #[must_use]
    pub fn for_one_session(&self) -> Self {
        let private = match self.private {
            Private::Loopback => Private::No,
            other => other,
        };
        Self { is_narrow: true, private, ..self.clone() }
    }

    /// For files that are fetched from a URL.
    pub fn for_media(own: OwnPorts, is_private_allowed: bool) -> Self {
        let private = if is_private_allowed { Private::Yes } else { Private::No };
        Self::new(Purpose::Media, private, Arc::default(), own)
    }

    /// For services that the owner of the gateway names in its settings.
    pub fn for_services(own: OwnPorts) -> Self {
        Self::new(Purpose::Service, Private::Yes, Arc::default(), own)
    }

    fn new(
        purpose: Purpose,
        private: Private,
        allowed: Arc<[AllowedTarget]>,
        own: OwnPorts,
    ) -> Self {
        let clients = RequestClients::default();
        Self { purpose, is_narrow: false, private, allowed, own, clients }
    }

    /// The clients of targets that were resolved; each connects to its checked addresses alone.
    pub fn clients(&self) -> &RequestClients {
        &self.clients
    }

    /// Checks the form of a URL, without asking DNS.
    pub fn check(&self, text: &str) -> Result<Url, Error> {
        let mut url = form_of(text)?;
        // A fragment is never sent, and would make two URLs of one.
        url.set_fragment(None);
        let (host, port) = host_and_port(&url)?;
        if self.own.is_public_name(host, port) {
            return Err(self.refused(Refusal::Own, None));
        }
        let is_listed = self.allowed.iter().any(|allowed| allowed.is_for_port(port));
        let is_strict = self.is_narrow || self.purpose == Purpose::Media;
        if is_strict && is_bad_port(port) && !is_listed {
            let message = format!("must not name port {port}, which is for another protocol");
            return Err(Error::invalid_field(FIELD, message));
        }
        let Some(addresses) = literal(&url, port) else { return Ok(url) };
        match self.fit(host, &addresses) {
            Ok(_) => Ok(url),
            Err((refusal, address)) => Err(self.refused(refusal, Some(address))),
        }
    }

    /// The same for a URL that is to be stored, with a check of its present addresses where DNS knows them. Returns
    /// the URL in the form that is stored.
    pub async fn admit(&self, text: &str) -> Result<Url, Error> {
        let url = self.check(text)?;
        let (host, port) = host_and_port(&url)?;
        // An answer would reveal which names exist in the gateway's network.
        if self.is_narrow || literal(&url, port).is_some() {
            return Ok(url);
        }
        let found = tokio::time::timeout(FIRST_LOOK, look_up(host, port)).await;
        let addresses = found.map(Result::unwrap_or_default).unwrap_or_default();
        match self.fit(host, &addresses) {
            Err((refusal, address)) => Err(self.refused(refusal, Some(address))),
            Ok(_) => Ok(url),
        }
    }

    /// Resolves a URL's host to those of its addresses that may be connected to.
    pub async fn resolve(&self, text: &str) -> Result<Target, Error> {
        let url = self.check(text)?;
        let (host, port) = host_and_port(&url)?;
        let all = match literal(&url, port) {
            Some(addresses) => addresses,
            None => look_up(host, port).await.map_err(|error| self.blurred(error))?,
        };
        let addresses = self.fit(host, &all).map_err(|(refusal, _)| self.refused(refusal, None))?;
        if addresses.is_empty() {
            return Err(self.blurred(Error::invalid_field(FIELD, "its host has no address")));
        }
        let is_public = addresses.iter().all(|address| Reach::of(address.ip()) == Reach::Public);
        Ok(Target { url, addresses, is_public })
    }

    /// Those of the addresses that may be connected to. An error where there are some and none may.
    fn fit(
        &self,
        host: &str,
        all: &[SocketAddr],
    ) -> Result<Vec<SocketAddr>, (Refusal, SocketAddr)> {
        let (mut fit, mut first) = (Vec::new(), None);
        for address in all {
            match self.look_at(host, *address) {
                Ok(()) => fit.push(*address),
                Err(refusal) => first = first.or(Some((refusal, *address))),
            }
        }
        match first {
            Some(refused) if fit.is_empty() => Err(refused),
            _ => Ok(fit),
        }
    }

    fn look_at(&self, host: &str, address: SocketAddr) -> Result<(), Refusal> {
        let (ip, port) = (address.ip().to_canonical(), address.port());
        if self.own.holds(address) {
            return Err(Refusal::Own);
        }
        let reach = Reach::of(ip);
        let by_name = || self.allowed.iter().any(|allowed| allowed.names(host, port));
        let by_address = || self.allowed.iter().any(|allowed| allowed.holds(ip, port));
        let may = match reach {
            Reach::Public => true,
            Reach::Loopback => self.private != Private::No || by_name() || by_address(),
            Reach::Private => self.private == Private::Yes || by_name() || by_address(),
            // A listed name may come to resolve there, so only a listed address counts.
            Reach::Special => by_address(),
            Reach::Barred => false,
        };
        if may { Ok(()) } else { Err(Refusal::Address(reach)) }
    }

    /// The error of a refusal, with the address where the caller gave it or may know it.
    fn refused(&self, refusal: Refusal, address: Option<SocketAddr>) -> Error {
        if self.is_narrow {
            return self.out_of_reach();
        }
        let reach = match refusal {
            Refusal::Own => {
                return Error::invalid_field(
                    FIELD,
                    "leads to the gateway itself, which is never allowed",
                );
            }
            Refusal::Address(reach) => reach,
        };
        let place = match address {
            Some(address) => format!("leads to {}, {reach}", address.ip().to_canonical()),
            None => format!("its host leads to {reach}"),
        };
        let way = match (self.purpose, reach) {
            (_, Reach::Barred) => "That is never allowed",
            (Purpose::Media, Reach::Special) => "That is not allowed",
            (Purpose::Media, _) => "Set media.allow_private_sources = true to allow it",
            (Purpose::Service, _) => "A service of the settings cannot lie there",
            (_, Reach::Special) => "Add the address to webhooks.allowed_targets to allow it",
            (..) => {
                "Add it to webhooks.allowed_targets, or set webhooks.allow_private_targets = \"yes\", \
to allow it"
            }
        };
        Error::invalid_field(FIELD, format!("{place}. {way}"))
    }

    /// Hides from a caller with access to one session whether a name exists.
    fn blurred(&self, error: Error) -> Error {
        if self.is_narrow { self.out_of_reach() } else { error }
    }

    fn out_of_reach(&self) -> Error {
        Error::invalid_field(
            FIELD,
            match self.purpose {
                Purpose::Webhook => {
                    "has no address that this caller may choose. It may choose public addresses, and what is \
listed in webhooks.allowed_targets; an administrator may choose others"
                }
                Purpose::Service => "has no address that may be reached",
                Purpose::Media => {
                    "has no address that may be reached. Files are fetched from public addresses, and \
from others with media.allow_private_sources = true"
                }
            },
        )
    }
}

/// A URL that can be asked with HTTP, by its form alone.
pub fn form_of(text: &str) -> Result<Url, Error> {
    if LONGEST_URL < text.len() {
        return Err(Error::invalid_field(FIELD, "must have at most 2,048 characters"));
    }
    let url = Url::parse(text)
        .map_err(|error| Error::invalid_field(FIELD, format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::invalid_field(FIELD, "must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid_field(FIELD, "must not hold a user name or password"));
    }
    Ok(url)
}

impl OwnPorts {
    /// Connects to a host that the gateway's settings or a session's name, unless it is the gateway.
    pub async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let mut addresses: Vec<SocketAddr> = tokio::net::lookup_host((bare, port)).await?.collect();
        addresses.retain(|address| !self.holds(*address));
        if addresses.is_empty() || self.is_public_name(host, port) {
            return Err(io::Error::other("it is the gateway itself, or has no address"));
        }
        TcpStream::connect(&addresses[..]).await
    }
}

fn host_and_port(url: &Url) -> Result<(&str, u16), Error> {
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| Error::invalid_field(FIELD, "names no host"))?;
    Ok((host, url.port_or_known_default().unwrap_or(80)))
}

/// The addresses that a host means by itself; none for a name.
fn literal(url: &Url, port: u16) -> Option<Vec<SocketAddr>> {
    match url.host()? {
        Host::Ipv4(address) => Some(vec![(address, port).into()]),
        Host::Ipv6(address) => Some(vec![(address, port).into()]),
        Host::Domain(name) if is_local_name(name) => {
            Some(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()])
        }
        Host::Domain(_) => None,
    }
}

fn is_local_name(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// Ports of protocols that take a line of an HTTP request for one of theirs, as browsers block them, and
/// some of databases.
fn is_bad_port(port: u16) -> bool {
    const BAD: [u16; 92] = [
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95,
        101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179,
        389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587,
        601, 636, 989, 990, 993, 995, 1433, 1719, 1720, 1723, 2049, 3306, 3389, 3659, 4045, 4190,
        5060, 5061, 5432, 5672, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
        11211, 27017,
    ];
    BAD.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(texts: &[&str]) -> Vec<AllowedTarget> {
        texts.iter().map(|text| AllowedTarget::try_from((*text).to_owned()).unwrap()).collect()
    }

    fn guard(private: Private, texts: &[&str]) -> Guard {
        Guard::for_webhooks(OwnPorts::default(), private, &allowed(texts))
    }

    fn says(guard: &Guard, url: &str) -> String {
        guard.check(url).map_or_else(|error| error.message, String::from)
    }

    #[test]
    fn every_disguise_of_a_private_address_is_seen_through() {
        let guard = guard(Private::No, &[]);
        for host in [
            "127.0.0.1",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "10.1.2.3",
            "169.254.169.254",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[2002:7f00:1::]",
            "[64:ff9b::7f00:1]",
            "2130706433",
            "0x7f.1",
            "127.1",
            "017700000001",
            "127。0。0。1",
            "①②⑦.0.0.1",
        ] {
            let url = format!("http://{host}/hook");
            assert!(guard.check(&url).is_err(), "{url}");
        }
    }

    #[test]
    fn public_targets_pass_and_odd_urls_do_not() {
        let guard = guard(Private::Yes, &[]);
        for url in ["https://example.com/hook", "http://8.8.8.8:8080/", "http://127.0.0.1:9/"] {
            assert!(guard.check(url).is_ok(), "{url}");
        }
        for url in
            ["ftp://example.com", "file:///etc/passwd", "https://u:p@example.com/", "nonsense", ""]
        {
            assert!(guard.check(url).is_err(), "{url}");
        }
    }

    #[test]
    fn one_address_has_one_form() {
        let guard = guard(Private::Loopback, &[]);
        let form = says(&guard, "http://127.0.0.1/");
        for url in
            ["http:127.0.0.1", "HTTP://127.0.0.1:80/#x", "http://127.1", " http://127.0.0.1/\r\n"]
        {
            assert_eq!(says(&guard, url), form, "{url}");
        }
        assert!(!says(&guard, "http://example.com/\r\nX: y").contains(['\r', '\n']));
    }

    #[test]
    fn loopback_alone_is_loopback_alone_and_not_for_one_session() {
        let guard = guard(Private::Loopback, &[]);
        assert!(guard.check("http://127.0.0.1:9000/hook").is_ok());
        assert!(guard.check("http://[::1]:9000/hook").is_ok());
        let message = says(&guard, "http://172.18.0.5:5678/hook");
        for part in ["172.18.0.5, a private address", "allowed_targets", "allow_private_targets"] {
            assert!(message.contains(part), "{message}");
        }
        for url in ["http://169.254.169.254/", "http://[fe80::1]/", "http://0.0.0.0/"] {
            assert!(guard.check(url).is_err(), "{url}");
        }
        let narrow = guard.for_one_session();
        for url in ["http://127.0.0.1:9000/hook", "http://localhost/", "http://10.0.0.1/"] {
            let message = says(&narrow, url);
            assert!(
                message.contains("allowed_targets") && !message.contains("10.0.0"),
                "{message}"
            );
        }
    }

    #[test]
    fn a_listed_target_is_allowed_to_everybody_and_metadata_to_nobody() {
        let list = ["172.18.0.0/16", "169.254.0.0/16", "localhost:5678"];
        for guard in [guard(Private::No, &list), guard(Private::No, &list).for_one_session()] {
            for url in ["http://172.18.0.5/", "http://169.254.1.1/", "http://localhost:5678/x"] {
                assert!(guard.check(url).is_ok(), "{url}");
            }
            for url in ["http://169.254.169.254/", "http://localhost/", "http://127.0.0.1:5678/x"] {
                assert!(guard.check(url).is_err(), "{url}");
            }
        }
        assert!(guard(Private::Yes, &[]).check("http://169.254.1.1/").is_err());
        assert!(guard(Private::Yes, &[]).check("http://100.100.100.200/").is_err());
    }

    #[test]
    fn ports_of_other_protocols_are_not_for_strangers() {
        let guard = guard(Private::No, &[]).for_one_session();
        for port in [22, 25, 6379, 27_017] {
            assert!(guard.check(&format!("http://example.com:{port}/")).is_err(), "{port}");
        }
        assert!(guard.check("http://example.com:8080/").is_ok());
    }

    #[tokio::test]
    async fn the_gateway_itself_is_refused_whatever_is_allowed() {
        let own = OwnPorts::new("https://gateway.example");
        let _port = own.add(4_711);
        let list = allowed(&["127.0.0.0/8", "localhost", "0.0.0.0"]);
        let guard = Guard::for_webhooks(own.clone(), Private::Yes, &list);
        for host in ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.3.2.1", "[::ffff:7f00:1]"] {
            let url = format!("http://{host}:4711/api");
            assert!(guard.check(&url).is_err(), "{url}");
            assert!(guard.resolve(&url).await.is_err(), "{url}");
        }
        assert!(says(&guard, "https://gateway.example./x").contains("the gateway itself"));
        assert!(guard.check("http://127.0.0.1:4712/").is_ok());
        assert!(Guard::for_media(own.clone(), true).check("http://127.0.0.1:4711/").is_err());
        assert!(own.connect("localhost", 4_711).await.is_err());
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_loopback_is_refused_when_private_targets_are() {
        assert!(guard(Private::No, &[]).resolve("http://localhost:1/").await.is_err());
        assert!(guard(Private::Yes, &[]).resolve("http://localhost:1/").await.is_ok());
        // That there is no such name is for nobody to know who may touch one session alone.
        let narrow = guard(Private::No, &[]).for_one_session();
        let unknown = narrow.resolve("http://no-such-host.invalid/").await.unwrap_err();
        let known = narrow.resolve("http://localhost/").await.unwrap_err();
        assert_eq!(unknown.message, known.message);
    }

    #[test]
    fn bad_ports_are_all_found() {
        assert!((0..=u16::MAX).filter(|port| is_bad_port(*port)).count() == 92);
    }
}
