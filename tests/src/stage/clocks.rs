//! Clocks that run, and that a scenario moves.

use std::sync::atomic::{AtomicI64, Ordering};

use homeround::app::Clocks;
use homeround::model::{Clock, Millis};
use homeround::sync::{Monotonic, Ticks};
use tokio::time::Instant;

/// When every scenario begins: 2026-11-22, 10:00 in UTC.
pub const START: Millis = Millis(1_795_341_600_000);
/// What a phone's monotonic clock shows at the start.
const UPTIME_MS: i64 = 1_000;

fn since(start: Instant) -> i64 {
    i64::try_from(start.elapsed().as_millis()).unwrap()
}

/// The backend's clock.
#[derive(Debug)]
pub struct StageClock {
    start: Instant,
    passed: AtomicI64,
}

impl Default for StageClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            passed: AtomicI64::new(0),
        }
    }
}

impl StageClock {
    /// Time passes.
    pub fn pass(&self, ms: i64) {
        self.passed.fetch_add(ms, Ordering::SeqCst);
    }

    /// Now.
    #[must_use]
    pub fn millis(&self) -> Millis {
        START.plus(since(self.start) + self.passed.load(Ordering::SeqCst))
    }
}

impl homeround_server::http::Clock for StageClock {
    fn now(&self) -> Millis {
        self.millis()
    }
}

/// A phone's clocks.
#[derive(Debug)]
pub struct Hands {
    start: Instant,
    passed: AtomicI64,
    jumped: AtomicI64,
}

impl Default for Hands {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            passed: AtomicI64::new(0),
            jumped: AtomicI64::new(0),
        }
    }
}

impl Hands {
    /// Time passes.
    pub fn pass(&self, ms: i64) {
        self.passed.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock.
    pub fn jump(&self, ms: i64) {
        self.jumped.fetch_add(ms, Ordering::SeqCst);
    }

    fn running(&self) -> i64 {
        since(self.start) + self.passed.load(Ordering::SeqCst)
    }
}

impl Clocks for Hands {
    fn now(&self) -> Clock {
        let running = self.running();
        Clock {
            wall_ms: START.plus(running + self.jumped.load(Ordering::SeqCst)),
            monotonic_ms: UPTIME_MS + running,
            boot_id: 5,
        }
    }
}

impl Ticks for Hands {
    fn now(&self) -> Monotonic {
        Monotonic(UPTIME_MS + self.running())
    }
}
