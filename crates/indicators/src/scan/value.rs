//! Reads numbers and addresses from bytes that hold nothing else. Does not look around them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address of either version.
#[derive(Clone, Copy)]
pub(crate) enum Address {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

/// Four decimal numbers. Numbers padded with zeros are read as decimal only where all are three digits long: otherwise
/// nobody knows whether they are octal.
pub(crate) fn ipv4(bytes: &[u8]) -> Option<Ipv4Addr> {
    if bytes.len() < 7 || bytes.len() > 15 {
        return None;
    }
    let padded = bytes.len() == 15;
    let mut octets = [0u8; 4];
    let mut parts = bytes.split(|byte| *byte == b'.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || part.len() > 3 || (part.len() > 1 && part[0] == b'0' && !padded) {
            return None;
        }
        let mut number = 0u16;
        for digit in part {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number * 10 + u16::from(digit - b'0');
        }
        *octet = u8::try_from(number).ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

/// The network that holds an address: its first address and the length of its prefix.
pub(crate) fn network(address: Address, prefix: u8) -> Option<String> {
    match address {
        Address::V4(address) if prefix <= 32 => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            let first = Ipv4Addr::from(u32::from(address) & mask);
            Some(format!("{first}/{prefix}"))
        }
        Address::V6(address) if prefix <= 128 => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            let first = Ipv6Addr::from(u128::from(address) & mask);
            Some(format!("{first}/{prefix}"))
        }
        _ => None,
    }
}

/// The host of a URL as browsers read it, when it is a number: `3232235777`, `0xC0A80101`, `0300.0250.1.1`.
pub(crate) fn numeric_host(host: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = host.split('.').collect();
    if parts.len() > 4 || !host.bytes().next()?.is_ascii_digit() {
        return None;
    }
    let mut numbers = Vec::with_capacity(4);
    for part in &parts {
        let number = if let Some(hex) = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X"))
        {
            u32::from_str_radix(hex, 16).ok()?
        } else if part.len() > 1 && part.starts_with('0') {
            u32::from_str_radix(part, 8).ok()?
        } else {
            part.parse().ok()?
        };
        numbers.push(number);
    }
    let last = numbers.pop()?;
    let room = 4 - numbers.len();
    if room < 4 && last >= 1 << (8 * room) {
        return None;
    }
    let mut address = last;
    for (index, number) in numbers.iter().enumerate() {
        address |= u32::from(u8::try_from(*number).ok()?) << (24 - 8 * index);
    }
    Some(Ipv4Addr::from(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_hosts() {
        for written in ["3232235777", "0xC0A80101", "0300.0250.1.1", "192.168.257"] {
            assert_eq!(
                numeric_host(written),
                Some(Ipv4Addr::new(192, 168, 1, 1)),
                "{written}"
            );
        }
        assert_eq!(numeric_host("192.168.1.256"), None);
        assert_eq!(numeric_host("1.2.3.4.5"), None);
    }

    #[test]
    fn networks_begin_at_their_first_address() {
        let address = Address::V4(Ipv4Addr::new(10, 1, 2, 3));
        assert_eq!(network(address, 8).as_deref(), Some("10.0.0.0/8"));
        assert_eq!(network(address, 0).as_deref(), Some("0.0.0.0/0"));
        assert_eq!(network(address, 33), None);
    }
}
