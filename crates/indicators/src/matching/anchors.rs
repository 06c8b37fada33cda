//! Where in 64 bytes something worth a look may be, by comparisons that a compiler turns into vector code. Looks no further.

/// What to stop at besides dots and long words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stops {
    /// A colon, for IPv6; a dot where none is wanted.
    pub(super) colon: u8,
    /// An opening brace, for defanged text: the bracket too, which is the same without the bit of lower case. Zero where
    /// none is wanted.
    pub(super) brace: u8,
    /// An opening parenthesis, for the same; a dot where none is wanted.
    pub(super) parenthesis: u8,
}

/// Bits of all places in the block that deserve a look: stops, and the second of two successive groups of eight bytes
/// that are all of words, so that every word of 24 has one. `running` says that the last group before was such a one.
#[inline]
pub(super) fn anchors(block: &[u8; 64], stops: Stops, running: &mut bool) -> u64 {
    let mut stop = [0_u8; 64];
    let mut word = [0_u8; 64];
    for ((byte, stop), word) in block.iter().zip(&mut stop).zip(&mut word) {
        let lower = byte | 0x20;
        *word = u8::from(lower.wrapping_sub(b'a') < 26)
            | u8::from(byte.wrapping_sub(b'0') < 10)
            | u8::from(*byte == b'_');
        *stop = u8::from(*byte == b'.')
            | u8::from(*byte == stops.colon)
            | u8::from(*byte == stops.parenthesis)
            | u8::from(lower == stops.brace);
    }
    let mut mask = 0;
    let groups = stop.as_chunks::<8>().0.iter().zip(word.as_chunks::<8>().0);
    for (index, (stop, word)) in groups.enumerate() {
        // Gathers the lowest bits of eight bytes into one.
        mask |=
            (u64::from_le_bytes(*stop).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (index * 8);
        let full = u64::from_le_bytes(*word) == 0x0101_0101_0101_0101;
        mask |= u64::from(full && *running) << (index * 8);
        *running = full;
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: Stops = Stops {
        colon: b':',
        brace: b'{',
        parenthesis: b'(',
    };
    const DOTS: Stops = Stops {
        colon: b'.',
        brace: 0,
        parenthesis: b'.',
    };

    proptest! {
        #[test]
        fn stops_where_a_plain_look_does(bytes in prop::array::uniform32(any::<u8>()), text in "[a.:\\[({ _-]{32}") {
            let mut block = [0; 64];
            block[..32].copy_from_slice(&bytes);
            block[32..].copy_from_slice(text.as_bytes());
            for (stops, wanted) in [(ALL, b".:[{(".as_slice()), (DOTS, b".")] {
                let mask = anchors(&block, stops, &mut false);
                let plain = (0..64).filter(|at| wanted.contains(&block[*at])).fold(0_u64, |m, at| m | 1 << at);
                // A long word adds places that are no stops.
                prop_assert_eq!(mask & plain, plain);
                let words = (0..64).filter(|at| block[*at].is_ascii_alphanumeric() || block[*at] == b'_');
                let words = words.fold(0_u64, |m, at| m | 1 << at);
                prop_assert_eq!(mask & !plain & !words, 0);
            }
        }

        #[test]
        fn no_long_word_is_missed(before in 0_usize..100, length in 24_usize..80) {
            let text = format!("{}{}{}", "-".repeat(before), "a1_".repeat(30).split_at(length).0, "-".repeat(128));
            let (mut running, mut seen) = (false, false);
            for (index, block) in text.as_bytes().as_chunks::<64>().0.iter().enumerate() {
                let mask = anchors(block, DOTS, &mut running);
                for bit in (0..64).filter(|bit| mask & (1 << bit) != 0) {
                    let at = index * 64 + bit;
                    seen = true;
                    prop_assert!((before..before + length).contains(&at));
                }
            }
            prop_assert!(seen);
        }
    }
}
