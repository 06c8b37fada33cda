//! A set of fingerprints, sorted, with an index of its buckets: exact, and 8.4 bytes each. Knows no filter and no file.

/// Fingerprints a bucket holds on average, at least: a cache line of them.
const A_BUCKET: usize = 8;

/// The set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    sorted: Vec<u64>,
    /// Where the bucket of each value of the uppermost bits begins, and one more for the end.
    buckets: Vec<u32>,
    shift: u32,
}

impl Keys {
    /// A set of these. The order and repetitions don't matter.
    ///
    /// # Panics
    /// With more than 4 billion fingerprints.
    pub(super) fn of(mut keys: Vec<u64>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        keys.shrink_to_fit();
        assert!(
            u32::try_from(keys.len()).is_ok(),
            "a segment holds at most 4 billion"
        );
        let bits = (keys.len() / A_BUCKET).max(2).ilog2();
        let shift = 64 - bits;
        let mut buckets = Vec::with_capacity((1 << bits) + 1);
        for (at, key) in keys.iter().enumerate() {
            while buckets.len() <= bucket(*key, shift) {
                buckets.push(count(at));
            }
        }
        buckets.resize((1 << bits) + 1, count(keys.len()));
        Self {
            sorted: keys,
            buckets,
            shift,
        }
    }

    /// Whether it is among them.
    #[inline]
    pub(super) fn has(&self, key: u64) -> bool {
        let bucket = bucket(key, self.shift);
        let (from, to) = (self.buckets[bucket], self.buckets[bucket + 1]);
        self.sorted[from as usize..to as usize].contains(&key)
    }

    /// All of them, in order.
    pub(super) fn sorted(&self) -> &[u64] {
        &self.sorted
    }

    /// Bytes of memory they take.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.sorted.as_slice()) + size_of_val(self.buckets.as_slice())
    }
}

/// The bucket of a key: its uppermost bits, at most 32.
#[inline]
fn bucket(key: u64, shift: u32) -> usize {
    usize::try_from(key >> shift).unwrap_or(usize::MAX)
}

/// A place among the keys, of which there are fewer than 2^32.
fn count(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn holds_exactly_what_was_put_in(
            put in prop::collection::vec(any::<u64>(), 0..300),
            others in prop::collection::vec(any::<u64>(), 0..100),
        ) {
            let keys = Keys::of(put.clone());
            prop_assert!(put.iter().all(|key| keys.has(*key)));
            prop_assert!(others.iter().all(|key| keys.has(*key) == put.contains(key)));
            prop_assert!(!keys.has(0) || put.contains(&0));
            prop_assert!(!keys.has(u64::MAX) || put.contains(&u64::MAX));
        }
    }

    #[test]
    fn a_million_take_less_than_nine_bytes_each() {
        let keys: Vec<u64> = (0..1_000_000_u64)
            .map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .collect();
        let set = Keys::of(keys.clone());
        assert!(keys.iter().all(|key| set.has(*key)));
        assert!(set.bytes() < 9_000_000, "{}", set.bytes());
    }
}
