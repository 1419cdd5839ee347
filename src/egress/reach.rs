//! How far an IP address reaches, by IANA's registries of special-purpose addresses. Pure.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{Ipv4Net, Ipv6Net};

/// Where an address lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On the public internet.
    Public,
    /// On this machine.
    Loopback,
    /// In a network of somebody's own: home, office, cluster, or behind a provider's NAT.
    Private,
    /// On one link, or set aside for a purpose: it may mean something on this machine.
    Special,
    /// Cloud metadata, any address of this machine, or many hosts at once: never a receiver.
    Barred,
}

impl fmt::Display for Reach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::Special => "a link-local or reserved address",
            Self::Barred => "an address that is never a receiver",
        })
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(a: u16, b: u16, c: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), length)
}

/// Metadata and credentials of clouds outside link-local, "this host", multicast, broadcast.
const BARRED_V4: [Ipv4Net; 9] = [
    v4(0, 0, 0, 0, 8),
    v4(100, 100, 100, 200, 32),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 169, 0, 24),
    v4(169, 254, 170, 0, 24),
    v4(169, 254, 42, 42, 32),
    v4(192, 0, 0, 192, 32),
    v4(224, 0, 0, 0, 4),
    v4(255, 255, 255, 255, 32),
];
const LOOPBACK_V4: Ipv4Net = v4(127, 0, 0, 0, 8);
const PRIVATE_V4: [Ipv4Net; 4] =
    [v4(10, 0, 0, 0, 8), v4(100, 64, 0, 0, 10), v4(172, 16, 0, 0, 12), v4(192, 168, 0, 0, 16)];
/// What is left of the registry, those included that are reachable and never a plain host.
const SPECIAL_V4: [Ipv4Net; 11] = [
    v4(169, 254, 0, 0, 16),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 175, 48, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(240, 0, 0, 0, 4),
];

/// Metadata of AWS, Google and Scaleway; multicast.
const BARRED_V6: [Ipv6Net; 4] = [
    v6(0xfd00, 0xec2, 0, 32),
    v6(0xfd20, 0xce, 0, 32),
    v6(0xfd00, 0x42, 0, 32),
    v6(0xff00, 0, 0, 8),
];
const PRIVATE_V6: Ipv6Net = v6(0xfc00, 0, 0, 7);
/// Everything that is given out as public.
const PUBLIC_V6: Ipv6Net = v6(0x2000, 0, 0, 3);
/// Exceptions in there: protocol assignments with Teredo, benchmarks and ORCHID; documentation; AS112.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 0, 23),
    v6(0x2001, 0xdb8, 0, 32),
    v6(0x2620, 0x4f, 0x8000, 48),
    v6(0x3fff, 0, 0, 20),
];
/// These carry an IPv4 address, which decides.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);
const SIX_TO_FOUR: Ipv6Net = v6(0x2002, 0, 0, 16);
/// These carry one that means something to this machine or its network alone.
const LOCAL_NAT64: Ipv6Net = v6(0x64, 0xff9b, 1, 48);
const COMPATIBLE: Ipv6Net = v6(0, 0, 0, 96);
const TRANSLATED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96);

