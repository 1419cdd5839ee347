//! The connections of callers: how many there may be, and which of them give way when it is full.
//!
//! Nobody is known before a request has been read. So a connection that comes when there are too
//! many is let in, and one that has shown the least is closed for it: first those that are not in
//! the middle of a request, then those whose caller was not let in, the oldest of each first. A
//! request of a known caller is never cut off. Some places are kept free of lasting connections, so
//! that the owner gets through even then.

mod paced;
pub mod turn;

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::task::AtomicWaker;

use crate::config::TrustedProxies;

pub use self::paced::{Paced, Pacing};

/// A connection this young has had no time to show anything.
const YOUNG: Duration = Duration::from_secs(1);

/// How many there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    pub total: usize,
    /// Of these, places that are never held for long.
    pub reserve: usize,
    /// From one address, other than this machine and the proxies.
    pub per_address: usize,
    pub proxies: TrustedProxies,
}

impl Room {
    /// For as many as the settings allow, 0 for as many as the descriptors do.
    pub fn new(descriptors: u64, most: usize, per_address: usize, proxies: TrustedProxies) -> Self {
        /// More than two workers serve well.
        const MOST: usize = 20_000;
        let own = (descriptors / 4).clamp(64, 2_048);
        let left = usize::try_from(descriptors.saturating_sub(own)).unwrap_or(MOST).min(MOST);
        let total = if most == 0 { left } else { most.min(left) }.max(8);
        let per_address = if per_address == 0 { total / 2 } else { per_address };
        Self { total, reserve: total / 8, per_address, proxies }
    }
}

/// The open connections of one server; clones are the same ones.
#[derive(Clone)]
pub struct Connections {
    room: Arc<Room>,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    next: u64,
    /// In the order in which they came.
    all: BTreeMap<u64, Arc<Connection>>,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection, as others see it.
pub struct Connection {
    address: IpAddr,
    since: Instant,
    /// Requests that were begun and are not answered to the end.
    under_way: AtomicUsize,
    /// Beginnings and ends of requests so far.
    turns: AtomicUsize,
    /// Whether the request under way has a body, or is a WebSocket.
    has_body: AtomicBool,
    /// Whether reading on waits for the next turn.
    is_held: AtomicBool,
    /// Whether a caller on it was let in.
    known: AtomicBool,
    /// Whether it has to go.
    closing: AtomicBool,
    /// Whether it took one of the places that are not held for long.
    is_short: bool,
    task: AtomicWaker,
}

/// A place among the connections; given back when dropped.
pub struct Seat {
    pub connection: Arc<Connection>,
    number: u64,
    connections: Connections,
}

impl Connections {
    pub fn new(room: Room) -> Self {
        Self { room: Arc::new(room), open: Arc::default() }
    }

    /// A place for a connection from there. None where all are held by callers who may hold them.
    pub fn enter(&self, peer: Option<IpAddr>) -> Option<Seat> {
        let address = network_of(peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let from_there = open.by_address.get(&address).copied().unwrap_or(0);
        let is_proxy = peer.is_some_and(|peer| self.room.proxies.contains(peer));
        let is_bounded = !address.is_loopback() && !is_proxy;
        if is_bounded && self.room.per_address <= from_there {
            let weakest = open.weakest(Some(address), now)?;
            weakest.close();
        }
        let mut is_short = false;
        if self.room.total.saturating_sub(self.room.reserve) <= open.all.len() {
            let greediest = open.by_address.iter().max_by_key(|(_, count)| **count);
            let greediest = greediest.map(|(address, _)| *address);
            let weakest = open.weakest(greediest, now).or_else(|| open.weakest(None, now));
            match weakest {
                Some(weakest) => weakest.close(),
                None => is_short = true,
            }
        }
        if self.room.total <= open.all.len() {
            return None;
        }
        let connection = Arc::new(Connection {
            address,
            since: now,
            under_way: AtomicUsize::new(0),
            turns: AtomicUsize::new(0),
            has_body: AtomicBool::new(false),
            is_held: AtomicBool::new(false),
            known: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            is_short,
            task: AtomicWaker::new(),
        });
        let number = open.next;
        open.next += 1;
        open.all.insert(number, connection.clone());
        *open.by_address.entry(address).or_default() += 1;
        Some(Seat { connection, number, connections: self.clone() })
    }

    /// Closes those without a request under way, such as a WebSocket that the client does not close.
    pub fn end_resting(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for connection in open.all.values() {
            if connection.under_way.load(Ordering::Relaxed) == 0 {
                connection.end();
            }
        }
    }
}

impl Open {
    /// The one that has shown the least, of those that may be closed.
    fn weakest(&self, address: Option<IpAddr>, now: Instant) -> Option<Arc<Connection>> {
        let of_address = |one: &&Arc<Connection>| address.is_none_or(|from| from == one.address);
        let all = self.all.values().filter(of_address);
        let ranked = all.filter_map(|one| Some((one.strength(now)?, one)));
        // Of equals the first is the oldest.
        ranked.min_by_key(|(strength, _)| *strength).map(|(_, one)| one.clone())
    }
}

impl Connection {
    /// What it has shown, the least first; none for one that stays, or goes already.
    fn strength(&self, now: Instant) -> Option<(bool, u8)> {
        let is_busy = 0 < self.under_way.load(Ordering::Relaxed);
        let shown = match (self.known.load(Ordering::Relaxed), is_busy) {
            (false, false) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (true, true) => return None,
        };
        let is_closing = self.closing.load(Ordering::Relaxed);
        let is_young = now.saturating_duration_since(self.since) < YOUNG;
        (!is_closing).then_some((is_young, shown))
    }

