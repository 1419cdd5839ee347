//! Peer credentials of a loopback TCP connection: the user whose process has the other socket.
//!
//! Linux knows the user of every socket. A `sock_diag` query finds one connection without reading the others; where
//! it is not permitted, `/proc/net/tcp` is read instead. A socket without a process has no owner, although the
//! system reports root for it.

#[cfg(target_os = "linux")]
mod sock_diag;
mod table;
#[cfg(all(test, target_os = "linux"))]
mod tests;

use std::net::SocketAddr;

/// The owner of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    User(u32),
    /// No process has the socket, or the system does not answer.
    Unknown,
    /// This system does not tell users apart.
    Unreported,
}

/// The user of this process.
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The owner of the connection from `peer` to our `local` address, both on this machine.
pub async fn owner(peer: SocketAddr, local: SocketAddr) -> Owner {
    if !cfg!(target_os = "linux") {
        return Owner::Unreported;
    }
    let (peer, local) = (canonical(peer), canonical(local));
    #[cfg(target_os = "linux")]
    if let Ok(found) = sock_diag::owner(peer, local) {
        return found.map_or(Owner::Unknown, Owner::User);
    }
    // The table has a line for every connection of the machine.
    let read = tokio::task::spawn_blocking(move || table::owner(peer, local));
    read.await.ok().flatten().map_or(Owner::Unknown, Owner::User)
}

/// Whether this system reports owners, tested with a connection to this process itself.
pub async fn tells_users_apart() -> bool {
    let pair = async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.ok()?;
        let caller = tokio::net::TcpStream::connect(listener.local_addr().ok()?).await.ok()?;
        let found = owner(caller.local_addr().ok()?, caller.peer_addr().ok()?).await;
        Some(found == Owner::User(own_user()))
    };
    pair.await.unwrap_or(false)
}

/// Maps an IPv4-mapped IPv6 address to IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
