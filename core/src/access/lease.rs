//! The offline lease: how long a phone that hears nothing may show what it
//! holds.
//!
//! Only the monotonic clock counts. The wall clock may jump by years in either
//! direction and changes nothing. What has been used up is the *largest* of
//! what is known:
//!
//! - in the boot of the grant: the monotonic clock since the grant;
//! - in the boot of the last look ([`Seen`]): what was used then, plus the
//!   monotonic clock since;
//! - in any other boot, or when the monotonic clock went back: what was used at
//!   the last look, plus the whole time since this boot.
//!
//! Time during which the device was switched off is not known and not counted:
//! the data is locked then anyhow. `Seen::used_ms` is mirrored into a counter
//! of the hardware-backed vault and raised to it on reading ([`Lease::look`]),
//! so that putting back an old database gives no time back. When nothing is known about the time since the grant the answer is
//! [`LeaseState::Unknown`], which permits nothing: the network decides.

use serde::{Deserialize, Serialize};

use crate::model::{Anchor, Clock};

/// A lease as the backend's last answer gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// When it began.
    pub granted_at: Anchor,
    /// How long it is, in milliseconds.
    pub lease_ms: i64,
}

/// What was known at the last look at the lease. Store it after every look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// In which boot.
    pub boot_id: u64,
    /// The monotonic clock then.
    pub monotonic_ms: i64,
    /// How much of the lease was used up then.
    pub used_ms: i64,
}

impl Seen {
    /// Raises what was used to a figure known from elsewhere: the vault's
    /// counter, which survives a database that was put back.
    #[must_use]
    pub fn at_least(mut self, used_ms: i64) -> Self {
        self.used_ms = self.used_ms.max(used_ms);
        self
    }

    /// Whether the device ran from that look to this clock without a restart.
    const fn runs_on(&self, clock: Clock) -> bool {
        self.boot_id == clock.boot_id && clock.monotonic_ms >= self.monotonic_ms
    }
}

/// Where a lease stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// Holds for so many more milliseconds of the monotonic clock.
    Valid {
        /// Always more than 0.
        left_ms: i64,
    },
    /// Used up: lock the data until the backend answers.
    Expired,
    /// Nothing is known about the time since the grant: as [`Self::Expired`].
    Unknown,
}

impl LeaseState {
    /// Whether data may be shown.
    #[must_use]
    pub const fn permits(self) -> bool {
        matches!(self, Self::Valid { .. })
    }
}

impl Lease {
    /// The look at the moment of the grant: nothing is used. Kept with the lease, it lets
    /// a phone that was switched off before the next look go on.
    #[must_use]
    pub const fn granted(&self) -> Seen {
        Seen {
            boot_id: self.granted_at.boot_id,
            monotonic_ms: self.granted_at.monotonic_ms,
            used_ms: 0,
        }
    }

    /// Where the lease stands.
    #[must_use]
    pub fn state(&self, clock: Clock, seen: Option<Seen>) -> LeaseState {
        let Some(used) = self.used_ms(clock, seen) else {
            return LeaseState::Unknown;
        };
        match self.lease_ms.saturating_sub(used) {
            left_ms if left_ms > 0 => LeaseState::Valid { left_ms },
            _ => LeaseState::Expired,
        }
    }

    /// What to store after this look. A lease of which nothing is known is
    /// recorded as used up: that can't be undone by looking again.
    #[must_use]
    pub fn see(&self, clock: Clock, seen: Option<Seen>) -> Seen {
        Seen {
            boot_id: clock.boot_id,
            monotonic_ms: clock.monotonic_ms,
            used_ms: self.used_ms(clock, seen).unwrap_or(i64::MAX),
        }
    }

