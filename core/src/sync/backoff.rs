//! How long to wait after a failure.

/// The first wait after a failure, before jitter.
pub const BACKOFF_BASE_MS: u64 = 2_000;
/// The longest wait, before a backend asks for more.
pub const BACKOFF_MAX_MS: u64 = 5 * 60_000;
/// The longest wait that a backend may ask for.
pub const RETRY_AFTER_MAX_MS: u64 = 60 * 60_000;

/// SplitMix64: jitter from a seed. Nothing secret comes from it.
#[derive(Debug, Clone)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between half of `ms` and the whole of it: phones that failed together
    /// do not come back together.
    pub(super) const fn spread(&mut self, ms: u64) -> u64 {
        let half = ms / 2;
        half + self.next() % (ms - half + 1)
    }
}

/// Doubles with each failure in a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure and says how long to wait.
    pub(super) fn fail(&mut self, jitter: &mut Jitter, asked_ms: Option<u64>) -> u64 {
        let doubled = BACKOFF_BASE_MS << self.failures.min(16);
        self.failures = self.failures.saturating_add(1);
        let own = jitter.spread(doubled.min(BACKOFF_MAX_MS));
        // What the backend asks for is a least: later by the jitter, never earlier.
        asked_ms.map_or(own, |asked| {
            let asked = asked.min(RETRY_AFTER_MAX_MS);
            own.max(asked + jitter.next() % (asked / 8 + 1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_with_jitter_up_to_the_cap_and_start_over_after_a_success() {
        let (mut backoff, mut jitter) = (Backoff::default(), Jitter::new(7));
        let mut whole = BACKOFF_BASE_MS;
        for _ in 0..40 {
            let wait = backoff.fail(&mut jitter, None);
            assert!(wait >= whole / 2 && wait <= whole, "{wait} of {whole}");
            whole = (whole * 2).min(BACKOFF_MAX_MS);
        }
        backoff.reset();
        assert!(backoff.fail(&mut jitter, None) <= BACKOFF_BASE_MS);
    }

    #[test]
    fn what_the_backend_asks_for_is_a_least_and_is_capped() {
        let (mut backoff, mut jitter) = (Backoff::default(), Jitter::new(7));
        let wait = backoff.fail(&mut jitter, Some(30_000));
        assert!((30_000..=33_750).contains(&wait));
        let wait = backoff.fail(&mut jitter, Some(u64::MAX));
        assert!(wait <= RETRY_AFTER_MAX_MS + RETRY_AFTER_MAX_MS / 8);
    }

    #[test]
    fn two_seeds_do_not_come_back_together() {
        let wait = |seed| Backoff::default().fail(&mut Jitter::new(seed), None);
        assert_ne!(wait(1), wait(2));
    }
}
