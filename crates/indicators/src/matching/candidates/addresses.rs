//! IP addresses of both versions, read around an anchor. Knows neither names nor words.

use super::{Candidates, LONGEST_V6};
use crate::Kind;
use crate::matching::around::{
    beside_url, byte, ends_escape, escape, inside_escape, lower, read_v4,
};
use crate::matching::matcher::{How, key};
use crate::matching::networks::number;
use crate::matching::segment::{is_word, url_host};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

impl Candidates<'_> {
    /// Every address with four numbers in a run of host bytes, such as `198.51.100.1-198.51.100.9`.
    pub(super) fn numbers(&mut self, window: &[u8], at: usize, start: usize, end: usize) {
        let mut from = start;
        while from < end {
            if let Some((v4, length)) = read_v4(&window[from..end]) {
                self.v4(window, at, from, from + length, v4);
                from += length;
            }
            let rest = &window[from..end];
            let next = rest.iter().position(|byte| matches!(byte, b'-' | b'_'));
            from += next.map_or(rest.len(), |next| next + 1);
        }
    }

    fn v4(&mut self, window: &[u8], at: usize, start: usize, end: usize, address: u32) {
        let text = &window[start..end];
        if self.wants.url && beside_url(window, start, end) {
            self.url(window, at, start, end, url_host(text));
        }
        if !self.wants.v4 {
            return;
        }
        let key = key(Kind::Ipv4, text);
        if self.matcher.may_hold(key) {
            let value = lower(text);
            self.keep(at, start..end, |matcher, found| {
                matcher.take(key, Kind::Ipv4, &value, How::Exact, found);
            });
        }
        if self.wants.v4_networks && self.matcher.near_network(address) {
            let address = number(IpAddr::V4(Ipv4Addr::from_bits(address)));
            self.keep(at, start..end, |matcher, found| {
                matcher.find_network(address, None, found);
            });
        }
    }

    pub(super) fn colon(&mut self, window: &[u8], at: usize) {
        let part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        if at < self.colons || !part(byte(window, at + 1)) {
            return;
        }
        let mut start = at;
        while start > 0 && part(window[start - 1]) && at - start <= LONGEST_V6 {
            start -= 1;
        }
        let mut end = at + 1;
        while end < window.len()
            && (part(window[end]) || window[end] == b'.')
            && end - at <= LONGEST_V6
        {
            end += 1;
        }
        self.colons = end;
        while end > at && matches!(window[end - 1], b':' | b'.') && !window[..end].ends_with(b"::")
        {
            end -= 1;
        }
        // Hexadecimal digits before it may belong to an escape, or be the middle of a word.
        for skip in [Some(0), escape(window, start), inside_escape(window, start)]
            .into_iter()
            .flatten()
        {
            let first = start + skip;
            let stands =
                first == 0 || skip > 0 || !is_word(window[first - 1]) || ends_escape(window, first);
            if stands && first < end {
                self.v6(window, at, first, end);
            }
        }
    }

    fn v6(&mut self, window: &[u8], at: usize, start: usize, end: usize) {
        let text = &window[start..end];
        if text.len() > LONGEST_V6 || memchr::memchr_iter(b':', text).count() < 2 {
            return;
        }
        let Some(address) = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<Ipv6Addr>().ok())
        else {
            return;
        };
        let value = address.to_string();
        let key = key(Kind::Ipv6, value.as_bytes());
        self.keep(at, start..end, |matcher, found| {
            if matcher.may_hold(key) {
                matcher.take(key, Kind::Ipv6, &value, How::Exact, found);
            }
            matcher.find_network(number(IpAddr::V6(address)), None, found);
        });
    }
}
