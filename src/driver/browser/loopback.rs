//! Listener on loopback for one browser, with a limit of connections.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

use crate::egress::{OwnPort, OwnPorts};

/// Pause after a failed accept, which would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listening port. Dropping it closes the port and its connections.
pub struct Port {
    pub address: SocketAddr,
    _own: OwnPort,
    _serving: AbortOnDropHandle<()>,
}

impl Port {
    /// Serves each connection in a task of its own, up to `most` at once; further ones wait.
    pub async fn open<F, S>(own_ports: &OwnPorts, at_once: usize, serve: S) -> io::Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(TcpStream) -> F + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let _own = own_ports.add(address.port());
        let serving = tokio::spawn(accept(listener, at_once, serve));
        Ok(Self { address, _own, _serving: AbortOnDropHandle::new(serving) })
    }
}

async fn accept<F, S>(listener: TcpListener, at_once: usize, serve: S)
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(TcpStream) -> F + Send + 'static,
{
    let places = Arc::new(Semaphore::new(at_once));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Messages are small, and their sender waits for the answer. The option may fail without harm.
        let _ = stream.set_nodelay(true);
        let connection = serve(stream);
        connections.spawn(async move {
            connection.await;
            drop(place);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_is_the_gateways_own_while_it_is_open() {
        let own_ports = OwnPorts::default();
        let port = Port::open(&own_ports, 1, |_| async {}).await.unwrap();
        let address = port.address;
        assert!(own_ports.holds(address));
        drop(port);
        assert!(!own_ports.holds(address));
    }
}