impl Reach {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

fn of_v4(address: Ipv4Addr) -> Reach {
    let is_in = |networks: &[Ipv4Net]| networks.iter().any(|network| network.contains(&address));
    if is_in(&BARRED_V4) {
        Reach::Barred
    } else if is_in(&[LOOPBACK_V4]) {
        Reach::Loopback
    } else if is_in(&PRIVATE_V4) {
        Reach::Private
    } else if is_in(&SPECIAL_V4) {
        Reach::Special
    } else {
        Reach::Public
    }
}

fn of_v6(address: Ipv6Addr) -> Reach {
    let is_in = |networks: &[Ipv6Net]| networks.iter().any(|network| network.contains(&address));
    if address.is_unspecified() || is_in(&BARRED_V6) {
        Reach::Barred
    } else if address.is_loopback() {
        Reach::Loopback
    } else if let Some(carried) = carried(address) {
        match of_v4(carried) {
            Reach::Public if is_in(&[NAT64, SIX_TO_FOUR]) => Reach::Public,
            Reach::Barred => Reach::Barred,
            // Whose network that is, only the translator on the way knows.
            _ => Reach::Special,
        }
    } else if is_in(&[PRIVATE_V6]) {
        Reach::Private
    } else if is_in(&[PUBLIC_V6]) && !is_in(&SPECIAL_V6) {
        Reach::Public
    } else {
        Reach::Special
    }
}

/// The IPv4 address that an IPv6 address carries for a translator.
pub fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [_, a, b, _, _, _, c, d] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(w, x, y, z))
    };
    let is_in = |network: &Ipv6Net| network.contains(&address);
    if is_in(&SIX_TO_FOUR) {
        v4(a, b)
    } else if [NAT64, LOCAL_NAT64, TRANSLATED, COMPATIBLE].iter().any(is_in) {
        v4(c, d)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reach(address: &str) -> Reach {
        Reach::of(address.parse().unwrap())
    }

    #[test]
    fn every_entry_of_the_registries_has_its_reach() {
        for (expected, addresses) in [
            (
                Reach::Public,
                "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 \
192.0.1.1 198.17.0.1 198.20.0.1 223.255.255.255 2001:200::1 2606:4700::1 2a00::1 2002:808:808::1 \
64:ff9b::808:808 3ffe::1",
            ),
            (Reach::Loopback, "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1"),
            (
                Reach::Private,
                "10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 \
100.127.255.255 fc00::1 fd12::1 ::ffff:10.0.0.1",
            ),
            (
                Reach::Special,
                "169.254.0.1 192.0.0.1 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 \
192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 240.0.0.1 254.0.0.1 fe80::1 fec0::1 \
64:ff9b:1::a00:1 100::1 100:0:0:1::1 2001::1 2001:2::1 2001:10::1 2001:20::1 2001:30::1 2001:1ff::1 \
2001:db8::1 2620:4f:8000::1 3fff::1 3fff:fff::1 5f00::1 4000::1 ::127.0.0.1 64:ff9b::7f00:1 \
2002:7f00:1:: 2002:a00:1:: ::ffff:0:7f00:1 ::8.8.8.8",
            ),
            (
                Reach::Barred,
                "0.0.0.0 0.1.2.3 169.254.169.254 169.254.170.2 169.254.170.23 \
100.100.100.200 168.63.129.16 192.0.0.192 224.0.0.1 239.1.1.1 255.255.255.255 :: ff02::1 \
fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fd00:42::42 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe \
2002:a9fe:a9fe:: ::169.254.169.254",
            ),
        ] {
            for address in addresses.split_whitespace() {
                assert_eq!(reach(address), expected, "{address}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_mapped_address_reaches_as_far_as_the_one_it_holds(bits in any::<u32>()) {
            let address = Ipv4Addr::from(bits);
            let mapped = IpAddr::V6(address.to_ipv6_mapped());
            prop_assert_eq!(Reach::of(mapped), Reach::of(IpAddr::V4(address)));
        }

        #[test]
        fn a_translated_address_is_public_only_where_the_one_it_holds_is(bits in any::<u32>()) {
            let [a, b, c, d] = bits.to_be_bytes().map(u16::from);
            let (high, low) = (a << 8 | b, c << 8 | d);
            let is_public = Reach::of(IpAddr::V4(Ipv4Addr::from(bits))) == Reach::Public;
            for segments in [[0x64, 0xff9b, 0, 0, 0, 0, high, low], [0x2002, high, low, 0, 0, 0, 0, 1]] {
                let found = Reach::of(IpAddr::V6(Ipv6Addr::from(segments)));
                prop_assert_eq!(found == Reach::Public, is_public);
            }
        }

        #[test]
        fn nothing_outside_2000_is_public(bits in any::<u128>()) {
            let address = Ipv6Addr::from(bits);
            let is_given_out = address.segments()[0] & 0xe000 == 0x2000;
            let holds_v4 = NAT64.contains(&address) || address.to_ipv4_mapped().is_some();
            let is_public = Reach::of(IpAddr::V6(address)) == Reach::Public;
            prop_assert!(!is_public || is_given_out || holds_v4);
        }
    }
}
