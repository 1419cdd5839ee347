//! Owner of the other end of a loopback connection: the user whose process holds that socket.
//!
//! Linux knows the user of every socket of the machine. One question to its `sock_diag` interface finds
//! a connection without reading the others; where that is not permitted, `/proc/net/tcp` is read instead.
//! A socket that no process holds any more has no owner: its number says root's, whoever it was.
//! Knows nothing of HTTP.

#[cfg(target_os = "linux")]
mod sock_diag;
mod table;

use std::net::SocketAddr;

/// Whose process is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    User(u32),
    /// No process holds that socket, or the system does not answer.
    Unknown,
    /// This system does not tell users apart.
    Untold,
}

/// The user of this process.
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The owner of the connection from `peer` to our `local` address, both on this machine.
pub async fn owner(peer: SocketAddr, local: SocketAddr) -> Owner {
    if !cfg!(target_os = "linux") {
        return Owner::Untold;
    }
    let (peer, local) = (canonical(peer), canonical(local));
    #[cfg(target_os = "linux")]
    if let Ok(found) = sock_diag::owner(peer, local) {
        return found.map_or(Owner::Unknown, Owner::User);
    }
    // The table is as long as there are connections.
    let read = tokio::task::spawn_blocking(move || table::owner(peer, local));
    read.await.ok().flatten().map_or(Owner::Unknown, Owner::User)
}

/// Whether users can be told apart here, found out by a connection to ourselves.
pub async fn tells_users_apart() -> bool {
    let pair = async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.ok()?;
        let caller = tokio::net::TcpStream::connect(listener.local_addr().ok()?).await.ok()?;
        let found = owner(caller.local_addr().ok()?, caller.peer_addr().ok()?).await;
        Some(found == Owner::User(own_user()))
    };
    pair.await.unwrap_or(false)
}

/// An IPv4 address that was written as an IPv6 one is the IPv4 address.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    #![cfg(target_os = "linux")]

    use std::net::Ipv6Addr;

    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// What both ways find of a connection.
    async fn found(peer: SocketAddr, local: SocketAddr) -> [Option<u32>; 2] {
        let (peer, local) = (canonical(peer), canonical(local));
        [sock_diag::owner(peer, local).unwrap(), table::owner(peer, local)]
    }

    #[tokio::test]
    async fn a_connection_of_ours_is_found_in_every_family() {
        let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
        let listener = TcpListener::bind(any).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let target = SocketAddr::new(address.parse().unwrap(), port);
            let caller = TcpStream::connect(target).await.unwrap();
            let (accepted, peer) = listener.accept().await.unwrap();
            let local = accepted.local_addr().unwrap();
            assert_eq!(found(peer, local).await, [Some(own_user()); 2], "{address}");
            assert_eq!(owner(peer, local).await, Owner::User(own_user()));
            drop(caller);
            assert_eq!(found(peer, local).await, [None; 2], "{address} has closed");
            assert_eq!(owner(peer, local).await, Owner::Unknown);
        }
        assert!(tells_users_apart().await);
    }

    /// The kernel falls back to a listener on the caller's port, which is another process.
    #[tokio::test]
    async fn a_listener_on_the_port_of_the_caller_is_not_the_caller() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let stranger = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (peer, local) = (stranger.local_addr().unwrap(), listener.local_addr().unwrap());
        assert_eq!(found(peer, local).await, [None; 2]);
    }
}
