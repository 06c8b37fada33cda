//! How confidence in an indicator fades: score(t) = base × (1 − (t/τ)^(1/δ)), by kind. Knows no clock.

use indicators::Kind;

const DAY_MS: f64 = 86_400_000.0;

/// How the confidence in a kind of value fades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// Days until nothing is left.
    pub days: f64,
    /// How late it falls: 1 evenly, more: quickly at first.
    pub delta: f64,
    /// Below this score it counts as expired.
    pub threshold: f64,
}

impl Model {
    /// The model of a kind. Addresses change hands within weeks, hashes never do.
    pub fn of(kind: Kind) -> Option<Self> {
        let model = |days, delta| {
            Some(Self {
                days,
                delta,
                threshold: 30.0,
            })
        };
        match kind {
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cidr => model(120.0, 2.0),
            Kind::Url => model(180.0, 2.0),
            Kind::Domain | Kind::Email => model(365.0, 1.5),
            Kind::UserAgent | Kind::Ja3 | Kind::Ja3s | Kind::Ja4 => model(730.0, 1.0),
            _ => None,
        }
    }

    /// The score `age_ms` after the last time that the value was asserted or seen.
    pub fn score(self, base: u8, age_ms: i64) -> f64 {
        let share = (to_f64(age_ms.max(0)) / (self.days * DAY_MS)).min(1.0);
        f64::from(base) * (1.0 - share.powf(1.0 / self.delta))
    }

    /// How long until the score falls below the threshold.
    pub fn lasts_ms(self, base: u8) -> i64 {
        let left = 1.0 - self.threshold / f64::from(base.max(1));
        if left <= 0.0 {
            return 0;
        }
        to_ms(left.powf(self.delta) * self.days * DAY_MS)
    }
}

/// The score of a value of a kind: what fades not stays as it is.
pub fn score(kind: Kind, base: u8, age_ms: i64) -> u8 {
    let left = Model::of(kind).map_or(f64::from(base), |m| m.score(base, age_ms));
    (0..=100u8)
        .rev()
        .find(|n| f64::from(*n) <= left)
        .unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "ages are far below 2^53 ms")]
fn to_f64(ms: i64) -> f64 {
    ms as f64
}

#[expect(clippy::cast_possible_truncation, reason = "lifetimes are a few years")]
fn to_ms(ms: f64) -> i64 {
    ms as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_forgotten_and_a_hash_is_not() {
        // 120 days × (1 − 30/80)² = 46.9 days.
        let model = Model::of(Kind::Ipv4).unwrap();
        let days = model.lasts_ms(80) / 86_400_000;
        assert_eq!(days, 46);
        assert!(model.score(80, model.lasts_ms(80)) - 30.0 < 0.01);
        assert_eq!(model.lasts_ms(20), 0);
        assert_eq!(score(Kind::Ipv4, 80, 0), 80);
        assert_eq!(score(Kind::Ipv4, 80, 400 * 86_400_000), 0);
        assert_eq!(score(Kind::Sha256, 80, 4000 * 86_400_000), 80);
    }

    #[test]
    fn it_only_falls() {
        for kind in [Kind::Ipv4, Kind::Domain, Kind::Url] {
            let scores: Vec<u8> = (0..400).map(|d| score(kind, 90, d * 86_400_000)).collect();
            assert!(scores.is_sorted_by(|a, b| a >= b));
        }
    }
}
