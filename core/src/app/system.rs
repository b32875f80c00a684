//! The one place where the core meets the device's clocks. Everything else takes
//! them as arguments, so that a simulator can play them.

use std::sync::OnceLock;
use std::time::Instant;

use crate::model::{Clock, Millis};
use crate::vault::{Entropy, OsEntropy};

/// The device's clocks.
pub trait Clocks: Send + Sync {
    /// What they say now.
    fn now(&self) -> Clock;
}

/// The operating system's clocks.
#[derive(Debug, Default, Clone, Copy)]
pub struct System;

impl Clocks for System {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the clocks are read"
    )]
    fn now(&self) -> Clock {
        static START: OnceLock<(Instant, i64, u64)> = OnceLock::new();
        let wall = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| {
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            });
        let (start, uptime_ms, boot_id) = START.get_or_init(|| {
            let (uptime_ms, boot_id) = boot();
            (Instant::now(), uptime_ms, boot_id)
        });
        let running = i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX);
        Clock {
            wall_ms: Millis(wall),
            monotonic_ms: uptime_ms.saturating_add(running),
            boot_id: *boot_id,
        }
    }
}

/// Milliseconds since the device started, and an id of this start. Where the
/// platform does not tell, each process is a start of its own: clocks are then
/// doubted more often and never trusted wrongly.
fn boot() -> (i64, u64) {
    let uptime = std::fs::read_to_string("/proc/uptime")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .ok()
        .and_then(|text| u64::from_str_radix(text.trim().get(..8)?, 16).ok());
    match (uptime, id) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an uptime in milliseconds fits"
        )]
        (Some(seconds), Some(id)) => ((seconds * 1000.0) as i64, id),
        _ => {
            let mut bytes = [0; 8];
            // All zeros only if the device has no randomness at all, and then
            // nothing was opened anyway.
            let _ = OsEntropy.fill(&mut bytes);
            (0, u64::from_le_bytes(bytes))
        }
    }
}
