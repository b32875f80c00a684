//! Instants and stamps.

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
///
/// Wall time never orders anything here; it is what a person reads.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// This instant moved by some milliseconds, clamped at the ends.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// One minute, in milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// One hour, in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day of 24 hours, in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// What the phone's clocks said at one moment. Read by the shell of the core
/// and handed in; the core's rooms never ask a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The wall clock, which may be years off.
    pub wall_ms: Millis,
    /// Milliseconds since the device started; never goes back while it runs.
    pub monotonic_ms: i64,
    /// Changes at each start of the device.
    pub boot_id: u64,
}

/// The last time that the backend told us, tied to our monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The backend's clock.
    pub server_ms: Millis,
    /// Our monotonic clock when the answer came.
    pub monotonic_ms: i64,
    /// The boot in which it came.
    pub boot_id: u64,
}

/// When something was done, with what is needed to judge how far off the wall
/// clock may have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// What the clocks said.
    #[serde(flatten)]
    pub clock: Clock,
    /// The last anchor, if there was ever one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
}

/// How far a stamp can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockTrust {
    /// The backend's clock vouches for it: the true instant, and how far the
    /// wall clock was off (positive: the phone was ahead).
    Anchored {
        /// The instant by the backend's clock.
        at: Millis,
        /// Wall clock minus the backend's clock.
        off_by_ms: i64,
    },
    /// The device restarted since, or never heard a backend.
    Unverified,
}

impl Stamp {
    /// Judges the stamp by its anchor.
    #[must_use]
    pub fn trust(&self) -> ClockTrust {
        match self.anchor {
            Some(anchor)
                if anchor.boot_id == self.clock.boot_id
                    && self.clock.monotonic_ms >= anchor.monotonic_ms =>
            {
                let elapsed = self.clock.monotonic_ms.saturating_sub(anchor.monotonic_ms);
                let at = anchor.server_ms.plus(elapsed);
                let off_by_ms = self.clock.wall_ms.0.saturating_sub(at.0);
                ClockTrust::Anchored { at, off_by_ms }
            }
            _ => ClockTrust::Unverified,
        }
    }

    /// The best known instant: anchored if possible, else the wall clock's.
    #[must_use]
    pub fn best(&self) -> Millis {
        match self.trust() {
            ClockTrust::Anchored { at, .. } => at,
            ClockTrust::Unverified => self.clock.wall_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANCHOR: Anchor = Anchor {
        server_ms: Millis(1_000_000),
        monotonic_ms: 500,
        boot_id: 7,
    };

    fn stamp(wall: i64, monotonic: i64, boot: u64) -> Stamp {
        Stamp {
            clock: Clock {
                wall_ms: Millis(wall),
                monotonic_ms: monotonic,
                boot_id: boot,
            },
            anchor: Some(ANCHOR),
        }
    }

    #[test]
    fn a_wall_clock_ten_years_ahead_is_measured_against_the_anchor() {
        let ten_years = 10 * 365 * DAY_MS;
        let trust = stamp(1_000_000 + ten_years, 2_500, 7).trust();
        let at = Millis(1_002_000);
        assert_eq!(
            trust,
            ClockTrust::Anchored {
                at,
                off_by_ms: ten_years - 2_000
            }
        );
    }

    #[test]
    fn a_restart_since_the_anchor_leaves_the_stamp_unverified() {
        assert_eq!(stamp(1_000_000, 10, 8).trust(), ClockTrust::Unverified);
        assert_eq!(stamp(1_000_000, 10, 7).trust(), ClockTrust::Unverified);
        assert_eq!(stamp(5, 10, 8).best(), Millis(5));
    }
}