    /// As [`Self::see`], with what the vault's counter says was used at the last look, as far
    /// as it knows. Old files put back bring an old [`Seen`] with them: across a restart
    /// the counter takes its place, and time goes on from there. Within one boot the
    /// monotonic clock tells everything since the last look by itself.
    #[must_use]
    pub fn look(&self, clock: Clock, seen: Option<Seen>, counted_ms: i64) -> Seen {
        let known = seen.map(|seen| {
            if seen.runs_on(clock) {
                seen
            } else {
                seen.at_least(counted_ms)
            }
        });
        self.see(clock, known).at_least(counted_ms)
    }

    /// The largest elapsed time that is known; none: nothing is.
    fn used_ms(&self, clock: Clock, seen: Option<Seen>) -> Option<i64> {
        let granted = &self.granted_at;
        let since_grant = (granted.boot_id == clock.boot_id
            && clock.monotonic_ms >= granted.monotonic_ms)
            .then(|| clock.monotonic_ms.saturating_sub(granted.monotonic_ms));
        let since_seen = seen.map(|seen| {
            let more = if seen.runs_on(clock) {
                clock.monotonic_ms.saturating_sub(seen.monotonic_ms)
            } else {
                clock.monotonic_ms.max(0)
            };
            seen.used_ms.max(0).saturating_add(more)
        });
        since_grant.max(since_seen)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{DAY_MS, HOUR_MS, Millis};

    const LEASE: Lease = Lease {
        granted_at: Anchor {
            server_ms: Millis(1_800_000_000_000),
            monotonic_ms: 5_000,
            boot_id: 1,
        },
        lease_ms: 72 * HOUR_MS,
    };

    fn clock(boot_id: u64, monotonic_ms: i64) -> Clock {
        Clock {
            wall_ms: Millis(1_800_000_000_000),
            monotonic_ms,
            boot_id,
        }
    }

    #[test]
    fn a_lease_ends_after_its_time_and_not_a_millisecond_before() {
        let end = 5_000 + 72 * HOUR_MS;
        assert_eq!(
            LEASE.state(clock(1, end - 1), None),
            LeaseState::Valid { left_ms: 1 }
        );
        assert_eq!(LEASE.state(clock(1, end), None), LeaseState::Expired);
    }

    #[test]
    fn a_wall_clock_years_off_in_either_way_changes_nothing() {
        let at = clock(1, 5_000 + HOUR_MS);
        let expected = LEASE.state(at, None);
        for years in [-50, -1, 1, 50] {
            let jumped = Clock {
                wall_ms: at.wall_ms.plus(years * 365 * DAY_MS),
                ..at
            };
            assert_eq!(LEASE.state(jumped, None), expected);
        }
        assert_eq!(
            expected,
            LeaseState::Valid {
                left_ms: 71 * HOUR_MS
            }
        );
    }

    #[test]
    fn after_a_restart_what_was_used_still_counts_and_so_does_the_new_uptime() {
        let seen = LEASE.see(clock(1, 5_000 + 70 * HOUR_MS), None);
        assert_eq!(
            LEASE.state(clock(2, HOUR_MS), Some(seen)),
            LeaseState::Valid { left_ms: HOUR_MS }
        );
        let again = LEASE.see(clock(2, HOUR_MS), Some(seen));
        assert_eq!(again.used_ms, 71 * HOUR_MS);
        assert_eq!(
            LEASE.state(clock(3, HOUR_MS), Some(again)),
            LeaseState::Expired
        );
    }

    #[test]
    fn a_restart_of_which_nothing_is_known_permits_nothing_and_stays_so() {
        let state = LEASE.state(clock(2, 10), None);
        assert_eq!(state, LeaseState::Unknown);
        assert!(!state.permits());
        let seen = LEASE.see(clock(2, 10), None);
        assert_eq!(LEASE.state(clock(2, 11), Some(seen)), LeaseState::Expired);
    }

    #[test]
    fn a_restart_right_after_the_grant_leaves_the_rest_of_the_lease() {
        let seen = LEASE.look(clock(2, HOUR_MS), Some(LEASE.granted()), 0);
        let state = LEASE.state(clock(2, HOUR_MS), Some(seen));
        let left_ms = LEASE.lease_ms - HOUR_MS;
        assert_eq!(state, LeaseState::Valid { left_ms });
        // What the vault has counted of it meanwhile still counts.
        let seen = LEASE.look(clock(2, HOUR_MS), Some(LEASE.granted()), LEASE.lease_ms);
        assert!(!LEASE.state(clock(2, HOUR_MS), Some(seen)).permits());
    }

    #[test]
    fn a_database_put_back_gives_no_time_back_while_the_vault_remembers() {
        let early = LEASE.see(clock(1, 5_000 + HOUR_MS), None);
        let counter = LEASE.see(clock(1, 5_000 + 71 * HOUR_MS), None).used_ms;
        let rolled_back = early.at_least(counter);
        assert_eq!(
            LEASE.state(clock(2, HOUR_MS), Some(rolled_back)),
            LeaseState::Expired
        );
    }

    #[test]
    fn old_files_put_back_again_and_again_give_no_time_back_after_a_restart_either() {
        let early = LEASE.look(clock(1, 5_000 + HOUR_MS), None, 0);
        let last = LEASE.look(clock(1, 5_000 + 70 * HOUR_MS), Some(early), early.used_ms);
        // A restart; the old files are put back before each look.
        let next = LEASE.look(clock(2, HOUR_MS), Some(early), last.used_ms);
        assert_eq!(next.used_ms, 71 * HOUR_MS);
        assert!(LEASE.state(clock(2, HOUR_MS), Some(next)).permits());
        let later = LEASE.look(clock(2, 2 * HOUR_MS), Some(early), next.used_ms);
        assert!(!LEASE.state(clock(2, 2 * HOUR_MS), Some(later)).permits());
    }

    #[test]
    fn looking_often_uses_up_no_more_than_the_time_that_passed() {
        let mut seen = LEASE.look(clock(1, 5_000), None, 0);
        for hour in 1..=30 {
            // The vault may have counted since the last look that was stored.
            let counted = (hour * HOUR_MS).max(seen.used_ms);
            seen = LEASE.look(clock(1, 5_000 + hour * HOUR_MS), Some(seen), counted);
            assert_eq!(seen.used_ms, hour * HOUR_MS);
        }
    }

    proptest! {
        #[test]
        fn looking_later_never_leaves_more(
            steps in prop::collection::vec((0_u64..3, 0..30 * HOUR_MS), 1..20)
        ) {
            let mut seen = Some(LEASE.see(clock(1, 5_000), None));
            let (mut boot, mut monotonic, mut used) = (1, 5_000, 0);
            for (restarts, passed) in steps {
                if restarts > 0 {
                    boot += restarts;
                    monotonic = 0;
                }
                monotonic += passed;
                let now = LEASE.see(clock(boot, monotonic), seen);
                prop_assert!(now.used_ms >= used);
                let state = LEASE.state(clock(boot, monotonic), seen);
                prop_assert_eq!(state.permits(), now.used_ms < LEASE.lease_ms);
                used = now.used_ms;
                seen = Some(now);
            }
        }

        #[test]
        fn no_clock_makes_the_arithmetic_overflow(
            boot in any::<u64>(), monotonic in any::<i64>(), wall in any::<i64>(),
            used in any::<i64>(), lease_ms in any::<i64>(), granted in any::<i64>(),
        ) {
            let lease = Lease {
                granted_at: Anchor { server_ms: Millis(wall), monotonic_ms: granted, boot_id: 1 },
                lease_ms,
            };
            let now = Clock { wall_ms: Millis(wall), monotonic_ms: monotonic, boot_id: boot };
            let seen = Seen { boot_id: 1, monotonic_ms: granted, used_ms: used };
            let _ = lease.state(now, Some(seen));
            let _ = lease.see(now, Some(seen));
        }
    }
}
