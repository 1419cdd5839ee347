//! The system's table of TCP sockets, `/proc/net/tcp` and `/proc/net/tcp6`, read line by line.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// States of a connected socket: ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT.
const CONNECTED: [u8; 4] = [1, 4, 5, 8];

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    from: SocketAddr,
    to: SocketAddr,
    state: u8,
    user: u32,
    inode: u64,
}

/// Whether a process has a connected socket. A socket without a process has no inode, and is listed as root's.
pub fn is_held(state: u8, inode: u64) -> bool {
    CONNECTED.contains(&state) && inode != 0
}

/// The user of the socket at `peer` that is connected to `local`.
pub fn owner(peer: SocketAddr, local: SocketAddr) -> Option<u32> {
    ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().find_map(|table| {
        let lines = BufReader::new(File::open(table).ok()?).lines().map_while(Result::ok);
        let is_it = |line: &Line| line.from == peer && line.to == local;
        let found = lines.filter_map(|text| read(&text)).find(is_it)?;
        is_held(found.state, found.inode).then_some(found.user)
    })
}

fn read(text: &str) -> Option<Line> {
    let mut words = text.split_whitespace().skip(1);
    let (from, to) = (address(words.next()?)?, address(words.next()?)?);
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    // Between them: queues, timers and retransmissions.
    let user = words.nth(3)?.parse().ok()?;
    let inode = words.nth(1)?.parse().ok()?;
    Some(Line { from, to, state, user, inode })
}

/// An address in the kernel's format: words of four bytes, each in the machine's byte order.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| {
        let word = u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    };
    let ip = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(at)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn a_line_is_read_as_the_kernel_writes_it() {
        let line = read(
            "   1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 81234 1 0000",
        );
        let expected = Line {
            from: "127.0.0.1:40000".parse().unwrap(),
            to: "127.0.0.1:8080".parse().unwrap(),
            state: 1,
            user: 1000,
            inode: 81234,
        };
        assert_eq!(line, Some(expected));
        let mapped = address("0000000000000000FFFF00000100007F:1F90").unwrap();
        assert_eq!(mapped, "127.0.0.1:8080".parse().unwrap());
        let six = address("00000000000000000000000001000000:1F90").unwrap();
        assert_eq!(six, "[::1]:8080".parse().unwrap());
        assert_eq!(
            read("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when"),
            None
        );
    }

    #[test]
    fn what_the_kernel_alone_keeps_belongs_to_nobody() {
        assert!(is_held(1, 7) && is_held(5, 7));
        // Closed by its process, TIME_WAIT, LISTEN, SYN_SENT.
        assert!(!is_held(5, 0) && !is_held(6, 0) && !is_held(10, 7) && !is_held(2, 7));
    }

    proptest! {
        #[test]
        fn any_line_is_read_or_passed_over(text in "[0-9A-F: é]{0,200}") {
            let _ = read(&text);
        }
    }
}
