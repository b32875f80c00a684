//! Clocks and memory, read in one place.

use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// A moment, for elapsed time.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is the one thing that measures time itself"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since a moment.
pub(crate) fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// CPU that this process has used, in milliseconds.
pub(crate) fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "seconds of one process are few")]
    let ms = time.tv_sec as f64 * 1000.0 + time.tv_nsec as f64 / 1e6;
    ms
}

/// Most memory that this process has held, in MB; none where the system does
/// not tell.
pub(crate) fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

/// The middle of some figures; zero of none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}
