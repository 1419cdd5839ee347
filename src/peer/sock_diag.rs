//! Lookup of one TCP socket by its addresses over netlink's `sock_diag`.

use std::{io, net::SocketAddr};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::{
    SockDiagMessage,
    constants::{AF_INET, AF_INET6, IPPROTO_TCP},
    inet::{ExtensionFlags, InetRequest, SocketId, StateFlags},
};
use netlink_sys::{Socket, SocketAddr as NetlinkAddress, protocols::NETLINK_SOCK_DIAG};

use crate::peer::table;

/// Longer than any answer about one socket.
const LONGEST_ANSWER: usize = 8 * 1024;
/// Matches any socket with these addresses.
const NO_COOKIE: [u8; 8] = [0xff; 8];
const ENOENT: i32 = 2;

/// The user of the socket at `peer` that is connected to `local`. Fails where the system does not permit the query.
pub fn owner(peer: SocketAddr, local: SocketAddr) -> io::Result<Option<u32>> {
    let socket = Socket::new(NETLINK_SOCK_DIAG)?;
    // The kernel answers during the send.
    socket.set_non_blocking(true)?;
    socket.connect(&NetlinkAddress::new(0, 0))?;
    socket.send(&question(peer, local), 0)?;
    let mut answer = Vec::with_capacity(LONGEST_ANSWER);
    socket.recv(&mut answer, 0)?;
    read(&answer, peer, local)
}

fn question(peer: SocketAddr, local: SocketAddr) -> Vec<u8> {
    let request = InetRequest {
        family: if peer.is_ipv4() { AF_INET } else { AF_INET6 },
        protocol: IPPROTO_TCP,
        extensions: ExtensionFlags::empty(),
        states: StateFlags::all(),
        socket_id: SocketId {
            source_port: peer.port(),
            destination_port: local.port(),
            source_address: peer.ip(),
            destination_address: local.ip(),
            interface_id: 0,
            cookie: NO_COOKIE,
        },
    };
    let mut message = NetlinkMessage::from(SockDiagMessage::InetRequest(request));
    message.header.flags = NLM_F_REQUEST;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

fn read(answer: &[u8], peer: SocketAddr, local: SocketAddr) -> io::Result<Option<u32>> {
    let message = NetlinkMessage::<SockDiagMessage>::deserialize(answer)
        .map_err(|error| io::Error::other(error.to_string()))?;
    match message.payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => {
            let (head, id) = (&found.header, &found.header.socket_id);
            let source = SocketAddr::new(id.source_address.to_canonical(), id.source_port);
            let target =
                SocketAddr::new(id.destination_address.to_canonical(), id.destination_port);
            let is_it = (source, target) == (peer, local);
            let is_held = table::is_held(head.state, u64::from(head.inode));
            Ok((is_it && is_held).then_some(head.uid))
        }
        NetlinkPayload::Error(error) if error.raw_code() == -ENOENT => Ok(None),
        NetlinkPayload::Error(error) => Err(error.to_io()),
        _ => Err(io::Error::other("an answer to another question")),
    }
}
