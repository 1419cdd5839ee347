//! A client's connection: who is at its other end, found out once and only when it is asked.

use std::{any::Any, net::SocketAddr};

use actix_web::{dev::Extensions, rt::net::TcpStream};
use tokio::sync::OnceCell;

use crate::peer::{self, Owner};

/// What is known of one connection for as long as it lasts.
pub struct Connection {
    peer: SocketAddr,
    local: SocketAddr,
    owner: OnceCell<Owner>,
}

impl Connection {
    /// Notes a connection when it is accepted.
    pub fn note(stream: &dyn Any, data: &mut Extensions) {
        let Some(stream) = stream.downcast_ref::<TcpStream>() else { return };
        if let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) {
            data.insert(Self { peer, local, owner: OnceCell::new() });
        }
    }

    pub fn is_from_loopback(&self) -> bool {
        self.peer.ip().to_canonical().is_loopback()
    }

    /// Whether the caller's process belongs to the gateway's own user or to root. Where the system tells
    /// no users apart, every process of this machine counts as one.
    pub async fn is_of_own_user(&self) -> bool {
        match self.owner.get_or_init(|| peer::owner(self.peer, self.local)).await {
            Owner::User(user) => *user == 0 || *user == peer::own_user(),
            Owner::Unreported => true,
            Owner::Unknown => false,
        }
    }
}