    fn end(&self) {
        self.closing.store(true, Ordering::Release);
        self.task.wake();
    }

    fn close(&self) {
        self.end();
        metrics::counter!("wagate_http_connections_closed_total", "reason" => "full").increment(1);
    }

    /// A caller on it was let in.
    pub fn let_in(&self) {
        self.known.store(true, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.connections.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all.remove(&self.number);
        let address = self.connection.address;
        if let Some(count) = open.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

/// The address by which a caller counts: with IPv6 the first 64 bits, of which one host has all.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(own) if !own.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(own.to_bits() >> 64 << 64))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TrustedProxy;

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn connections(total: usize, reserve: usize, per_address: usize) -> Connections {
        Connections::new(Room { total, reserve, per_address, proxies: TrustedProxies::default() })
    }

    fn is_closing(seat: &Seat) -> bool {
        seat.connection.closing.load(Ordering::Relaxed)
    }

    #[test]
    fn there_is_room_for_what_the_descriptors_allow_and_the_gateway_needs_some() {
        let room = |descriptors, most| Room::new(descriptors, most, 0, TrustedProxies::default());
        assert_eq!((room(1_024, 0).total, room(1_024, 0).reserve), (768, 96));
        assert_eq!(room(1_048_576, 0).total, 20_000);
        assert_eq!(room(1_024, 100).total, 100);
        assert_eq!(room(1_024, 5_000).total, 768);
    }

    #[test]
    fn who_has_shown_nothing_gives_way_and_a_known_caller_at_work_never_does() {
        let connections = connections(4, 1, 4);
        let seats: Vec<Seat> =
            (0..3).map(|_| connections.enter(from("127.0.0.1")).unwrap()).collect();
        seats[0].connection.let_in();
        seats[0].connection.under_way.store(1, Ordering::Relaxed);
        seats[1].connection.under_way.store(1, Ordering::Relaxed);
        let _fourth = connections.enter(from("127.0.0.1")).unwrap();
        assert_eq!(seats.iter().map(is_closing).collect::<Vec<_>>(), [false, false, true]);
        seats[1].connection.close();
        assert!(connections.enter(from("127.0.0.1")).is_none(), "all places are taken");
        assert!(!is_closing(&seats[0]));
    }

    #[test]
    fn where_all_are_known_and_at_work_the_reserve_is_given_for_a_short_time() {
        let connections = connections(3, 1, 3);
        let busy = |seat: Seat| {
            seat.connection.let_in();
            seat.connection.under_way.store(1, Ordering::Relaxed);
            seat
        };
        let _held: Vec<Seat> =
            (0..2).map(|_| busy(connections.enter(from("127.0.0.1")).unwrap())).collect();
        let last = busy(connections.enter(from("127.0.0.1")).unwrap());
        assert!(last.connection.is_short);
        assert!(connections.enter(from("127.0.0.1")).is_none());
        drop(last);
        assert!(connections.enter(from("127.0.0.1")).is_some());
    }

    #[test]
    fn proxies_have_all_by_their_addresses_or_their_network() {
        let entry = |text: &str| TrustedProxy::try_from(text.to_owned()).unwrap();
        let proxies = ["fd00:1::7", "172.18.0.0/16"].map(entry);
        let proxies = TrustedProxies(proxies.into());
        let connections =
            Connections::new(Room { total: 100, reserve: 10, per_address: 2, proxies });
        for (address, is_proxy) in [
            ("fd00:1::7", true),
            ("172.18.3.4", true),
            ("::ffff:172.18.3.5", true),
            ("172.19.0.1", false),
            ("fd00:1::8", false),
        ] {
            let seats: Vec<Seat> =
                (0..5).map(|_| connections.enter(from(address)).unwrap()).collect();
            assert_eq!(!seats.iter().any(is_closing), is_proxy, "{address}");
        }
    }

    #[test]
    fn one_network_has_its_share_and_this_machine_has_all() {
        let connections = connections(100, 10, 2);
        let seats: Vec<Seat> = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]
            .map(|text| connections.enter(from(text)).unwrap())
            .into();
        assert!(!seats.iter().any(is_closing));
        let _fourth = connections.enter(from("2001:db8::3")).unwrap();
        assert_eq!(seats.iter().map(is_closing).collect::<Vec<_>>(), [true, false, false]);
        let local: Vec<Seat> =
            (0..50).map(|_| connections.enter(from("::ffff:127.0.0.1")).unwrap()).collect();
        assert!(!local.iter().any(is_closing));
        drop((seats, local, _fourth));
        assert!(connections.open.lock().unwrap().by_address.is_empty());
    }
}
