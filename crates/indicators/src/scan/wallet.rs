//! Reads addresses of currencies, and believes none whose checksum does not fit.

use super::{Found, Scan};
use crate::bytes::{at, before, text};
use crate::keccak::keccak256;
use crate::{Kind, Reason};
use sha2::{Digest, Sha256};
use std::ops::Range;

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Prefixes of Monero's networks: standard, integrated and subaddresses of the main one.
const MONERO: [u8; 3] = [18, 19, 42];

impl Scan<'_> {
    /// Reads a word that is a wallet's address.
    pub(super) fn wallet(&mut self, word: &Range<usize>, token: &Range<usize>) {
        let bytes = &self.text[word.clone()];
        let kind = match (bytes.len(), bytes[0]) {
            (26..=35, b'1' | b'3') => Kind::Btc,
            (42 | 62, b'b' | b'B') if bytes[..3].eq_ignore_ascii_case(b"bc1") => Kind::Btc,
            (42, b'0') if matches!(bytes[1], b'x' | b'X') => Kind::Eth,
            (95 | 106, b'4' | b'8') => Kind::Xmr,
            _ => return,
        };
        // Within a path or a longer code it would be chance.
        let apart = |byte: u8| !matches!(byte, b'/' | b'+' | b'\\' | b'%');
        if !apart(before(self.text, word.start)) && token.start < word.start
            || !apart(at(self.text, word.end))
        {
            return;
        }
        match canonical(kind, &text(bytes)) {
            Some(value) => self.push(Found::new(kind, value, word.clone())),
            None => self.reject(kind, word.clone(), Reason::Checksum),
        }
        self.out.work += 256;
    }
}

/// The canonical form of an address whose checksum fits.
pub(crate) fn canonical(kind: Kind, value: &str) -> Option<String> {
    match kind {
        Kind::Btc
            if value
                .get(..3)
                .is_some_and(|start| start.eq_ignore_ascii_case("bc1")) =>
        {
            segwit(value)
        }
        Kind::Btc => base58check(value).then(|| value.to_owned()),
        Kind::Eth => ethereum(value),
        Kind::Xmr => monero(value).then(|| value.to_owned()),
        _ => None,
    }
}

fn digit58(byte: u8) -> Option<u8> {
    let place = BASE58.iter().position(|known| *known == byte)?;
    u8::try_from(place).ok()
}

/// Bitcoin's older addresses: a version, 20 bytes, and 4 bytes of a double SHA-256.
fn base58check(value: &str) -> bool {
    let mut number = [0u8; 25];
    for byte in value.bytes() {
        let Some(digit) = digit58(byte) else {
            return false;
        };
        let mut carry = u32::from(digit);
        for byte in number.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let ones = value.bytes().take_while(|byte| *byte == b'1').count();
    let hash = Sha256::digest(Sha256::digest(&number[..21]));
    zeros == ones && matches!(number[0], 0 | 5) && hash[..4] == number[21..]
}

/// Bitcoin's addresses of witness programs, in Bech32 (version 0) or Bech32m (later versions).
fn segwit(value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    if value != lower && value != value.to_ascii_uppercase() {
        return None;
    }
    let data: Option<Vec<u8>> = lower
        .bytes()
        .skip(3)
        .map(|byte| {
            BECH32
                .iter()
                .position(|known| *known == byte)
                .and_then(|place| u8::try_from(place).ok())
        })
        .collect();
    let data = data?;
    let sum = (data.iter()).fold(expand_human(1), |sum, value| polymod(sum, *value));
    let expected = if data[0] == 0 { 1 } else { 0x2bc8_30a3 };
    (sum == expected && data[0] <= 16).then_some(lower)
}

/// One step of the checksum that both share.
fn polymod(sum: u32, value: u8) -> u32 {
    let top = sum >> 25;
    let mut sum = (sum & 0x1ff_ffff) << 5 ^ u32::from(value);
    for (index, generator) in [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ]
    .iter()
    .enumerate()
    {
        if top >> index & 1 == 1 {
            sum ^= generator;
        }
    }
    sum
}

/// The prefix `bc` as the checksum takes it: high bits, a zero, low bits.
fn expand_human(start: u32) -> u32 {
    [b'b' >> 5, b'c' >> 5, 0, b'b' & 31, b'c' & 31]
        .iter()
        .fold(start, |sum, value| polymod(sum, *value))
}

/// In the mixed case of EIP-55, which must be right where it was used.
fn ethereum(value: &str) -> Option<String> {
    let hex = value
        .strip_prefix("0x")
        .or_else(|| value.strip_prefix("0X"))?;
    if hex.len() != 40 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let lower = hex.to_ascii_lowercase();
    if lower.bytes().all(|byte| byte == lower.as_bytes()[0]) {
        return None;
    }
    let hash = keccak256(lower.as_bytes());
    let mixed: String = lower
        .bytes()
        .enumerate()
        .map(|(index, byte)| {
            let nibble = hash[index / 2] >> (4 * (1 - index % 2)) & 15;
            char::from(if nibble >= 8 {
                byte.to_ascii_uppercase()
            } else {
                byte
            })
        })
        .collect();
    let one_case = hex == lower || hex == hex.to_ascii_uppercase();
    (one_case || hex == mixed).then(|| format!("0x{mixed}"))
}

/// Blocks of 11 base58 digits for 8 bytes each; the last 4 bytes begin the Keccak-256 of the others.
fn monero(value: &str) -> bool {
    let mut bytes = Vec::with_capacity(77);
    for block in value.as_bytes().chunks(11) {
        let size = match block.len() {
            11 => 8,
            7 => 5,
            10 => 7,
            _ => return false,
        };
        let mut number = 0u128;
        for byte in block {
            let Some(digit) = digit58(*byte) else {
                return false;
            };
            number = number * 58 + u128::from(digit);
        }
        if number >> (8 * size) != 0 {
            return false;
        }
        bytes.extend_from_slice(&number.to_be_bytes()[16 - size..]);
    }
    let Some(split) = bytes.len().checked_sub(4) else {
        return false;
    };
    MONERO.contains(&bytes[0]) && keccak256(&bytes[..split])[..4] == bytes[split..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_right_from_wrong_checksums() {
        for (kind, right) in [
            (Kind::Btc, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
            (Kind::Btc, "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
            (Kind::Btc, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            (
                Kind::Btc,
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            ),
            (Kind::Eth, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
            (
                Kind::Xmr,
                "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A",
            ),
        ] {
            assert_eq!(canonical(kind, right).as_deref(), Some(right));
            let wrong = format!(
                "{}{}",
                &right[..right.len() - 2],
                if right.ends_with("22") { "33" } else { "22" }
            );
            let wrong = if kind == Kind::Eth {
                right.replace("aA", "Aa")
            } else {
                wrong
            };
            assert_eq!(canonical(kind, &wrong), None, "{wrong}");
        }
        let small = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed";
        assert_eq!(
            canonical(Kind::Eth, small).as_deref(),
            Some("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
        );
    }
}
