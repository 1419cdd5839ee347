//! The gateway's own ports, which requests on behalf of callers never reach.
//!
//! A part that listens registers its port here and holds the handle while it listens.

use std::{
    collections::HashMap,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex, PoisonError},
};

use url::Url;

use crate::egress::reach::carried;

/// Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct OwnPorts {
    /// Listeners on each port.
    ports: Arc<Mutex<HashMap<u16, usize>>>,
    /// The host and port by which the gateway is reached from outside.
    public: Option<(String, u16)>,
}

/// A port is the gateway's own until this is dropped.
#[derive(Debug)]
#[must_use = "the port is the gateway's own only while this is held"]
pub struct OwnPort {
    all: OwnPorts,
    port: u16,
}

impl OwnPorts {
    /// With the URL by which the gateway is reached from outside, if that is set.
    pub fn new(public_url: &str) -> Self {
        let public = Url::parse(public_url)
            .ok()
            .and_then(|url| Some((plain(url.host_str()?), url.port_or_known_default()?)));
        Self { ports: Arc::default(), public }
    }

    pub fn add(&self, port: u16) -> OwnPort {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        *ports.entry(port).or_default() += 1;
        OwnPort { all: self.clone(), port }
    }

    /// Whether a connection to this address ends in the gateway.
    pub fn holds(&self, address: SocketAddr) -> bool {
        let ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        let is_listed = ports.contains_key(&address.port());
        drop(ports);
        let ip = address.ip().to_canonical();
        let carried = match ip {
            IpAddr::V6(address) => carried(address).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        is_listed && (is_of_this_machine(ip) || carried.is_some_and(is_of_this_machine))
    }

    /// Whether the gateway is reached from outside by this name and port.
    pub fn is_public_name(&self, host: &str, port: u16) -> bool {
        self.public.as_ref().is_some_and(|(own, at)| *at == port && *own == plain(host))
    }
}

impl Drop for OwnPort {
    fn drop(&mut self) {
        let mut ports = self.all.ports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = ports.get_mut(&self.port) {
            *count -= 1;
            if *count == 0 {
                ports.remove(&self.port);
            }
        }
    }
}

fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_lowercase()
}

/// Asks the system which address a packet to this one would leave from: to an address of the machine it
/// leaves from that address. Nothing is sent.
fn is_of_this_machine(address: IpAddr) -> bool {
    if address.is_loopback() || address.is_unspecified() {
        return true;
    }
    let any = match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let asked = UdpSocket::bind((any, 0)).and_then(|socket| {
        // Port 9 takes whatever comes and answers nothing; none of it comes.
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    match asked {
        Ok(from) => from.ip() == address,
        Err(error) => !matches!(
            error.kind(),
            ErrorKind::NetworkUnreachable
                | ErrorKind::HostUnreachable
                | ErrorKind::AddrNotAvailable
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_own_on_every_address_of_the_machine_while_its_handle_is_held() {
        let own = OwnPorts::default();
        let (first, second) = (own.add(4_711), own.add(4_711));
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
        ] {
            let at = |port: u16| format!("{address}:{port}").parse().unwrap();
            assert!(own.holds(at(4_711)), "{address}");
            assert!(!own.holds(at(4_712)), "{address}");
        }
        assert!(!own.holds("192.0.2.1:4711".parse().unwrap()));
        drop(first);
        assert!(own.holds("127.0.0.1:4711".parse().unwrap()));
        drop(second);
        assert!(!own.holds("127.0.0.1:4711".parse().unwrap()));
    }

    #[test]
    fn the_public_name_is_own_in_any_spelling_and_at_its_port_alone() {
        let own = OwnPorts::new("https://Gateway.example/wagate");
        assert!(own.is_public_name("gateway.EXAMPLE.", 443));
        assert!(!own.is_public_name("gateway.example", 80));
        assert!(!own.is_public_name("hooks.gateway.example", 443));
        assert!(!OwnPorts::new("").is_public_name("", 443));
    }
}
