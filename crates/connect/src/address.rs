//! Where nothing may go: addresses of this machine, of the network around it, and of what clouds tell about themselves. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::egress::Reach;

/// Why nothing may go to an address, if nothing may.
pub fn refused(ip: IpAddr, reach: Reach) -> Option<&'static str> {
    match ip {
        IpAddr::V4(v4) => refused_v4(v4, reach),
        IpAddr::V6(v6) => refused_v6(v6, reach),
    }
}

fn refused_v4(ip: Ipv4Addr, reach: Reach) -> Option<&'static str> {
    const METADATA: [[u8; 4]; 3] = [[100, 100, 100, 200], [168, 63, 129, 16], [192, 0, 0, 192]];
    let [a, b, c, _] = ip.octets();
    if METADATA.contains(&ip.octets()) {
        return Some("a metadata address of a cloud");
    }
    let never = match (a, b, c) {
        (0, ..) => Some("not an address of a host"),
        (169, 254, _) => Some("a link-local or metadata address"),
        (192, 0, 0) | (192, 0, 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) => {
            Some("a reserved address")
        }
        (198, 18 | 19, _) => Some("a reserved address"),
        (224..=239, ..) => Some("a multicast address"),
        (240..=255, ..) => Some("a reserved address"),
        _ => None,
    };
    let inside = match (a, b) {
        (127, _) => Some("an address of this machine"),
        (10, _) | (172, 16..=31) | (192, 168) => Some("a private address"),
        (100, 64..=127) => Some("a private address of a provider"),
        _ => None,
    };
    never.or(inside.filter(|_| reach == Reach::Public))
}

fn refused_v6(ip: Ipv6Addr, reach: Reach) -> Option<&'static str> {
    let s = ip.segments();
    let inner = |hi: u16, lo: u16| {
        let ([a, b], [c, d]) = (hi.to_be_bytes(), lo.to_be_bytes());
        refused_v4(Ipv4Addr::new(a, b, c, d), reach)
    };
    if ip.is_unspecified() {
        return Some("not an address of a host");
    }
    if ip.is_loopback() {
        return Some("an address of this machine").filter(|_| reach == Reach::Public);
    }
    match s {
        // An IPv4 address in the clothes of IPv6: mapped, translated, compatible.
        [0, 0, 0, 0, 0, 0xffff, hi, lo]
        | [0, 0, 0, 0, 0xffff, 0, hi, lo]
        | [0x64, 0xff9b, 0, 0, 0, 0, hi, lo]
        | [0, 0, 0, 0, 0, 0, hi, lo] => inner(hi, lo),
        // Carried in IPv4: 6to4.
        [0x2002, hi, lo, ..] => inner(hi, lo).or(Some("a reserved address")),
        [0x64, 0xff9b, 1, ..] | [0x100, 0, 0, 0, ..] => Some("a reserved address"),
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => {
            Some("a reserved address")
        }
        [0xfd00, 0xec2, ..] => Some("a metadata address of a cloud"),
        [0xfc00..=0xfdff, ..] => Some("a private address").filter(|_| reach == Reach::Public),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfec0..=0xfeff, ..] => Some("a reserved address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(ip: &str, reach: Reach) -> bool {
        refused(ip.parse().unwrap(), reach).is_some()
    }

    #[test]
    fn the_network_around_is_refused_unless_it_is_meant() {
        for ip in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.254",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fd12:3456::1",
        ] {
            assert!(says(ip, Reach::Public), "{ip}");
            assert!(!says(ip, Reach::Private), "{ip}");
        }
    }

    #[test]
    fn some_addresses_are_never_meant() {
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.0.192",
            "198.18.0.1",
            "203.0.113.7",
            "::",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "::ffff:169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
        ] {
            assert!(says(ip, Reach::Public), "{ip}");
            assert!(says(ip, Reach::Private), "{ip}");
        }
    }

    #[test]
    fn the_rest_of_the_world_is_open() {
        for ip in [
            "8.8.8.8",
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.1.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(!says(ip, Reach::Public), "{ip}");
        }
    }
}
