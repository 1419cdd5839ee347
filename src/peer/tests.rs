//! Look-ups of real connections.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::{Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};

use crate::peer::{Owner, canonical, own_user, owner, sock_diag, table, tells_users_apart};

/// The results of both look-ups.
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
