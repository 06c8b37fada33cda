//! IP networks, and which of them holds an address most closely. Knows addresses, not where the networks come from.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An IP network: both versions as one 128-bit number, IPv4 as `::ffff:0:0/96`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Network {
    /// The first address.
    pub(super) first: u128,
    /// How many leading bits are the network's, of 128.
    pub(super) prefix: u8,
}

impl Network {
    /// Reads `192.0.2.0/24` or `2001:db8::/32`. Bits behind the prefix are cleared.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok()?;
        let prefix = match address {
            IpAddr::V4(_) => (prefix <= 32).then_some(prefix + 96)?,
            IpAddr::V6(_) => (prefix <= 128).then_some(prefix)?,
        };
        Some(Self::of(number(address), prefix))
    }

    /// The network of so many bits that an address is in.
    pub(super) fn of(address: u128, prefix: u8) -> Self {
        let rest = 128 - u32::from(prefix.min(128));
        Self {
            first: address
                .checked_shr(rest)
                .unwrap_or(0)
                .checked_shl(rest)
                .unwrap_or(0),
            prefix: prefix.min(128),
        }
    }

    /// Whether it holds every address of its version.
    pub(super) fn is_everything(self) -> bool {
        self.prefix == 0 || (self.prefix == 96 && self.is_v4())
    }

    /// Whether it is one of IPv4.
    pub(super) fn is_v4(self) -> bool {
        self.prefix >= 96 && self.first >> 32 == 0xffff
    }

    fn last(self) -> u128 {
        self.first | u128::MAX.checked_shr(u32::from(self.prefix)).unwrap_or(0)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Ipv6Addr::from_bits(self.first);
        match address.to_ipv4_mapped() {
            Some(v4) if self.prefix >= 96 => write!(formatter, "{v4}/{}", self.prefix - 96),
            _ => write!(formatter, "{address}/{}", self.prefix),
        }
    }
}

/// An address as one number of both versions.
pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// A set of networks as consecutive ranges, each with the narrowest network over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Networks {
    all: Vec<Network>,
    starts: Vec<u128>,
    narrowest: Vec<Option<u32>>,
}

impl Networks {
    /// A set of these. The order and repetitions don't matter.
    pub(super) fn of(mut all: Vec<Network>) -> Self {
        all.sort_unstable();
        all.dedup();
        let mut ranges = Ranges::default();
        let mut open: Vec<u32> = Vec::new();
        for (index, network) in (0_u32..).zip(&all) {
            ranges.close(&mut open, &all, Some(network.first));
            open.push(index);
            ranges.begin(network.first, Some(index));
        }
        ranges.close(&mut open, &all, None);
        Self {
            starts: ranges.starts,
            narrowest: ranges.narrowest,
            all,
        }
    }

    /// The narrowest network that holds the address.
    #[inline]
    pub(super) fn narrowest(&self, address: u128) -> Option<Network> {
        let behind = self.starts.partition_point(|start| *start <= address);
        let index = self.narrowest[behind.checked_sub(1)?]?;
        self.all.get(index as usize).copied()
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> &[Network] {
        &self.all
    }

    /// Bytes of memory they take.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.all.as_slice())
            + size_of_val(self.starts.as_slice())
            + size_of_val(self.narrowest.as_slice())
    }
}

#[derive(Default)]
struct Ranges {
    starts: Vec<u128>,
    narrowest: Vec<Option<u32>>,
}

impl Ranges {
    /// From here on, this one is the narrowest.
    fn begin(&mut self, start: u128, index: Option<u32>) {
        if self.starts.last() == Some(&start) {
            self.starts.pop();
            self.narrowest.pop();
        }
        self.starts.push(start);
        self.narrowest.push(index);
    }

    /// Closes the networks that end before an address, innermost first.
    fn close(&mut self, open: &mut Vec<u32>, all: &[Network], before: Option<u128>) {
        while let Some(top) = open.last() {
            let last = all[*top as usize].last();
            if before.is_some_and(|address| last >= address) {
                break;
            }
            open.pop();
            if let Some(next) = last.checked_add(1) {
                self.begin(next, open.last().copied());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn networks_read_as_they_are_written() {
        for (text, written) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("198.51.100.7/32", "198.51.100.7/32"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::/0", "::/0"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(Network::read(text).unwrap().to_string(), written);
        }
        for text in [
            "192.0.2.0",
            "192.0.2.0/33",
            "2001:db8::/129",
            "x/8",
            "/",
            "192.0.2.0/-1",
        ] {
            assert_eq!(Network::read(text), None, "{text}");
        }
        assert!(Network::read("0.0.0.0/0").unwrap().is_everything());
        assert!(Network::read("::/0").unwrap().is_everything());
        assert!(!Network::read("0.0.0.0/1").unwrap().is_everything());
    }

    proptest! {
        #[test]
        fn the_narrowest_is_found(
            nets in prop::collection::vec((0_u32..4096, 20_u8..=32), 0..40),
            ask in prop::collection::vec(0_u32..4096, 40),
        ) {
            let address = |low: u32| number(IpAddr::V4((0x0a00_0000 | low).into()));
            let all: Vec<Network> = nets.iter().map(|(low, prefix)| Network::of(address(*low), prefix + 96)).collect();
            let set = Networks::of(all.clone());
            for low in ask {
                let wanted = all.iter().filter(|n| n.first <= address(low) && address(low) <= n.last()).max_by_key(|n| n.prefix);
                prop_assert_eq!(set.narrowest(address(low)), wanted.copied());
            }
        }
    }

    #[test]
    fn the_last_address_there_is_can_be_in_a_network() {
        let set = Networks::of(vec![Network::of(u128::MAX, 128), Network::of(u128::MAX, 8)]);
        assert_eq!(set.narrowest(u128::MAX).unwrap().prefix, 128);
        assert_eq!(set.narrowest(u128::MAX - 1).unwrap().prefix, 8);
        assert_eq!(set.narrowest(0), None);
    }
}
